"""What a live display shows: a small table of cells, or the picture of what they are computed from.

Pure functions from cells to a MIME bundle. They promise HTML that an untrusted notebook may show too (no script, style
element or reference), all text escaped, and the values of one moment. They must not subscribe to anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from reactflow.cells import UNSET, Failure, GraphView, NodeView, Readable
from reactflow.cells.batch import snapshot
from reactflow.cells.looking import detail
from reactflow.cells.pictures.labels import visible
from reactflow.cells.readable import current_outcome, shown

ROWS = 200
CHARACTERS = 200  # of one value

Bundle = dict[str, str]


class Occurred(NamedTuple):
    """What is remembered of a pulse, which has no value to look at between its events."""

    times: int
    outcome: object


def table(cells: Mapping[str, Readable[Any]], occurred: Mapping[Readable[Any], Occurred]) -> Bundle:
    """A row for each cell: its name, kind and value.

    >>> from reactflow import cell
    >>> print(table({"length": cell(3.0), "width": cell()}, {})["text/plain"])
    length  3.0
    width   unset
    """
    some = dict(list(cells.items())[:ROWS])
    with snapshot():
        outcomes = [_last(one, occurred) for one in some.values()]
    rows = [
        (visible(name), "pulse" if one.is_pulse else one.kind, visible(_words(one, last)))
        for (name, one), last in zip(some.items(), outcomes, strict=True)
    ]
    more = len(cells) - len(some)
    left = max((len(name) for name, _, _ in rows), default=0)
    lines = [f"{name:{left}}  {value}" for name, _, value in rows]
    body = "".join(
        f"<tr>{_td(name, 'th')}{_td(kind)}{_td(f'<code>{escape(value)}</code>', raw=True)}</tr>\n"
        for name, kind, value in rows
    )
    if more > 0:
        lines.append(f"and {more} more")
        body += f"<tr>{_td(f'and {more} more')}</tr>\n"
    head = "".join(_td(word, "th") for word in ("name", "kind", "value"))
    html = f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>\n"
    return {"text/plain": "\n".join(lines), "text/html": html}


def picture(roots: Iterable[Readable[Any]], title: str) -> Bundle:
    """The graph of what some cells are computed from, themselves included, with the values of this moment.

    >>> from reactflow import cell
    >>> length = cell(3.0, name="length")
    >>> print(picture([length.map(str, name="label")], "")["text/plain"])
    length    cell     3.0 ...
    └─ label  derived  '3.0' ...
    """
    with snapshot():
        nodes = ancestry(roots)
        ids = {node: number for number, node in enumerate(nodes)}
        outcomes = [current_outcome(node) for node in nodes]
        edges = tuple((ids[one], ids[node]) for node in nodes for one in inputs(node))
    views = (_view(node, ids[node], outcome) for node, outcome in zip(nodes, outcomes, strict=True))
    return GraphView(tuple(views), edges, title)._repr_mimebundle_()


def failed(title: str, error: BaseException) -> Bundle:
    """What is shown when the thing itself cannot be."""
    text = visible(f"{title}: cannot be shown: {type(error).__name__}: {error}")
    return {"text/plain": text, "text/html": f"<code>{escape(text)}</code>"}


def ancestry(roots: Iterable[Readable[Any]]) -> Sequence[Readable[Any]]:
    """Some cells and all that they are computed from, each once, every cell after one that needs it.

    Reads each, so that a tracked cell which never ran says what its inputs are.
    """
    found: dict[Readable[Any], None] = {}
    stack = [*roots][::-1]
    while stack:
        node = stack.pop()
        if node not in found:
            found[node] = None
            current_outcome(node)
            stack.extend(reversed(inputs(node)))
    return list(found)


def inputs(node: Readable[Any]) -> Sequence[Readable[Any]]:
    """What a cell is computed from, each once; empty for a tracked one that has not run."""
    return [one for one in dict.fromkeys(node.inputs) if isinstance(one, Readable)]


def _last(one: Readable[Any], occurred: Mapping[Readable[Any], Occurred]) -> object:
    return occurred.get(one, UNSET) if one.is_pulse else current_outcome(one)


def _words(one: Readable[Any], last: object) -> str:
    if isinstance(last, Occurred):
        return f"{shown(last.outcome, CHARACTERS)} ({last.times} occurrence{'' if last.times == 1 else 's'})"
    if one.is_pulse:
        return "has not occurred yet"
    return shown(last, CHARACTERS)


def _td(text: str, tag: str = "td", *, raw: bool = False) -> str:
    return f'<{tag} style="text-align:left">{text if raw else escape(text)}</{tag}>'


def _view(node: Readable[Any], number: int, outcome: object) -> NodeView:
    state = "error" if type(outcome) is Failure else "unset" if outcome is UNSET else "value"
    kind = "pulse" if node.is_pulse else node.kind
    return NodeView(number, node.name, kind, detail(node), state, shown(outcome), node.where)
