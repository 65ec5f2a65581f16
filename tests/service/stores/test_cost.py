"""What a delivery costs, counted: one read a unit, none when warm; one write; nothing for duplicates."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from reactflow import Flow, Pulse, Service, cell, fold, folds, members, pulse, row
from reactflow.aws import DynamoDBStore, Kinesis
from reactflow.aws.clients import client
from reactflow.service import Host, Store
from reactflow.testing import kinesis_event
from tests.service.recording import Table

ROOMS = 12
READS = ("get", "look", "ranked", "units", "pending", "cases", "case")
WRITES = ("put", "keep", "forget")


class Room(Flow):
    length = cell(0.0)
    reading: Pulse[int] = pulse()
    area = length * 2
    total = fold(reading, folds.sum)


class Building(Flow):
    rooms = members("room", "area")
    total = rooms.sum()
    largest = rooms.max()


class Counting:
    """A store that counts its calls by name, in whatever thread."""

    def __init__(self, store: Store) -> None:
        self.store, self.in_flight = store, store.in_flight
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        call: Callable[..., Any] = getattr(self.store, name)

        def counted(*arguments: Any, **named: Any) -> Any:
            with self._lock:
                self._calls[name] += 1
            return call(*arguments, **named)

        return counted

    @property
    def as_store(self) -> Store:
        """Itself, which has every call of a store, by way of the one that it asks."""
        return cast("Store", self)

    def taken(self) -> tuple[int, int]:
        """Reads and writes since this was asked last."""
        calls, self._calls = self._calls, Counter()
        assert set(calls) <= {*READS, *WRITES}
        return sum(calls[name] for name in READS), sum(calls[name] for name in WRITES)


@pytest.fixture
def counting(store: Store) -> Counting:
    return Counting(store)


@pytest.fixture
def requests(store: Store) -> Iterator[Counter[str]]:
    """The requests that the store in a table makes, by their operation; none of the others makes any."""
    counted: Counter[str] = Counter()
    if not isinstance(store, DynamoDBStore):
        yield counted
        return
    lock = threading.Lock()

    def count(model: Any, **_: Any) -> None:
        with lock:
            counted[model.name] += 1

    events = client("dynamodb").meta.events
    events.register("before-call.dynamodb", count)
    yield counted
    events.unregister("before-call.dynamodb", count)


def host_of(store: Counting) -> Host:
    service = Service(
        Room,
        name="rooms",
        key="room",
        inputs=[Kinesis("measurements", partition="room")],
        outputs=[row(Room.area, Room.total) >> Table()],
    )
    return Host(service, store.as_store)


def event(records: int, first: int = 1) -> dict[str, Any]:
    """So many records for each of the rooms, mixed."""
    numbers = range(first, first + records)
    return kinesis_event(
        *({"room": f"r{room}", "length": float(n), "reading": n} for n in numbers for room in range(ROOMS)),
        start=first * ROOMS,
    )


def test_a_delivery_is_one_read_and_one_write_a_unit_however_many_records_it_has(
    counting: Counting, requests: Counter[str]
) -> None:
    host = host_of(counting)
    host.handle(event(20))
    assert counting.taken() == (ROOMS, ROOMS)
    if requests:
        assert requests == {"GetItem": ROOMS, "PutItem": ROOMS}
    host.handle(event(20, first=21))
    assert counting.taken() == (0, ROOMS), "a warm host reads nothing"


def test_a_delivery_of_duplicates_writes_nothing(counting: Counting, requests: Counter[str]) -> None:
    host = host_of(counting)
    host.handle(event(5))
    counting.taken()
    requests.clear()
    host.handle(event(5))
    assert counting.taken() == (0, 0)
    assert not requests
    host_of(counting).handle(event(5))
    assert counting.taken() == (ROOMS, 0), "a host that remembers nothing reads each unit once"
    grown = event(5)["Records"] + event(1, first=6)["Records"]
    host.handle({"Records": grown})
    assert counting.taken() == (0, ROOMS), "and a delivery that has grown is one write again"


def test_a_rival_costs_one_write_more_and_no_read(counting: Counting, requests: Counter[str]) -> None:
    one, other = host_of(counting), host_of(counting)
    one.handle(event(1))
    other.handle(event(1, first=2))
    counting.taken()
    requests.clear()
    one.handle(event(1, first=3))  # whose memory is stale by now: the refusal brings what is there
    assert counting.taken() == (0, 2 * ROOMS)
    if requests:
        assert requests == {"PutItem": 2 * ROOMS}


def test_a_unit_with_contributions_is_one_read_and_one_write_too(
    counting: Counting, requests: Counter[str]
) -> None:
    service = Service(
        Building,
        name="buildings",
        key="building",
        inputs=[Kinesis("areas", partition="building")],
        outputs=[row(Building.total, Building.largest) >> Table()],
    )
    rooms = [{"building": f"b{n % 2}", "room": f"r{n}", "area": float(n)} for n in range(20)]
    Host(service, counting.as_store).handle(kinesis_event(*rooms, stream="areas"))
    reads, writes = counting.taken()
    assert writes == 2
    assert reads <= 4, "the contributions with their unit, and the largest ones"
    if requests:
        assert requests["TransactWriteItems"] == 2
        assert requests["TransactGetItems"] == 2
    Host(service, counting.as_store).handle(kinesis_event(*rooms, stream="areas"))
    assert counting.taken() == (2, 0)
