"""The host: runs one service. It takes a trigger's event apart, has every unit's part applied, publishes, and answers.

A host is thin: what a record means is said by its source and the binding, what becomes of it by the unit loop. It keeps
nothing that is needed for correctness: the items it remembers only save reads, since a write over a stale one is refused.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from reactflow.errors import ConfigurationError, RecordError, Transient
from reactflow.service.binding import Input, UnitEvent
from reactflow.service.decoding import short
from reactflow.service.item import Item
from reactflow.service.key import UnitKey
from reactflow.service.outbox import publish, waiting
from reactflow.service.output import Output
from reactflow.service.quarantine import Case
from reactflow.service.sink import Publication
from reactflow.service.source import Message, Record
from reactflow.service.stores import Store
from reactflow.service.unit import Arrival, Part, commit, keyless_case, poison

if TYPE_CHECKING:
    from reactflow.service.service import Service

Opener = Callable[[Mapping[str, Any]], "list[Record]"]
_OPENERS: list[Opener] = []
REMEMBERED = 10_000  # units whose items a host keeps


def opens_events(opener: Opener) -> Opener:
    """Register what takes the events of a platform apart into records; the floor of that platform calls it."""
    _OPENERS.append(opener)
    return opener


@frozen
class Report:
    """What became of a delivery: how many events had which fate, the cases that were made, what went wrong for now."""

    records: int
    fates: Mapping[str, int]
    cases: tuple[Case, ...] = ()
    transients: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    published: tuple[Publication, ...] = ()
    unfinished: frozenset[int] = frozenset()

    def __str__(self) -> str:
        counted = ", ".join(f"{number} {fate}" for fate, number in sorted(self.fates.items()) if number)
        return f"{self.records} records for {len(self.units)} units: {counted or 'nothing to do'}"


@frozen(eq=False)
class Host:
    """Runs a service on a store. ``listener`` is told of every delivery, after it was acknowledged.

    The order of ``handle`` is the protocol: decode, commit unit by unit, publish, and only then answer.
    """

    service: Service
    store: Store
    listener: Callable[[Report], object] | None = None
    _remembered: OrderedDict[str, Item] = field(factory=OrderedDict, init=False)
    _published: dict[str, int] = field(
        factory=dict, init=False
    )  # unit -> the v whose due changes are known to be out
    _transients: list[str] = field(factory=list, init=False)

    def handle(self, event: Mapping[str, Any], context: object = None) -> object:
        """Take what Lambda delivers, answer what Lambda expects.

        Returns the partial batch response of a stream or queue. Raises Unfinished when a part of an asynchronous event
        has to come again, ConfigurationError for an event of another source, or a sink that will never work.
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
        """Apply and publish a delivery; what is in ``unfinished`` of the report has to come again."""
        self._transients.clear()
        fates: Counter[str] = Counter()
        cases: list[Case] = []
        unfinished: set[int] = set()
        units: dict[UnitKey, list[Arrival]] = {}
        for place, record in enumerate(records):
            try:
                arrivals = self._read(place, record)
            except RecordError as error:
                cases.append(self._put_away(record, error))
                fates["quarantined"] += 1
                continue
            fates["filtered"] += not arrivals
            for arrival in arrivals:
                units.setdefault(arrival.event.unit, []).append(arrival)
        parts = [self._commit(unit, arrivals) for unit, arrivals in units.items()]
        published: list[Publication] = []
        for part, late in zip(parts, self._publish(parts, published), strict=True):
            left = {place for place, fate in part.fates.items() if fate == "unfinished"}
            unfinished |= set(part.fates) if late else left
            fates.update(part.fates.values())
            cases.extend(part.cases)
        names = tuple(unit.text for unit in units)
        return Report(
            len(records),
            fates,
            tuple(cases),
            tuple(self._transients),
            names,
            tuple(published),
            frozenset(unfinished),
        )

    # --- reading --------------------------------------------------------------------------------------------------------

    def _read(self, place: int, record: Record) -> list[Arrival]:
        """The events of units that a record makes; none when it is not for this service's inputs."""
        if record.unreadable:
            raise RecordError(record.unreadable)
        for one in self._inputs(record):
            try:
                message = one.source.decode(record)
            except RecordError as error:
                unit = _unit_of(one, error)
                if unit is None:
                    raise
                return [self._poison(place, record, one, unit, error)]
            if message is None:
                continue
            hops = message.cause.hops if message.cause is not None else 0
            lane, position = one.source.lane(record), one.source.position(record)
            made = [
                Arrival(place, record, lane, position, message, event, one.source.contract.skips)
                for event in one.events(message)
            ]
            if hops >= self.service.hops:
                endless = RecordError(
                    f"the event came through {hops} services, and {self.service.hops} are the most: services feed each "
                    "other without end. Cut the cycle, or raise hops= if it is meant to be that long"
                )
                return [poison(arrival, endless) for arrival in made]
            return made
        return []

    def _inputs(self, record: Record) -> list[Input]:
        found = [one for one in self.service.bound if one.source.resource == record.resource]
        if not found:
            reads = ", ".join(sorted({one.source.resource for one in self.service.bound})) or "nothing"
            raise ConfigurationError(
                f"service {self.service.name!r} was handed a record of {record.resource}, and reads {reads}: correct the "
                "trigger, or add the input"
            )
        return found

    def _poison(self, place: int, record: Record, one: Input, unit: UnitKey, error: RecordError) -> Arrival:
        event = UnitEvent.failed(unit, error)
        lane, position = one.source.lane(record), one.source.position(record)
        return Arrival(place, record, lane, position, Message(new=None), event, one.source.contract.skips)

    def _put_away(self, record: Record, error: RecordError) -> Case:
        """Keep a record whose unit cannot be told; it holds up nothing."""
        lane, position = record.resource, record.receipt
        for one in self.service.bound:
            if one.source.resource == record.resource and not record.unreadable:
                lane, position = _place_of(one, record)
                break
        case = keyless_case(self, record, lane, position, error)
        self.store.keep(case)
        return case

    # --- committing and publishing --------------------------------------------------------------------------------------

    def _commit(self, unit: UnitKey, arrivals: Sequence[Arrival]) -> Part:
        try:
            return commit(self, unit, arrivals)
        except Transient as error:
            self._transients.append(str(error))
            self._remembered.pop(unit.text, None)
            return Part(unit, Item(), {arrival.place: "unfinished" for arrival in arrivals})

    def _publish(self, parts: Sequence[Part], published: list[Publication]) -> list[bool]:
        """Publish what is due of every unit; returns for each whether something is still to be published."""
        owing = [self.owed(part.unit, part.item) for part in parts]
        flat = [one for due in owing for one in due]
        failed = publish(flat)
        published += [one for place, (_, one) in enumerate(flat) if place not in failed]
        late: list[bool] = []
        first = 0
        for part, due in zip(parts, owing, strict=True):
            is_late = any(place in failed for place in range(first, first + len(due)))
            first += len(due)
            late.append(is_late)
            if is_late:
                self._transients.append(f"unit {part.unit.text}: its changes could not be published")
            elif part.item.v:
                self._published[part.unit.text] = part.item.v
        return late

    def owed(self, unit: UnitKey, item: Item) -> list[tuple[Output, Publication]]:
        """The publications that a unit's item still owes, each with its output."""
        if not item.out or self._published.get(unit.text) == item.v:
            return []
        return waiting(self.service, item)

    def settle_debts(self, unit: UnitKey, item: Item) -> None:
        """Publish what an item owes before anything new is applied to it. Raises Transient when that fails."""
        if publish(self.owed(unit, item)):
            raise Transient(f"unit {unit.text}: earlier changes could not be published yet")
        self._published[unit.text] = item.v

    # --- what is remembered ---------------------------------------------------------------------------------------------

    def recall(self, unit: UnitKey) -> Item | None:
        """The item of a unit as this host last wrote it; it may be stale, which a write finds out."""
        return self._remembered.get(unit.text)

    def remember(self, unit: UnitKey, item: Item) -> None:
        """Keep a unit's item, to save the next read."""
        self._remembered[unit.text] = item
        self._remembered.move_to_end(unit.text)
        if len(self._remembered) > REMEMBERED:
            forgotten, _ = self._remembered.popitem(last=False)
            self._published.pop(forgotten, None)

    def report_transient(self, arrival: Arrival, error: Transient) -> None:
        """Note a failure that may pass, for the delivery's report."""
        self._transients.append(f"unit {arrival.event.unit.text}: {short(str(error))}")


def _unit_of(one: Input, error: RecordError) -> UnitKey | None:
    if error.key_fields is None:
        return None
    try:
        return one.key.read(error.key_fields, one.paths)
    except RecordError:
        return None


def _place_of(one: Input, record: Record) -> tuple[str, str]:
    """The lane and position of a record that may be too broken to have them."""
    try:
        return one.source.lane(record), one.source.position(record)
    except RecordError:
        return record.resource, record.receipt
