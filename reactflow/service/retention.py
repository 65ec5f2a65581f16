"""Retention: what of a unit may be forgotten, since no source brings again what it is kept for.

A mark is needed for as long as its lane's records may come again. Units with few lanes keep all marks, and nothing has
to be known of their age. With more, as after many reshards, the item notes the day on which each was last moved, and
drops those that are older than the source keeps its records. Numbers of outputs are never dropped: what was written
outside may be older than anything here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from reactflow.service.item import Item

if TYPE_CHECKING:
    from reactflow.service.key import UnitKey
    from reactflow.service.service import Service
    from reactflow.service.window import Window

MANY: Final = 32  # lanes of a unit, from which on it is noted when each was last moved
DAY: Final = 86_400


def pruned(
    service: Service, marks: Mapping[str, str], item: Item, now: float
) -> tuple[Mapping[str, str], dict[str, int]]:
    """The marks that are still needed, and the days on which they were last moved, where there are many."""
    if len(marks) <= MANY:
        return marks, {}
    today = int(now // DAY)
    ages = {
        lane: item.ages.get(lane, today) if item.marks.get(lane) == mark else today
        for lane, mark in marks.items()
    }
    old = [lane for lane, day in ages.items() if today - day > days_of(service, lane)]
    return (
        {lane: mark for lane, mark in marks.items() if lane not in old},
        {lane: day for lane, day in ages.items() if lane not in old},
    )


def days_of(service: Service, lane: str) -> float:
    """For how many days the records of a lane may come again; for ever those of a lane that no source reads."""
    for one in service.bound:
        if lane.startswith(f"{one.resource}/"):
            return one.source.retention
    return float("inf")  # the changes of another service, which may be published again at any time


def expires(service: Service, unit: UnitKey) -> float | None:
    """When a unit can be changed by nothing any more, in seconds since 1970; None when that never is."""
    window: Window | None = service.key.window
    if window is None or window.keep is None:
        return None
    start = window.begins(str(unit.fields()[window.name]))
    longest = max((one.source.retention for one in service.bound), default=0)
    return start + window.size + window.keep + longest * DAY


def expired(item: Item) -> Item | None:
    """The item of an expired unit without cells and marks; None when it has none, or somebody has to decide on it."""
    if item.owes or item.open_cases or item.waiting or not (item.cells or item.marks):
        return None
    return item.next(cells=b"", marks={}, versions={}, ages={}, seen=(), overtaken={})
