"""Functions made of generated code: the text of ``code``, compiled once a shape, closed over the nodes at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from threading import get_ident
from typing import Any, NamedTuple

from reactflow.cells.code import Form, Shape, source_text, words_of
from reactflow.cells.doing import DOING
from reactflow.cells.functions import plain_of
from reactflow.cells.node import Node
from reactflow.cells.semantics import UNSET, Failure, says_same

FILE = "<reactflow>"
CHUNK = 32  # nodes of one function
_PLAIN = {int, float, bool, str, type(None)}

Run = Callable[..., Any]
MISSING = object()  # the value of a function that did not return


class Helpers(NamedTuple):
    """What generated code calls and refers to, beside the nodes; see `fast` and `pulls`."""

    program: Any
    leave: Callable[..., Any]
    foreign: Callable[..., Any]
    agree: Callable[..., Any]
    moved: Callable[..., Any]
    watcher: Callable[..., Any]
    slow: Callable[..., Any]
    tell: Callable[..., Any] | None
    effects: Any
    equal: Any


@lru_cache(maxsize=256)
def _compiled(shape: Shape, sources: frozenset[str] | None, *kind: Any) -> Callable[..., Run]:
    """The maker of all functions of one text."""
    text = source_text(shape, sources, *kind)
    fields = ", ".join(
        (*Helpers._fields, "equals", "chunks", *(words_of(shape) if kind[0] != "alone" else ()))
    )
    text = f"def make({fields}):\n  " + text.replace("\n", "\n  ") + "\n  return run"
    scope: dict[str, Any] = {
        "UNSET": UNSET, "Failure": Failure, "MISSING": MISSING, "D": DOING, "get_ident": get_ident,
        "says_same": says_same,
    }  # fmt: skip
    exec(compile(text, FILE, "exec"), scope)  # our own text: no name or value of a program is in it
    make: Callable[..., Run] = scope["make"]
    return make


def chunks_of(
    nodes: Sequence[Any], sources: Sequence[Node] | None, reads: Callable[[Any], str], helpers: Helpers
) -> list[Run]:
    """The functions of nodes in topological order: pushing code from ``sources``, or pulling code when that is None.

    ``reads`` says of a tracked node how its reads are noted.
    """
    return [
        _made(nodes[first : first + CHUNK], sources, reads, helpers, "chunk", [])
        for first in range(0, len(nodes), CHUNK)
    ]


def entry_of(
    nodes: Sequence[Any], sources: Sequence[Node] | None, reads: Callable[[Any], str], helpers: Helpers
) -> Run:
    """The function that writes a source and brings ``nodes`` up to date, or that reads the last of them."""
    if sources is None and len(nodes) == 1 and not nodes[0].tracked:
        return _alone(_shape_of(nodes, sources, reads, helpers)[0], helpers)
    return _made([], sources, reads, helpers, "entry", chunks_of(nodes, sources, reads, helpers))


@lru_cache(maxsize=256)
def _alone(shape: Shape, helpers: Helpers) -> Run:
    return _compiled(shape, None, "alone", False, True)(*helpers, (), ())


def _made(
    part: Sequence[Any],
    sources: Sequence[Node] | None,
    reads: Callable[[Any], str],
    helpers: Helpers,
    entry: str,
    chunks: list[Run],
) -> Run:
    shape, words, given = _shape_of(part, sources, reads, helpers)
    certain = (
        None
        if sources is None
        else frozenset(words[one] for one in sources if one in words and len(sources) == 1)
    )
    make = _compiled(shape, certain, entry, bool(helpers.effects), helpers.equal is None)
    return make(*helpers, [node.equal for node in part], chunks, *(given[word] for word in words_of(shape)))


def _shape_of(
    part: Sequence[Any], sources: Sequence[Node] | None, reads: Callable[[Any], str], helpers: Helpers
) -> tuple[Shape, dict[Any, str], dict[str, Any]]:
    """The shape of some nodes, the words for them and for what they need, and what the words stand for."""
    words: dict[Any, str] = {node: f"n{place}" for place, node in enumerate(part)}
    given: dict[str, Any] = {}

    def word_of(one: Any) -> str:
        if not isinstance(one, Node):
            word = f"k{len(given)}"
        elif one in words:
            return words[one]
        else:
            word = words[one] = f"x{len(given)}"
        given[word] = one
        return word

    shape: list[Form] = []
    for place, node in enumerate(part):
        given[f"n{place}"], given[f"f{place}"], given[f"i{place}"] = node, node.fn, node.inputs
        inputs = tuple(word_of(one) for one in node.inputs)
        compared = node.equal is None, type(node.outcome) in _PLAIN
        if not node.tracked:
            arguments = tuple(word_of(one) for one in node.arguments)
            shape.append(Form(arguments, inputs, "", *compared))
            continue
        plain = plain_of(node.fn)
        if plain is not None and tuple(dict.fromkeys(plain.reads)) == node.inputs:
            given[f"f{place}"] = plain.fn
            variables = []
            for one in plain.variables:
                word = f"c{len(given)}"
                given[word] = one.names if one.closure is None else one.closure
                given[f"q{word[1:]}"] = one.name
                held: Any = one.held
                is_list = isinstance(held, list)
                what = words.get(held) if isinstance(held, Node) else None
                if what is None:
                    what = f"h{len(given)}"
                    given[what] = list(held) if is_list else held
                variables.append((word, one.closure is not None, what, is_list))
            shape.append(Form((), inputs, "plain", *compared, tuple(variables)))
        else:
            how = reads(node)
            if how == "watch":
                given[f"w{place}"] = helpers.watcher(node)
            inputs = () if sources is not None else inputs  # what it reads may change: ask it each time
            shape.append(Form((), inputs, how, *compared))
    return tuple(shape), words, given
