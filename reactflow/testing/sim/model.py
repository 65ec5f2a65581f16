"""The model: what a service has to have done, found by applying each record once, in order, through the plain step.

It looks on at every commit. A commit has to be what applying some of the records of its delivery gives, from the first
on that were not applied before: the same state, the same cases, the same changes due. So the sequential answer is held
against the real one at every step, and not only at the end. It shares with what it checks the flow's step, how a record
is decoded, and which changes a new state means; it knows nothing of marks, numbers, attempts or outboxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import define, field

from reactflow.errors import CellError, ConfigurationError, EventError, Superseded, Transient
from reactflow.flow import Event, State
from reactflow.service import Item, MemoryStore, Service
from reactflow.service.binding import UnitEvent
from reactflow.service.changes import Occurred, Outcomes, changes
from reactflow.service.contributing import NONE, Contributions
from reactflow.service.contribution import Contribution
from reactflow.service.item import HARD_LIMIT, Pending
from reactflow.service.key import UnitKey
from reactflow.service.outbox import Cause, confirm
from reactflow.service.source import Message
from reactflow.service.unit import Arrival
from reactflow.testing.sim.readings import Reading
from reactflow.testing.sim.violation import Violation

Due = tuple[str, str, str, dict[str, Any], dict[str, Any]]
"""A change that is due: output, destination, kind, key and values."""


@define(eq=False)
class Unit:
    """One unit as it has to be: ``done`` says what became of each record, and at which commit."""

    key: UnitKey
    state: State
    versions: dict[str, str] = field(factory=dict)
    done: dict[str, tuple[str, int]] = field(factory=dict)
    heights: dict[str, str] = field(factory=dict)
    cases: int = 0
    item: Item = field(factory=Item)


class Model:
    """A service's units as they have to be."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.units: dict[str, Unit] = {}
        self._shadow = MemoryStore()

    def unit(self, key: UnitKey) -> Unit:
        """A unit, new if nothing was told of it."""
        if key.text not in self.units:
            self.units[key.text] = Unit(key, self.service.step.initial())
        return self.units[key.text]

    def is_done(self, reading: Reading, unit: str) -> bool:
        """Whether a record has had its effect on a unit; one that came too late for it has, too."""
        there = self.units.get(unit)
        return there is not None and (
            reading.id in there.done or (reading.skips and reading.order <= there.heights.get(reading.lane, ""))
        )

    def committed(
        self, unit: UnitKey, readings: Sequence[Reading], item: Item, new: Sequence[Pending],
        contributions: Sequence[Contribution], *, was_refused: bool,
    ) -> None:  # fmt: skip
        """A delivery of these records has committed this; raises Violation when it should not have."""
        there = self.unit(unit)
        _check_item(self.service, there, item)
        fresh: dict[str, Reading] = {}
        for one in readings:
            if unit.text in one.events and not self.is_done(one, unit.text):
                fresh.setdefault(one.id, one)
        # what speaks of contributions is marked there, each by its number: then every part is tried
        whole = [one for one in fresh.values() if one.events[unit.text].said or one.is_marked(item.marks)]
        found, wrong = self._quickly(there, whole, item, new)
        if found is None and was_refused and whole:
            found, _ = self._tried(there, whole, item, new, is_too_large=True)
        if found is None:
            found, wrong = self._tried(there, whole, item, new)
        if found is None:
            about = f"{self.service.name}, unit {unit.text}, v{item.v}: "
            if not fresh:
                raise Violation("I2", f"{about}a commit without a record that was not applied before")
            raise Violation("I2", f"{about}{wrong or 'nothing of it was to be applied'}")
        self._accept(there, found, item, contributions)

    def _quickly(
        self, there: Unit, fresh: Sequence[Reading], item: Item, new: Sequence[Pending]
    ) -> tuple[Draft | None, str]:
        """All records applied, with no sink asked: that is the ordinary case."""
        draft = Draft(self.service, there, self._shadow, fresh, asks=False)
        if not fresh or not all([draft.apply(one) for one in fresh]):
            return None, ""
        wrong = draft.wrong(item, new)
        return (None, wrong) if wrong else (draft, "")

    def _tried(
        self, there: Unit, fresh: Sequence[Reading], item: Item, new: Sequence[Pending], *, is_too_large: bool = False
    ) -> tuple[Draft | None, str]:
        """The longest part of the records that explains a commit, and else what is wrong with the whole."""
        draft = Draft(self.service, there, self._shadow, fresh, asks=True)
        found: Draft | None = None
        wrong = ""
        for one in fresh:
            if not draft.apply(one, is_too_large=is_too_large):
                break
            wrong = draft.wrong(item, new)
            found = as_it_is(draft) if not wrong else found
            is_too_large = False
        return found, wrong

    def _accept(self, there: Unit, draft: Draft, item: Item, contributions: Sequence[Contribution]) -> None:
        if draft.contributions.moved or contributions:
            moved = [*draft.contributions.moved.values()]
            told = {(one.name, repr(one.value)) for one in contributions}
            if told != {(one.name, repr(one.value)) for one in moved}:
                raise Violation("I1", f"unit {there.key.text}: the contributions are {told}")
            self._shadow.put(self.service.name, there.key.text, Item(v=item.v), item.v - 1, moved)
        elif self.service.member_folds:
            self._shadow.put(self.service.name, there.key.text, Item(v=item.v), item.v - 1)
        there.state, there.versions, there.cases = draft.state, draft.versions, draft.cases
        there.done |= {id: (fate, item.v) for id, fate in draft.fates.items()}
        there.heights |= draft.heights
        there.item = item


