"""Regions: what is fed by a source that is written again and again, and may generated code do the engine's work.

A region is all that observes a source, directly or not: derived cells, inputs first, and the effects on any of it. Code
is made for it (``code``) when everything in it has a value, is up to date, and is *needed* each time that it is stale.
The last is what the engine's rule comes to that a tracked function's inputs are looked at in the order of its reads,
and an input that is no longer reached is never computed: behind a branch only the first input that can move is needed
for certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reactflow.cells.functions import certain_of, plain_of
from reactflow.cells.node import CLEAN, LAZY, Node
from reactflow.cells.semantics import UNSET, Failure

if TYPE_CHECKING:
    from reactflow.cells.derived import Derived
    from reactflow.cells.effect import Effect

LARGEST = 200_000  # derived cells of a region


class Region:
    """What some sources feed: derived cells, inputs first, and effects in the order of their making.

    ``watched`` are the tracked cells that may run before something which they might newly read is up to date.
    """

    __slots__ = ("effects", "nodes", "watched")

    def __init__(self, nodes: list[Any], effects: list[Effect], watched: set[Any]) -> None:
        self.nodes, self.effects, self.watched = nodes, effects, watched


def may_vary(node: Any) -> bool:
    """Whether a node may read other inputs when it runs again."""
    if not node.tracked:
        return False
    plain = plain_of(node.fn)
    return plain is None or tuple(dict.fromkeys(plain.reads)) != node.inputs


def region_of(sources: Sequence[Any]) -> Region | None:
    """The region of some sources, or None when something in it needs the general engine."""
    from reactflow.cells.derived import Derived
    from reactflow.cells.effect import Effect, Keeper

    # the derived cells, with how many of what they are subscribed to is in the region
    waits: dict[Any, int] = {}
    effects: dict[Effect, None] = {}
    kept: set[Node] = set()
    stack: list[Node] = [*sources]
    while stack:
        node = stack.pop()
        for one in node.observers or ():
            if type(one) is Derived:
                if one not in waits:
                    waits[one] = 0
                    stack.append(one)
                waits[one] += 1
            elif isinstance(one, Effect) and one.owner is None:
                effects[one] = None
            elif type(one) is Keeper:
                kept.add(node)
            else:
                return None
    if len(waits) > LARGEST or not all(_is_settled(one) for node in waits for one in (node, *node.inputs)):
        return None
    if not _all_needed(sources, waits, effects, kept):
        return None
    ordered, watched = _in_order(sources, waits)
    if len(ordered) != len(waits):  # a cycle among what was read before and may be read again
        return None
    return Region(ordered, sorted(effects, key=lambda effect: effect.order), watched)


def _is_settled(node: Node) -> bool:
    """Whether a node is up to date and has a value."""
    is_plain = node.outcome is not UNSET and type(node.outcome) is not Failure
    return is_plain and node.state == CLEAN and not node.is_pulse


def _all_needed(
    sources: Sequence[Node], members: dict[Any, int], effects: dict[Effect, None], kept: set[Node]
) -> bool:
    """Whether the engine would bring every member up to date each time that one of its inputs moved."""
    needed: set[Node] = set()
    stack: list[Any] = [*effects, *(one for one in kept if one in members)]
    moving = {*sources, *members}
    needed.update(stack)
    while stack:
        node = stack.pop()
        certain = [one for one in node.inputs if one in moving]
        if may_vary(node):
            fixed = certain_of(node.fn)
            certain = [one for place, one in enumerate(certain) if not place or one in fixed]
        for one in certain:
            if one in members and one not in needed:
                needed.add(one)
                stack.append(one)
    return all(one in needed for one in members)


def _in_order(sources: Sequence[Node], waits: dict[Any, int]) -> tuple[list[Any], set[Any]]:
    """The members, inputs first and those with branches as late as can be; and those which come before others."""
    ordered: list[Any] = []
    watched: set[Any] = set()
    late: list[Any] = []
    ready: list[Node] = [*reversed(sources)]
    while ready or late:
        if not ready:
            node = late.pop()
            if late:
                watched.add(node)
            ordered.append(node)
        else:
            node = ready.pop()
            if node in waits:
                if may_vary(node):
                    late.append(node)
                    continue
                ordered.append(node)
        for one in node.observers or ():
            if one in waits:
                waits[one] -= 1
                if not waits[one]:
                    ready.append(one)
    return ordered, watched


# --- lazily read ---------------------------------------------------------------------------------------------------


def cone_of(target: Derived[Any]) -> list[Any] | None:
    """What has to be up to date before an unobserved cell can be read, inputs first; None if that needs the engine.

    That is so behind a cell that is observed now: nothing would tell the code when its last observer leaves.
    """
    from reactflow.cells.derived import Derived

    ordered: dict[Any, None] = {}
    stack: list[tuple[Any, bool]] = [(target, False)]
    while stack:
        node, is_done = stack.pop()
        if is_done:
            ordered[node] = None
        elif node not in ordered and not (node.is_source or (node.is_root and node.state == CLEAN)):
            fits = type(node) is Derived and node.state == LAZY and not node.is_pulse
            if not fits or may_vary(node) or node.seen is None or not node.inputs:
                return None
            stack.append((node, True))
            stack.extend((one, False) for one in reversed(node.inputs))
        elif node.is_pulse:
            return None
        if len(ordered) > LARGEST:
            return None
    return [*ordered]
