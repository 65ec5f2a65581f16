"""Which changes are due, how they are numbered, and what their envelopes say."""

from __future__ import annotations

from typing import Any

from reactflow import Cell, Flow, MemoryStore, Pulse, Service, cell, fold, folds, pulse, row
from reactflow.aws import DynamoDB, Kinesis
from reactflow.service import Envelope, Host
from reactflow.service.cloudevent import OCCURRENCE, REMOVAL, ROW
from reactflow.testing import dynamodb_event, kinesis_event
from tests.service.flows import fresh, item, values
from tests.service.recording import Table, check_publications


class Room(Flow):
    length: Cell[float] = cell()
    width: Cell[float] = cell()
    reading: Pulse[int] = pulse()
    area = length * width
    total = fold(reading, folds.sum)
    is_large = area > 10.0
    note = cell("fed by nobody")


SOURCE = Kinesis(
    "measurements", partition="room", fields={"length": "length", "width": "width", "reading": "reading"}
)


def made(*outputs: Any, source: Any = SOURCE, **options: Any) -> Service:
    options = {"key": "room", "name": "rooms", "store": MemoryStore(), **options}
    return Service(Room, inputs=[source], outputs=outputs, **options)


def send(target: Any, *records: Any, start: int = 0, **options: Any) -> Any:
    event = kinesis_event(*records, start=start, **{"partition": "room", **options})
    return target.handle(event) if isinstance(target, Host) else target.handler(event)


def test_cell_output_tells_the_last_value_of_a_delivery_and_a_pulse_output_every_occurrence() -> None:
    rows, log = Table(), Table("log")
    service = made(row(Room.area, Room.total) >> rows, row(Room.reading, area=Room.area) >> log)
    send(
        service,
        {"room": "r1", "length": 2, "width": 3, "reading": 1},
        {"room": "r1", "length": 4, "reading": 2},
    )
    assert [one.values for one in rows.seen] == [{"room": "r1", "area": 12.0, "total": 3}]
    assert [one.values for one in log.seen] == [
        {"room": "r1", "reading": 1, "area": 6.0},
        {"room": "r1", "reading": 2, "area": 12.0},
    ]


def test_numbers_count_each_output_by_itself_without_a_gap() -> None:
    rows, log = Table(), Table("log")
    service = made(Room.area >> rows, Room.is_large >> rows, Room.reading >> log)
    for place, length in enumerate((1, 1, 2, 20, 21)):
        send(service, {"room": "r1", "length": length, "width": 1, "reading": place}, start=place)
    ids = [one.id for one in rows.seen]
    assert ids == [
        "rooms/area/room=r1/memory:rows/1", "rooms/is_large/room=r1/memory:rows/1", "rooms/area/room=r1/memory:rows/2",
        "rooms/area/room=r1/memory:rows/3", "rooms/is_large/room=r1/memory:rows/2", "rooms/area/room=r1/memory:rows/4",
    ]  # fmt: skip
    assert [one.n for one in log.seen] == [1, 2, 3, 4, 5]
    assert item(service, "room=r1").numbers == {
        "area|memory/rows": 4,
        "is_large|memory/rows": 2,
        "reading|memory/log": 5,
    }
    assert [one.bare for one in rows.seen] == ["area", "is_large"] * 1 + ["area", "area", "is_large", "area"]
    check_publications([log])


def test_what_did_not_change_is_not_told() -> None:
    rows = Table()
    service = made(row(Room.is_large) >> rows)
    send(service, {"room": "r1", "length": 2, "width": 3})
    send(service, {"room": "r1", "length": 1}, start=1)
    assert len(rows.seen) == 1


def test_row_is_there_while_a_fed_cell_has_a_value_and_unset_columns_are_left_out() -> None:
    rows = Table()
    source = DynamoDB("rooms", fields={"length": "length", "width": "width"})
    service = made(row(Room.area, Room.length, Room.note) >> rows, source=source)

    def change(before: Any, after: Any, start: int) -> None:
        service.handler(dynamodb_event((before, after), table="rooms", keys="room", start=start))

    full, half = {"room": "r1", "length": 2, "width": 3}, {"room": "r1", "width": 3}
    change(None, full, 0)
    assert rows.rows["room=r1"] == {"room": "r1", "area": 6.0, "length": 2.0, "note": "fed by nobody"}
    change(full, half, 1)
    assert rows.rows["room=r1"] == {"room": "r1", "note": "fed by nobody"}
    change(half, {"room": "r1"}, 2)
    assert rows.rows == {}
    change({"room": "r1"}, None, 3)
    change(None, half, 4)
    assert [(one.kind, one.n) for one in rows.seen] == [("row", 1), ("row", 2), ("removal", 3), ("row", 4)]
    assert rows.seen[2].values == rows.seen[2].key == {"room": "r1"}


