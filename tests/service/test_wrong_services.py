"""What a newcomer gets wrong, and what reactflow says about it: every message whole, each with its next step.

``LINE`` stands for the file and line of the wrong code.
"""
# ruff: noqa: ISC004 - a table of long messages reads best as it is

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reactflow import Cell, Flow, MemoryStore, Pulse, Service, System, cell, derived, fold, folds, pulse, row
from reactflow import errors as reactflow_errors
from reactflow.aws import S3, DynamoDB, Kinesis, S3Object
from reactflow.testing import kinesis_event


class Room(Flow):
    length = cell(0.0)
    width = cell(0.0)
    area = length * width


class Meter(Flow):
    reading: Pulse[float] = pulse()
    latest = fold(reading, folds.last)


class Gauge(Flow):
    level = cell(0.0)
    peak = fold(level.changes(), folds.max)


class Gauges(Flow):
    level = cell(0.0)
    factor = cell(1.0)
    scaled = level * factor
    peak = fold(scaled.changes(), folds.max)


class Photo(Flow):
    photo: Cell[S3Object] = cell()


rate = cell(2.0)
MEASUREMENTS = Kinesis("measurements", partition="room")
PHOTOS = S3("photos", key="in/{name}.jpg")


def service(flow: Any = Room, source: Any = MEASUREMENTS, *outputs: Any, **options: Any) -> Service:
    return Service(
        flow, **{"name": "rooms", "key": "room", "inputs": [source], "outputs": outputs, **options}
    )


def kept(record: Any, **options: Any) -> None:
    """Raises the reason with which a record went to quarantine."""
    made = service(source=Kinesis("measurements", partition="room", **options), store=MemoryStore())
    made.handler(kinesis_event(record, stream="measurements"))
    raise reactflow_errors.RecordError(made.host.open_cases()[0].reason.message)


# --- flows that are wrong ----------------------------------------------------------------------------------


def describe(room: object) -> str:
    return str(room)


def self_passed_on() -> None:
    class House(Flow):
        length = cell(0.0)

        @derived
        def label(self) -> str:
            return describe(self)


def cells_in_a_cycle() -> None:
    class House(Flow):
        length = cell(0.0)

        @derived
        def price(self) -> float:
            return self.cost + self.length

        @derived
        def cost(self) -> float:
            return self.price


def reserved_name() -> None:
    class House(Flow):
        show = cell(0.0)  # type: ignore[assignment]


def fold_over_a_cell() -> None:
    class House(Flow):
        length = cell(0.0)
        longest = fold(length, folds.max)


def tracked_cell() -> None:
    class House(Flow):
        length = cell(0.0)
        double = derived(lambda: House.length.value * 2)


def lambda_that_reaches_a_cell_outside() -> None:
    class House(Flow):
        length = cell(0.0)
        cost = length.map(lambda length: length * rate.value)


def derived_written() -> None:
    room = Room()
    room.area = 1.0  # type: ignore[assignment]


def unknown_cell_written() -> None:
    room = Room()
    room.aera = 1.0  # type: ignore[attr-defined]


def missing_extra() -> None:
    from reactflow.aws import clients

    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in sys.modules if name.partition(".")[0] in ("boto3", "botocore")]:
            patch.delitem(sys.modules, name)
        patch.setitem(sys.modules, "boto3", None)
        patch.setattr(clients, "_made", {})
        importlib.import_module("reactflow.aws.clients").client("s3")


def two_services_that_feed_each_other() -> None:
    System(
        service(Room, MEASUREMENTS, Room.area >> Kinesis("areas", partition="room")),
        service(Room, Kinesis("areas", partition="room"), Room.area >> MEASUREMENTS, name="floors"),
    )


