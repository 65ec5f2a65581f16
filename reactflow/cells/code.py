"""Generated code: a few dozen nodes of known shape as straight-line Python.

Two kinds of code are made of nodes in topological order. *Pushing* code follows a write: a node runs if one of its
inputs moved in this event. *Pulling* code serves a read of what nobody observes: a node runs if an input is not in the
version that it saw. In both a node is a call (or an operator written out), a comparison and a few stores.

Nodes are cut into chunks, each a function of its own, so that no function gets too large for Python to run it well and
long chains are many times one shape. The code depends on the shape alone: no name and no value of a program is in it,
and all chunks of one shape share it. ``pushing_text`` and ``pulling_text`` show it. What runs it, and what happens at
the first thing that is out of the ordinary, is said in ``fast``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from reactflow.cells.doing import DOING
from reactflow.cells.node import Computed, Node
from reactflow.cells.operators import SYMBOLS
from reactflow.cells.semantics import UNSET, Failure

FILE = "<reactflow>"
CHUNK = 32  # nodes of one function
_WORDS = {"abs"}  # symbols that are no operators of Python

Run = Callable[..., Any]


class Form(NamedTuple):
    """What the code of a node depends on.

    ``arguments`` are what its function is called with, in the words of the code: ``n3`` is the fourth node of the chunk,
    ``x0`` a node outside, ``k0`` a constant. ``inputs`` are its inputs in the same words, () when it has to be asked
    each time (a tracked function with branches). ``reads`` says that it is tracked: "" not, "list" into a list,
    "watch" by a function that notices what may not be up to date. ``symbol`` is the operator to write out.
    """

    arguments: tuple[str, ...]
    inputs: tuple[str, ...]
    symbol: str
    reads: str
    is_default: bool  # == decides whether it changed


Shape = tuple[Form, ...]


def symbol_of(fn: object, count: int) -> str:
    """The operator to write out for a function, empty when it has to be called."""
    try:
        symbol = SYMBOLS.get(fn, "")  # type: ignore[call-overload]  # any function may be asked for
    except TypeError:  # cannot be hashed
        return ""
    return "" if symbol in _WORDS or (symbol == "not" and count != 1) else symbol


def _expression(place: int, form: Form, words: Sequence[str]) -> str:
    if form.symbol and len(words) == 2:
        return f"{words[0]} {form.symbol} {words[1]}"
    if form.symbol and len(words) == 1:
        return f"{form.symbol} {words[0]}"
    return f"f{place}({', '.join(words)})"


def _call(place: int, form: Form, words: Sequence[str]) -> list[str]:
    """Run a node's function; a tracked one has its reads compared with those of the last time."""
    call = f"at = {place}; v{place} = {_expression(place, form, words)}"
    if not form.reads:
        return [call]
    track = "r.append" if form.reads == "list" else f"w{place}(r)"
    return [
        f"r = []; D.track = {track}",
        call,
        "D.track = foreign",
        f"if r != n{place}.arguments and not agree(n{place}, r): return at, None, v{place}, r",
    ]


def _same(place: int, form: Form) -> str:
    return f"(old == v{place})" if form.is_default else f"equals[{place}](old, v{place})"


# --- pushing: after a write ----------------------------------------------------------------------------------------


