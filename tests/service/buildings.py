"""Rooms that contribute to buildings: two services, and what goes between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from reactflow import Flow, Members, MemoryStore, Service, cell, members, row
from reactflow.aws import Kinesis
from reactflow.testing import kinesis_event
from tests.service.recording import Table
from tests.service.wire import Wire


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
