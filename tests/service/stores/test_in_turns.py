"""Units of a delivery side by side: waiting is shared, work is not, and what comes out is what came out before."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from reactflow import Flow, Service, cell, row
from reactflow.aws import Kinesis
from reactflow.errors import ConfigurationError, StateError, Transient
from reactflow.service import Host, Item, MemoryStore
from reactflow.service.contribution import Contribution
from reactflow.service.stores.in_turns import InTurns, in_turns, side_by_side
from reactflow.testing import kinesis_event
from tests.service.recording import Table

working: list[str] = []
at_once: list[int] = []


def area_of(length: float) -> float:
    """A function that does not stand a second thread, and notes whether there was one."""
    if length == 13.0:
        raise ConfigurationError("13 is not configured")
    if length == 17.0:
        raise ConfigurationError("17 is not configured")
    working.append("")
    at_once.append(len(working))
    for _ in range(200):  # other threads have every chance
        threading.Event().wait(0)
    working.pop()
    return length * 2


class Room(Flow):
    length = cell(0.0)
    area = length.map(area_of)


def rooms(table: Table) -> Service:
    inputs = [Kinesis("measurements", partition="room")]
    return Service(Room, name="rooms", key="room", inputs=inputs, outputs=[row(Room.area) >> table])


def event(lengths: Sequence[float]) -> dict[str, Any]:
    return kinesis_event(
        *({"room": f"r{place:02}", "length": length} for place, length in enumerate(lengths))
    )


class Awaited(MemoryStore):
    """A store whose writes end only when ``meeting`` of them are under way."""

    def __init__(self, in_flight: int, meeting: int) -> None:
        super().__init__()
        self.in_flight = in_flight
        self.meeting = threading.Barrier(meeting)
        self.threads: set[int] = set()
        self.errors: dict[str, Exception] = {}

    def put(
        self, service: str, unit: str, item: Item, expected_v: int, contributions: Sequence[Contribution] = ()
    ) -> Item | None:
        self.threads.add(threading.get_ident())
        self.meeting.wait(timeout=60)
        if unit in self.errors:
            raise self.errors[unit]
        return super().put(service, unit, item, expected_v, contributions)


def test_as_many_units_wait_at_once_as_the_store_gains_from_and_one_is_worked_on() -> None:
    at_once.clear()
    table, store = Table(), Awaited(in_flight=8, meeting=8)
    host = Host(rooms(table), store)
    assert host.handle(event([100.0 + place for place in range(32)])) == {"batchItemFailures": []}
    assert len(store.threads) == 8
    assert set(at_once) == {1}
    areas = [table.rows[f"room=r{place:02}"]["area"] for place in range(32)]
    assert areas == [200.0 + 2 * place for place in range(32)]


def test_a_report_is_in_the_order_of_the_delivery_and_errors_stay_with_their_unit() -> None:
    told: list[Any] = []
    table, store = Table(), Awaited(in_flight=4, meeting=1)
    store.errors = {
        "room=r01": Transient("away"),
        "room=r03": StateError("too odd"),
        "room=r06": RuntimeError("nobody thought of it"),
    }
    answer: Any = Host(rooms(table), store, told.append).handle(event([1.0] * 8))
    [report] = told
    assert report.units == tuple(f"room=r{place:02}" for place in range(8))
    assert {fate: number for fate, number in report.fates.items() if number} == {
        "applied": 5,
        "unfinished": 3,
    }
    assert report.unfinished == {1, 3, 6}
    assert [one.partition(":")[0] for one in report.transients] == [
        "unit room=r01",
        "unit room=r03",
        "unit room=r06",
    ]
    assert len(answer["batchItemFailures"]) == 1, "a stream goes back to the first"
    assert sorted(table.rows) == [f"room=r{place:02}" for place in range(8) if place not in (1, 3, 6)]


def test_of_several_wrong_configurations_the_first_unit_is_told_of_after_all_others_were_done() -> None:
    for _ in range(10):
        table = Table()
        store = MemoryStore()
        store.in_flight = 8
        with pytest.raises(ConfigurationError, match="13 is not configured"):
            Host(rooms(table), store).handle(event([1.0, 13.0, 17.0, 1.0, 17.0, 1.0]))
        assert len(table.rows) == 3


def test_a_store_of_this_machine_is_called_by_the_one_thread_that_there_is() -> None:
    store = Awaited(in_flight=1, meeting=1)
    host = Host(rooms(Table()), store)
    host.handle(event([1.0] * 5))
    assert host.store is store
    assert store.threads == {threading.get_ident()}


def test_a_host_of_a_store_that_is_waited_for_wraps_it_once() -> None:
    store = Awaited(in_flight=8, meeting=1)
    wrapped = in_turns(store)
    assert isinstance(wrapped, InTurns)
    assert in_turns(wrapped) is wrapped
    assert repr(wrapped) == repr(store)
    assert wrapped.put("rooms", "room=r1", Item(v=1), 0) is None
    assert wrapped.get("rooms", "room=r1") == Item(v=1)


def test_the_first_error_of_a_job_is_raised_and_the_turn_is_free_again() -> None:
    store = in_turns(Awaited(in_flight=4, meeting=1))

    def fail() -> str:
        store.get("rooms", "room=r1")
        raise KeyError("first")

    with pytest.raises(KeyError, match="first"):
        side_by_side(store, [fail, lambda: "second"])
    assert side_by_side(store, [lambda: "one", lambda: "two"]) == ["one", "two"]