WRONG: list[tuple[str, Callable[[], object], str, str]] = [
    # --- what a record holds: it goes to quarantine with this reason ---
    ("an unknown field", lambda: kept({"room": "r1", "lenght": 3}, extra="forbid"), "RecordError",
     "field 'lenght' of kinesis/measurements feeds nothing (did you mean 'length'?), and extra='forbid' refuses it: "
     "feed a cell with it, or allow it with extra='ignore'"),
    ("a wrong type", lambda: kept({"room": "r1", "length": "3 m"}), "RecordError",
     "field 'length' of kinesis/measurements: expected float, got '3 m' (str)"),
    ("null for a number", lambda: kept({"room": "r1", "length": None}), "RecordError",
     "field 'length' of kinesis/measurements: expected float, got null; annotate the cell as 'float | None' if null is "
     "a value"),
    ("a missing key", lambda: kept({"length": 3}, order="arrival"), "RecordError",
     "kinesis/measurements, record 49590338271490256608559692538361571095921575989136588898: the field 'room' that the "
     "stream is partitioned by is missing: send it in every record, or bind without partition="),
    ("a where= that stumbles", lambda: kept({"room": "r1"}, where=lambda fields: fields["kind"] == "x"), "RecordError",
     "where= of kinesis/measurements failed on this record: KeyError: 'kind'; make it stand records of every kind, as "
     "in where=lambda fields: fields.get('kind') == 'order'"),
    # --- how inputs are bound ---
    ("an unknown cell in fields=", lambda: service(source=Kinesis("m", partition="room", fields={"lenght": "l"})),
     "BindingError",
     "fields= of kinesis/m feeds 'lenght', and Room has no such cell (did you mean 'length'?): it has length, width, "
     "area. fields= reads {cell: path in the record}"),
    ("a derived cell in fields=", lambda: service(source=Kinesis("m", partition="room", fields={"area": "a"})),
     "BindingError",
     "fields= of kinesis/m feeds 'area', which Room computes itself: feed what it is computed from (length, width)"),
    ("no key", lambda: Service(Room, inputs=[MEASUREMENTS]), "BindingError",
     "service 'room' has no key: say which field tells one unit from another, as in key='room', or key=() for one unit "
     "in all"),
    ("a key that is no key", lambda: service(key={"room": float}), "BindingError",
     "the key's field 'room' cannot be float: its type is str, int or date"),
    ("two feeders", lambda: service(inputs=[MEASUREMENTS, DynamoDB("rooms")]), "BindingError",
     "service 'rooms': the cell 'length' is fed by kinesis/measurements and by dynamodb/rooms: say with "
     "fields={cell: path} which cells each of them feeds, or give both a version= that orders their writes"),
    ("a typo in the key", lambda: service(key="rom"), "BindingError",
     "kinesis/measurements: partition='room' is not part of the key (rom), so the records of one unit may come in "
     "several lanes, which have no order among each other, and 'length' keeps the latest: make it part of the key, or "
     'say version= for a field that orders them, or order="arrival" to take them as they come'),
    ("a fold over state from two streams", lambda: service(Gauges, inputs=[
        Kinesis("inside", partition="room", fields={"level": "level"}),
        Kinesis("outside", partition="room", fields={"factor": "factor"}),
    ]), "BindingError",
     "the fold 'peak' depends on the cell 'level', and is fed by kinesis/inside and by kinesis/outside, which have no "
     "order among each other: its result would depend on chance (level=2.0, level=4.0, factor=2.0, factor=1.0 give "
     "8.0, and level=2.0, factor=2.0, factor=1.0, level=4.0 give 4.0). Fold a pulse that is computed from one "
     "record alone, "
     'feed it by one of them alone, or say order="arrival" on each to take records as they come'),
    ("no order for a unit", lambda: service(source=Kinesis("measurements")), "BindingError",
     "kinesis/measurements: the records of one unit (room) may come in several lanes, which have no order among each "
     "other, and 'length' keeps the latest: say partition= (or keys=) if the unit's key holds what orders them, "
     'version= for a field that does, or order="arrival" to take them as they come'),
    ("an ordered fold without order", lambda: service(Meter, Kinesis("meters")), "BindingError",
     "the fold 'latest' (last) is not commutative, and kinesis/meters is not ordered for one unit: 1 then 2 may arrive "
     "as 2 then 1, and give another result (reading=2.0, reading=4.0 give 4.0, and reading=4.0, reading=2.0 "
     "give 2.0). Use folds.last_by(...), which goes by a version in the record, not by the arrival, say partition= (or "
     "keys=) if the unit's key holds what orders its records, or order=\"arrival\" to take records as they come"),
    ("a fold over state without order", lambda: service(Gauge, Kinesis("gauges", version="n")), "BindingError",
     "the fold 'peak' depends on the cell 'level', and kinesis/gauges is not ordered for one unit: its result would "
     "depend on chance (level=2.0, level=4.0, level=3.0, "
     "level=1.0 give 4.0, and level=2.0, level=3.0, level=4.0, level=1.0 give 3.0). "
     "Fold a pulse that is computed from one record alone, say partition= (or keys=) if the unit's key holds what "
     'orders its records, or order="arrival" to take records as they come'),
    ("a template without the key", lambda: service(Photo, PHOTOS), "BindingError",
     "s3/photos does not tell the key's field 'room' (it tells none): add {room} to its template, or take 'room' out "
     "of the key"),
    ("an input that feeds nothing", lambda: service(Room, PHOTOS, key="name"), "BindingError",
     "s3/photos feeds no cell of Room: say which field feeds which cell, as in fields={'length': 'field'}"),
    ("an instance for the class", lambda: Service(Room(), key="room"), "BindingError",  # type: ignore[arg-type]
     "Service(Room(length=0.0, width=0.0; area=0.0), ...): the first argument is a flow's class, as in Service(Room)"),
    ("a text for a source", lambda: service(source="measurements"), "BindingError",
     "service 'rooms': 'measurements' is not a source, such as Kinesis('measurements')"),
    ("a path for a store", lambda: service(store=Path("x.db")), "BindingError",
     f'store={Path("x.db")!r} is no store: give one, as in store=SQLiteStore("x.db"), or its name, as in '
     'store="sqlite:x.db"'),
    ("a class for a store", lambda: service(store=MemoryStore), "BindingError",
     "store=<class 'reactflow.service.stores.memory.MemoryStore'> is no store: give one, as in "
     'store=SQLiteStore("x.db"), or its name, as in store="sqlite:x.db"'),
    ("a text that names no store", lambda: service(store="postgres:x"), "ConfigurationError",
     "'postgres:x' names no store: write memory, sqlite:PATH (sqlite:state.db) or dynamodb:TABLE "
     "(dynamodb:reactflow-state)"),
    ("a store in a folder that is missing", lambda: service(store="sqlite:nowhere/x.db"), "ConfigurationError",
     "the store nowhere/x.db cannot be made: there is no folder nowhere; make it, or name a file in one that is there"),
    ("a name with a space", lambda: service(name="my rooms"), "BindingError",
     "the service's name 'my rooms' cannot be part of ids: use letters, digits, - and _, beginning with a letter, at "
     "most 64"),
    # --- how outputs are bound ---
    ("an expression as an output", lambda: service(Room, MEASUREMENTS, (Room.area * 2) >> DynamoDB("areas")),
     "BindingError",
     "the output to dynamodb/areas has an expression (made at LINE), and only named cells are written: name it in the "
     "class Room, as in total = ..., and write Room.total"),
    ("a sink without an output", lambda: service(Room, MEASUREMENTS, DynamoDB("areas")), "BindingError",
     "service 'rooms': the sink dynamodb/areas has nothing to write: give it a row, as in row(Room.length) >> "
     "DynamoDB(...)"),
    ("an output without a sink", lambda: service(Room, MEASUREMENTS, Room.area), "BindingError",
     "service 'rooms': <template Room.area> has no sink to be written to: give it one, as in row(Room.length) >> "
     "DynamoDB('areas')"),
    ("a value as an output", lambda: row(Room().area), "DeclarationError",  # type: ignore[arg-type]
     "row(...) takes a cell of the flow's class, as in Room.area, not the value 0.0"),
    ("a live cell as an output", lambda: service(Room, MEASUREMENTS, Room().cells.area >> DynamoDB("areas")),
     "BindingError",
     "the output to dynamodb/areas has 'area', which is not a cell of the class Room: write one of Room.length, "
     "Room.width, Room.area"),
    ("the key as a column", lambda: service(Room, MEASUREMENTS, row(room=Room.area) >> DynamoDB("areas")),
     "BindingError",
     "the output to dynamodb/areas has the column 'room' twice, it is a field of the key, which is part of every row: "
     "rename it, as in row(room_2=Room.area)"),
    ("a service that would feed itself", lambda: service(Room, MEASUREMENTS, Room.area >> MEASUREMENTS), "BindingError",
     "service 'rooms' writes kinesis/measurements and reads kinesis/measurements: it would feed itself. Write to "
     "another place, or to a prefix that does not lie in the one it reads"),
    ("services that feed each other", two_services_that_feed_each_other, "BindingError",
     "services feed each other: rooms -> floors -> rooms. Cut the cycle, or, if it is meant (an acknowledgement), "
     "declare it: System(..., cycles=[('rooms', 'floors')])"),
    # --- flows ---
    ("a derived cell that is written", derived_written, "ReadOnlyError",
     "'area' is derived: it changes when its inputs do. Write those instead"),
    ("an unknown cell that is written", unknown_cell_written, "ReadOnlyError",
     "Room has no cell 'aera'; did you mean 'area'?"),
    ("a template that is read", lambda: Room.length.value, "TemplateError",
     "Room.length is a template; make Room()"),
    ("self that is passed on", self_passed_on, "DeclarationError",
     "House.label passes self on at LINE, so that its inputs cannot be found; read cells as self.<name>, and pass on "
     "the values"),
    ("a cycle", cells_in_a_cycle, "CycleError",
     "House: price -> cost -> price; 'cost' reads 'price' at LINE. A cell of a flow cannot depend on itself: split the "
     "cell, or fold a pulse"),
    ("a reserved name", reserved_name, "DeclarationError",
     "House.show: 'show' is a name of Flow itself; call it something else, such as show_"),
    ("a fold over a cell", fold_over_a_cell, "DeclarationError",
     "fold(length, folds.max): 'length' is a cell, whose intermediate values may be skipped. Write "
     "fold(length.changes(), folds.max), or make it a pulse."),
    ("a tracked cell in a flow", tracked_cell, "DeclarationError",
     "House.double is tracked (LINE): what it reads is only known by running it. In a flow, name its inputs: "
     "derived(fn, a, b), or write it as a method: @derived def double(self): ..."),
    ("a lambda that reaches a cell outside", lambda_that_reaches_a_cell_outside, "DeclarationError",
     "House.cost reaches the live 'rate' at LINE, which is no input of it; make 'rate' a cell of the flow and pass it: "
     "derived(fn, a, b), or read it as self.<name> in a method"),
    # --- what is installed ---
    ("a missing extra", missing_extra, "MissingExtra",
     "reactflow.aws needs boto3: pip install 'reactflow-py[aws]'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "kind", "says"), [each[1:] for each in WRONG], ids=[each[0] for each in WRONG]
)
def test_what_is_wrong_is_said_with_what_to_do(make: Callable[[], object], kind: str, says: str) -> None:
    with pytest.raises(getattr(reactflow_errors, kind)) as caught:
        make()
    assert re.sub(r"test_wrong_services\.py:\d+", "LINE", str(caught.value)) == says
    assert type(caught.value).__name__ == kind
