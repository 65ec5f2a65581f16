"""The unit: one key's part of a delivery, applied with effect exactly once.

This is the loop that everything else serves: load the item, publish what it still owes, skip what was seen, apply event
by event, write once over the version that was read, and hand over what is now due. State, marks, cases and due changes
are in that one write. Nothing here knows where records come from or where rows go.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from attrs import evolve, field, frozen

from reactflow.cells import UNSET
from reactflow.errors import EventError, RecordError, Superseded, Transient
from reactflow.flow import Event
from reactflow.service.binding import UnitEvent
from reactflow.service.item import Item
from reactflow.service.key import UnitKey
from reactflow.service.outbox import Cause, Occurred, due
from reactflow.service.quarantine import Case, Reason
from reactflow.service.source import Message, Record

if TYPE_CHECKING:
    from reactflow.service.host import Host

Fate = Literal["applied", "duplicate", "superseded", "quarantined", "filtered", "unfinished"]


@frozen
class Arrival:
    """One event of a unit as it arrived: where it stands in its lane, and which record of the delivery it comes from."""

    place: int
    record: Record
    lane: str
    position: str
    message: Message
    event: UnitEvent
    skips: bool = (
        False  # the source may skip intermediate values: an older one is superseded, not a duplicate
    )


@frozen
class Part:
    """What became of a unit's part of a delivery; ``item`` is what is stored now, with what is due in ``item.out``."""

    unit: UnitKey
    item: Item
    fates: dict[int, Fate] = field(factory=dict)
    cases: tuple[Case, ...] = ()


class Draft:
    """A unit being worked on: a fresh copy of its item for every attempt, so that a failed one leaves no trace."""

    def __init__(self, host: Host, unit: UnitKey, item: Item) -> None:
        self.flow, self.step = host.service.flow, host.service.step
        self.unit, self.item = unit, item
        self.state = self.step.read(item.cells, item.gv) if item.cells else self.step.initial()
        self.before = self.step.values(self.state, recompute=False)
        self.marks, self.versions = dict(item.marks), dict(item.versions)
        self.open_cases = list(item.open_cases)
        self.occurred: list[Occurred] = []
        self.cases: list[Case] = []
        self.fates: dict[int, Fate] = {}
        self.cause = Cause()

    def has_seen(self, arrival: Arrival) -> bool:
        """Whether an event was applied or put away before; notes what it is then."""
        mark = self.marks.get(arrival.lane, "")
        if arrival.position > mark:
            return False
        self.fates[arrival.place] = "superseded" if arrival.skips and arrival.position < mark else "duplicate"
        return True

    def apply(self, arrival: Arrival) -> None:
        """Apply one event; raises EventError or Transient with nothing changed."""
        if arrival.event.error is not None:
            raise arrival.event.error
        event = self._still_due(arrival.event)
        self.state, applied = self.step.apply(self.state, event)
        if applied.occurrences:
            values = self.step.values(self.state, recompute=False)
            self.occurred += [Occurred(pulse, value, values) for pulse, value in applied.occurrences]
        if arrival.event.version:
            self.versions.update(dict.fromkeys(event.writes, arrival.event.version))
        self.cause = Cause(
            arrival.message.cause or self.cause.envelope, arrival.message.time or self.cause.time
        )
        self.end(arrival, "applied")

    def _still_due(self, event: UnitEvent) -> Event:
        """The event without the writes that a higher version of their source cells has overtaken; a removal wins ties."""
        if not event.version:
            return event.event
        after = [
            name
            for name in event.event.writes
            if (event.version, event.is_removal) > (self.versions.get(name, ""), self._is_gone(name))
        ]
        if not after and event.event.writes:
            raise Superseded(f"version {event.version} of {', '.join(event.event.writes)} is not the latest")
        return Event({name: event.event.writes[name] for name in after}, event.event.occurrences)

    def _is_gone(self, name: str) -> bool:
        return self.state.get(name, UNSET) is UNSET

    def end(self, arrival: Arrival, fate: Fate) -> None:
        """Mark an event as dealt with."""
        self.fates[arrival.place] = fate
        self.marks[arrival.lane] = arrival.position

    def put_away(self, arrival: Arrival, case: Case) -> None:
        """Enter a case in the item, in the same write as its mark."""
        self.cases.append(case)
        if case.id not in self.open_cases:
            self.open_cases.append(case.id)
        self.end(arrival, "quarantined")

    def finish(self, host: Host) -> Item:
        """The item to be written: state, marks, cases and due changes together."""
        after = self.step.values(self.state, recompute=False)
        applied = "applied" in self.fates.values()
        pending, numbers = (
            due(host.service, self.unit, self.item, self.before, after, self.occurred, self.cause)
            if applied
            else ([], dict(self.item.numbers))
        )
        return self.item.next(
            gv=self.flow.version, cells=self.flow.codec.encode(self.state), marks=self.marks, versions=self.versions,
            out=tuple(pending), numbers=numbers, open_cases=tuple(self.open_cases),
        )  # fmt: skip