def pushing_text(shape: Shape, sources: frozenset[str]) -> str:
    """The code that follows a write through a chunk. ``sources`` are the words of what has moved for certain.

    >>> area = Form(("x0", "x1"), ("x0",), "*", "", True)
    >>> label = Form(("n0",), ("n0",), "", "", True)
    >>> for line in pushing_text((area, label), frozenset({"x0"})).splitlines()[6:16]:
    ...     print(line.strip())
    at = 0; v0 = x0.outcome * x1.outcome
    old = n0.outcome; n0.seen = now
    if v0 is not old and (old == v0) is not True:
    if v0 is UNSET: return at, None, v0, None
    n0.outcome = v0; n0.version = now; m0 = True
    else: v0 = old; m0 = False
    if m0:
    at = 1; v1 = f1(v0)
    old = n1.outcome; n1.seen = now
    if v1 is not old and (old == v1) is not True:
    """
    used = {word for form in shape for word in (*form.arguments, *form.inputs)}
    lines = _head(shape, "now")
    lines += ["    seen = -now", "    at = 0; r = None", "    try:"]
    for place, form in enumerate(shape):
        passed_on = f"n{place}" in used
        moved = f"; m{place} = True" if passed_on else ""
        body = _call(place, form, [_value(word) for word in form.arguments])
        body += [
            f"old = n{place}.outcome; n{place}.seen = {'now' if len(form.inputs) == 1 else 'seen'}",
            f"if v{place} is not old and {_same(place, form)} is not True:",
            f"    if v{place} is UNSET: return at, None, v{place}, r",
            f"    n{place}.outcome = v{place}; n{place}.version = now{moved}",
        ]
        if passed_on:
            body.append(f"else: v{place} = old; m{place} = False")
        asked = " or ".join(_moved(word) for word in form.inputs) if form.inputs else f"moved(n{place}, now)"
        if sources.isdisjoint(form.inputs):
            body = [f"if {asked}:", *(f"    {line}" for line in body)]
            if passed_on:
                body.append(f"else: v{place} = n{place}.outcome; m{place} = False")
        lines += [f"        {line}" for line in body]
    return "\n".join([*lines, *_tail()])


def _value(word: str) -> str:
    return f"{word}.outcome" if word[0] == "x" else f"v{word[1:]}" if word[0] == "n" else word


def _moved(word: str) -> str:
    return f"m{word[1:]}" if word[0] == "n" else f"{word}.version >= now"


# --- pulling: before a read ----------------------------------------------------------------------------------------


def pulling_text(shape: Shape) -> str:
    """The code that brings a chunk up to date before a read.

    >>> for line in pulling_text((Form(("x0",), ("x0",), "", "", True),)).splitlines()[3:13]:
    ...     print(line.strip())
    s = n0.seen; w = x0.version
    if s != w and (s is None or s >= 0 or w > -s):
    a0 = x0.outcome
    if a0 is UNSET or a0.__class__ is Failure: return 0, None, MISSING, None
    at = 0; v0 = f0(a0)
    old = n0.outcome; n0.seen = w
    if v0 is not old and (old == v0) is not True:
    if v0 is UNSET: return at, None, v0, None
    n0.outcome = v0; n0.version = now
    n0.checked = epoch
    """
    lines = _head(shape, "now, epoch")
    lines += ["    at = 0; r = None", "    try:"]
    for place, form in enumerate(shape):
        lines += [f"        {line}" for line in _pulled(place, form)]
    return "\n".join([*lines, *_tail()])


def _pulled(place: int, form: Form) -> list[str]:
    inputs = form.inputs
    if form.reads:
        lines = [f"if n{place}.inputs is not i{place}: return {place}, None, MISSING, None"]
    else:
        lines = []
    if len(inputs) == 1:
        lines += [
            f"s = n{place}.seen; w = {inputs[0]}.version",
            "if s != w and (s is None or s >= 0 or w > -s):",
        ]
        seen = "w"
    else:
        versions = ", ".join(f"{word}.version" for word in inputs)
        newer = " or ".join(f"{word}.version > -s" for word in inputs)
        lines += [
            f"s = n{place}.seen",
            f"if s != ({versions}) if s.__class__ is tuple else s is None or {newer}:",
        ]
        seen = "-now"
    words = []
    for at, word in enumerate(form.arguments):
        if word[0] == "k":
            words.append(word)
            continue
        words.append(f"a{at}")
        lines += [
            f"    a{at} = {word}.outcome",
            f"    if a{at} is UNSET or a{at}.__class__ is Failure: return {place}, None, MISSING, None",
        ]
    lines += [f"    {line}" for line in _call(place, form, words)]
    lines += [
        f"    old = n{place}.outcome; n{place}.seen = {seen}",
        f"    if v{place} is not old and {_same(place, form)} is not True:",
        f"        if v{place} is UNSET: return at, None, v{place}, r",
        f"        n{place}.outcome = v{place}; n{place}.version = now",
        f"n{place}.checked = epoch",
    ]
    return lines


