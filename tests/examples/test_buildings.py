"""The total area of each building: whatever comes twice and in whatever order, each room counts once, where it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import answers
from examples.buildings import buildings, rooms, system
from reactflow import MemoryStore, Service
from reactflow.service import Host
from tests.examples.arriving import Record, interleaved, lane
from tests.service.recording import Table, check_publications
from tests.service.wire import Wire, as_records

Measured = dict[str, Any]

HISTORY: list[Measured] = [
    {"room": "r1", "length": 3.0, "width": 2.0, "building": "b1"},
    {"room": "r2", "length": 1.0, "width": 1.0, "building": "b1"},
    {"room": "r1", "building": "b2"},  # moves
    {"room": "r1", "building": "b1"},  # and back
    {"room": "r2", "building": None},  # torn down
]


def services(table: Table) -> tuple[Wire, Service, Service]:
    """The example's services on a stream and a table of the test's own, and the stream between them."""
    wire = Wire("areas", partition="building")
    first = evolve(rooms, outputs=[evolve(rooms.outputs[0], sink=wire)], store=MemoryStore())
    second = evolve(buildings, outputs=[evolve(buildings.outputs[0], sink=table)], store=MemoryStore())
    return wire, first, second


def told(table: Table) -> dict[str, dict[str, Any]]:
    return {row["building"]: row for row in table.rows.values()}


def by_building(wire: Wire) -> list[list[Record]]:
    """What was sent, a lane for each building, whose records keep their order: each in a shard of its own."""
    found: dict[str, list[tuple[str, bytes]]] = {}
    for to, data in wire.sent:
        found.setdefault(to, []).append((to, data))
    lanes = []
    for shard, sent in enumerate(found.values()):
        records = as_records(sent, "areas")
        for record in records:
            record["eventID"] = record["eventID"].replace("shardId-000000000000", f"shardId-{shard:012d}")
        lanes.append(records)
    return lanes


def in_every_order(measured: Sequence[Measured]) -> Iterator[list[Record]]:
    """The records of rooms, each room's in their order."""
    names = dict.fromkeys(one["room"] for one in measured)
    lanes = [
        lane("rooms", *(one for one in measured if one["room"] == name), shard=shard, partition="room")
        for shard, name in enumerate(names)
    ]
    return interleaved(lanes)


def test_the_two_services_are_joined_by_the_stream_between_them() -> None:
    assert (system.causes("buildings"), system.effects("rooms")) == (["rooms"], ["buildings"])


def test_every_order_of_what_is_measured_and_of_what_is_told_comes_to_the_same_with_all_of_it_twice() -> None:
    wanted = answers.buildings(HISTORY)
    assert wanted == {
        "b1": {
            "building": "b1", "total": 6.0, "number": 1, "mean": 6.0, "smallest": 6.0, "largest": (("r1", 6.0),),
        }
    }  # fmt: skip
    tried = 0
    for measured in in_every_order(HISTORY):
        wire, first, _ = services(Table())
        for record in measured:
            first.handler({"Records": [record]})
            first.handler({"Records": [record]})
        for arriving in interleaved(by_building(wire)):
            table = Table()
            _, _, second = services(table)
            second.handler({"Records": arriving[:3]})
            second.handler({"Records": arriving[1:]})
            second.handler({"Records": arriving})
            assert told(table) == wanted
            tried += 1
    assert tried > 100


MEASURED = st.fixed_dictionaries(
    {"room": st.sampled_from(["r1", "r2", "r3", "r4", "r5"])},
    optional={
        "length": st.sampled_from([0.1, 0.3, 1.0, 1e16, 3.0]),
        "width": st.sampled_from([0.1, 0.7, 1.0]),
        "building": st.none() | st.sampled_from(["b1", "b2", "b3"]),
    },
)


@settings(max_examples=100, deadline=None)
@given(st.lists(MEASURED, min_size=1, max_size=14), st.data())
def test_any_deliveries_of_any_measurements_come_to_what_is_computed_plainly(
    measured: list[Measured], data: st.DataObject
) -> None:
    table = Table()
    wire, first, second = services(table)
    waiting = lane("rooms", *measured, partition="room")
    while waiting:
        size = data.draw(st.integers(1, 4))
        for _ in range(data.draw(st.integers(1, 2))):
            Host(first, first.host.store).handle({"Records": waiting[:size]})
        waiting = waiting[size:]
    if wire.sent:
        again = data.draw(st.lists(st.sampled_from(wire.sent), max_size=5))
        arriving = as_records(data.draw(st.permutations([*wire.sent, *again])), "areas")
        while arriving:
            size = data.draw(st.integers(1, 6))
            Host(second, second.host.store).handle(
                {"Records": arriving[:size]}
            )  # a process that remembers nothing
            arriving = arriving[size:]
    assert told(table) == answers.buildings(measured)
    check_publications([table])
