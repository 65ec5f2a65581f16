"""Regions: straight-line code for what one source feeds, once its shape has settled. A fast path of the live graph.

A source that is written again and again, and feeds only explicit derived cells and effects, gets a function of its own:
the nodes of its region in topological order, each a call, a comparison and a store. It does what ``engine`` and
``event`` would do, and only while nothing else is going on: ``ENGINE.stamp`` is the shape of the graph while it rests,
and 0 while anything is under way or an instrument listens. Whatever is out of the ordinary (a function that raises, an
unset value, a read of a derived cell by a function of the region) is left to the general engine, from that node on.

The code of a region depends on its shape alone, and is compiled once for all regions of that shape: ``source_text``
shows it. ``with regions(False):`` turns the fast path off; the property tests run with it and without.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reactflow.cells.doing import LOCK, LeaveRegion
from reactflow.cells.engine import ENGINE, IN_EVENT
from reactflow.cells.event import close, conclude, write
from reactflow.cells.node import CLEAN, STALE, Node
from reactflow.cells.semantics import UNSET, Failure, raised

if TYPE_CHECKING:
    from reactflow.cells.cell import Cell
    from reactflow.cells.derived import Derived
    from reactflow.cells.effect import Effect

FILE = "<region>"
WARM = 32  # writes before a region is compiled, which costs about as much as 30 writes in the general engine
REST = 1024  # writes before the next attempt, when there was no plan or it did not last
LARGEST = 4_000  # derived cells of a region

Plan = Callable[[Any], None]
"""Writes a source and brings all that it feeds up to date."""

Shape = tuple[tuple[tuple[str, ...], tuple[str, ...], bool], ...]
"""For each node: what its function is called with, the nodes of which one has to have moved, whether == compares."""


@contextmanager
def regions(on: bool) -> Iterator[None]:
    """Use the fast path, or do not, for the length of a ``with`` block."""
    before, ENGINE.regions = ENGINE.regions, on
    ENGINE.rest()
    try:
        yield
    finally:
        ENGINE.regions = before
        ENGINE.rest()


class Region:
    """What a source feeds: its derived cells, inputs first, and the effects on any of it, in their order."""

    __slots__ = ("effects", "nodes", "source")

    def __init__(self, source: Cell[Any], nodes: list[Derived[Any]], effects: list[Effect]) -> None:
        self.source, self.nodes, self.effects = source, nodes, effects

    def running(self) -> str:
        """The name of the cell whose function is running, found from the frame of the region's code."""
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_code.co_filename != FILE:
            frame = frame.f_back
        return str(self.nodes[frame.f_locals.get("at", 0)].name)


# --- which regions there are -------------------------------------------------------------------------------------


def region_of(source: Cell[Any]) -> Region | None:
    """The region of a source, or None when something in it needs the general engine."""
    from reactflow.cells.derived import EXPLICIT, Derived
    from reactflow.cells.effect import Effect, Keeper

    waits: dict[Node, int] = {}  # the derived cells, with how many of their inputs are in the region
    effects: dict[Effect, None] = {}
    stack: list[Node] = [source]
    while stack:
        for one in stack.pop().observers or ():
            if type(one) is Derived and one.form == EXPLICIT and one.kind_is_known:
                if one not in waits:
                    waits[one] = 0
                    stack.append(one)
                waits[one] += 1
            elif isinstance(one, Effect):
                effects[one] = None
            elif type(one) is not Keeper:  # it only wants them up to date, and so they are
                return None
    if len(waits) > LARGEST or not all(_is_settled(one) for node in waits for one in (node, *node.inputs)):
        return None
    ordered: list[Any] = []
    ready: list[Node] = [source]
    while ready:
        for one in ready.pop().observers or ():
            if one in waits:
                waits[one] -= 1
                if not waits[one]:
                    ordered.append(one)
                    ready.append(one)
    return Region(source, ordered, sorted(effects, key=lambda effect: effect.order))


