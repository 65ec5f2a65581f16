"""A draft: a unit of the model that records are applied to, one after the other, until it is as a commit should be.

Here is what the protocol says of one record: what it writes counts if nothing later wrote the same cell; one that
cannot be applied is a case, and holds its key if a fold needs what it would have fed in order; behind it all waits.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from attrs import define, field

from reactflow.errors import (
    CellError,
    ConfigurationError,
    EventError,
    LateRecord,
    RecordError,
    Superseded,
    Transient,
)
from reactflow.flow import Event, State
from reactflow.service import Item, MemoryStore, Service
from reactflow.service.arrival import Again, Arrival
from reactflow.service.binding import UnitEvent
from reactflow.service.changes import Occurred, Outcomes, changes
from reactflow.service.contributing import NONE, Contributions
from reactflow.service.item import Pending
from reactflow.service.key import UnitKey
from reactflow.service.outbox import Cause, confirm
from reactflow.service.output import LATE
from reactflow.service.source import Message
from reactflow.testing.sim.readings import Reading

Due = tuple[str, str, str, dict[str, Any], dict[str, Any]]
"""A change that is due: output, destination, kind, key and values."""


@define(eq=False)
class Unit:
    """One unit as it has to be: ``done`` says what became of each record, and at which commit.

    ``cases`` and ``waiting`` are its queue, by the ids of the cases. ``turns`` tells when each was first seen, and
    ``written`` when each cell was last written, both in the order of the records.
    """

    key: UnitKey
    state: State
    versions: dict[str, str] = field(factory=dict)
    done: dict[str, tuple[str, int]] = field(factory=dict)
    heights: dict[str, str] = field(factory=dict)
    cases: dict[str, Reading] = field(factory=dict)
    waiting: dict[str, Reading] = field(factory=dict)
    held: bool = False
    turn: int = 0
    turns: dict[str, int] = field(factory=dict)
    written: dict[str, int] = field(factory=dict)
    item: Item = field(factory=Item)

    @property
    def has_queue(self) -> bool:
        """Whether anything is in its queue."""
        return bool(self.cases or self.waiting)


_COPIED = ("versions", "cases", "waiting", "turns", "written", "heights")


class Draft:
    """A unit that records are applied to; the unit itself is changed by ``accept`` only."""

    def __init__(
        self, service: Service, unit: Unit, shadow: MemoryStore, fresh: Sequence[Reading], *, asks: bool
    ) -> None:
        self.service, self.unit, self._asks = service, unit, asks
        self.state, self.held, self.turn = unit.state, unit.held, unit.turn
        self.versions, self.cases, self.waiting = dict(unit.versions), dict(unit.cases), dict(unit.waiting)
        self.turns, self.written, self.heights = dict(unit.turns), dict(unit.written), dict(unit.heights)
        self.before = self.shown = Outcomes(service, unit.state)
        self.told = unit.item.numbers
        self.occurred: list[Occurred] = []
        self.late: list[Due] = []
        self.fates: dict[str, str] = {}
        self.contributions = NONE
        events = [one.events[unit.key.text] for one in (*fresh, *unit.cases.values(), *unit.waiting.values())]
        names = (
            {(said.members, said.key) for one in events for said in one.said}
            if service.member_folds
            else set()
        )
        if names:
            kept = shadow.look(service.name, unit.key.text, names)[1]
            self.contributions = Contributions(service, shadow, unit.key, names, kept)

    @property
    def is_idle(self) -> bool:
        """Whether nothing happened at all."""
        return not self.fates

    # --- records -----------------------------------------------------------------------------------------------------

    def take(self, readings: Sequence[Reading], *, is_too_large: bool = False) -> bool:
        """Apply records as they were delivered; False when one of them cannot be finished for now."""
        for reading in readings:
            if reading.skips and reading.order <= self.heights.get(reading.lane, ""):
                continue
            id = reading.case_id(self.unit.key.text)
            self.turn += 1
            self.turns[id] = self.turn
            if self.held or self.waiting:
                self.waiting[id] = reading
                self.fates[reading.id] = "held"
            elif not self._tried(reading, id, is_too_large=is_too_large):
                return False
            is_too_large = False
            self.heights[reading.lane] = max(reading.order, self.heights.get(reading.lane, ""))
        return True

    def take_queued(self, item: Item, skips: str, *, is_too_large: bool = False) -> bool:
        """Apply what is no longer in the queue of an item: a case that was redriven or skipped, and what waited.

        Whether there was anything.
        """
        left = [id for id in self.cases if id not in item.open_cases]
        waited = [id for id in self.waiting if id not in item.waiting]
        for id in (*left, *waited):
            reading = self.cases.pop(id, None) or self.waiting.pop(id)
            if id in left:
                self.held = self.held and bool(self.cases) and id != next(reversed(self.unit.cases))
            if id == skips:
                self.fates[reading.id] = "skipped"
            else:
                self._tried(reading, id, "redrive", is_too_large=is_too_large)
                is_too_large = False
        return bool(left or waited)

    def _tried(self, reading: Reading, id: str, again: Again = "", *, is_too_large: bool = False) -> bool:
        arrival = self._arrival(reading, again)
        try:
            if is_too_large:
                raise RecordError("it is too large")
            fate = self._applied(arrival, self.turns[id])
        except Transient:
            return False
        except Superseded:
            fate = "superseded"
            if arrival.event.said:
                self.contributions.pass_by(arrival)
        except EventError as error:
            fate = "quarantined"
            self.cases[id] = reading
            self.held = self._holds(reading, arrival, error, is_too_large)
            if arrival.event.said:
                self.contributions.pass_by(arrival)
        self.fates[reading.id] = fate
        return True

    def _arrival(self, reading: Reading, again: Again) -> Arrival:
        event = reading.events[self.unit.key.text]
        said = reading.message or Message(None)
        made = Arrival(0, reading.record, reading.lane, reading.order, event, said.time, said.cause)
        return made._replace(again=again)

    def _holds(self, reading: Reading, arrival: Arrival, error: EventError, is_too_large: bool) -> bool:
        """Whether a fold needs in order what a record would have fed; what cannot be read may have fed anything."""
        if isinstance(error, LateRecord):
            return False
        event = arrival.event
        fed = {*event.event.writes, *event.event.occurrences, *(said.members for said in event.said)}
        if event.error is not None or is_too_large:
            inputs = self.service.inputs_of.get(reading.record.resource, ())
            fed = {name for one in inputs for name in one.feeds}
        return not self.service.in_order.isdisjoint(fed)

    def _applied(self, arrival: Arrival, turn: int) -> str:
        event = arrival.event
        if event.error is not None:
            raise event.error
        if event.late is not None:
            return self._late()
        if event.said and not arrival.is_queued and self.contributions.seen(arrival):
            return "superseded"
        given = self.contributions.event(arrival, self.state) if event.said else self._due(event, turn)
        try:
            state, applied = self.service.step.apply(self.state, given)
        except CellError as error:
            if isinstance(error.error, ConfigurationError):
                raise Transient(str(error)) from error
            raise
        values = Outcomes(self.service, state)
        occurred = [
            Occurred(pulse, value, values)
            for pulse, value in applied.occurrences
            if pulse in self.service.logged
        ]
        if (
            self._asks
            and self.service.confirmed
            and (occurred or applied.changed or self.shown is self.before)
        ):
            self.told = confirm(
                self.service,
                self.unit.key,
                self.told,
                self.shown,
                values,
                occurred,
                applied.computed,
                Cause(),
            )
            self.shown = values
        self.state = state
        self.occurred += occurred
        self.versions |= {name: event.versions[name][0] for name in given.writes if name in event.versions}
        self.written |= {name: max(turn, self.written.get(name, 0)) for name in given.writes}
        if event.said:
            self.contributions.accept()
        return "applied"

    def _due(self, event: UnitEvent, turn: int) -> Event:
        """The event without what a later write of the same cells has overtaken, by its version or by its turn."""
        writes = {
            name: value for name, value in event.event.writes.items()
            if self.written.get(name, 0) <= turn
            and (name not in event.versions or event.versions[name] > (self.versions.get(name, ""), False))
        }  # fmt: skip
        if event.event.writes and not writes and not event.event.occurrences:
            raise Superseded("a later one is there")
        return Event(writes, event.event.occurrences)

    def _late(self) -> str:
        output = self.service.late
        if output is None:
            raise LateRecord("it is late")
        self.late.append((output.name, output.sink.destination, "late", {}, {}))
        return "late"

    # --- what was committed, held against it -------------------------------------------------------------------------

    def wrong(self, item: Item, new: Sequence[Pending], untold: Collection[tuple[str, str]] = ()) -> str:
        """What a commit has otherwise than this; nothing when it is the same."""
        cells = self.service.step.codec.encode(self.state)
        if item.cells != cells and (item.cells or not self.is_idle):
            return f"the state is {item.cells.decode()}, and has to be {cells.decode()}"
        if [*item.open_cases] != [*self.cases]:
            return f"the open cases are {[*item.open_cases]}, and have to be {[*self.cases]}"
        if [*item.waiting] != [*self.waiting] or item.held != self.held:
            wanted = f"{[*self.waiting]} (held: {self.held})"
            return f"{[*item.waiting]} wait (held: {item.held}), and there have to {wanted}"
        told, due = [self._told(one) for one in new], self._changes_due()
        told = [one for one in told if one in due or one[:2] not in untold]
        if told != due:
            return f"the changes due are {told}, and have to be {due}"
        return ""

    def _changes_due(self) -> list[Due]:
        service, codec, unit = self.service, self.service.step.codec, self.unit
        found = list(self.late)
        if "applied" not in self.fates.values():
            return found
        after, told = Outcomes(service, self.state), unit.item.numbers
        for output, _, change in changes(
            service, unit.key, service.outputs, told, self.before, after, self.occurred
        ):
            unstored = {column for column, name in output.cells.items() if name in service.unstored}
            key = {**change.by, **unit.key.fields()}
            found.append((
                output.name, output.sink.destination, change.kind,
                {name: codec.to_plain(part, name) for name, part in key.items()},
                {column: codec.to_plain(value, column) for column, value in change.values.items()
                 if column not in unstored or change.kind != "row"},
            ))  # fmt: skip
        return found

    def _told(self, pending: Pending) -> Due:
        """A change as it was committed; of a late record only that it is told."""
        output = self.service.outputs_by_name.get((pending.output, pending.destination))
        if output is not None and output.pulse == LATE:
            return pending.output, pending.destination, "late", {}, {}
        return pending.output, pending.destination, pending.kind, dict(pending.key), dict(pending.values)

    def accept(self, item: Item) -> None:
        """Have the unit be as this is."""
        unit = self.unit
        unit.state, unit.held, unit.turn, unit.item = self.state, self.held, self.turn, item
        for name in _COPIED:
            setattr(unit, name, getattr(self, name))
        # what was held is acknowledged already: that it is told when it is applied later is the sweeper's to see to
        first = {id: v for id, (_, v) in unit.done.items()}
        unit.done |= {id: (fate, first.get(id, item.v)) for id, fate in self.fates.items()}