def commit(host: Host, unit: UnitKey, arrivals: Sequence[Arrival]) -> Part:
    """One unit's part of a delivery: load, skip what was seen, apply, write once.

    What is due afterwards is in the returned item's ``out``; the caller publishes it and only then acknowledges. Events
    from the first transient failure on have the fate ``unfinished``. Raises Transient when the store is away, or when
    what the item owed before cannot be published.
    """
    service, store = host.service, host.store
    item = host.recall(unit) or store.get(service.name, unit.text) or Item()
    while True:
        host.settle_debts(
            unit, item
        )  # publish, then prune: what is due is out before anything new is applied
        draft = Draft(host, unit, item)
        for index, arrival in enumerate(arrivals):
            if draft.has_seen(arrival):
                continue
            try:
                draft.apply(arrival)
            except Transient as error:
                host.report_transient(arrival, error)
                draft.fates.update((one.place, "unfinished") for one in arrivals[index:])
                break
            except Superseded:
                draft.end(arrival, "superseded")
            except EventError as error:
                case = case_of(host, arrival, error, item)
                store.keep(
                    case
                )  # first the case, then the mark: a crash between leaves both to be done again
                draft.put_away(arrival, case)
        if draft.marks == item.marks and draft.open_cases == list(item.open_cases):
            return Part(unit, item, draft.fates)  # nothing new: nothing is written
        new = draft.finish(host)
        rival = store.put(service.name, unit.text, new, item.v)
        if rival is None:
            host.remember(unit, new)
            return Part(unit, new, draft.fates, tuple(draft.cases))
        item = (
            rival  # a rival, a zombie, or our own write whose answer was lost: start again from what is there
        )


def case_of(host: Host, arrival: Arrival, error: EventError, item: Item) -> Case:
    """The case of an event that could not be applied."""
    return Case(
        service=host.service.name, unit=arrival.event.unit.text, lane=arrival.lane, position=arrival.position,
        resource=arrival.record.resource, record=arrival.record.raw, reason=Reason.of(error), v=item.v,
        gv=host.service.flow.version, time=datetime.now(UTC).isoformat(timespec="seconds"),
    )  # fmt: skip


def keyless_case(host: Host, record: Record, lane: str, position: str, error: RecordError) -> Case:
    """The case of a record whose unit could not be told: it belongs to no unit, and holds none."""
    return Case(
        service=host.service.name, lane=lane, position=position, resource=record.resource, record=record.raw,
        reason=Reason.of(error), gv=host.service.flow.version, time=datetime.now(UTC).isoformat(timespec="seconds"),
    )  # fmt: skip


def poison(arrival: Arrival, error: RecordError) -> Arrival:
    """An arrival that cannot be applied however often it is tried."""
    return evolve(arrival, event=UnitEvent.failed(arrival.event.unit, error))
