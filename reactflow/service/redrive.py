"""Redrive and skip: what somebody decides about a case, and what waits behind it.

A case re-enters through its unit's queue, never through its lane, where it counts as seen. It keeps its lane and
position, so that it takes no place that a later record has taken, and it leaves the queue in the same write as what it
changes: twice is once, and a rival that was first wins. A case of no unit is in no queue; the unit that its record is
found to speak of remembers it instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import count
from typing import TYPE_CHECKING, Final

from reactflow.errors import ConfigurationError, RecordError
from reactflow.service.arrival import Again, Arrival
from reactflow.service.binding import UnitEvent
from reactflow.service.caseid import kept_as, lane_of, unescape
from reactflow.service.key import Key, UnitKey
from reactflow.service.quarantine import Case
from reactflow.service.report import Report
from reactflow.service.source import Record

if TYPE_CHECKING:
    from reactflow.service.host import Host

_places: Final = count(-1, -1)  # of what comes from no delivery: never the same twice


def redrive(host: Host, id: str) -> Report:
    """Try a case again with the service as it is now, and what waits behind it; returns what became of them.

    One that fails again stays as it is. One that is not open does nothing. Raises ConfigurationError for a case that
    there is not, or for a sink that will never work.
    """
    case = _case(host, id)
    if case.unit is None:
        return _adopted(host, case)
    unit = unit_of(host, case)
    return _done(host, [unit], [[arrival_of(host, unit, case, "redrive")]])


def skip(host: Host, id: str) -> Report:
    """Give a case up and go on with what waits behind it; raises as ``redrive`` does.

    Of a case that waits for the occurrence before it, it is that one which is given up: the case itself is applied.
    """
    case = _case(host, id)
    if case.unit is None:
        host.store.forget(host.service.name, [id])
        return Report(1, {"skipped": 1})
    unit = unit_of(host, case)
    return _done(host, [unit], [[arrival_of(host, unit, case, "skip")]])


def queued(host: Host, unit: UnitKey, ids: Iterable[str]) -> list[Arrival]:
    """The records of a unit that wait, as they come again."""
    store, name = host.store, host.service.name
    made: list[Arrival] = []
    for id in ids:
        case = store.case(name, kept_as(id)) or store.case(name, id)
        if case is not None:
            made.append(arrival_of(host, unit, case, "redrive"))
            continue
        lane, position = (unescape(text) for text in lane_of(id))
        lost = RecordError(
            "its record is no longer in the quarantine, where it waited: send it anew and skip this case"
        )
        event = UnitEvent.failed(unit, lost)
        is_shared = id.count("@") > 1
        arrival = Arrival(next(_places), Record({}, ""), lane, position, event)
        made.append(arrival._replace(again="redrive", is_shared=is_shared))
    return made


def unit_of(host: Host, case: Case) -> UnitKey:
    """The unit of a case; raises StateError when the service's key is another by now."""
    key: Key = host.service.key
    return key.unit(*key.decode(case.unit or ""))


def record_of(case: Case) -> Record:
    """The record of a case, as its trigger handed it over."""
    return Record(case.record, case.resource, account=case.account, region=case.region)


def arrival_of(host: Host, unit: UnitKey, case: Case, again: Again) -> Arrival:
    """A case as it comes again, read by the service as it is now."""
    record, place = record_of(case), next(_places)
    try:
        found = [one for one in host.read(place, record) if one.event.unit == unit]
        if not found:
            raise RecordError(
                f"as the service is now, the record says nothing to the unit {unit.text!r}: skip the case"
            )
        made = found[0]
    except RecordError as error:
        made = Arrival(place, record, "", "", UnitEvent.failed(unit, error))
    return made._replace(lane=case.lane, position=case.position, again=again, is_shared=case.is_shared)


def _case(host: Host, id: str) -> Case:
    case = host.store.case(host.service.name, id)
    if case is None:
        raise ConfigurationError(
            f"service {host.service.name!r} has no case {id!r}: open_cases() lists those that there are"
        )
    return case


def _adopted(host: Host, case: Case) -> Report:
    """A case of no unit, applied to the units that its record speaks of by now."""
    try:
        arrivals = host.read(next(_places), record_of(case))
    except RecordError:
        return Report(1, {"quarantined": 1}, cases=(case,))
    units = [one.event.unit for one in arrivals]
    report = _done(host, units, [[one._replace(again="adopt", is_shared=True)] for one in arrivals])
    if not report.transients:
        host.store.forget(host.service.name, [case.id])
    return report


def _done(host: Host, units: Sequence[UnitKey], arrivals: Sequence[Sequence[Arrival]]) -> Report:
    broken: list[ConfigurationError] = []
    parts = [host.apply(unit, some, broken) for unit, some in zip(units, arrivals, strict=True)]
    published, late = host.publish(parts, broken)
    if broken:
        raise broken[0]
    asked = {one.place for some in arrivals for one in some}
    fates: Counter[str] = Counter(
        fate for part in parts for place, fate in part.fates.items() if place in asked
    )
    released: Counter[str] = Counter(
        fate for part in parts for place, fate in part.fates.items() if place not in asked
    )
    waits = [(part.unit, part.transient) for part in parts if part.transient] + list(late.items())
    if not units:
        fates["filtered"] += 1
    return Report(
        1, fates, cases=tuple(case for part in parts for case in part.cases), released=released,
        transients=tuple(f"unit {unit.text}: {why}" for unit, why in waits),
        units=tuple(part.unit.text for part in parts), published=tuple(published),
    )  # fmt: skip
