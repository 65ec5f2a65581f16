"""A live graph as a GraphView: what tools and pictures look at instead of the cells themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from reactflow.cells.derived import EXPLICIT, Derived
from reactflow.cells.doing import LOCK
from reactflow.cells.effect import Effect, Keeper
from reactflow.cells.engine import ENGINE
from reactflow.cells.fold import FoldCell
from reactflow.cells.graphview import GraphView, NodeView
from reactflow.cells.instrument import Instrument, joined, left
from reactflow.cells.members import Keeping
from reactflow.cells.naming import function_line
from reactflow.cells.node import Link, Node
from reactflow.cells.operators import SYMBOLS
from reactflow.cells.pulse import Changes
from reactflow.cells.readable import Readable, current_outcome, shown
from reactflow.cells.semantics import UNSET, Failure
from reactflow.errors import DeclarationError

I = TypeVar("I", bound=Instrument)  # noqa: E741  # one letter, like every type variable here


def graph(*roots: Readable[Any] | Effect, title: str = "") -> GraphView:
    """The graph around some cells: all they are computed from, and what observes any of it. Reads every cell.

    Raises DeclarationError for anything but cells and effects; flows and services have a ``show()`` of their own.

    >>> from reactflow import cell
    >>> length, width = cell(3.0, name="length"), cell(4.0, name="width")
    >>> area = length * width
    >>> print(graph(area).text())
    length   cell     3.0 ...
    └─ area  derived  12.0  [*] ...
    width    cell     4.0 ...
    └─ area  (see above)
    """
    for root in roots:
        if not isinstance(root, Node):
            raise DeclarationError(f"graph() takes cells and effects, not {_remedy(root)}")
    found: dict[Node, None] = {}
    stack: list[Node] = [*reversed(roots)]
    with LOCK:
        while stack:
            node = stack.pop()
            if node in found:
                continue
            if isinstance(node, Readable):
                current_outcome(node)
            found[node] = None
            stack.extend(reversed([*node.inputs, *_observers(node)]))
        ids = {node: number for number, node in enumerate(found)}
        nodes = tuple(view_of(node, number) for node, number in ids.items())
        edges = tuple((ids[one], ids[node]) for node in ids for one in node.inputs)
    return GraphView(nodes, edges, title)


def _remedy(thing: Any) -> str:
    """What a thing is that graph() does not take, and what to write instead."""
    kind = thing if isinstance(thing, type) else type(thing)
    if any(base.__module__.startswith("reactflow.") for base in kind.__mro__):
        for method in ("show", "graph"):
            # a flow or a service, and a system: they are of floors above this one
            if callable(getattr(kind, method, None)):
                if kind is thing:
                    return f"the class {kind.__name__}: write {kind.__name__}.{method}()"
                return f"this {kind.__name__}: call its {method}()"
    if isinstance(thing, (list, tuple, set, frozenset, dict)):
        cells = "*cells.values()" if isinstance(thing, dict) else "*cells"
        return f"a {kind.__name__}: pass its cells one by one, graph({cells})"
    return f"{shown(thing)} ({kind.__name__}): pass the cell itself, as in graph(area)"


def _observers(node: Node) -> list[Node]:
    live = (one() if type(one) is Link else one for one in node.observers or ())
    return [one for one in live if one is not None and not isinstance(one, (Keeper, Keeping))]


def view_of(node: Node, number: int) -> NodeView:
    """How a node stands in a picture."""
    if not isinstance(node, Readable):
        return NodeView(number, str(node.name), "effect", site=node.where if isinstance(node, Effect) else "")
    failed = type(node.outcome) is Failure
    state = "error" if failed else "unset" if node.outcome is UNSET else "value"
    kind = "pulse" if node.is_pulse else node.kind
    return NodeView(number, node.name, kind, detail(node), state, shown(node.outcome), node.where)


def detail(node: Readable[Any]) -> str:
    """What computes a cell, in a word: its operator, function, or fold."""
    if isinstance(node, FoldCell):
        return node.fold.name
    if isinstance(node, Changes):
        return "" if node.name.endswith(".changes()") else "changes"
    if not isinstance(node, Derived):
        return ""
    symbol = SYMBOLS.get(node.fn)
    if symbol is not None:
        return symbol
    called = str(getattr(node.fn, "__name__", "") or type(node.fn).__name__)
    if called == "<lambda>":
        return f"lambda {function_line(node.fn)}"
    return called if node.form == EXPLICIT and called != node.name else ""


@contextmanager
def instrumented(instrument: I) -> Iterator[I]:
    """Have an instrument listen for the length of a ``with`` block, beside those that listen already.

    >>> from reactflow import cell
    >>> length = cell(3.0)
    >>> with instrumented(Instrument()) as listening:
    ...     length.value = 5.0
    """
    listen(instrument)
    try:
        yield instrument
    finally:
        unlisten(instrument)


def listen(instrument: Instrument) -> None:
    """Have an instrument listen from now on; the fast paths are off meanwhile.

    >>> instrument = Instrument()
    >>> listen(instrument)
    >>> unlisten(instrument)
    """
    with LOCK:  # whether fast paths may run is found out anew when it is given back
        ENGINE.instrument = joined(ENGINE.instrument, instrument)


def unlisten(instrument: Instrument) -> None:
    """Have an instrument listen no longer; one that does not listen is no error.

    >>> unlisten(Instrument())
    """
    with LOCK:  # whether fast paths may run is found out anew when it is given back
        ENGINE.instrument = left(ENGINE.instrument, instrument)
