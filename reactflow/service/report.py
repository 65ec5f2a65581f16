"""The report of a delivery: how many events had which fate, what was told outside, and what has to come again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from attrs import field, frozen

from reactflow.service.sink import Publication

if TYPE_CHECKING:
    from reactflow.service.arrival import Arrival
    from reactflow.service.quarantine import Case
    from reactflow.service.service import Service


@frozen
class Lane:
    """How far a lane is behind: ``lag``, in seconds, is the age of its newest record that is finished.

    ``newest`` is when that one came to its source, in seconds since 1970: all until then is in the outputs.
    """

    lag: float
    newest: float


@frozen
class Report:
    """What became of a delivery: how many events had which fate, the cases that were made, what went wrong for now.

    ``inputs`` counts the events: one for each unit that a record speaks of, and one for a record that speaks of none;
    each has one of the ``fates``. ``ignored`` counts the fields that feed nothing, by name. ``unfinished`` are the
    places of the records that have to come again. ``released`` says what became of records that waited behind a case.
    ``lanes`` says how far behind each lane is, where somebody listens.
    """

    records: int
    fates: Mapping[str, int]
    cases: tuple[Case, ...] = ()
    transients: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    published: tuple[Publication, ...] = ()
    unfinished: frozenset[int] = frozenset()
    ignored: Mapping[str, int] = field(factory=dict)
    released: Mapping[str, int] = field(factory=dict)
    service: str = ""
    inputs: int = 0
    lanes: Mapping[str, Lane] = field(factory=dict)

    def __str__(self) -> str:
        counted = ", ".join(f"{number} {fate}" for fate, number in sorted(self.fates.items()) if number)
        return f"{self.records} records for {len(self.units)} units: {counted or 'nothing to do'}"


def lanes_of(
    service: Service, arrivals: Iterable[Sequence[Arrival]], unfinished: Collection[int], now: float
) -> dict[str, Lane]:
    """How far behind the lanes of a delivery are; those of a source that has many count as one.

    What stands behind an unfinished record is not finished either.
    """
    newest: dict[str, float] = {}
    first = min(unfinished, default=None)
    for some in arrivals:
        for one in some:
            time = one.time.timestamp() if isinstance(one.time, datetime) else one.time
            if time is None or (first is not None and one.place >= first):
                continue
            resource, lane = one.record.resource, one.within or one.lane
            name = lane if resource in service.few_lanes and lane.startswith(resource) else resource
            newest[name] = max(time, newest.get(name, time))
    return {name: Lane(max(0.0, now - time), time) for name, time in newest.items()}