# --- making --------------------------------------------------------------------------------------------------------

MISSING = object()  # the value of a function that did not return


def _head(shape: Shape, parameters: str) -> list[str]:
    words = sorted({word for form in shape for word in (*form.arguments, *form.inputs) if word[0] in "xk"})
    words += [f"n{place}" for place in range(len(shape))]
    words += [f"f{place}" for place, form in enumerate(shape) if not form.symbol]
    words += [f"w{place}" for place, form in enumerate(shape) if form.reads == "watch"]
    words += [f"i{place}" for place, form in enumerate(shape) if form.reads]
    given = ", ".join(words)
    return [
        f"def make(equals, foreign, agree, moved, {given}):",
        f"  def run({parameters}, {', '.join(f'{word}={word}' for word in words)}):",
    ]


def _tail() -> list[str]:
    return [
        "    except BaseException as error:",
        "        return at, error, locals().get(f'v{at}', MISSING), r",
        "  return run",
    ]


@lru_cache(maxsize=256)
def _compiled(shape: Shape, sources: frozenset[str] | None) -> Callable[..., Run]:
    """The maker of all code of one shape."""
    text = pulling_text(shape) if sources is None else pushing_text(shape, sources)
    scope: dict[str, Any] = {"UNSET": UNSET, "Failure": Failure, "MISSING": MISSING, "D": DOING}
    exec(compile(text, FILE, "exec"), scope)  # our own text: no name or value of a program is in it
    make: Callable[..., Run] = scope["make"]
    return make


def chunks_of(
    nodes: Sequence[Any], sources: Sequence[Node] | None, reads: Callable[[Any], str], helpers: tuple[Any, ...]
) -> list[Run]:
    """The functions of nodes in topological order: pushing code from ``sources``, or pulling code when that is None.

    ``reads`` says of a tracked node how its reads are noted; ``helpers`` are the functions that the code calls.
    """
    made: list[Run] = []
    certain = set(sources or ()) if len(sources or ()) == 1 else set()
    for first in range(0, len(nodes), CHUNK):
        part = nodes[first : first + CHUNK]
        words: dict[Any, str] = {node: f"n{place}" for place, node in enumerate(part)}
        given: dict[str, Any] = {}
        shape: list[Form] = []
        for place, node in enumerate(part):
            arguments: list[str] = []
            how = reads(node) if node.tracked else ""
            for one in node.inputs if node.tracked else node.arguments:
                if not isinstance(one, Node):
                    word = f"k{len(given)}"
                    given[word] = one
                else:
                    if one not in words:
                        words[one] = f"x{len(given)}"
                        given[words[one]] = one
                    word = words[one]
                if not node.tracked:
                    arguments.append(word)
            inputs = tuple(words[one] for one in node.inputs)
            if sources is not None:
                inputs = () if how.startswith("asked") else inputs
            symbol = "" if node.tracked else symbol_of(node.fn, len(arguments))
            shape.append(Form(tuple(arguments), inputs, symbol, how.removeprefix("asked "), node.equal is None))
            given[f"n{place}"], given[f"f{place}"], given[f"i{place}"] = node, node.fn, node.inputs
            if shape[-1].reads == "watch":
                given[f"w{place}"] = helpers[-1](node)
        final = tuple(shape)
        starts = None if sources is None else frozenset(words[one] for one in certain if one in words)
        make = _compiled(final, starts)
        used = make.__code__.co_varnames[4 : make.__code__.co_argcount]
        made.append(make([node.equal for node in part], *helpers[:3], *(given[word] for word in used)))
    return made