def test_envelope_says_what_caused_a_change() -> None:
    rows, log = Table(), Table("log")
    service = made(Room.area >> rows, Room.reading >> log)
    cause = Envelope(
        id="walls/length/room=r1/kinesis:measurements/7", source="/walls", type=ROW, sequence="7", hops=3,
        data={"room": "r1", "length": 2, "width": 3, "reading": 4}, traceparent="00-abc-def-01", correlationid="first",
    )  # fmt: skip
    send(service, cause.to_json() | {"room": "r1"}, partition="room")
    (told,) = rows.seen
    assert Envelope.from_json(told.envelope) == Envelope(
        id="rooms/area/room=r1/memory:rows/1", source="/rooms", type=ROW, subject="room=r1",
        time="2026-11-23T12:00:00+00:00", data={"room": "r1", "area": 6.0}, traceparent="00-abc-def-01",
        correlationid="first", causationid=cause.id, sequence="1", hops=4,
    )  # fmt: skip
    assert log.seen[0].envelope["type"] == OCCURRENCE


# --- edges: what another service tells over a stream ----------------------------------------------------------


def told(n: int, kind: str = ROW, room: str = "r1", hops: int = 1, **data: Any) -> dict[str, Any]:
    envelope = Envelope(
        id=f"walls/out/room={room}/kinesis:measurements/{n}", source="/walls", type=kind, sequence=str(n), hops=hops,
        data={"room": room, **data},
    )  # fmt: skip
    return {**envelope.to_json(), "room": room}


def test_what_is_published_again_has_its_key_in_the_same_order() -> None:
    store, rows, log = MemoryStore(), Table(), Table("log")
    outputs = (row(Room.area, by={"note": Room.note}) >> rows, row(Room.reading) >> log)
    source = Kinesis("measurements", partition="site")
    service = made(*outputs, key=("site", "line"), source=source, store=store)
    where = {"site": "a", "line": "4"}
    Host(service, store).handle(kinesis_event({**where, "length": 2, "width": 3, "reading": 1, "note": "n"}))
    Host(service, store).sweep(idle=0)  # another process: it knows what is stored, and that it may be due
    assert [list(one.key) for one in rows.seen] == [["note", "site", "line"]] * 2
    assert [list(one.key) for one in log.seen] == [["site", "line"]] * 2
    check_publications([rows, log])


def test_edge_counts_each_occurrence_once_though_its_sender_repeats_it() -> None:
    service = made()
    send(
        service,
        told(1, OCCURRENCE, reading=1),
        told(2, OCCURRENCE, reading=2),
        told(1, OCCURRENCE, reading=1),
    )
    send(fresh(service), told(2, OCCURRENCE, reading=2), told(3, OCCURRENCE, reading=4), start=3)
    assert values(service, "room=r1")["total"] == 7


def test_edge_ends_at_the_last_value_though_an_older_one_comes_late() -> None:
    service = made()
    send(service, told(1, length=1), told(3, length=3), told(2, length=2))
    assert values(service, "room=r1")["length"] == 3.0


def test_edge_replaces_and_its_removal_takes_the_row_along() -> None:
    rows = Table()
    service = made(row(Room.area) >> rows)
    send(service, told(1, length=2, width=3), told(2, length=4))
    assert rows.rows == {"room=r1": {"room": "r1"}}
    send(service, told(3, REMOVAL), start=2)
    assert rows.rows == {}


def test_event_that_came_through_too_many_services_is_kept() -> None:
    service = made(hops=4)
    send(service, told(1, length=1, hops=3), told(2, length=2, hops=4))
    assert values(service, "room=r1")["length"] == 1.0
    (case,) = service.host.open_cases()
    assert case.reason.message.startswith("the event came through 4 services, and 4 are the most")


def test_hops_count_the_longest_way_of_a_delivery() -> None:
    rows = Table()
    service = made(Room.total >> rows)
    send(
        service,
        told(1, OCCURRENCE, length=1, hops=9),
        told(2, OCCURRENCE, length=1, hops=2),
        {"room": "r1"},
    )
    assert rows.seen[0].envelope["hops"] == 10
