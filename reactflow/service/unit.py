"""The unit: one key's part of a delivery, applied with effect exactly once.

This is the loop that everything else serves: load the item, publish what it still owes, skip what was seen, apply event
by event, write once over the version that was read, and hand over what is now due. State, marks, cases and due changes
are in that one write. Nothing here knows where records come from or where rows go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from attrs import evolve, field, frozen

from reactflow.errors import (
    CellError,
    ConfigurationError,
    EventError,
    LateRecord,
    RecordError,
    StateError,
    Superseded,
    Transient,
)
from reactflow.flow import Applied, Event, State
from reactflow.service.binding import UnitEvent
from reactflow.service.changes import Occurred, Outcomes, Values, keyed_by, refuse_rekeyed
from reactflow.service.contributing import NONE, Contributions, at_once, load, state_of
from reactflow.service.item import Item, Pending
from reactflow.service.key import UnitKey
from reactflow.service.late import late_change
from reactflow.service.outbox import Cause, confirm, due
from reactflow.service.quarantine import Case, Reason
from reactflow.service.source import Message, Record
from reactflow.service.window import Late

if TYPE_CHECKING:
    from reactflow.service.host import Host
    from reactflow.service.service import Service

Fate = Literal["applied", "duplicate", "superseded", "late", "quarantined", "filtered", "unfinished"]


class Arrival(NamedTuple):
    """One event of a unit as it arrived: its place in the delivery, and its position in its lane.

    ``skips`` says that the source may skip values in between: an older one is superseded then, not a duplicate.
    """

    place: int
    record: Record
    lane: str
    position: str
    message: Message
    event: UnitEvent
    skips: bool = False

    def as_poison(self, error: RecordError) -> Arrival:
        """This arrival as one that cannot be applied however often it is tried."""
        return self._replace(event=UnitEvent.failed(self.event.unit, error, self.event.said))


@frozen
class Part:
    """What became of a unit's part of a delivery; ``item`` is what is stored now, with what is due in ``item.out``.

    ``computed`` holds the values of cells that are not stored, as the last event left them. ``rest`` are arrivals that
    found no room in one write, and come next. ``transient`` says what has to pass before it can be finished.
    """

    unit: UnitKey
    item: Item
    fates: Mapping[int, Fate] = field(factory=dict)
    cases: tuple[Case, ...] = ()
    computed: Mapping[str, object] = field(factory=dict)
    rest: tuple[Arrival, ...] = ()
    transient: str = ""

    @classmethod
    def left(cls, unit: UnitKey, arrivals: Sequence[Arrival], why: str) -> Part:
        """Nothing became of it, for now."""
        fates: dict[int, Fate] = {one.place: "unfinished" for one in arrivals}
        return cls(unit, Item(), fates, transient=why)

    def after(self, earlier: Part | None) -> Part:
        """This and the part that came before it, as one."""
        if earlier is None:
            return self
        return evolve(
            self,
            item=self.item if self.item.v else earlier.item,
            fates={**earlier.fates, **self.fates},
            cases=(*earlier.cases, *self.cases),
            computed={**earlier.computed, **self.computed},
        )


def commit(host: Host, unit: UnitKey, arrivals: Sequence[Arrival]) -> Part:
    """One unit's part of a delivery: load, skip what was seen, apply, write once.

    What is due afterwards is in the returned item's ``out``; the caller publishes it and only then acknowledges. Events
    from the first transient failure on have the fate ``unfinished``. Raises Transient when the store is away, or when
    what the item owed before cannot be published; StateError when the item cannot be read or written at all;
    ConfigurationError when a cell or sink lacks what no record can bring.
    """
    service, store = host.service, host.store
    arrivals, rest = at_once(service, arrivals)
    item, contributions = load(host, unit, arrivals)
    while True:  # every attempt starts from a fresh copy of the item
        refuse_newer(service, unit, item)
        refuse_rekeyed(service, unit, item.written)
        host.settle(unit, item)  # publish, then prune: what is due is out before anything new is applied
        draft = Draft(service, unit, item, state_of(host, unit, item), contributions.afresh())
        one_by_one = () if draft.apply_together(arrivals) else arrivals
        for index, arrival in enumerate(one_by_one):
            if draft.has_seen(arrival):
                continue
            try:
                draft.apply(arrival)
            except Transient as error:
                draft.leave(arrivals[index:], error)  # in order: what stands behind it waits too
                break
            except Superseded:
                draft.end(arrival, "superseded")
            except EventError as error:
                case = draft.put_away(arrival, error)
                store.keep(case)  # first the case, then, with all else, the mark
        if not draft.has_news:
            return draft.part(item, rest)  # nothing new: nothing is written
        try:
            new = draft.finish()
            moved = [*draft.contributions.moved.values()]
            rival = store.put(service.name, unit.text, new, item.v, *([moved] if moved else []))
        except StateError as error:  # too large for one write: less at once
            arrivals, rest = cut(arrivals, rest, error)
            continue
        if rival is None:
            host.warm.remember(unit, new, draft.state)
            return draft.part(new, rest)
        # a rival, a zombie, or our own write whose answer was lost: go on from what is there
        item, contributions = load(host, unit, arrivals, rival)


PAST = 16  # versions of its flow that a unit remembers


def past_of(item: Item, version: str) -> tuple[str, ...]:
    """The versions that had a unit before the one that now writes it, each once, the latest last.

    >>> past_of(Item(gv="b", past=("a",)), "c"), past_of(Item(gv="c", past=("a", "b")), "c")
    (('a', 'b'), ('a', 'b'))
    """
    return item.past if item.gv in ("", version) else (*item.past, item.gv)[-PAST:]


def refuse_newer(service: Service, unit: UnitKey, item: Item) -> None:
    """Raise StateError for an item that a later version of the flow has had: its records come again, to that one."""
    mine = service.flow.version
    if mine in item.past:
        name = service.flow.__name__
        raise StateError(
            f"unit {unit.text!r} of service {service.name!r} was migrated from this version of {name}, {mine}, to "
            f"{item.gv}; its records wait for that one. To go back for good, deploy this flow as a version of its own: "
            f"class {name}(Flow, revision=1), or another number than before"
        )


class Draft:
    """A unit being worked on: a fresh copy of its item for every attempt, so that a failed one leaves no trace."""

    def __init__(
        self,
        service: Service,
        unit: UnitKey,
        item: Item,
        state: State | None,
        contributions: Contributions = NONE,
    ) -> None:
        self.service, self.step = service, service.step
        self.unit, self.item, self.contributions = unit, item, contributions
        if state is None:
            state = self.step.read(item.cells, item.gv, item.written) if item.cells else self.step.initial()
        self.state = state
        self.before: Values = Outcomes(service, self.state)
        if item.cells and item.gv != self.step.version:
            self.before = self.step.migrations.shown(item.cells, self.step.codec, item.written, self.before)
        self.shown: Values = self.before
        self.told = item.numbers  # what the sinks were asked about last
        # late records, and the outputs' numbers with them
        self.late, self.numbers = list[Pending](), dict(item.numbers)
        self.marks, self.versions = dict(item.marks), self.step.migrations.renamed(item.versions)
        self.open_cases = list(item.open_cases)
        self.occurred: list[Occurred] = []
        self.cases: list[Case] = []
        self.fates: dict[int, Fate] = {}
        self.computed: dict[str, object] = {}
        self.cause = Cause()
        self.transient = ""

    @property
    def has_news(self) -> bool:
        """Whether anything has to be written."""
        return self.marks != self.item.marks or bool(self.contributions.moved)

    def has_seen(self, arrival: Arrival) -> bool:
        """Whether an event was applied or put away before; notes what it is then."""
        mark = self.marks.get(arrival.lane, "")
        if arrival.position > mark:
            fate = self.contributions.seen(arrival) if arrival.event.said else ""
            if fate:
                self.fates[arrival.place] = fate
            return bool(fate)
        self.fates[arrival.place] = "superseded" if arrival.skips and arrival.position < mark else "duplicate"
        return True

    def apply_together(self, arrivals: Sequence[Arrival]) -> bool:
        """Apply all events in one call of the step, where nothing has to be known of each; whether that is done.

        It is not when any of them is out of the ordinary, or fails: nothing has happened then.
        """
        if not self.service.is_quiet:
            return False
        marks, fates, events = dict(self.item.marks), dict(self.fates), []
        applied: list[Message] = []
        for place, _, lane, position, message, (_, event, versions, _, error, late, said), skips in arrivals:
            if error is not None or late is not None or versions or said:
                return False
            mark = marks.get(lane, "")
            if position > mark:
                marks[lane], fates[place] = position, "applied"
                events.append(event)
                applied.append(message)
            else:
                fates[place] = "superseded" if skips and position < mark else "duplicate"
        if events:
            try:
                self.state = self.step(self.state, events)[0]
            except Exception:  # which of them it was, and what it means, is found one by one
                return False
        self.cause = self.cause.and_then(*applied)
        self.marks, self.fates = marks, fates
        return True

    def apply(self, arrival: Arrival) -> None:
        """Apply one event; raises EventError, Transient or ConfigurationError with nothing changed."""
        if arrival.event.error is not None:
            raise arrival.event.error
        if arrival.event.late is not None:
            return self._tell_late(arrival, arrival.event.late)
        if arrival.event.said:
            event = self.contributions.event(arrival, self.state)
        else:
            event = self._still_due(arrival.event)
        try:
            state, applied = self.step.apply(self.state, event)
        except CellError as error:
            if isinstance(error.error, ConfigurationError):
                raise error.error from error  # not the record's fault: it would fail every one, and comes again
            raise
        cause = self.cause.and_then(arrival.message)
        occurred = self._told(state, applied, cause)
        self.state, self.cause = state, cause
        self.computed.update(applied.computed)
        self.occurred += occurred
        versions = arrival.event.versions
        self.versions.update((name, versions[name][0]) for name in event.writes if name in versions)
        self.end(arrival, "applied")

    def _tell_late(self, arrival: Arrival, late: Late) -> None:
        """Have a late record told; raises LateRecord where nobody wants to hear of it, so that it is kept as a case."""
        output = self.service.late
        if output is None:
            raise LateRecord(
                f"the record is late: {late.why}. To have such records written, say late= on the window, as in "
                "late=Kinesis('late')"
            )
        pending, self.numbers = late_change(
            self.service, self.unit, output, self.numbers, late, arrival.message
        )
        self.late.append(pending)
        self.end(arrival, "late")

    def _told(self, state: State, applied: Applied, cause: Cause) -> list[Occurred]:
        """What an event has occur that is told outside; raises RecordError when a sink can never write what is due."""
        told = [one for one in applied.occurrences if one[0] in self.service.logged]
        is_asked = self.service.confirmed and (applied.changed or self.shown is self.before)
        if not told and not is_asked:
            return []
        values = Outcomes(self.service, state)
        occurred = [Occurred(pulse, value, values) for pulse, value in told]
        if self.service.confirmed:
            computed = {**self.computed, **applied.computed}
            self.told = confirm(
                self.service, self.unit, self.told, self.shown, values, occurred, computed, cause
            )
            self.shown = values
        return occurred

    def _still_due(self, event: UnitEvent) -> Event:
        """The event without the writes that a later version of their cells has overtaken; a removal wins ties."""
        if not event.versions:
            return event.event
        writes = {
            name: value
            for name, value in event.event.writes.items()
            if name not in event.versions or event.versions[name] > (self.versions.get(name, ""), False)
        }
        if not writes and not event.event.occurrences:
            raise Superseded(f"{', '.join(event.event.writes) or 'nothing'}: a later version is there")
        return Event(writes, event.event.occurrences)

    def end(self, arrival: Arrival, fate: Fate) -> None:
        """Mark an event as dealt with: at the contributions that it speaks of, each by its number, else in its lane."""
        self.fates[arrival.place] = fate
        if arrival.event.said and fate == "applied":
            self.contributions.accept()
        elif not (arrival.event.said and self.contributions.pass_by(arrival)):
            self.marks[arrival.lane] = arrival.position

    def put_away(self, arrival: Arrival, error: EventError) -> Case:
        """Enter the case of an event that cannot be applied, in the same write as its mark."""
        case = case_of(
            self.service, arrival.record, arrival.lane, arrival.position, error, self.unit, self.item.v
        )
        self.cases.append(case)
        if case.id not in self.open_cases:
            self.open_cases.append(case.id)
        self.end(arrival, "late" if isinstance(error, LateRecord) else "quarantined")
        return case

    def leave(self, arrivals: Sequence[Arrival], error: Transient) -> None:
        """Leave events for the next delivery."""
        self.transient = str(error)
        self.fates.update((one.place, "unfinished") for one in arrivals)

    def finish(self) -> Item:
        """The item to be written: state, marks, cases and due changes together."""
        pending, numbers = due(
            self.service, self.unit, self.numbers, self.before, self._after(), self.occurred, self.cause
        )
        codec, item = self.step.codec, self.item
        return Item(
            v=item.v + 1, gv=self.step.version, cells=codec.encode(self.state), marks=self.marks,
            versions=self.versions, out=[*self.late, *pending], numbers=numbers, open_cases=self.open_cases,
            held=item.held, seen=item.seen,
            written={**self.step.migrations.written(self.state), **keyed_by(self.service, numbers)},
            past=past_of(item, self.step.version),
        )  # fmt: skip

    def _after(self) -> Values | None:
        """The values now; None when nothing was applied, and so nothing can be due."""
        return Outcomes(self.service, self.state) if "applied" in self.fates.values() else None

    def part(self, item: Item, rest: Sequence[Arrival]) -> Part:
        """What became of the arrivals, once ``item`` is stored."""
        return Part(
            self.unit, item, self.fates, tuple(self.cases), self.computed, tuple(rest), self.transient
        )


def cut(
    arrivals: Sequence[Arrival], rest: Sequence[Arrival], error: StateError
) -> tuple[Sequence[Arrival], Sequence[Arrival]]:
    """What to try when an item got too large: the first half, or one event as poison. Raises when that is no help."""
    half = len(arrivals) // 2
    if half:
        return arrivals[:half], (*arrivals[half:], *rest)
    if arrivals[0].event.error is not None:
        raise error
    return [arrivals[0].as_poison(RecordError(str(error)))], rest


def case_of(
    service: Service,
    record: Record,
    lane: str,
    position: str,
    error: EventError,
    unit: UnitKey | None = None,
    v: int = 0,
) -> Case:
    """The case of a record that could not be applied; without ``unit`` it belongs to none."""
    return Case(
        service=service.name, unit=None if unit is None else unit.text, lane=lane, position=position,
        resource=record.resource, record=record.raw, reason=Reason.of(error), v=v, gv=service.flow.version,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
    )  # fmt: skip
