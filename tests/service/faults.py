"""A store that fails, loses answers and has rivals, as a script says; and a trigger that redelivers as Lambda does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from reactflow.errors import ReactflowError, Transient
from reactflow.service import Case, Host, Item, MemoryStore, Service, Store
from reactflow.service.contribution import Contribution
from reactflow.service.report import Report


class Script:
    """Says at each point where something may fail whether it does; when it is at its end nothing does."""

    def __init__(self, lots: Iterable[bool] = ()) -> None:
        self._lots = iter(lots)
        self.happened: list[str] = []

    def __call__(self, point: str) -> bool:
        fails = next(self._lots, False)
        if fails:
            self.happened.append(point)
        return fails

    def stop(self) -> None:
        """From here on nothing fails."""
        self._lots = iter(())


class FaultyStore:
    """A store whose calls fail before or after they took effect, and before whose writes a rival may write."""

    in_flight = 1

    def __init__(self, fault: Callable[[str], bool], inner: Store | None = None) -> None:
        self.inner = inner or MemoryStore()
        self.fault = fault
        self.rival: Callable[[], object] = lambda: None
        self.writes: Counter[str] = Counter()
        self._in_rival = False
        self.old: dict[str, Item | None] = {}  # what stale reads see: each unit's item before its last write

    def get(self, service: str, unit: str) -> Item | None:
        self._perhaps("get")
        if self.old and self.fault("get: what is there was written since"):
            return self.old.get(unit)
        return self.inner.get(service, unit)

    def look(
        self, service: str, unit: str, names: Collection[tuple[str, str]]
    ) -> tuple[Item | None, dict[tuple[str, str], Contribution]]:
        self._perhaps("look")
        return self.inner.look(service, unit, names)

    def ranked(
        self, service: str, unit: str, members: str, *, highest: bool, limit: int
    ) -> list[Contribution]:
        self._perhaps("ranked")
        return self.inner.ranked(service, unit, members, highest=highest, limit=limit)

    def put(
        self,
        service: str,
        unit: str,
        item: Item,
        expected_v: int,
        contributions: Sequence[Contribution] = (),
    ) -> Item | None:
        self._perhaps("put, before it wrote")
        if not self._in_rival and self.fault("a rival writes first"):
            self._in_rival = True
            try:
                self.rival()
            finally:
                self._in_rival = False
        before = self.inner.get(service, unit)
        there = self.inner.put(service, unit, item, expected_v, contributions)
        if there is None:
            self.old[unit] = before
            self.writes[unit] += 1
            self._perhaps("put, after it wrote")
            if self.fault("put: the answer is lost, and the client asks again"):
                return self.inner.put(service, unit, item, expected_v, contributions)
        return there

    def units(self, service: str) -> Iterator[str]:
        return self.inner.units(service)

    def keep(self, case: Case) -> None:
        self._perhaps("keep, before it wrote")
        self.inner.keep(case)
        self._perhaps("keep, after it wrote")

    def cases(self, service: str) -> list[Case]:
        return self.inner.cases(service)

    def pending(self, service: str, idle: float) -> Iterator[str]:
        self._perhaps("pending")
        return self.inner.pending(service, idle)

    def case(self, service: str, id: str) -> Case | None:
        self._perhaps("case")
        return self.inner.case(service, id)

    def forget(self, service: str, ids: Collection[str]) -> None:
        self._perhaps("forget, before it wrote")
        self.inner.forget(service, ids)
        self._perhaps("forget, after it wrote")

    def close(self) -> None:
        self.inner.close()

    def _perhaps(self, point: str) -> None:
        if self.fault(point):
            raise Transient(f"the store is away: {point}")


class Trigger:
    """Delivers a list of records as an event source mapping does: from where the last delivery was not finished."""

    def __init__(self, service: Service, store: FaultyStore, records: Sequence[Mapping[str, Any]]) -> None:
        self.service, self.store, self.records = service, store, records
        self.hosts = [Host(service, store, listener=counted), Host(service, store, listener=counted)]
        self.next = 0
        store.rival = lambda: self._try(self.hosts[1], self._last)
        self._last: Sequence[Mapping[str, Any]] = ()

    def deliver(self, size: int, back: int = 0, host: int = 0, fresh: bool = False) -> None:
        """One delivery of ``size`` records, beginning ``back`` records before the first that is not finished."""
        if fresh:
            self.hosts[host] = Host(self.service, self.store, listener=counted)
        first = max(0, self.next - back)
        self._last = self.records[first : first + size]
        before, happened = Counter(self.store.writes), len(self.store.fault.happened)  # type: ignore[attr-defined]
        done = self._try(self.hosts[host], self._last)
        self.next = max(self.next, first + done)
        if len(self.store.fault.happened) == happened:  # type: ignore[attr-defined]
            assert max((self.store.writes - before).values(), default=0) <= 1, (
                "at most one write a unit and delivery"
            )

    def deliver_rest(self) -> None:
        """All that is left, and a little of what was there; the script is at its end by then, or comes to it."""
        for _ in range(200):
            if self.next >= len(self.records):
                return
            self.deliver(7, back=2)
        raise AssertionError("the backlog does not drain")

    def _try(self, host: Host, records: Sequence[Mapping[str, Any]]) -> int:
        """How many of the records are finished, as far as the trigger is told."""
        try:
            answer: Any = host.handle({"Records": list(records)})
        except ReactflowError:
            return 0  # the whole comes again
        failures = [one["itemIdentifier"] for one in answer["batchItemFailures"]]
        numbers = [receipt(record) for record in records]
        return min((numbers.index(one) for one in failures), default=len(records))


def counted(report: Report) -> None:
    """Every event has one fate (I7)."""
    assert sum(report.fates.values()) == report.inputs, report.fates


def receipt(record: Mapping[str, Any]) -> str:
    """What a stream's or a queue's trigger calls a record; nothing where it cannot be told."""
    if "kinesis" in record:
        return str(record["kinesis"]["sequenceNumber"])
    return (
        str(record["dynamodb"]["SequenceNumber"])
        if "dynamodb" in record
        else str(record.get("messageId", ""))
    )