def _is_settled(node: Node) -> bool:
    """Whether a node is up to date and has a value."""
    is_plain = node.outcome is not UNSET and type(node.outcome) is not Failure
    return is_plain and node.state == CLEAN and not node.is_pulse


def warm_up(source: Cell[Any]) -> None:
    """Count a write of a source that went through the general engine; after enough of them compile its region."""
    source.heat += 1
    if source.heat >= WARM and ENGINE.stamp:
        with LOCK:
            source.plan = compile_plan(source) if ENGINE.stamp else None
        source.heat = WARM - REST


# --- their code --------------------------------------------------------------------------------------------------


def compile_plan(source: Cell[Any]) -> Plan | None:
    """The function that writes a source and brings its region up to date; None when there is no region."""
    region = region_of(source)
    if region is None:
        return None
    places: dict[Node, str] = {source: "value"}  # what the code calls the outcome of a node
    outside: list[Node] = []
    constants: list[object] = []
    shape: list[tuple[tuple[str, ...], tuple[str, ...], bool]] = []
    for place, node in enumerate(region.nodes):
        arguments: list[str] = []
        for one in node.arguments:
            if not isinstance(one, Node):
                arguments.append(f"k{len(constants)}")
                constants.append(one)
                continue
            if one not in places:
                places[one] = f"x{len(outside)}"
                outside.append(one)
            arguments.append(places[one])
        shape.append((tuple(arguments), _moved_by(places[one] for one in node.inputs), node.equal is None))
        places[node] = f"v{place}"
    told = tuple(_moved_by(places.get(one, "x") for one in effect.inputs) for effect in region.effects)
    make = _compiled(tuple(shape), told, source.equal is None)
    nodes = region.nodes
    return make(
        ENGINE, region, source, nodes, [node.fn for node in nodes], outside, constants, [node.equal for node in nodes]
    )  # fmt: skip


def _moved_by(inputs: Iterator[str]) -> tuple[str, ...]:
    """Of which nodes one has to have moved for a node to run; none when the source is an input, which has moved."""
    found = tuple(inputs)
    return () if "value" in found else tuple(f"m{one[1:]}" for one in found if one[0] == "v")


@lru_cache(maxsize=64)
def _compiled(shape: Shape, told: tuple[tuple[str, ...], ...], compares: bool) -> Callable[..., Plan]:
    """The maker of all plans of one shape."""
    scope: dict[str, Any] = {
        "UNSET": UNSET,
        "Failure": Failure,
        "Unusual": _Unusual,
        "slowly": _slowly,
        "leave": _leave,
        "tell": _tell,
    }
    exec(
        compile(source_text(shape, told, compares), FILE, "exec"), scope
    )  # our own text: no name or value is in it
    make: Callable[..., Plan] = scope["make"]
    return make


