"""The local host sweeps from time to time, and takes from a source what its trigger is to be like."""

from __future__ import annotations

from typing import Any

from reactflow import Cell, Flow, MemoryStore, Service, cell, row
from reactflow.aws import Kinesis
from reactflow.errors import Crashed
from reactflow.local.dev import _as_said
from reactflow.local.sweeping import Sweeping
from reactflow.local.triggers import Clock, Triggers, TriggerSettings
from reactflow.service import Host
from reactflow.testing import kinesis_event
from tests.service.faults import Script
from tests.service.recording import Table


class Room(Flow):
    name: Cell[str] = cell()


class Stepping(Clock):
    """A clock that goes on by as much as somebody waits."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 1000.0

    def now(self) -> float:
        return self.at

    def wait(self, seconds: float) -> bool:
        self.at += seconds
        if self.at > 1200.0:
            self.stop()
        return self.stopped


def test_what_a_unit_owes_is_published_while_nothing_else_comes() -> None:
    clock, table = Stepping(), Table()
    store = MemoryStore(now=clock.now)
    source = Kinesis("measurements", partition="room")
    service = Service(Room, key="room", inputs=[source], outputs=[row(Room.name) >> table], store=store)
    table.fault.append(Script([True]))
    host = Host(service, store, clock=clock.now)
    answer: Any = host.handle(kinesis_event({"room": "r1", "name": "hall"}, partition="room"))
    assert answer["batchItemFailures"]
    Triggers([Sweeping([host])], clock=clock).run()
    assert table.rows == {"room=r1": {"room": "r1", "name": "hall"}}
    item = store.get("room", "room=r1")
    assert item is not None
    assert (item.out, item.v) == ((), 2)


def test_a_handler_in_a_hosts_place_is_asked_to_sweep_and_one_that_cannot_is_asked_again() -> None:
    clock, asked = Stepping(), list[Any]()

    def handler(event: Any, context: Any) -> None:
        asked.append(event)
        raise Crashed("its process ended")

    Triggers([Sweeping([], handlers={"rooms": handler})], clock=clock).run()
    assert asked[:2] == [{"reactflow": "sweep"}] * 2


def test_trigger_is_like_its_source_says() -> None:
    made = _as_said(Kinesis("m", parallelization_factor=3, start="latest"), None)
    assert made is not None
    assert (made.parallelization_factor, made.starting_position) == (3, "LATEST")
    assert _as_said(Kinesis("m"), TriggerSettings(batch_size=7)) == TriggerSettings(batch_size=7)