class Draft:
    """A unit that records are applied to, one after the other."""

    def __init__(self, service: Service, unit: Unit, shadow: MemoryStore, fresh: Sequence[Reading], *, asks: bool) -> None:
        self.service, self.unit, self._asks = service, unit, asks
        self.state, self.versions, self.cases = unit.state, dict(unit.versions), unit.cases
        self.before = self.shown = Outcomes(service, unit.state)
        self.told = unit.item.numbers
        self.occurred: list[Occurred] = []
        self.late: list[Due] = []
        self.fates: dict[str, str] = {}
        self.heights: dict[str, str] = {}
        self.contributions = NONE
        names = {
            (said.members, said.key) for one in fresh for said in one.events[unit.key.text].said
        } if service.member_folds else set()
        if names:
            kept = shadow.look(service.name, unit.key.text, names)[1]
            self.contributions = Contributions(service, shadow, unit.key, names, kept)

    def apply(self, reading: Reading, *, is_too_large: bool = False) -> bool:
        """Apply one record; False when it cannot be finished for now."""
        if reading.skips and reading.order <= self.heights.get(reading.lane, ""):
            return True
        event = reading.events[self.unit.key.text]
        arrival = Arrival(0, reading.record, reading.lane, reading.order, reading.message or Message(None), event)
        try:
            if is_too_large:
                raise EventError("it is too large")
            fate = self._applied(arrival)
        except Transient:
            return False
        except Superseded:
            fate = "superseded"
            if event.said:
                self.contributions.pass_by(arrival)
        except EventError:
            fate = "quarantined"
            self.cases += 1
            if event.said:
                self.contributions.pass_by(arrival)
        self.fates[reading.id] = fate
        self.heights[reading.lane] = max(reading.order, self.heights.get(reading.lane, ""))
        return True

    def _applied(self, arrival: Arrival) -> str:
        event = arrival.event
        if event.error is not None:
            raise event.error
        if event.late is not None:
            return self._late(event)
        if event.said and self.contributions.seen(arrival):
            return "superseded"
        given = self.contributions.event(arrival, self.state) if event.said else self._due(event)
        try:
            state, applied = self.service.step.apply(self.state, given)
        except CellError as error:
            if isinstance(error.error, ConfigurationError):
                raise Transient(str(error)) from error
            raise
        values = Outcomes(self.service, state)
        occurred = [
            Occurred(pulse, value, values) for pulse, value in applied.occurrences if pulse in self.service.logged
        ]
        if self._asks and self.service.confirmed and (occurred or applied.changed or self.shown is self.before):
            self.told = confirm(
                self.service, self.unit.key, self.told, self.shown, values, occurred, applied.computed, Cause()
            )
            self.shown = values
        self.state = state
        self.occurred += occurred
        self.versions |= {name: event.versions[name][0] for name in given.writes if name in event.versions}
        if event.said:
            self.contributions.accept()
        return "applied"

    def _due(self, event: UnitEvent) -> Event:
        """The event without what a later version of the same cells has overtaken."""
        if not event.versions:
            return event.event
        writes = {
            name: value for name, value in event.event.writes.items()
            if name not in event.versions or event.versions[name] > (self.versions.get(name, ""), False)
        }  # fmt: skip
        if not writes and not event.event.occurrences:
            raise Superseded("a later version is there")
        return Event(writes, event.event.occurrences)

    def _late(self, event: UnitEvent) -> str:
        output = self.service.late
        if output is None:
            self.cases += 1
        else:
            self.late.append((output.name, output.sink.destination, "occurrence", {}, {}))
        return "late"

    # --- what was committed, held against it -------------------------------------------------------------------------

    def wrong(self, item: Item, new: Sequence[Pending]) -> str:
        """What a commit has otherwise than this; nothing when it is the same."""
        codec = self.service.step.codec
        cells = codec.encode(self.state)
        if item.cells != cells:
            return f"the state is {item.cells.decode()}, and has to be {cells.decode()}"
        if len(item.open_cases) != self.cases:
            return f"there are {len(item.open_cases)} cases, and there have to be {self.cases}"
        told, due = [_told(one) for one in new], self._changes_due()
        if [_bare(one) for one in told] != [_bare(one) for one in due]:
            return f"the changes due are {told}, and have to be {due}"
        return ""

    def _changes_due(self) -> list[Due]:
        service, codec, unit = self.service, self.service.step.codec, self.unit
        if "applied" not in self.fates.values():
            return self.late
        found = list(self.late)
        after = Outcomes(service, self.state)
        told = unit.item.numbers
        for output, _, change in changes(service, unit.key, service.outputs, told, self.before, after, self.occurred):
            unstored = {column for column, name in output.cells.items() if name in service.unstored}
            key = {**change.by, **unit.key.fields()}
            found.append((
                output.name, output.sink.destination, change.kind,
                {name: codec.to_plain(part, name) for name, part in key.items()},
                {column: codec.to_plain(value, column) for column, value in change.values.items()
                 if column not in unstored or change.kind != "row"},
            ))  # fmt: skip
        return found


