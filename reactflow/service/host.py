"""The host: runs one service. It takes a trigger's event apart, has every unit's part applied, publishes, and answers.

A host is thin: what a record means is said by its source and the binding, what becomes of it by the unit loop. It keeps
nothing that is needed for correctness.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from reactflow.errors import ConfigurationError, EventError, RecordError, Transient
from reactflow.service.arrival import Arrival, Part
from reactflow.service.caseid import kept_as
from reactflow.service.changes import Values
from reactflow.service.deadline import NO_DEADLINE, Deadline
from reactflow.service.item import Item, Pending
from reactflow.service.key import UnitKey
from reactflow.service.outbox import publish as publish_all
from reactflow.service.outbox import waiting
from reactflow.service.output import Output
from reactflow.service.reading import check_reads, put_away, read
from reactflow.service.report import Report, lanes_of
from reactflow.service.sink import Publication
from reactflow.service.source import Record
from reactflow.service.stores import Store
from reactflow.service.stores.in_turns import in_turns, side_by_side
from reactflow.service.tasks import Task, carried_out, task_of
from reactflow.service.unit import commit
from reactflow.service.warm import WarmCache

if TYPE_CHECKING:
    from reactflow.service.quarantine import Case
    from reactflow.service.service import Service

LONGEST: Final = 960.0  # seconds that a handler may run, and then some: 900 are the most on AWS Lambda
_log = logging.getLogger("reactflow.service")

MOST_RELEASED: Final = 256  # records that waited, taken up at once
_LEFT: Final = (
    "applied",
    "superseded",
    "skipped",
    "late",
    "quarantined",
)  # fates of what leaves the unit's queue

Opener = Callable[[Mapping[str, Any]], "list[Record] | Task | None"]
_OPENERS: list[tuple[Opener, str]] = []


def opens_events(opener: Opener, known: str = "") -> Opener:
    """Register what takes the events of a platform apart; the floor of that platform calls it.

    ``opener`` gives the records of an event, or the task that it is the time for, or None for what is no event of the
    platform; ``known`` says, for errors, which it takes.
    """
    _OPENERS.append((opener, known))
    return opener


@frozen(eq=False)
class Host:
    """Runs a service on a store. ``listener`` is told of every delivery, after it was acknowledged or refused.

    ``clock`` tells the time, ``longest`` is how long a handler may run: both in seconds. The
    order of ``handle`` is the protocol: decode, commit unit by unit, publish, and only then answer.
    """

    service: Service
    store: Store = field(converter=in_turns)
    listener: Callable[[Report], object] | None = None
    clock: Callable[[], float] = time.time
    longest: float = LONGEST
    warm: WarmCache = field(factory=WarmCache, init=False)

    def handle(self, event: Mapping[str, Any], context: object = None) -> object:
        """Take what Lambda delivers, answer what Lambda expects.

        Returns the partial batch response of a stream or queue, what a task did, or for a direct invocation the values
        of the cells (``invocation``). Raises Unfinished when a part of an asynchronous event has to come again,
        ConfigurationError for an event of another source, or a sink or cell that lacks what no record can bring:
        nothing is lost by that, the delivery comes again as a whole. Raises CallError for an event that is nothing that
        the service takes.
        """
        opened, known = self._open(event)
        if opened is None:
            from reactflow.service.invocation import answer  # who is called by triggers alone does without

            return answer(self, event, known)
        deadline = Deadline.of(context)
        if isinstance(opened, str):
            return carried_out(self, opened, deadline)
        records = opened
        report = self.deliver(records, deadline)
        try:
            return self.service.acknowledge(records, report.unfinished)
        finally:
            if self.listener is not None:
                self.listener(report)

    def _open(self, event: object) -> tuple[list[Record] | Task | None, str]:
        """What an event of Lambda brings, None for one that no trigger sends; and which events are known."""
        if not isinstance(event, Mapping):
            raise ConfigurationError(
                f"service {self.service.name!r}: the event is a {type(event).__name__}, and Lambda delivers objects"
            )
        task = task_of(event)
        if task is not None or not _OPENERS:
            return task, ""
        opener, known = _OPENERS[-1]
        return opener(event), known

    def deliver(self, records: Sequence[Record], deadline: Deadline = NO_DEADLINE) -> Report:
        """Apply and publish a delivery; ``unfinished`` of the report has to come again, also for want of time.

        Everything is read before anything is committed, so that an error of reading leaves all as it was. A unit whose
        part fails stops no other. Raises ConfigurationError, after all other units were done.
        """
        check_reads(self.service, records)
        fates: Counter[str] = Counter()
        ignored: Counter[str] = Counter()
        cases: list[Case] = []
        units: dict[str, list[Arrival]] = {}
        filtered = nowhere = 0  # records for none of our units, and of no unit that can be told
        unfinished: set[int] = set()
        transients: list[str] = []
        for place, record in enumerate(records):
            try:
                arrivals = self.read(place, record)
            except RecordError as error:
                nowhere += 1
                try:
                    cases.append(put_away(self.service, self.store, record, error))
                    fates["quarantined"] += 1
                except Transient as away:  # what cannot be kept is not dropped: it comes again
                    unfinished.add(place)
                    fates["unfinished"] += 1
                    transients.append(f"record {record.receipt}: {away}")
                continue
            if not arrivals:
                filtered += 1
            for arrival in arrivals:
                event = arrival.event
                unit = event.unit.text
                if unit in units:
                    units[unit].append(arrival)
                else:
                    units[unit] = [arrival]
                if event.ignored:
                    ignored.update(event.ignored)
        if len(cases) < len(records):
            fates["filtered"] += filtered
        wrong: list[list[ConfigurationError]] = [[] for _ in units]
        jobs = [
            partial(self.apply, arrivals[0].event.unit, arrivals, errors, deadline)
            for arrivals, errors in zip(units.values(), wrong, strict=True)
        ]
        parts = side_by_side(self.store, jobs)
        broken = [error for errors in wrong for error in errors]  # in the order of the units
        published, late = self.publish(parts, broken)
        released: Counter[str] = Counter()
        for part in parts:
            fates.update(fate for place, fate in part.fates.items() if place >= 0)
            released.update(fate for place, fate in part.fates.items() if place < 0)
            cases.extend(part.cases)
            is_late = part.unit in late  # nothing of a unit is finished before its changes are published
            if is_late or "unfinished" in part.fates.values():
                places = {place for place, fate in part.fates.items() if is_late or fate == "unfinished"}
                unfinished |= {place for place in places if place >= 0}
        waits = [(part.unit, part.transient) for part in parts if part.transient] + list(late.items())
        transients += (f"unit {unit.text}: {why}" for unit, why in waits)
        if broken:  # all comes again
            unfinished = {*range(len(records))}
        inputs = nowhere + filtered + sum(map(len, units.values()))
        lanes = lanes_of(self.service, units.values(), unfinished, self.clock()) if self.listener else {}
        report = Report(
            records=len(records), fates=fates, cases=tuple(cases), transients=tuple(transients),
            units=tuple(units), published=tuple(published), unfinished=frozenset(unfinished),
            ignored=ignored, released=released, service=self.service.name, inputs=inputs, lanes=lanes,
        )  # fmt: skip
        if broken:
            if self.listener is not None:  # a case is told of once: when it comes again, it is a duplicate
                self.listener(report)
            raise broken[0]
        return report

    def open_cases(self) -> list[Case]:
        """The cases that wait for someone: those of no unit, and those that are in their unit's item.

        A case is kept before it is entered; if a rival wrote first and its event could be applied after all, it is in
        no item, and means nothing.
        """
        found: list[Case] = []
        for case in self.store.cases(self.service.name):
            item = self.store.get(self.service.name, case.unit) if case.unit is not None else None
            if case.unit is None or (item is not None and case.id in item.open_cases):
                found.append(case)
        return found

    def read(self, place: int, record: Record) -> Sequence[Arrival]:
        """The events of units that a record makes; see ``reading.read``."""
        return read(self.service, place, record)

    # --- committing and publishing ---------------------------------------------------------------------------------

    def apply(
        self,
        unit: UnitKey,
        arrivals: Sequence[Arrival],
        broken: list[ConfigurationError],
        deadline: Deadline = NO_DEADLINE,
    ) -> Part:
        """One unit's part, in as many writes as it needs room for; one that fails leaves other units alone.

        Before anything new comes what waited behind a case that is dealt with.
        """
        done: Part | None = None
        size = len(arrivals)
        while arrivals:
            taken, later = arrivals[:size], arrivals[size:]
            try:
                deadline.check()
                part = commit(self, unit, taken, deadline)
                done = part.after(done)
                size = max(1, len(taken) - len(part.rest))  # what found room once will again
                arrivals = [*part.rest, *later]
                self._forget(taken, part)
                if part.item.is_released and not part.transient and not (arrivals and arrivals[0].is_queued):
                    from reactflow.service.redrive import queued  # seldom

                    arrivals = [*queued(self, unit, part.item.waiting[:MOST_RELEASED]), *arrivals]
                    size = max(size, MOST_RELEASED)
            except (Transient, EventError) as error:
                # an EventError: the item itself cannot be read or written
                self.warm.forget(unit)
                if isinstance(error, EventError):  # that passes by itself no sooner than somebody looks at it
                    _log.error("service %s, unit %s: %s", self.service.name, unit, error)
                return Part.left(unit, arrivals, str(error)).after(done)
            except ConfigurationError as error:
                self.warm.forget(unit)
                broken.append(error)
                return Part.left(unit, arrivals, str(error)).after(done)
            except Exception as error:  # one that nobody thought of: it must not hold up the units behind it
                self.warm.forget(unit)
                return Part.left(unit, arrivals, self._unexpected(unit, error)).after(done)
            if part.transient:
                return Part.left(unit, arrivals, part.transient).after(done)
        return done or Part(unit, Item())

    def _forget(self, taken: Sequence[Arrival], part: Part) -> None:
        """Keep no longer what has left the unit's queue; what is not forgotten means nothing any more."""
        gone = [one for one in taken if one.is_queued and part.fates.get(one.place) in _LEFT]
        ids = [kept_as(one.id) for one in gone]
        ids += [one.id for one in gone if one.id not in part.item.open_cases]
        if ids:
            with suppress(Transient):
                self.store.forget(self.service.name, ids)

    def _unexpected(self, unit: UnitKey, error: Exception) -> str:
        """An error that nobody thought of, with its way in the log: the unit is tried again."""
        _log.error("service %s, unit %s: unexpected error", self.service.name, unit, exc_info=error)
        return f"unexpected {type(error).__name__}: {error}"

    def publish(
        self, parts: Sequence[Part], broken: list[ConfigurationError]
    ) -> tuple[list[Publication], dict[UnitKey, str]]:
        """Publish what is due of every unit; returns what is out, and of which units something is not, and why."""
        late, withdrawn = dict[UnitKey, str](), list[Pending]()
        owing: list[tuple[UnitKey, Output, Publication]] = []
        for part in parts:
            try:
                there = self.owed(part.unit, part.item, part.computed, 0, withdrawn)
                owing += [(part.unit, *one) for one in there]
            except Transient as error:
                late[part.unit] = str(error)
            except ConfigurationError as error:
                broken.append(error)
                late[part.unit] = str(error)
            except Exception as error:
                late[part.unit] = self._unexpected(part.unit, error)
        try:
            failed = publish_all([(output, publication) for _, output, publication in owing])
        except ConfigurationError as error:  # which are out is not told, and all come again
            broken.append(error)
            failed = {*range(len(owing))}
        for place in failed:
            unit, output, _ = owing[place]
            late[unit] = f"its changes could not be written to {output.sink.destination} yet"
        for part in parts:
            if part.unit not in late and part.item.v and not any(one in withdrawn for one in part.item.out):
                self.warm.note_published(part.unit, part.item)
        return [one for place, (_, _, one) in enumerate(owing) if place not in failed], late

    def owed(
        self, unit: UnitKey, item: Item, computed: Values, now: float, withdrawn: list[Pending]
    ) -> list[tuple[Output, Publication]]:
        """The publications that a unit's item still owes at a time, each with its output. Raises Transient."""
        if not item.out:
            return []
        anew = not self.warm.is_published(unit, item)
        return waiting(self.service, item, computed, now, anew=anew, withdrawn=withdrawn)

    def settle(self, unit: UnitKey, item: Item, now: float) -> list[Pending]:
        """Publish what an item owes, before anything new; returns what is withdrawn. Raises Transient if that fails."""
        withdrawn: list[Pending] = []
        if publish_all(self.owed(unit, item, {}, now, withdrawn)):
            raise Transient("earlier changes could not be published yet")
        if item.v and not withdrawn:
            self.warm.note_published(unit, item)
        return withdrawn

    # --- what somebody asks for: loaded then, since no record waits for it ------------------------------------------

    def redrive(self, id: str) -> Report:
        """Try a case again, and what waits behind it; see ``redrive.redrive``."""
        from reactflow.service.redrive import redrive

        return redrive(self, id)

    def skip(self, id: str) -> Report:
        """Give a case up, and go on with what waits behind it; see ``redrive.skip``."""
        from reactflow.service.redrive import skip

        return skip(self, id)

    def sweep(self, idle: float, deadline: Deadline = NO_DEADLINE) -> Report:
        """Publish and prune what units owe that were idle for so many seconds; see ``sweep.sweep``."""
        from reactflow.service.sweep import sweep

        return sweep(self, idle, deadline)

    def expire(self, deadline: Deadline = NO_DEADLINE) -> Report:
        """Forget what nothing can change any more; see ``sweep.expire``."""
        from reactflow.service.sweep import expire

        return expire(self, deadline)