def source_text(shape: Shape, told: tuple[tuple[str, ...], ...], compares: bool) -> str:
    """The code of a shape. ``v3`` is the outcome of the third node, ``m3`` whether it moved, ``n3`` the node itself.

    ``told`` says for each effect which nodes' moves it is told of; ``compares`` whether == compares the source.

    >>> text = source_text(((("value", "k0"), (), True),), (("m0",),), True)
    >>> for line in text.splitlines():
    ...     if "v0" in line:
    ...         print(line.strip())
    at = 0; v0 = f0(value, k0); at = -1
    if v0 is not old and (old == v0) is not True:
    if v0 is UNSET: raise Unusual
    n0.outcome, n0.version, m0 = v0, now, True
    else: v0, m0 = old, False
    """
    used = [one for arguments, _, _ in shape for one in arguments]
    lines = [
        "def make(E, region, source, nodes, functions, outside, constants, equals):",
        "    shape, lock = E.shape, E.lock",
    ]
    for letter, number, name in (
        ("n", len(shape), "nodes"),
        ("f", len(shape), "functions"),
        ("o", len({one for one in used if one[0] == "x"}), "outside"),
        ("k", len({one for one in used if one[0] == "k"}), "constants"),
    ):
        if number:
            lines.append(f"    {''.join(f'{letter}{place}, ' for place in range(number))}= {name}")
    lines += [
        "    def run(value):",
        "        with lock:",
        "            if E.stamp != shape or value is UNSET or type(value) is Failure: return slowly(source, value)",
        "            old = source.outcome",
        "            if value is old: return",
        "            try:",
        f"                if {'(old == value)' if compares else 'source.equal(old, value)'} is True: return",
        "            except Exception: pass",
        "            at = 0",
        "            E.stamp = 0",
        "            E.epoch += 1",
        f"            E.last_version = now = (E.last_version | {IN_EVENT}) + 1",
        "            source.outcome, source.version = value, now",
        "            try:",
        "                E.region = region",
    ]
    lines += [f"                {one} = o{one[1:]}.outcome" for one in dict.fromkeys(used) if one[0] == "x"]
    for place, (arguments, moved, is_default) in enumerate(shape):
        lines += _node_text(place, arguments, moved, is_default)
    lines += [
        "                E.region = None",
        "            except BaseException as error:",
        "                return leave(region, at, error, locals().get(f'v{~at}'))",
    ]
    if told:
        lines.append("            due = []")
        for place, moved in enumerate(told):
            lines.append(
                f"            if {' or '.join(moved) or 'True'}: due.append(region.effects[{place}])"
            )
        lines.append("            if due: return tell(due)")
    lines += ["            E.stamp = shape", "    return run"]
    return "\n".join(lines)


def _node_text(place: int, arguments: tuple[str, ...], moved: tuple[str, ...], is_default: bool) -> list[str]:
    """The code of one node: run it if one of its inputs moved, and note whether it moved itself.

    ``at`` is its place while its function runs, and the complement of that once it has returned.
    """
    same = f"(old == v{place})" if is_default else f"equals[{place}](old, v{place})"
    lines = [
        f"at = {place}; v{place} = f{place}({', '.join(arguments)}); at = {~place}",
        f"old = n{place}.outcome; n{place}.seen = now",
        f"if v{place} is not old and {same} is not True:",
        f"    if v{place} is UNSET: raise Unusual",
        f"    n{place}.outcome, n{place}.version, m{place} = v{place}, now, True",
        f"else: v{place}, m{place} = old, False",
    ]
    if moved:
        otherwise = f"else: v{place}, m{place} = n{place}.outcome, False"
        lines = [f"if {' or '.join(moved)}:", *(f"    {line}" for line in lines), otherwise]
    return [f"                {line}" for line in lines]


# --- leaving it --------------------------------------------------------------------------------------------------


class _Unusual(BaseException):
    """Leaves a region at an outcome that is no value."""


def _slowly(source: Cell[Any], value: object) -> None:
    """Write a source whose plan cannot be used now, or, if the graph rests, any more."""
    if ENGINE.stamp:
        source.plan = None
    write(source, value)


def _tell(due: list[Effect]) -> None:
    """Run the effects of an event whose cells are up to date."""
    ENGINE.levels.append({})
    for effect in due:
        effect.state = STALE
    conclude(deque(due))


def _leave(region: Region, at: int, error: BaseException, value: object) -> None:
    """Hand an event over to the general engine: the nodes before the one at ``at`` are done."""
    ENGINE.region = None
    ENGINE.levels.append({})
    ENGINE.mark(region.source)
    place = at if at >= 0 else ~at
    for done in region.nodes[:place]:
        done.state = CLEAN
    if not isinstance(error, (Exception, LeaveRegion, _Unusual)):  # an interrupt
        for node in region.nodes[place : place + 1]:
            node.seen = None  # it has to run in any case
        close()
        raise error
    node = region.nodes[place]
    if isinstance(error, LeaveRegion):  # it reads what it was not given: it will do so again
        region.source.plan, region.source.heat = None, -sys.maxsize
    elif isinstance(error, Exception) and at >= 0:
        ENGINE.finish(node, raised(error))
    else:  # it ran, and its outcome is no value, or could not be compared
        ENGINE.finish(node, value)
    conclude()
