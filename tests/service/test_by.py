"""Outputs that are keyed by a cell: a row moves with its value, an occurrence goes where it says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from random import Random
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given, note, settings
from hypothesis import strategies as st

from reactflow import Cell, Flow, MemoryStore, Pulse, Service, cell, derived, fold, folds, pulse, row
from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.errors import BindingError, DeclarationError
from reactflow.local.needs import needs_of
from reactflow.local.provision import TableNeeded
from reactflow.service import Host, Publication
from reactflow.testing import dynamodb_event, kinesis_event
from tests.service.faults import FaultyStore, Script, Trigger
from tests.service.recording import Table, check_publications
from tests.service.wire import Wire


class Room(Flow):
    length = cell(1.0)
    width = cell(1.0)
    building: Cell[str | None] = cell()
    floor = cell(0)
    reading: Pulse[int] = pulse()
    area = length * width
    total = fold(reading, folds.sum)

    @derived(stored=False)
    def place(self) -> str:
        return f"{self.building}/{self.floor}"

    @derived
    def built(self) -> date:
        return date(2000 + self.floor, 1, 1)


@frozen(eq=False)
class Keyed(Table):
    """Rows by the whole of their key."""

    def _write(self, publication: Publication) -> None:
        self.seen.append(publication)
        key = ",".join(map(str, publication.key.values()))
        if publication.kind == "occurrence":
            self.log[publication.id] = dict(publication.values)
        elif publication.n > self.numbers.get(key, 0):
            self.numbers[key] = publication.n
            if publication.kind == "row":
                self.rows[key] = dict(publication.values)
            else:
                self.rows.pop(key, None)


def service(*outputs: Any, **options: Any) -> Service:
    source = Kinesis("measurements", partition="room")
    return Service(
        Room, name="rooms", key="room", inputs=[source], outputs=outputs, store=MemoryStore(), **options
    )


def send(rooms: Service, *records: dict[str, Any], start: int = 0) -> None:
    event = kinesis_event(*({"room": "r1", **one} for one in records), partition="room", start=start)
    assert rooms.handler(event) == {"batchItemFailures": []}


def told(table: Table) -> list[tuple[int, str, dict[str, Any]]]:
    return [(one.n, one.kind, dict(one.values)) for one in table.seen]


def test_a_row_is_keyed_by_the_cell_and_by_the_unit() -> None:
    table = Keyed()
    rooms = service(row(Room.area, by=Room.building) >> table)
    send(rooms, {"length": 3.0, "building": "b1"})
    assert told(table) == [(1, "row", {"building": "b1", "room": "r1", "area": 3.0})]
    assert list(table.seen[0].key) == ["building", "room"]


def test_a_row_that_moves_is_removed_under_its_old_key_and_written_under_the_new_one() -> None:
    table = Keyed()
    rooms = service(row(Room.area, by=Room.building) >> table)
    for place, building in enumerate(["b1", "b2", "b1"]):
        send(rooms, {"building": building}, start=place)
    assert [(one.n, one.kind, one.key["building"]) for one in table.seen] == [
        (1, "row", "b1"), (2, "removal", "b1"), (3, "row", "b2"), (4, "removal", "b2"), (5, "row", "b1"),
    ]  # fmt: skip
    assert table.seen[1].values == {"building": "b1", "room": "r1"}
    assert list(table.rows) == ["b1,r1"]


def test_a_row_that_moves_and_comes_back_in_one_delivery_does_not_move() -> None:
    table = Keyed()
    rooms = service(row(Room.area, by=Room.building) >> table)
    send(rooms, {"building": "b1"})
    send(rooms, {"building": "b2"}, {"building": "b1"}, start=1)
    assert [one.kind for one in table.seen] == ["row"]


def test_there_is_no_row_while_the_cell_has_no_value_or_null() -> None:
    table = Keyed()
    rooms = service(row(Room.area, by=Room.building) >> table)
    send(rooms, {"length": 3.0})
    assert table.seen == []
    send(rooms, {"building": "b1"}, start=1)
    send(rooms, {"building": None}, start=2)
    assert (table.rows, table.seen[-1].kind) == ({}, "removal")
    send(rooms, {"length": 4.0}, start=3)
    assert len(table.seen) == 2
    send(rooms, {"building": "b1"}, start=4)
    assert table.rows == {"b1,r1": {"building": "b1", "room": "r1", "area": 4.0}}


def test_the_row_is_removed_when_the_unit_is_gone() -> None:
    table = Keyed()
    rooms = Service(
        Room, name="rooms", key="id", inputs=[DynamoDB("rooms", fields={"length": "length", "building": "building"})],
        outputs=[row(Room.area, by=Room.building) >> table], store=MemoryStore(),
    )  # fmt: skip
    item = {"id": "r1", "length": 2.0, "building": "b1"}
    rooms.handler(dynamodb_event((None, item), (item, None), table="rooms"))
    assert told(table) == []
    rooms.handler(dynamodb_event((None, item), table="rooms", start=2))
    rooms.handler(dynamodb_event((item, None), table="rooms", start=3))
    assert [(one.kind, dict(one.key)) for one in table.seen] == [
        ("row", {"building": "b1", "id": "r1"}), ("removal", {"building": "b1", "id": "r1"})
    ]  # fmt: skip


def test_several_cells_key_a_row_under_names_of_their_own() -> None:
    table = Keyed()
    rooms = service(
        row(Room.area, by={"house": Room.building, "storey": Room.floor, "since": Room.built}) >> table
    )
    send(rooms, {"building": "b1", "floor": 2})
    assert dict(table.seen[0].key) == {"house": "b1", "storey": 2, "since": date(2002, 1, 1), "room": "r1"}
    assert "by={'house': building, 'storey': floor, 'since': built}" in repr(rooms.outputs[0])
    assert "by=(building, floor)" in repr(row(Room.area, by=(Room.building, Room.floor)))


def test_an_occurrence_goes_where_the_cell_says_in_its_event() -> None:
    table = Keyed()
    rooms = service(row(Room.reading, so_far=Room.total, by=Room.building) >> table)
    send(rooms, {"building": "b1", "reading": 5}, {"building": "b2"}, {"reading": 7})
    assert told(table) == [
        (1, "occurrence", {"building": "b1", "room": "r1", "reading": 5, "so_far": 5}),
        (2, "occurrence", {"building": "b2", "room": "r1", "reading": 7, "so_far": 12}),
    ]


def test_an_occurrence_that_has_nowhere_to_go_is_kept_as_a_case_and_changes_nothing() -> None:
    table = Keyed()
    rooms = service(row(Room.reading, by=Room.building) >> table)
    send(rooms, {"reading": 5, "length": 9.0}, {"building": "b1", "reading": 7})
    assert [one["reading"] for one in table.log.values()] == [7]
    (case,) = rooms.host.open_cases()
    assert "the occurrence of 'reading' has nowhere to go" in case.reason.message
    assert "keyed by building, which has no value here" in case.reason.message


def test_a_value_that_is_no_key_is_kept_as_a_case() -> None:
    table = Keyed()
    rooms = service(row(Room.area, by=Room.building) >> table)
    send(rooms, {"building": "x" * 2000, "length": 9.0}, {"building": "b1"})
    assert told(table) == [(1, "row", {"building": "b1", "room": "r1", "area": 1.0})]
    (case,) = rooms.host.open_cases()
    assert "the output to memory/rows cannot be keyed: the key's field 'building'" in case.reason.message


def test_removal_and_row_are_due_together_and_come_again_under_the_same_ids() -> None:
    wire = Wire("areas", partition="building")
    script = Script([False, True])  # the first is put, and then the stream is away
    rooms = service(row(Room.area, by=Room.building) >> wire)
    send(rooms, {"building": "b1"})
    wire.fault.append(script)
    event = kinesis_event({"room": "r1", "building": "b2"}, partition="room", start=1)
    first: Any = rooms.handler(event)
    assert len(first["batchItemFailures"]) == 1
    script.stop()
    Host(rooms, rooms.host.store).handle(event)
    sent = [(to, json.loads(data)) for to, data in wire.sent]
    ids = [(to, one["id"].rpartition("/")[2], one["type"].partition(".")[2]) for to, one in sent]
    assert dict.fromkeys(ids) == dict.fromkeys(
        [("b1", "1", "row"), ("b1", "2", "removal"), ("b2", "3", "row")]
    )


def test_the_primary_key_of_a_table_is_the_cell_and_the_unit() -> None:
    rooms = service(row(Room.area, by=Room.floor) >> DynamoDB("areas"))
    (table,) = [one for one in needs_of([rooms]) if isinstance(one, TableNeeded) and one.name == "areas"]
    assert (table.partition, table.sort, dict(table.types)) == ("floor", "room", {"floor": "N"})


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: row(Room.area, by=Room.reading) >> Keyed(), r"by=Room.reading, a pulse.*Room.reading.hold\(\)"),
        (lambda: row(Room.area, by=Room.place) >> Keyed(), r"by=Room.place, which is not stored.*stored=True"),
        (lambda: row(Room.area, by=Room.length) >> Keyed(), r"by=Room.length \(float\), and a key is of str"),
        (lambda: row(Room.building, by=Room.building) >> Keyed(), "the column 'building' twice, it is what by= keys"),
        (lambda: row(Room.area, by={"room": Room.building}) >> Keyed(), "the column 'room' twice, it is a field"),
        (lambda: row(Room.area, by={"_x": Room.building}) >> Keyed(), "the key's field '_x' is reserved"),
        (lambda: row(Room.area, by=Room.building) >> S3("areas", key="{room}"), "building"),
    ],
)  # fmt: skip
def test_what_cannot_key_a_row_is_refused_when_the_service_is_made(make: Any, says: str) -> None:
    with pytest.raises(BindingError, match=says):
        service(make())


@pytest.mark.parametrize("by", ["building", [Room.building, "x"], {"house": 7}, 3])
def test_by_takes_cells_only(by: Any) -> None:
    with pytest.raises(DeclarationError, match="by="):
        row(Room.area, by=by)


# --- any history, delivered anyhow ------------------------------------------------------------------------------------

MOVES = st.fixed_dictionaries(
    {"room": st.sampled_from(["r1", "r2"])},
    optional={
        "building": st.none() | st.sampled_from(["b1", "b2", "b3"]),
        "length": st.sampled_from([1.0, 2.5, 4.0]),
        "reading": st.integers(1, 9),
    },
)


def plainly(records: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], list[Any], int]:
    """The rows at the end, the log, and how many occurrences had nowhere to go."""
    rooms: dict[str, dict[str, Any]] = {}
    log, lost = [], 0
    for record in records:
        changed = {**rooms.get(record["room"], {"length": 1.0, "building": None}), **record}
        if "reading" in record:
            if changed["building"] is None:
                lost += 1
                continue  # the whole event is undone
            log.append((changed["building"], record["room"], record["reading"]))
        rooms[record["room"]] = {**changed, "reading": None}
    rows = {
        f"{one['building']},{name}": {"building": one["building"], "room": name, "area": one["length"]}
        for name, one in rooms.items()
        if one["building"] is not None
    }
    return rows, sorted(log), lost


@settings(max_examples=150, deadline=None)
@given(
    records=st.lists(MOVES, min_size=1, max_size=16),
    seed=st.integers(0, 2**32),
    rate=st.sampled_from([0.0, 0.1, 0.3]),
)
def test_any_delivery_of_moves_ends_with_each_row_under_its_last_key_alone(
    records: Any, seed: int, rate: float
) -> None:
    chance = Random(seed)
    script = Script(chance.random() < rate for _ in range(80))
    rows, log = Keyed("rows"), Keyed("log")
    rows.fault.append(script)
    log.fault.append(script)
    rooms = service(row(Room.area, by=Room.building) >> rows, row(Room.reading, by=Room.building) >> log)
    event = kinesis_event(*records, partition="room")
    trigger = Trigger(rooms, FaultyStore(script), event["Records"])
    for _ in range(chance.randrange(10)):
        trigger.deliver(chance.randrange(7), chance.randrange(5), chance.randrange(2), chance.random() < 0.2)
    trigger.deliver_rest()
    script.stop()
    Host(rooms, trigger.store).handle(event)
    note(f"what went wrong: {script.happened}")
    wanted, occurred, lost = plainly(records)
    assert rows.rows == wanted
    assert sorted((one["building"], one["room"], one["reading"]) for one in log.log.values()) == occurred
    items = [trigger.store.inner.get("rooms", unit) for unit in trigger.store.units("rooms")]
    assert sum(len(one.open_cases) for one in items if one is not None) == lost
    check_publications([rows, log])
