"""What stops to fit ``where=`` is a removal, for whatever holds whole values: a table, and an edge of ours."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from reactflow import Cell, Flow, MemoryStore, Pulse, Service, cell, fold, folds, pulse, row
from reactflow.aws import DynamoDB, Kinesis
from reactflow.testing import dynamodb_event, kinesis_event
from tests.service.recording import Table
from tests.service.wire import Wire


class Room(Flow):
    length = cell(1.0)
    knock: Pulse[int] = pulse()
    is_open = length < 5.0


class Shown(Flow):
    length: Cell[float] = cell()
    knock: Pulse[int] = pulse()
    knocks = fold(knock, folds.count)
    double = length * 2


def is_open(fields: Any) -> bool:
    return bool(fields["is_open"])


def sent(*records: dict[str, Any]) -> list[dict[str, Any]]:
    """What the sender puts on the edge, one delivery a record."""
    wire = Wire("rooms", partition="room")
    rooms = Service(
        Room, name="rooms", key="room", inputs=[Kinesis("measurements", partition="room")],
        outputs=[row(Room.length, Room.is_open) >> wire], store=MemoryStore(),
    )  # fmt: skip
    for place, record in enumerate(records):
        rooms.handler(kinesis_event({"room": "r1", **record}, partition="room", start=place))
    return wire.records()


def receiver(source: Any, table: Table) -> Service:
    return Service(
        Shown, name="shown", key="room", inputs=[source], outputs=[row(Shown.length, Shown.double) >> table],
        store=MemoryStore(),
    )  # fmt: skip


EDGE = Kinesis("rooms", partition="room", where=is_open, fields={"length": "length"})


def test_a_row_of_an_edge_that_stops_to_fit_is_removed_and_comes_back_when_it_fits_again() -> None:
    table = Table()
    shown = receiver(EDGE, table)
    for record in sent({"length": 2.0}, {"length": 9.0}, {"length": 3.0}):
        shown.handler({"Records": [record]})
    assert [(one.kind, one.values.get("double")) for one in table.seen] == [
        ("row", 4.0), ("removal", None), ("row", 6.0)
    ]  # fmt: skip


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_whatever_the_order_the_last_word_of_the_edge_counts(order: tuple[int, ...]) -> None:
    records = sent({"length": 2.0}, {"length": 3.0}, {"length": 9.0})
    table = Table()
    shown = receiver(EDGE, table)
    for place in order:
        shown.handler({"Records": [records[place], records[place]]})
    assert table.rows == {}


def test_an_occurrence_of_an_edge_that_does_not_fit_is_left_out_and_removes_nothing() -> None:
    wire = Wire("knocks", partition="room")
    rooms = Service(
        Room, name="rooms", key="room", inputs=[Kinesis("measurements", partition="room")],
        outputs=[row(Room.knock, Room.length) >> wire], store=MemoryStore(),
    )  # fmt: skip
    rooms.handler(
        kinesis_event(*({"room": "r1", "length": 2.0, "knock": n} for n in (1, 7, 2)), partition="room")
    )
    table = Table()
    small = Kinesis("knocks", partition="room", where=lambda fields: fields["knock"] < 5)
    shown = receiver(small, table)
    shown.handler({"Records": wire.records()})
    state = shown.host.store.get("shown", "room=r1")
    assert state is not None
    assert shown.step.values(shown.step.read(state.cells))["knocks"] == 2
    assert [one.kind for one in table.seen] == ["row"]


def test_a_record_of_a_plain_stream_that_does_not_fit_is_left_out_and_removes_nothing() -> None:
    table = Table()
    shown = receiver(EDGE, table)
    event = kinesis_event(
        {"room": "r1", "length": 2.0, "is_open": True}, {"room": "r1", "is_open": False},
        stream="rooms", partition="room",
    )  # fmt: skip
    shown.handler(event)
    assert table.rows == {"room=r1": {"room": "r1", "length": 2.0, "double": 4.0}}


@pytest.mark.parametrize("view", ["NEW_IMAGE", "NEW_AND_OLD_IMAGES"])
def test_an_item_of_a_table_that_stops_to_fit_is_removed(view: str) -> None:
    table = Table()
    shown = receiver(DynamoDB("rooms", where=is_open, fields={"length": "length"}), table)
    one, other = (
        {"room": "r1", "length": 2.0, "is_open": True},
        {"room": "r1", "length": 2.0, "is_open": False},
    )
    changes = [(None, one), (one, other)]
    for place, change in enumerate(changes):
        shown.handler(dynamodb_event(change, table="rooms", keys="room", view=view, start=place))
    assert [one.kind for one in table.seen] == ["row", "removal"]
