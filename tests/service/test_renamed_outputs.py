"""Outputs across versions: what is due goes out though its classes are gone, and a new name goes on with the number."""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple

import pytest
from attrs import frozen

from reactflow import Cell, Flow, MemoryStore, Pulse, Service, cell, derived, migrate, pulse, row
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


def told(table: Table) -> list[tuple[int, str, dict[str, Any]]]:
    """What a table was told, once: a new process tells again what is not known to be out."""
    return [(n, one.kind, dict(one.key)) for n, one in sorted({one.n: one for one in table.seen}.items())]


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
    assert [n for n, *_ in told(table)] == [1, 2, 3, 4]
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


class Placed(Flow):
    length = cell(1.0)
    building: Cell[str | None] = cell()
    site: Cell[str | None] = cell()


class Moved(Flow):
    length = cell(1.0)
    house: Cell[str | None] = cell()
    site: Cell[str | None] = cell()
    double = length * 2.0
    migrations = [migrate(house, from_name="building")]


def test_rows_that_are_keyed_by_another_cell_are_refused_since_the_old_ones_would_stay(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, table = MemoryStore(), Table()
    send(service(Placed, row(Placed.length, by=Placed.building) >> table, store), 0, building="b1", site="s1")
    send(service(Placed, row(Placed.length, by=Placed.building) >> table, store), 1, length=2.0)
    for by, shown in ((Placed.site, "site"), ((Placed.building, Placed.site), "building, site")):
        answer = send(service(Placed, row(Placed.length, by=by) >> table, store), 2, length=3.0)
        assert len(answer["batchItemFailures"]) == 1
        assert (
            "unit 'room=r1' of service 'rooms' has a row of the output 'length' to memory/rows that is keyed "
            f"by=building, and it is keyed by={shown} now: that row would stay"
        ) in caplog.text
    send(service(Placed, row(Placed.length, by=Placed.site, name="anew") >> table, store), 2, length=3.0)
    assert told(table) == [
        (1, "row", {"building": "b1", "room": "r1"}), (2, "row", {"building": "b1", "room": "r1"}),
        (3, "row", {"site": "s1", "room": "r1"}),
    ]  # fmt: skip


def test_a_cell_that_keys_rows_may_have_another_name() -> None:
    store, table = MemoryStore(), Table()
    send(service(Placed, row(Placed.length, by=Placed.building) >> table, store), 0, building="b1", site="s1")
    moved = service(Moved, row(Moved.length, by={"building": Moved.house}, name="length") >> table, store)
    send(moved, 1, house="b2")
    assert [(n, kind, key["building"]) for n, kind, key in told(table)] == [
        (1, "row", "b1"), (2, "removal", "b1"), (3, "row", "b2"),
    ]  # fmt: skip


def test_rows_move_when_the_cell_that_keys_them_is_computed_otherwise_by_the_next_version() -> None:
    class Sites(Flow):
        length = cell(1.0)
        building = cell("")
        site = cell("")
        place = derived(lambda building, site: f"{site}-{building}", building, site)

    class Buildings(Flow):
        length = cell(1.0)
        building = cell("")
        place = building.map(str)

    store, table = MemoryStore(), Table()
    send(service(Sites, row(Sites.length, by=Sites.place) >> table, store), 0, building="b1", site="s1")
    send(service(Buildings, row(Buildings.length, by=Buildings.place) >> table, store), 1, length=1.0)
    assert [(n, kind, key["place"]) for n, kind, key in told(table)] == [
        (1, "row", "s1-b1"), (2, "removal", "s1-b1"), (3, "row", "b1"),
    ]  # fmt: skip