def as_it_is(draft: Draft) -> Draft:
    """A draft as it is now: what is applied later does not change it."""
    kept = object.__new__(Draft)
    kept.__dict__ |= draft.__dict__
    kept.versions, kept.fates, kept.heights = dict(draft.versions), dict(draft.fates), dict(draft.heights)
    if draft.contributions is not NONE:
        kept.contributions = draft.contributions.afresh()
        kept.contributions.moved = dict(draft.contributions.moved)
    return kept


def _told(pending: Pending) -> Due:
    return pending.output, pending.destination, pending.kind, dict(pending.key), dict(pending.values)


def _bare(due: Due) -> Any:
    """A change to be compared; of a late record only that it is told."""
    output, destination, kind, key, values = due
    return (output, destination, kind) if output == "late" else (output, destination, kind, repr(sorted(key.items())),
                                                                  repr(sorted(values.items())))  # fmt: skip


def _check_item(service: Service, unit: Unit, item: Item) -> None:
    about = f"{service.name}, unit {unit.key.text}: "
    before = unit.item
    if item.v != before.v + 1:
        raise Violation("I3", f"{about}v{item.v} was written over v{before.v}")
    size = len(item.to_bytes())
    if size > HARD_LIMIT:
        raise Violation("I10", f"{about}the item has {size} bytes")
    for lane, position in before.marks.items():
        if item.marks.get(lane, "") < position:
            raise Violation("I10", f"{about}the mark of {lane} goes back from {position} to {item.marks.get(lane)}")


