"""What no source can bring again is forgotten: marks of old shards, and units of windows that are over."""

from __future__ import annotations

from typing import Any

from reactflow import Flow, MemoryStore, Pulse, Service, fold, folds, pulse, row, window
from reactflow.aws import Kinesis
from reactflow.service import Host
from reactflow.service.deadline import Deadline
from reactflow.service.retention import DAY, MANY
from reactflow.testing import kinesis_event
from tests.service.flows import item, values
from tests.service.recording import Table


class Room(Flow):
    reading: Pulse[int] = pulse()
    total = fold(reading, folds.sum)


def test_marks_of_shards_that_are_long_gone_are_dropped_and_others_stay() -> None:
    store, now = MemoryStore(), [0.0]
    service = Service(Room, key="room", inputs=[Kinesis("measurements", partition="room")], store=store)
    host = Host(service, store, clock=lambda: now[0])

    def send(shard: int, start: int = 0) -> None:
        host.handle(kinesis_event({"room": "r1", "reading": 1}, partition="room", shard=shard, start=start))

    for shard in range(MANY):
        send(shard)
    assert item(service, "room=r1").ages == {}
    for shard in range(MANY, MANY + 20):
        now[0] += 30 * DAY
        send(shard)
        send(0, start=shard)  # which lives on
    kept = item(service, "room=r1")
    assert len(kept.marks) < MANY + 2
    assert {f"kinesis/measurements/shardId-{n:012d}" for n in (0, MANY + 10, MANY + 19)} <= kept.marks.keys()
    assert f"kinesis/measurements/shardId-{1:012d}" not in kept.marks
    assert values(service, "room=r1")["total"] == MANY + 40


def windows(rooms: int = 1, **options: Any) -> tuple[Host, Table, list[float]]:
    now, table, store = [0.0], Table(), MemoryStore()
    service = Service(
        Room, name="rooms", key=("room", window("1m", on="ts", unit="s", **options)),
        inputs=[Kinesis("measurements", partition="room")], outputs=[row(Room.total) >> table], store=store,
    )  # fmt: skip
    host = Host(service, store, clock=lambda: now[0])
    readings = [{"room": f"r{n}", "reading": 1, "ts": 1_800_000_000} for n in range(1, rooms + 1)]
    event = kinesis_event(*readings, partition="room")
    for one in event["Records"]:
        one["kinesis"]["approximateArrivalTimestamp"] = 1_800_000_001.0
    host.handle(event)
    return host, table, now


def test_unit_of_a_window_that_is_over_forgets_all_but_its_numbers() -> None:
    host, table, now = windows(keep="7d")
    (unit,) = host.store.units("rooms")
    now[0] = 1_800_000_060.0 + 372 * DAY - 1
    host.sweep(-1.0)
    assert host.expire().units == (), "its records may come again"
    now[0] += 60
    before = item(host.service, unit)
    assert host.expire().units == (unit,)
    after = item(host.service, unit)
    assert (after.cells, after.marks, after.v) == (b"", {}, before.v + 1)
    assert after.numbers == before.numbers == {"total|memory/rows": 1}
    assert len(table.rows) == 1
    assert host.expire().units == (), "once"


def test_unit_that_owes_something_or_is_kept_for_ever_does_not_expire() -> None:
    host, _, now = windows(keep="7d")
    now[0] = 1_900_000_000.0
    assert host.expire().units == (), "what it owes comes first"
    host, _, now = windows()
    host.sweep(-1.0)
    now[0] = 9_900_000_000.0
    assert host.expire().units == ()


def test_units_that_one_call_has_no_time_for_expire_with_a_later_one() -> None:
    host, _, now = windows(30, keep="7d")
    units = {*host.store.units("rooms")}
    assert len(units) == 30
    now[0] = 1_900_000_000.0
    host.sweep(-1.0)
    gone: list[str] = []
    for _ in range(60):
        left = [0.0, 8.0, 8.0, 8.0, 9.0]  # time for four
        gone += host.expire(Deadline(left.pop, margin=1.0)).units
        now[0] += DAY
    assert {*gone} == units
