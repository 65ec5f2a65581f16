"""``why``: which writes made a cell change last, on which way, at which lines."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any

from reactflow.cells.cause import Why, Written
from reactflow.cells.doing import LOCK
from reactflow.cells.effect import Effect
from reactflow.cells.explaining import Explaining, latest
from reactflow.cells.graphview import GraphView
from reactflow.cells.looking import view_of
from reactflow.cells.naming import file_name, in_package
from reactflow.cells.node import Node
from reactflow.cells.readable import Readable, current_outcome, shown, unset_error
from reactflow.cells.semantics import UNSET, Failure
from reactflow.cells.tracing import LONGEST, Trace
from reactflow.cells.versions import event_of
from reactflow.errors import DeclarationError

DRAWN = 100  # nodes of the picture


def why(cell: Readable[Any] | Effect) -> Why:
    """What made a cell change last, or an effect run last: the writes, the ways, the lines.

    It reads the cell, which is computed if it has to be. It tells what is certain, from what the graph keeps anyway,
    also after a hot loop; what is not known it says, with the remedy: ``explaining()``. A cell that nobody observes is
    computed when read, and explained by the last event that it depends on; earlier writes may have counted too.

    Raises DeclarationError for anything but a cell, pulse, fold or effect.

    >>> from reactflow import cell
    >>> length, width = cell(3.0, name="length"), cell(4.0, name="width")
    >>> area = length * width
    >>> length.value = 5.0
    >>> print(why(area))
    area = 20.0, because length was set to 5.0 at ...
      length -> area
    """
    check(cell, "why")
    with LOCK:
        outcome = current_outcome(cell) if isinstance(cell, Readable) else UNSET
        log = latest()
        trace = Trace(cell, log)
        ways, more = trace.ways()
        names = _names(node for way in ways for node in way)
        is_cell = isinstance(cell, Readable) and not cell.is_pulse
        return Why(
            cell=str(cell.name),
            kind=kind_of(cell),
            where=cell.where,
            outcome=outcome,
            event=trace.event,
            verdict=_verdict(cell, trace),
            writes=tuple(written(node, version, log) for node, version in trace.writes.items()),
            paths=tuple(tuple(names[node] for node in _cut(way)) for way in ways),
            more_paths=more,
            also=()
            if is_cell and outcome is UNSET and trace.writes
            else tuple(written(node, version, log) for node, version in trace.also.items()),
            moved=tuple((str(one.name), str(reader.name)) for one, reader in trace.moved.items()),
            missing=_missing(cell) if is_cell and outcome is UNSET else (),
            raised=_raised(cell, outcome) if type(outcome) is Failure else "",
            graph=part(trace.nodes, trace.carried),
            is_logged=log.changed_to(cell, cell.version) is not None,
        )


def _verdict(cell: Node, trace: Trace) -> str:
    if isinstance(cell, Effect) and cell.stopped:
        return "stopped"
    if trace.writes:
        return "changed"
    return "made" if trace.is_first or (not isinstance(cell, Effect) and not cell.version) else "unknown"


def check(cell: object, called: str) -> None:
    """Raise DeclarationError for what is not a cell or an effect, with what to write instead."""
    if isinstance(cell, (Readable, Effect)):
        return
    kind = cell if isinstance(cell, type) else type(cell)
    if getattr(kind, "__is_flow__", False) and not isinstance(cell, type):
        what = f"this {kind.__name__}: give one of its cells, {called}(room.cells.area)"
    elif isinstance(cell, type):
        what = f"the class {kind.__name__}: give a cell, {called}(area)"
    else:
        what = f"{shown(cell)} ({kind.__name__}): give the cell itself, {called}(area)"
    raise DeclarationError(f"{called}() takes a cell or an effect, not {what}")


def kind_of(node: Any) -> str:
    """The word for a node: a computed pulse is a pulse too."""
    return "pulse" if node.is_pulse else str(node.kind)


def written(node: Any, version: int, log: Explaining) -> Written:
    """A write, as far as it is known: from the log, else from what the source has kept of its last one."""
    name, kind, event = str(node.name), kind_of(node), event_of(version)
    found = log.wrote(node, version)
    if found is not None:
        effect = "" if found.by is None else str(found.by.name)
        return Written(name, kind, found.outcome, True, str(found.site or ""), event, effect)
    if node.version != version:
        return Written(name, kind, UNSET, False, "", event)
    known = getattr(node, "written_at", None)
    line = str(known[1] or "") if known is not None and known[0] == version else ""
    is_kept = kind != "pulse" or node.outcome is not UNSET
    return Written(name, kind, node.outcome, is_kept, line, event)


def part(nodes: Iterable[Node], carried: dict[Node, dict[Node, None]]) -> GraphView:
    """A part of the graph as a picture, empty when it is too large to be seen."""
    shown = list(nodes)
    if len(shown) > DRAWN:
        return GraphView(())
    ids = {node: number for number, node in enumerate(shown)}
    edges = tuple((ids[one], ids[node]) for node in shown for one in carried.get(node, ()) if one in ids)
    return GraphView(tuple(view_of(node, number) for node, number in ids.items()), edges)


def _names(nodes: Iterable[Node]) -> dict[Node, str]:
    return {node: str(node.name) for node in dict.fromkeys(nodes)}


def _cut(way: list[Node]) -> list[Node]:
    return way if len(way) <= LONGEST else [*way[: LONGEST // 2], *way[-LONGEST // 2 :]]


def _missing(cell: Any) -> tuple[str, ...]:
    return tuple(name for name in unset_error(cell).missing if name != cell.name)


def _raised(cell: Node, outcome: Any) -> str:
    """The cell whose function raised, and the line in which it did."""
    origin, stack, seen = cell, [cell], {cell}
    while stack:
        origin = stack.pop()
        for one in origin.inputs:
            if one.outcome is outcome and one not in seen:
                seen.add(one)
                stack = [one]
                break
    line = f", made at {origin.where}"  # for a function that is not written in Python
    traceback: TracebackType | None = outcome.traceback
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if not in_package(code):
            line = f" at {file_name(code)}:{traceback.tb_lineno}"
            break  # the user's function; what it calls is in the exception's own traceback
        traceback = traceback.tb_next
    return f"{origin.name}{line}"
