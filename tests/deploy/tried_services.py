"""The services that are tried under their policies, and what the world does to each."""

from __future__ import annotations

import io
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from attrs import evolve, frozen

from examples import data
from examples.buildings import buildings, rooms
from examples.climate import climate
from examples.payments import orders
from examples.sensors import sensors
from reactflow import Cell, Flow, MemoryStore, Pulse, Service, cell, fold, folds, pulse, row
from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.service.cloudevent import REMOVAL
from reactflow.service.envelope import Envelope
from reactflow.testing import kinesis_event
from tests.deploy.trial import Phase, objects, records, rows, together
from tests.service.wire import Wire

REMOVED = Envelope(
    id="shop/order/order=o1/kinesis:orders/3",
    source="/shop",
    type=REMOVAL,
    sequence="3",
    data={"order": "o1"},
)


class Room(Flow):
    """What a table tells of a room, and each knock at its door."""

    name: Cell[str] = cell()
    knock: Pulse[int] = pulse()
    knocks = fold(knock, folds.count)


doors = Service(
    Room,
    name="doors",
    key="room",
    inputs=[
        DynamoDB("rooms", keys="room", fields={"name": "name"}),
        Kinesis("knocks", partition="room", fields={"knock": "knock"}),
    ],
    outputs=[
        row(Room.name, Room.knocks) >> DynamoDB("shared", owns="attributes"),
        Room.knock >> S3("knocks", key="log/{room}"),
        row(Room.knock, name="log") >> DynamoDB("log"),
        row(Room.name, name="sign") >> S3("signs", key="signs/{room}.json"),
    ],
)
"""A service with the kinds of outputs that no example has."""


@frozen
class Tried:
    """A service, made in a folder where it needs one, and the phases that it is tried with."""

    make: Callable[[Path], Service]
    phases: Callable[[], Sequence[Phase]]


def _staff(folder: Path) -> Service:
    from examples.staff import staff
    from reactflow.sql import Table

    file = folder / "staff.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute(
            "create table if not exists staff (department text, number integer, name text, job text, email text, "
            "manager integer, monthly numeric(12, 2), primary key (department, number))"
        )
        database.commit()
    (output,) = staff.outputs
    return evolve(staff, outputs=[evolve(output, sink=Table(f"sqlite:///{file}", "staff"))])


def _employees() -> list[Phase]:
    employee = {"department": "it", "number": 1, "name": "Ann", "title": "chief", "salary": 120_000}
    return [
        rows("employees", employee, {**employee, "number": 2, "salary": "much"}),
        rows("employees", {**employee, "salary": 180_000}),
        rows("employees", gone=[{"department": "it", "number": 1}]),
        rows("employees", employee),
    ]


def _areas() -> list[Phase]:
    """What rooms tell of two rooms in a building, of which one moves; then both are torn down."""
    wire = Wire("areas", partition="building")
    first = evolve(rooms, outputs=[evolve(rooms.outputs[0], sink=wire)], store=MemoryStore())
    measured: list[dict[str, object]] = [
        {"room": "r1", "length": 3.0, "width": 2.0, "building": "b1"},
        {"room": "r2", "length": 4.0, "width": 2.0, "building": "b1"},
        {"room": "r1", "building": "b2"},
        {"room": "r2", "building": None},
    ]
    for place, one in enumerate(measured):
        first.handler(kinesis_event(one, stream="rooms", partition="room", start=place))
    sent = [text.decode() for _, text in wire.sent]
    return [
        records("areas", "building", *sent[:2]),
        records("areas", "building", {"building": "b1", "room": "r3", "area": "large"}, *sent[2:]),
        records("areas", "building", sent[0]),
    ]


def _photographs() -> list[Phase]:
    from PIL import Image

    shot = io.BytesIO()
    Image.new("RGB", (8, 8)).save(shot, "PNG")
    photo = shot.getvalue()
    return [
        objects("photos", ("in/ann/cat.png", photo), ("in/ann/dog.png", photo), data.broken_photographs()[1]),
        objects("photos", ("in/ann/cat.png", photo), gone=["in/ann/dog.png"]),
        objects("photos", versions=["in/ann/cat.png"]),
        objects("photos", ("in/ann/cow.png", photo), versions=["in/ann/cow.png"]),
        objects("photos", ("in/ann/hen.png", photo)),
    ]


def _thumbnails(_: Path) -> Service:
    from examples.thumbnails import thumbnails

    return thumbnails


_WARM = {"station": "Seattle", "month": "2010-01", "fahrenheit": 50.0}
_AT = {"sensor": "s1", "celsius": 20.0}
_ORDER = {"order": "o1", "customer": "Ann", "total": 10}

TRIED: dict[str, Tried] = {
    "climate": Tried(
        lambda _: climate,
        lambda: [
            records("readings", "month", _WARM, {**_WARM, "fahrenheit": "warm"}),
            records("readings", "month", {**_WARM, "fahrenheit": 60.0}),
        ],
    ),
    "sensors": Tried(
        lambda _: sensors,
        lambda: [
            records("sensors", "sensor", {**_AT, "ts": time.time() - 100}, {**_AT, "ts": 1.0}),
            records("sensors", "sensor", {**_AT, "ts": time.time()}, {**_AT, "ts": "soon"}),
        ],
    ),
    "orders": Tried(
        lambda _: orders,
        lambda: [
            together(
                records("orders", "order", _ORDER), records("payments", "id", {"id": "o1", "amount": 3})
            ),
            records("orders", "order", {**_ORDER, "total": []}, REMOVED.to_json()),
            records("orders", "order", _ORDER),
        ],
    ),
    "rooms": Tried(
        lambda _: rooms,
        lambda: [
            records("rooms", "room", {"room": "r1", "length": 3.0, "width": 2.0, "building": "b1"}),
            records("rooms", "room", {"room": "r1", "length": "long"}, {"room": "r1", "building": "b2"}),
        ],
    ),
    "buildings": Tried(lambda _: buildings, _areas),
    "staff": Tried(_staff, _employees),
    "thumbnails": Tried(_thumbnails, _photographs),
    "doors": Tried(
        lambda _: doors,
        lambda: [
            together(
                rows("rooms", {"room": "r1", "name": "hall"}),
                records("knocks", "room", {"room": "r1", "knock": 1}, {"room": "r1", "knock": "loud"}),
            ),
            rows("rooms", {"room": "r1", "name": "great hall"}),
            rows("rooms", gone=[{"room": "r1"}]),
            rows("rooms", {"room": "r1", "name": "hall"}),
        ],
    ),
}
