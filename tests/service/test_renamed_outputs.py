"""Outputs across versions: what is due goes out though its classes are gone, and a new name goes on with the number."""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple

from attrs import frozen

from reactflow import Cell, Flow, MemoryStore, Pulse, Service, cell, derived, pulse, row
from reactflow.aws import Kinesis
from reactflow.service import Host
from reactflow.testing import kinesis_event
from tests.service.faults import Script
from tests.service.flows import item
from tests.service.recording import Table
from tests.service.wire import Wire

SOURCE = Kinesis("measurements", partition="room")


class Color(Enum):
    RED = 1


class Corner(NamedTuple):
    x: float
    color: Color


@frozen
class Spot:
    x: float


class Old(Flow):
    length = cell(0.0)
    color: Cell[Color] = cell()

    @derived
    def corner(self) -> Corner:
        return Corner(self.length, Color.RED)

    @derived
    def spots(self) -> list[Spot]:
        return [Spot(self.length)]


class New(Flow):
    length = cell(0.0)
    area = length * 2.0


def service(flow: Any, output: Any, store: MemoryStore) -> Service:
    return Service(flow, name="rooms", key="room", inputs=[SOURCE], outputs=[output], store=store)


def send(rooms: Service, start: int, **fields: Any) -> Any:
    return rooms.handler(kinesis_event({"room": "r1", **fields}, partition="room", start=start))


def test_what_is_due_of_classes_that_are_gone_goes_out_as_it_would_have() -> None:
    sent = []
    for flow in (Old, New):
        store, wire = MemoryStore(), Wire("corners")
        wire.fault.append(Script([True]))
        columns = (
            row(Old.color, Old.corner, name="corners") if flow is Old else row(New.length, name="corners")
        )
        assert send(
            service(Old, row(Old.color, Old.corner, name="corners") >> wire, store), 0, color=1, length=3.0
        )["batchItemFailures"]
        assert (wire.sent, len(item(service(Old, row(Old.color) >> wire, store), "room=r1").out)) == ([], 1)
        Host(service(flow, columns >> wire, store), store).handle(
            kinesis_event({"room": "r1", "length": 3.0}, partition="room", start=0)
        )
        sent.append(wire.sent[0])
    assert sent[0] == sent[1]
    assert b'"color":1,"corner":[3.0,1]' in sent[0][1]


def test_a_record_of_a_class_that_is_gone_goes_out_as_a_dict() -> None:
    store, table = MemoryStore(), Table()
    table.fault.append(Script([True]))
    send(service(Old, row(Old.spots, name="spots") >> table, store), 0, length=3.0)
    send(service(New, row(New.area, name="spots") >> table, store), 0, length=3.0)
    assert table.rows == {"room=r1": {"room": "r1", "spots": [{"x": 3.0}]}}


def test_an_output_with_another_name_goes_on_with_the_number_so_that_its_rows_are_written() -> None:
    store, table = MemoryStore(), Table()
    old, new = service(Old, row(Old.length) >> table, store), service(New, row(New.area) >> table, store)
    for place, length in enumerate((1.0, 2.0, 3.0)):
        send(old, place, length=length)
    send(new, 3, length=4.0)
    assert table.rows["room=r1"] == {"room": "r1", "area": 8.0}
    assert [one.n for one in table.seen] == [1, 2, 3, 4]
    send(new, 4, length=5.0)
    assert item(new, "room=r1").numbers == {"length|memory/rows": 3, "area|memory/rows": 5}


def test_outputs_beside_each_other_and_logs_count_for_themselves() -> None:
    class Both(Flow):
        length = cell(0.0)
        knock: Pulse[int] = pulse()
        area = length * 2.0

    store, table = MemoryStore(), Table()
    rooms = Service(
        Both, name="rooms", key="room", inputs=[SOURCE], store=store,
        outputs=[row(Both.length) >> table, row(Both.area) >> table],
    )  # fmt: skip
    send(rooms, 0, length=1.0)
    send(rooms, 1, length=2.0)
    send(service(Both, row(Both.knock) >> table, store), 2, knock=1)
    assert item(rooms, "room=r1").numbers == {
        "length|memory/rows": 2, "area|memory/rows": 2, "knock|memory/rows": 1,
    }  # fmt: skip
