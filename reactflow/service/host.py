"""The host: runs one service. It takes a trigger's event apart, has every unit's part applied, publishes, and answers.

A host is thin: what a record means is said by its source and the binding, what becomes of it by the unit loop. It keeps
nothing that is needed for correctness.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from reactflow.errors import ConfigurationError, EventError, RecordError, Transient
from reactflow.service.binding import Input, UnitEvent, one_a_unit
from reactflow.service.item import Item
from reactflow.service.key import UnitKey
from reactflow.service.outbox import publish, waiting
from reactflow.service.output import Output
from reactflow.service.quarantine import Case, plain
from reactflow.service.sink import Publication
from reactflow.service.source import Message, Record
from reactflow.service.stores import Store
from reactflow.service.stores.in_turns import in_turns, side_by_side
from reactflow.service.unit import Arrival, Part, case_of, commit
from reactflow.service.warm import WarmCache

if TYPE_CHECKING:
    from reactflow.service.service import Service

_log = logging.getLogger("reactflow.service")

Opener = Callable[[Mapping[str, Any]], "list[Record]"]
_OPENERS: list[Opener] = []


def opens_events(opener: Opener) -> Opener:
    """Register what takes the events of a platform apart into records; the floor of that platform calls it."""
    _OPENERS.append(opener)
    return opener


@frozen
class Report:
    """What became of a delivery: how many events had which fate, the cases that were made, what went wrong for now.

    ``ignored`` counts the fields that feed nothing, by name. ``unfinished`` are the places of the records that have to
    come again.
    """

    records: int
    fates: Mapping[str, int]
    cases: tuple[Case, ...] = ()
    transients: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    published: tuple[Publication, ...] = ()
    unfinished: frozenset[int] = frozenset()
    ignored: Mapping[str, int] = field(factory=dict)

    def __str__(self) -> str:
        counted = ", ".join(f"{number} {fate}" for fate, number in sorted(self.fates.items()) if number)
        return f"{self.records} records for {len(self.units)} units: {counted or 'nothing to do'}"


@frozen(eq=False)
class Host:
    """Runs a service on a store. ``listener`` is told of every delivery, after it was acknowledged.

    The order of ``handle`` is the protocol: decode, commit unit by unit, publish, and only then answer.
    """

    service: Service
    store: Store = field(converter=in_turns)
    listener: Callable[[Report], object] | None = None
    warm: WarmCache = field(factory=WarmCache, init=False)

    def handle(self, event: Mapping[str, Any], context: object = None) -> object:
        """Take what Lambda delivers, answer what Lambda expects.

        Returns the partial batch response of a stream or queue. Raises Unfinished when a part of an asynchronous event
        has to come again, ConfigurationError for an event of another source, or a sink or cell that lacks what no
        record can bring: nothing is lost by that, the delivery comes again as a whole.
        """
        if not _OPENERS:
            raise ConfigurationError(
                f"service {self.service.name!r} has no input that Lambda delivers: import its source"
            )
        records = _OPENERS[-1](event)
        report = self.deliver(records)
        try:
            return self.service.acknowledge(records, report.unfinished)
        finally:
            if self.listener is not None:
                self.listener(report)

    def deliver(self, records: Sequence[Record]) -> Report:
        """Apply and publish a delivery; what is in ``unfinished`` of the report has to come again.

        Everything is read before anything is committed, so that an error of reading leaves all as it was. A unit whose
        part fails stops no other. Raises ConfigurationError, after all other units were done.
        """
        self._check_reads(records)
        fates: Counter[str] = Counter()
        ignored: Counter[str] = Counter()
        cases: list[Case] = []
        units: dict[UnitKey, list[Arrival]] = {}
        filtered: list[bool] = []
        for place, record in enumerate(records):
            try:
                arrivals = self._read(place, record)
            except RecordError as error:
                cases.append(self._put_away(record, error))
                fates["quarantined"] += 1
                continue
            filtered.append(not arrivals)
            for arrival in arrivals:
                event = arrival.event
                units.setdefault(event.unit, []).append(arrival)
                if event.ignored:
                    ignored.update(event.ignored)
        if filtered:
            fates["filtered"] += sum(filtered)
        wrong: list[list[ConfigurationError]] = [[] for _ in units]
        jobs = [
            partial(self._commit, *part, errors) for part, errors in zip(units.items(), wrong, strict=True)
        ]
        parts = side_by_side(self.store, jobs)
        broken = [
            error for errors in wrong for error in errors
        ]  # in the order of the units, whichever was first
        published, late = self._publish(parts, broken)
        if broken:
            raise broken[0]
        unfinished: set[int] = set()
        for part in parts:
            fates.update(part.fates.values())
            cases.extend(part.cases)
            is_late = part.unit in late  # nothing of a unit is finished before its changes are published
            unfinished |= {place for place, fate in part.fates.items() if is_late or fate == "unfinished"}
        waits = [(part.unit, part.transient) for part in parts if part.transient] + list(late.items())
        transients = tuple(f"unit {unit.text}: {why}" for unit, why in waits)
        return Report(
            records=len(records), fates=fates, cases=tuple(cases), transients=transients,
            units=tuple(unit.text for unit in units), published=tuple(published), unfinished=frozenset(unfinished),
            ignored=ignored,
        )  # fmt: skip

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

    # --- reading ---------------------------------------------------------------------------------------------------

    def _read(self, place: int, record: Record) -> Sequence[Arrival]:
        """The events of units that a record makes; none when it is not for this service's inputs."""
        if record.unreadable:
            raise RecordError(record.unreadable)
        made: list[UnitEvent] = []
        told: tuple[Input, Message] | None = None
        for one in self._inputs(record):
            try:
                message = one.source.decode(record)
            except RecordError as error:
                unit = _unit_of(one, error)
                if unit is None:
                    raise
                message, events = Message(new=None), [UnitEvent.failed(unit, error)]
            else:
                if message is None:
                    continue
                one.source.confirm_unit(record, one.lane_names)
                events = one.events(message)
                hops = message.cause.hops if message.cause is not None else 0
                if hops >= self.service.hops:
                    events = self._endless(hops, events)
            made += events
            told = told or (one, message)
        if told is None or not made:
            return []
        one, message = told
        lane, position = _place_of(one, record, message)
        skips = one.contract.skips
        if len(made) == 1:
            return (Arrival(place, record, lane, position, message, made[0], skips),)
        return [Arrival(place, record, lane, position, message, event, skips) for event in one_a_unit(made)]

    def _inputs(self, record: Record) -> Sequence[Input]:
        found = self.service.inputs_of.get(record.resource)
        if not found:
            raise RecordError(self._is_foreign(record))
        return found

    def _check_reads(self, records: Sequence[Record]) -> None:
        """Refuse a trigger of another source. A queue that brings one such record among others is none: it is kept."""
        resources = self.service.inputs_of
        foreign = [one for one in records if one.resource not in resources and not one.unreadable]
        if foreign and (len(foreign) == len(records) or any(one.via != "queue" for one in foreign)):
            raise ConfigurationError(self._is_foreign(foreign[0]))

    def _is_foreign(self, record: Record) -> str:
        reads = ", ".join(sorted({one.source.resource for one in self.service.bound})) or "nothing"
        return (
            f"service {self.service.name!r} was handed a record of {record.resource}, and reads {reads}: correct the "
            "trigger, or add the input"
        )

    def _endless(self, hops: int, events: list[UnitEvent]) -> list[UnitEvent]:
        """Events that came through too many services are poison: a cycle that does not settle ends here."""
        endless = RecordError(
            f"the event came through {hops} services, and {self.service.hops} are the most: services feed each other "
            "without end. Cut the cycle, or raise hops= if it is meant to be that long"
        )
        return [UnitEvent.failed(event.unit, endless) for event in events]

    def _put_away(self, record: Record, error: RecordError) -> Case:
        """Keep a record whose unit cannot be told; it holds up nothing."""
        lane, position = record.resource, record.receipt
        source = next(
            (one.source for one in self.service.bound if one.source.resource == record.resource), None
        )
        try:
            if source is None and not record.unreadable:
                raise RecordError(str(error))
            if source is not None and not record.unreadable:
                lane, position = source.lane(record), source.position(record)
        except RecordError:  # it has no place in an order; two different ones still have to be two cases
            text = json.dumps(plain(record.raw), sort_keys=True)
            position += f"#{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        case = case_of(self.service, record, lane, position, error)
        self.store.keep(case)
        return case

    # --- committing and publishing ---------------------------------------------------------------------------------

    def _commit(self, unit: UnitKey, arrivals: Sequence[Arrival], broken: list[ConfigurationError]) -> Part:
        """One unit's part, in as many writes as it needs room for; one that fails leaves other units alone."""
        done: Part | None = None
        size = len(arrivals)
        while arrivals:
            taken, later = arrivals[:size], arrivals[size:]
            try:
                part = commit(self, unit, taken)
            except (Transient, EventError) as error:
                # an EventError: the item itself cannot be read or written
                self.warm.forget(unit)
                if isinstance(error, EventError):  # that passes by itself no sooner than somebody looks at it
                    _log.error("service %s, unit %s: %s", self.service.name, unit.text, error)
                return Part.left(unit, arrivals, str(error)).after(done)
            except ConfigurationError as error:
                self.warm.forget(unit)
                broken.append(error)
                return Part.left(unit, arrivals, str(error)).after(done)
            except Exception as error:  # one that nobody thought of: it must not hold up the units behind it
                self.warm.forget(unit)
                return Part.left(unit, arrivals, self._unexpected(unit, error)).after(done)
            done, arrivals = part.after(done), [*part.rest, *later]
            if part.transient:
                return Part.left(unit, arrivals, part.transient).after(done)
            size = max(1, len(taken) - len(part.rest))  # what found room once will again
        return done or Part(unit, Item())

    def _unexpected(self, unit: UnitKey, error: Exception) -> str:
        """An error that nobody thought of, with its way in the log: the unit is left, and tried again."""
        _log.error("service %s, unit %s: unexpected error", self.service.name, unit.text, exc_info=error)
        return f"unexpected {type(error).__name__}: {error}"

    def _publish(
        self, parts: Sequence[Part], broken: list[ConfigurationError]
    ) -> tuple[list[Publication], dict[UnitKey, str]]:
        """Publish what is due of every unit; returns what is out, and of which units something is not, and why."""
        late: dict[UnitKey, str] = {}
        owing: list[tuple[UnitKey, Output, Publication]] = []
        for part in parts:
            try:
                owing += [(part.unit, *one) for one in self.owed(part.unit, part.item, part.computed)]
            except Transient as error:
                late[part.unit] = str(error)
            except ConfigurationError as error:
                broken.append(error)
                late[part.unit] = str(error)
            except Exception as error:
                late[part.unit] = self._unexpected(part.unit, error)
        failed = publish([(output, publication) for _, output, publication in owing])
        for place in failed:
            unit, output, _ = owing[place]
            late[unit] = f"its changes could not be written to {output.sink.destination} yet"
        for part in parts:
            if part.unit not in late and part.item.v:
                self.warm.note_published(part.unit, part.item)
        return [one for place, (_, _, one) in enumerate(owing) if place not in failed], late

    def owed(
        self, unit: UnitKey, item: Item, computed: Mapping[str, object] | None = None
    ) -> list[tuple[Output, Publication]]:
        """The publications that a unit's item still owes, each with its output. Raises Transient."""
        return [] if self.warm.is_published(unit, item) else waiting(self.service, item, computed or {})

    def settle(self, unit: UnitKey, item: Item) -> None:
        """Publish what an item owes before anything new is applied to it. Raises Transient when that fails."""
        if publish(self.owed(unit, item)):
            raise Transient("earlier changes could not be published yet")
        if item.v:
            self.warm.note_published(unit, item)


def _unit_of(one: Input, error: RecordError) -> UnitKey | None:
    """The unit of a record that could not be decoded, where at least its key could be read."""
    if error.key_fields is None:
        return None
    try:
        return one.key.read(error.key_fields, one.paths)
    except RecordError:
        return None


def _place_of(one: Input, record: Record, message: Message) -> tuple[str, str]:
    """The lane and position of a record.

    A stream takes a change of another service also twice and late, so there the sender's own number counts; a table or
    a bucket took it only over a lower one, and its own order is right.
    """
    sent = message.cause.place if message.cause is not None and not one.contract.replaces else None
    return sent or (one.source.lane(record), one.source.position(record))
