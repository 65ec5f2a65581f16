"""Members across services: what contributes to a unit, whatever comes twice, late, or from two senders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve

from reactflow import Flow, Members, MemoryStore, Service, cell, derived, members, pulse, row
from reactflow.aws import DynamoDB, Kinesis
from reactflow.errors import BindingError
from reactflow.service import Host
from reactflow.service.stores.store import MOST
from reactflow.testing import dynamodb_event, kinesis_event
from tests.service.flows import item, values
from tests.service.recording import Table
from tests.service.wire import Wire, as_records


class Room(Flow):
    area = cell(0.0)
    building = cell("")
    where = building.map(lambda name: name or None)


class Building(Flow):
    rooms: Members[float] = members("room", "area")
    total = rooms.sum()
    number = rooms.count()
    mean = rooms.mean()
    least = rooms.min()
    most = rooms.max()
    top = rooms.top(2)


class Unlucky(Flow):
    rooms: Members[float] = members("room", "area")
    total = rooms.sum()

    @derived
    def share(self) -> float:
        return 1 / (13 - self.total)


COLUMNS = (Building.total, Building.number, Building.mean, Building.least, Building.most, Building.top)
EDGE = Kinesis("areas", partition="building")


def senders(wire: Wire) -> Service:
    return Service(
        Room, name="rooms", key="room", inputs=[Kinesis("rooms", partition="room")],
        outputs=[row(Room.area, by={"building": Room.where}) >> wire], store=MemoryStore(),
    )  # fmt: skip


def sent(*records: Mapping[str, Any], name: str = "rooms") -> list[tuple[str, bytes]]:
    """What the rooms tell of these measurements, each measurement a delivery of its own."""
    wire = Wire("areas", partition="building")
    rooms = evolve(senders(wire), name=name)
    for place, record in enumerate(records):
        rooms.handler(kinesis_event(record, stream="rooms", partition="room", start=place))
    return wire.sent


def receiver(*tables: Table, source: Any = EDGE, flow: Any = Building, **options: Any) -> Service:
    columns = COLUMNS if flow is Building else (flow.total,)
    options = {"store": MemoryStore(), **options}
    return Service(
        flow, name="buildings", key="building", inputs=[source], outputs=[row(*columns) >> one for one in tables],
        **options,
    )  # fmt: skip


def in_(building: str, room: str, area: float) -> dict[str, Any]:
    return {"room": room, "building": building, "area": area}


def test_contributions_add_up_and_a_removal_takes_one_off() -> None:
    table = Table()
    service = receiver(table)
    told = as_records(sent(in_("b1", "r1", 3.0), in_("b1", "r2", 4.0), in_("b2", "r1", 3.0)), "areas")
    service.handler({"Records": told})
    one = {
        "building": "b1",
        "total": 4.0,
        "number": 1,
        "mean": 4.0,
        "least": 4.0,
        "most": 4.0,
        "top": (("r2", 4.0),),
    }
    other = {
        "building": "b2",
        "total": 3.0,
        "number": 1,
        "mean": 3.0,
        "least": 3.0,
        "most": 3.0,
        "top": (("r1", 3.0),),
    }
    assert table.rows == {"building=b1": one, "building=b2": other}


def test_the_row_is_removed_with_the_last_contribution() -> None:
    table = Table()
    service = receiver(table)
    told = as_records(sent(in_("b1", "r1", 3.0), in_("", "r1", 3.0)), "areas")
    for record in told:
        service.handler({"Records": [record]})
    assert [one.kind for one in table.seen] == ["row", "removal"]
    assert values(service, "building=b1")["total"] == 0


def test_what_is_older_or_came_before_changes_nothing_also_after_a_removal() -> None:
    table = Table()
    service = receiver(table)
    told = as_records(sent(in_("b1", "r1", 3.0), in_("b1", "r1", 5.0), in_("b2", "r1", 5.0)), "areas")
    host = Host(service, service.host.store)
    removal = {"Records": [told[2]]}
    host.handle(removal)
    before = item(service, "building=b1")
    report: list[Any] = []
    late = Host(service, service.host.store, report.append)
    late.handle({"Records": [told[1], told[0], told[2]]})
    assert item(service, "building=b1") == before
    assert {fate: number for fate, number in report[0].fates.items() if number} == {
        "superseded": 2,
        "duplicate": 1,
    }
    assert table.seen == []


def test_the_items_of_units_do_not_grow_with_their_contributions() -> None:
    service = receiver(Table())
    sizes = []
    for number in range(300):
        wire = sent(in_("b1", f"r{number}", float(number % 7)))
        service.handler({"Records": as_records(wire, "areas")})
        if number in (10, 299):
            sizes.append(len(item(service, "building=b1").to_bytes()))
    assert sizes[1] - sizes[0] < 60
    assert item(service, "building=b1").marks == {}
    assert values(service, "building=b1")["number"] == 300


def test_a_delivery_with_more_contributions_than_one_write_takes_is_cut() -> None:
    class Counting(MemoryStore):
        sizes: list[int] = []  # of this test alone

        def put(self, service: str, unit: str, item: Any, expected_v: int, contributions: Any = ()) -> Any:
            self.sizes.append(len(contributions))
            return super().put(service, unit, item, expected_v, contributions)

    service = receiver(Table(), store=Counting())
    wire = sent(*(in_("b1", f"r{number}", 1.0) for number in range(2 * MOST + 1)))
    service.handler({"Records": as_records(wire, "areas")})
    assert Counting.sizes == [MOST, MOST, 1]
    assert values(service, "building=b1")["total"] == 2.0 * MOST + 1


def test_a_contribution_that_cannot_be_applied_is_kept_as_a_case_once_and_the_last_good_one_stays() -> None:
    service = receiver(Table())
    good, bad = sent(in_("b1", "r1", 3.0), in_("b1", "r1", 5.0))
    bad = (bad[0], bad[1].replace(b'"area":5.0', b'"area":"wide"'))
    assert b"wide" in bad[1]
    for _ in range(2):
        service.handler({"Records": as_records([bad, good], "areas")})
    (case,) = service.host.open_cases()
    assert "field 'area' of kinesis/areas: expected float, got 'wide' (str)" in case.reason.message
    assert values(service, "building=b1")["number"] == 0, "the good one is older than the bad one"
    service.handler(
        {"Records": as_records(sent(*[in_("b1", "r1", float(n)) for n in range(4)])[3:], "areas")}
    )
    assert values(service, "building=b1")["total"] == 3.0


def test_an_event_of_which_a_cell_fails_moves_the_number_and_nothing_else() -> None:
    service = receiver(flow=Unlucky)
    wire = sent(in_("b1", "r1", 3.0), in_("b1", "r2", 10.0), in_("b1", "r1", 4.0))
    for record in as_records(wire[:2], "areas"):
        service.handler({"Records": [record]})
    assert values(service, "building=b1")["total"] == 3.0
    (case,) = service.host.open_cases()
    assert (case.reason.cell, case.reason.type) == ("share", "ZeroDivisionError")
    before = item(service, "building=b1")
    service.handler({"Records": as_records(wire[:2], "areas")})
    assert item(service, "building=b1") == before
    service.handler({"Records": as_records(wire, "areas")})
    assert values(service, "building=b1")["total"] == 4.0


def test_two_senders_of_one_contribution_are_told_apart_or_refused() -> None:
    service = receiver(Table())
    wire = sent(in_("b1", "r1", 3.0)) + sent(in_("b1", "r1", 5.0), name="halls")
    service.handler({"Records": as_records(wire, "areas")})
    (case,) = service.host.open_cases()
    assert "the contribution 'r1' to 'rooms' comes from edge/halls/" in case.reason.message
    assert "have members(...) name what tells them apart" in case.reason.message
    assert values(service, "building=b1")["total"] == 3.0
    before = item(service, "building=b1")
    service.handler({"Records": as_records(wire, "areas")})
    assert item(service, "building=b1") == before


def test_contributions_of_two_inputs_never_meet() -> None:
    table = Table()
    service = Service(
        Building, name="buildings", key="building", inputs=[EDGE, Kinesis("halls", partition="building")],
        outputs=[row(Building.total, Building.top) >> table], store=MemoryStore(),
    )  # fmt: skip
    service.handler({"Records": as_records(sent(in_("b1", "r1", 3.0)), "areas")})
    service.handler({"Records": as_records(sent(in_("b1", "r1", 5.0), name="halls"), "halls")})
    assert table.rows["building=b1"] == {"building": "b1", "total": 8.0, "top": (("r1", 5.0), ("r1", 3.0))}


def test_a_stream_of_others_is_ordered_by_its_shard_where_it_is_partitioned_by_what_tells_the_contributor() -> (
    None
):
    service = receiver(Table())
    event = kinesis_event(in_("b1", "r1", 3.0), in_("b1", "r1", 5.0), stream="areas", partition="building")
    service.handler(event)
    service.handler(event)
    assert values(service, "building=b1")["total"] == 5.0
    unordered = receiver(Table(), source=Kinesis("areas"))
    unordered.handler(event)
    assert values(unordered, "building=b1")["total"] == 0
    assert "has no number of its contributor" in unordered.host.open_cases()[0].reason.message


def test_items_of_a_table_contribute_to_the_unit_that_they_name_and_leave_the_one_they_named() -> None:
    table = Table()
    service = receiver(table, source=DynamoDB("rooms", keys="room"))
    one, other = in_("b1", "r1", 3.0), in_("b2", "r1", 4.0)
    changes = [(None, one), (one, other), (other, {**other, "area": 5.0}), ({**other, "area": 5.0}, None)]
    rows = []
    for place, change in enumerate(changes):
        service.handler(dynamodb_event(change, table="rooms", keys="room", start=place))
        rows.append({unit: found["total"] for unit, found in table.rows.items()})
    assert rows == [{"building=b1": 3.0}, {"building=b2": 4.0}, {"building=b2": 5.0}, {}]


def test_an_item_without_the_value_contributes_nothing() -> None:
    service = receiver(Table(), source=DynamoDB("rooms", keys="room"))
    one = in_("b1", "r1", 3.0)
    service.handler(
        dynamodb_event((None, one), (one, {"room": "r1", "building": "b1"}), table="rooms", keys="room")
    )
    assert values(service, "building=b1")["number"] == 0


def test_where_that_stops_to_fit_takes_the_contribution_away() -> None:
    service = receiver(Table(), source=evolve(EDGE, where=lambda fields: fields["area"] < 4))
    wire = sent(in_("b1", "r1", 3.0), in_("b1", "r1", 5.0), in_("b1", "r2", 1.0))
    service.handler({"Records": as_records(wire, "areas")})
    assert values(service, "building=b1")["total"] == 1.0


def test_several_members_are_fed_by_one_record() -> None:
    class Both(Flow):
        areas: Members[float] = members("room", "area")
        floors: Members[int] = members("room", "floor")
        total = areas.sum()
        highest = floors.max()

    service = receiver(flow=Both)
    records = [{**in_("b1", "r1", 3.0), "floor": 2}, {**in_("b1", "r2", 4.0), "floor": 5}]
    service.handler(kinesis_event(*records, stream="areas", partition="building"))
    assert values(service, "building=b1") == {"total": 7.0, "highest": 5}


def test_ids_may_have_several_fields_and_types() -> None:
    class Both(Flow):
        rooms: Members[str] = members({"floor": int, "room": str}, "label")
        total = rooms.count()
        top = rooms.top(2)

    service = receiver(flow=Both)
    records = [{"building": "b1", "floor": 1, "room": room, "label": room * 2} for room in ("a", "b")]
    service.handler(kinesis_event(*records, stream="areas", partition="building"))
    assert values(service, "building=b1")["top"] == (("floor=1,room=b", "bb"), ("floor=1,room=a", "aa"))


def test_a_fold_that_is_new_knows_of_the_contributions_that_are_there() -> None:
    class Old(Flow):
        rooms: Members[float] = members("room", "area")
        total = rooms.sum()

    store, table = MemoryStore(), Table()
    wire = sent(*(in_("b1", f"r{number}", float(number)) for number in range(9)), in_("b1", "r9", 0.5))
    receiver(flow=Old, store=store).handler({"Records": as_records(wire[:9], "areas")})
    receiver(table, store=store).handler({"Records": as_records(wire[9:], "areas")})
    assert table.rows["building=b1"] == {
        "building": "b1", "total": 36.5, "number": 10, "mean": 3.65, "least": 0.0, "most": 8.0,
        "top": (("r8", 8.0), ("r7", 7.0)),
    }  # fmt: skip


class Mixed(Flow):
    name = cell("")
    knock = pulse()
    rooms: Members[float] = members("room", "area")
    total = rooms.sum()


def test_other_cells_are_fed_by_inputs_of_their_own() -> None:
    table = Table()
    service = Service(
        Mixed, name="mixed", key="building", store=MemoryStore(),
        inputs=[
            evolve(EDGE, fields={"rooms": "area"}),
            Kinesis("names", partition="building", fields={"name": "name"}),
        ],
        outputs=[row(Mixed.name, Mixed.total) >> table],
    )  # fmt: skip
    service.handler({"Records": as_records(sent(in_("b1", "r1", 3.0)), "areas")})
    service.handler(kinesis_event({"building": "b1", "name": "Tower"}, stream="names", partition="building"))
    assert table.rows["building=b1"] == {"building": "b1", "name": "Tower", "total": 3.0}


def test_members_and_cells_are_never_fed_by_one_record() -> None:
    names = Kinesis("areas", partition="building", fields={"name": "name"})
    areas = evolve(EDGE, fields={"rooms": "area"})

    def made(*inputs: Kinesis) -> Service:
        return Service(Mixed, name="mixed", key="building", inputs=list(inputs), store=MemoryStore())

    with pytest.raises(BindingError, match="'rooms' and 'name' are fed by the same records of kinesis/areas"):
        made(areas, names)
    service = made(evolve(areas, where=lambda fields: "area" in fields), names)
    record = {"building": "b1", "room": "r1", "area": 3.0}
    service.handler(
        kinesis_event(record, {"building": "b1", "name": "Tower"}, {**record, "name": "Hall"},
                      stream="areas", partition="building")
    )  # fmt: skip
    assert [one.reason.kind for one in service.host.open_cases()] == ["record"]
    found = values(service, "building=b1")
    assert (found["name"], found["total"]) == ("Tower", 3.0)
