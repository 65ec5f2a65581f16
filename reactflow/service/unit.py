"""The unit: one key's part of a delivery, applied with effect exactly once.

This is the loop that everything else serves: load the item, publish what it still owes, skip what was seen, apply event
by event, write once over the version that was read, and hand over what is now due. State, marks, cases and due changes
are in that one write. Nothing here knows where records come from or where rows go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from reactflow.errors import (
    CellError,
    ConfigurationError,
    EventError,
    Gap,
    Held,
    LateRecord,
    StateError,
    Superseded,
    Transient,
    Unreadable,
)
from reactflow.flow import Applied, Event, State
from reactflow.service.arrival import Arrival, Fate, Part, case_of, cut, is_ahead, lacks_predecessor
from reactflow.service.changes import Occurred, Outcomes, Values, keyed_by, refuse_rekeyed
from reactflow.service.contributing import NONE, Contributions, at_once, load, state_of
from reactflow.service.deadline import NO_DEADLINE, Deadline
from reactflow.service.item import Item, Pending, check_state
from reactflow.service.key import UnitKey
from reactflow.service.outbox import Cause, confirm, due, is_certain, look_again
from reactflow.service.queue import MOST_SEEN, Queue, holds
from reactflow.service.retention import pruned
from reactflow.service.succession import past_of, refuse_newer

if TYPE_CHECKING:
    from reactflow.service.host import Host
    from reactflow.service.quarantine import Case
    from reactflow.service.service import Service
    from reactflow.service.window import Late


def commit(host: Host, unit: UnitKey, arrivals: Sequence[Arrival], deadline: Deadline = NO_DEADLINE) -> Part:
    """One unit's part of a delivery: load, skip what was seen, apply, write once.

    What is due afterwards is in the returned item's ``out``; the caller publishes it and only then acknowledges. Events
    from the first transient failure on, or from the deadline on, have the fate ``unfinished``. Raises Transient when
    the store is away, or when what the item owed before cannot be published; StateError when the item cannot be read or
    written at all; ConfigurationError when a cell or sink lacks what no record can bring.
    """
    service, store = host.service, host.store
    arrivals, rest = at_once(service, arrivals)
    item, contributions = load(host, unit, arrivals)
    while True:  # every attempt starts from a fresh copy of the item
        refuse_newer(service, unit, item)
        refuse_rekeyed(service, unit, item.written)
        now = host.clock()
        # publish, then prune: what is due is out before anything new is applied
        withdrawn = host.settle(unit, item, now) if item.out else ()
        draft = Draft(service, unit, item, state_of(host, unit, item), contributions.afresh(), withdrawn)
        if draft.queue.is_released and not arrivals[0].again:
            return draft.part(item, (*arrivals, *rest))  # first what waits
        done = draft.apply_quickly(arrivals, deadline)
        for index, arrival in enumerate(arrivals[done:], done):
            try:
                deadline.check()
                draft.take(arrival, store.keep)
                deadline.note_work()
            except Transient as error:
                draft.leave(arrivals[index:], error)  # in order: what stands behind it waits too
                break
        if not draft.has_news:
            return draft.part(item, rest)  # nothing new: nothing is written
        try:
            new = draft.finish(now, host.longest)
            moved = [*draft.contributions.moved.values()]
            rival = store.put(service.name, unit.text, new, item.v, *([moved] if moved else []))
        except Unreadable:  # what is there, and none of these records is to blame
            raise
        except StateError as error:  # too large for one write: less at once
            arrivals, rest = cut(arrivals, rest, error)
            continue
        if rival is None:
            host.warm.remember(unit, new, draft.state)
            return draft.part(new, rest)
        # a rival, a zombie, or our own write whose answer was lost: go on from what is there
        item, contributions = load(host, unit, arrivals, rival)


class Draft:
    """A unit being worked on: a fresh copy of its item for every attempt, so that a failed one leaves no trace."""

    def __init__(
        self,
        service: Service,
        unit: UnitKey,
        item: Item,
        state: State | None,
        contributions: Contributions = NONE,
        withdrawn: Sequence[Pending] = (),
    ) -> None:
        self.service, self.step, self.withdrawn = service, service.step, withdrawn
        self.unit, self.item, self.contributions = unit, item, contributions
        if state is None:
            state = self.step.read(item.cells, item.gv, item.written) if item.cells else self.step.initial()
        self.state = state
        self.before: Values = Outcomes(service, self.state)
        self.moved: Mapping[str, object] | None = None  # the cells that changed, where that is known
        if item.cells and item.gv != self.step.version:
            self.before = self.step.migrations.shown(item.cells, self.step.codec, item.written, self.before)
        self.shown: Values = self.before
        self.told = item.numbers  # what the sinks were asked about last
        self.asked: frozenset[str] = frozenset()  # the outputs of which that was a row of this unit
        # late records, and the outputs' numbers with them
        self.late, self.numbers = list[Pending](), dict(item.numbers)
        self.marks = dict(item.marks)
        self.versions = self.step.migrations.renamed(item.versions) if item.versions else {}
        self.queue, self.seen = Queue(item), list(item.seen)
        self.occurred: list[Occurred] = []
        self.cases: list[Case] = []
        self.fates: dict[int, Fate] = {}
        self.computed: dict[str, object] = {}
        self.cause = Cause()
        self.transient = ""

    @property
    def has_news(self) -> bool:
        """Whether anything has to be written."""
        is_moved = self.marks != self.item.marks or bool(self.contributions.moved)
        return is_moved or self.queue.has_changed or self.seen != list(self.item.seen)

    def has_seen(self, arrival: Arrival) -> bool:
        """Whether an event was applied or put away before; notes what it is then.

        One that comes again out of the queue is seen when it is no longer there: a rival was first.
        """
        mark = self._mark_of(arrival)
        if arrival.is_queued:
            if arrival.id not in self.queue:
                self.fates[arrival.place] = "duplicate"
            return not self.queue.is_due(arrival.id)
        is_known = self.seen and arrival.record_id in self.seen
        if is_known or (arrival.link is not None and arrival.id in self.queue):
            self.fates[arrival.place] = "duplicate"
            return True
        if arrival.again and arrival.position != mark:
            return False  # its unit could not be told before: where its lane is now says nothing
        if arrival.position > mark:
            fate = self.contributions.seen(arrival) if arrival.event.said else ""
            if fate:
                self.fates[arrival.place] = fate
            return bool(fate)
        self.fates[arrival.place] = "superseded" if arrival.skips and arrival.position < mark else "duplicate"
        return True

    def apply_quickly(self, arrivals: Sequence[Arrival], deadline: Deadline) -> int:
        """Apply the first events without looking at each; returns how many."""
        done = 0
        while done < len(arrivals) and not deadline.is_over():
            some = arrivals[done : done + deadline.room()]
            if not self.apply_together(some):
                break
            done += len(some)
            deadline.note_work(len(some))
        return done

    def apply_together(self, arrivals: Sequence[Arrival]) -> bool:
        """Apply all events in one call of the step, where nothing has to be known of each; whether that is done.

        It is not when any of them is out of the ordinary, or fails: nothing has happened then.
        """
        if not self.service.is_quiet or not self.queue.is_empty or self.seen:
            return False
        marks, fates, events, cause = dict(self.marks), dict(self.fates), list[Event](), self.cause
        last: datetime | float | None = None
        for place, _, lane, position, unit_event, time, envelope, skips, link, again, _, within in arrivals:
            _, event, versions, _, error, late, said = unit_event
            if (
                error is not None
                or late is not None
                or versions
                or said
                or link is not None
                or again
                or within
            ):
                return False
            mark = marks.get(lane, "")
            if position > mark:
                marks[lane], fates[place] = position, "applied"
                events.append(event)
                last = time or last
                if envelope is not None:
                    cause = cause.and_then(time, envelope)
            else:
                fates[place] = "superseded" if skips and position < mark else "duplicate"
        if events:
            try:
                self.state, changes = self.step(self.state, events)
            except Exception:  # which of them it was, and what it means, is found one by one
                return False
            self.cause = cause.and_then(last, None)
            is_all = self.item.gv == self.step.version and not self.fates
            self.moved = changes.cells if is_all else None
        self.marks, self.fates = marks, fates
        return True

    def take(self, arrival: Arrival, keep: Callable[[Case], None]) -> None:
        """Do with one event what is to be done: skip what was seen, apply it, have it wait, or keep it as a case.

        Raises Transient, Unreadable or ConfigurationError with nothing changed.
        """
        if self.has_seen(arrival):
            return
        try:
            self.apply(arrival)
        except Superseded:
            self.end(arrival, "superseded")
        except Unreadable:
            raise
        except EventError as error:
            self.put_away(arrival, error, keep)

    def apply(self, arrival: Arrival) -> None:
        """Apply one event; raises EventError, Transient or ConfigurationError with nothing changed."""
        is_gap = is_ahead(arrival, self._mark_of(arrival))
        if arrival.again == "skip" and not is_gap:
            return self.end(arrival, "skipped")
        if (
            not arrival.is_queued
            and self.queue.holder
            and not self.queue.is_filled_by(arrival, self._mark_of(arrival))
        ):
            raise Held(f"its key is held: it waits behind {self.queue.holder}")
        if arrival.link is not None and arrival.again != "skip":
            arrival.link.check(arrival.lane, self._mark_of(arrival), arrival.position)
        if arrival.event.error is not None:
            raise arrival.event.error
        if arrival.event.late is not None:
            return self._tell_late(arrival, arrival.event.late)
        if arrival.event.said:
            event = self.contributions.event(arrival, self.state)
        else:
            event = self.queue.still_due(arrival, self.versions)
        try:
            state, applied = self.step.apply(self.state, event)
        except CellError as error:
            if isinstance(error.error, ConfigurationError):
                raise error.error from error  # not the record's fault: it would fail every one, and comes again
            if isinstance(error.error, MemoryError):
                raise Transient(f"memory ran out: {error}") from error  # another process may have more
            raise
        cause = self.cause.and_then(arrival.time, arrival.cause)
        occurred = self._told(state, applied, cause, arrival.cause is not None)
        self.state, self.cause, self.moved = state, cause, None
        self.computed.update(applied.computed)
        self.occurred += occurred
        versions = arrival.event.versions
        self.versions.update((name, versions[name][0]) for name in event.writes if name in versions)
        if self.queue.cases:
            self.queue.note_writes(arrival.id, event.writes)
        self.end(arrival, "applied")

    def _tell_late(self, arrival: Arrival, late: Late) -> None:
        """Have a late record told; raises LateRecord where nobody wants to hear of it, so that it is kept as a case."""
        output = self.service.late
        if output is None:
            raise LateRecord(
                f"the record is late: {late.why}. To have such records written, say late= on the window, as in "
                "late=Kinesis('late')"
            )
        from reactflow.service.late import late_change  # most keys have no window

        pending, self.numbers = late_change(
            self.service, self.unit, output, self.numbers, late, Cause().and_then(arrival.time, arrival.cause)
        )
        self.late.append(pending)
        self.end(arrival, "late")

    def _told(self, state: State, applied: Applied, cause: Cause, is_passed_on: bool) -> list[Occurred]:
        """What an event has occur that is told outside; raises RecordError when a sink can never write what is due."""
        told = [one for one in applied.occurrences if one[0] in self.service.logged]
        is_asked = self.service.confirmed and (applied.changed or self.shown is self.before)
        if not told and not is_asked:
            return []
        values = Outcomes(self.service, state)
        occurred = [Occurred(pulse, value, values) for pulse, value in told]
        if self.service.confirmed:
            if occurred or is_passed_on or not is_certain(self.service, values, self.asked):
                computed, before = {**self.computed, **applied.computed}, self.told
                self.told = confirm(
                    self.service, self.unit, before, self.shown, values, occurred, computed, cause
                )
                self.asked |= {name for name, n in self.told.items() if before.get(name) != n}
            self.shown = values
        return occurred

    def end(self, arrival: Arrival, fate: Fate) -> None:
        """Mark an event as dealt with: at the contributions that it speaks of, each by its number, else in its lane.

        One that came again out of the queue leaves it; its mark was set when it was entered.
        """
        self.fates[arrival.place] = fate
        is_marked = arrival.again and not is_ahead(arrival, self._mark_of(arrival))
        fills_gap = not arrival.is_queued and self.queue.is_filled_by(arrival, self._mark_of(arrival))
        if arrival.is_queued:
            self.queue.leave(arrival.id)
        if arrival.event.said and fate == "applied":
            self.contributions.accept()
        elif not is_marked:
            self._mark(arrival)
        if fills_gap:
            self.queue.release()
        self._note_seen(arrival)

    def _note_seen(self, arrival: Arrival) -> None:
        """Remember an event that has no place in its lane any more."""
        if arrival.again == "adopt":
            self.seen = [*self.seen, arrival.record_id][-MOST_SEEN:]

    def _mark_of(self, arrival: Arrival) -> str:
        """How far its lane has come, or all of which it is a part, which counted before."""
        mark = self.marks.get(arrival.lane, "")
        return max(mark, self.marks.get(arrival.within, "")) if arrival.within else mark

    def _mark(self, arrival: Arrival) -> None:
        if not (arrival.event.said and self.contributions.pass_by(arrival)):
            self.marks[arrival.lane] = arrival.position

    def put_away(self, arrival: Arrival, error: EventError, keep: Callable[[Case], None]) -> None:
        """Keep an event that cannot be applied, or not yet: first its case, then, with all else, the mark.

        One that waits for the occurrence before it gets no mark: what is missing would count as seen. Raises Transient
        when it cannot be kept, or its queue has no room.
        """
        id, is_held = arrival.id, isinstance(error, Held)
        self.queue.confirm_room(id)
        case = case_of(
            self.service, arrival.record, arrival.lane, arrival.position, error, self.unit, self.item.v,
            is_shared=arrival.is_shared,
        )  # fmt: skip
        keep(case)
        if is_held:
            self.queue.wait(id)
        else:
            self.cases.append(case)
            self.queue.enter(id, holds=holds(self.service, arrival, error))
        self.fates[arrival.place] = (
            "held" if is_held else "late" if isinstance(error, LateRecord) else "quarantined"
        )
        self._note_seen(arrival)
        is_placed = not arrival.again or is_ahead(arrival, self._mark_of(arrival))
        accepted = arrival.is_queued and not isinstance(error, Gap)
        if is_placed and (accepted or not lacks_predecessor(arrival, self._mark_of(arrival))):
            self._mark(arrival)

    def leave(self, arrivals: Sequence[Arrival], error: Transient) -> None:
        """Leave events for the next delivery."""
        self.transient = str(error)
        self.fates.update((one.place, "unfinished") for one in arrivals)

    def finish(self, now: float = 0, longest: float = 0) -> Item:
        """The item to be written: state, marks, cases and due changes together; what was due ``now`` is pruned."""
        pending, numbers = due(
            self.service, self.unit, self.numbers, self.before, self._after(), self.occurred, self.cause,
            self.moved, self.withdrawn,
        )  # fmt: skip
        codec, item, queue = self.step.codec, self.item, self.queue
        again = look_again(self.service, item.out, now, longest) if item.out else []
        marks, ages = pruned(self.service, self.marks, item, now)
        made = Item(
            v=item.v + 1, gv=self.step.version, cells=codec.encode(self.state), marks=marks,
            versions=self.versions, out=[*again, *self.late, *pending], numbers=numbers, open_cases=queue.cases,
            held=queue.held, seen=self.seen,
            written={**self.step.migrations.written(self.state), **keyed_by(self.service, numbers)},
            past=past_of(item, self.step.version), waiting=queue.waiting, turns=queue.cases.values(),
            overtaken=queue.overtaken, ages=ages,
        )  # fmt: skip
        if "applied" in self.fates.values():
            check_state(made, self.unit.text)
        return made

    def _after(self) -> Values | None:
        """The values now; None when nothing was applied, and so nothing can be due."""
        return Outcomes(self.service, self.state) if "applied" in self.fates.values() else None

    def part(self, item: Item, rest: Sequence[Arrival]) -> Part:
        """What became of the arrivals, once ``item`` is stored."""
        return Part(
            self.unit, item, self.fates, tuple(self.cases), self.computed, tuple(rest), self.transient
        )
