"""What a glance at a row calls certain DynamoDB takes, and events come to the same as if it were asked each time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from reactflow import Cell, Flow, MemoryStore, Service, cell, fold, folds, row
from reactflow.aws import DynamoDB, Kinesis
from reactflow.service.host import Host
from reactflow.service.sink import Publication
from reactflow.testing import kinesis_event

NUMBERS = (
    st.floats()
    | st.integers()
    | st.decimals()
    | st.sampled_from(
        [0.0, -0.0, 1e125, 9.9e125, 1e126, 1e-130, 9e-131, 5e-324, 1e120, 1e-120, 10**30, 10**38]
    )
)
VALUES = NUMBERS | st.none() | st.booleans() | st.text() | st.binary() | st.text(min_size=900, max_size=1100)
NAMES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8) | st.just("unit")


def publication(columns: Mapping[str, Any], key: Mapping[str, Any]) -> Publication:
    return Publication(
        "s/o/u/dynamodb:t/1", 10**9, "row", key, columns, {"id": "s/o/u/dynamodb:t/1", "type": "row"}
    )


@given(st.dictionaries(NAMES, VALUES, max_size=40), st.sampled_from(["attributes", None]))
@example({str(at): "x" * 1000 for at in range(32)}, None)
def test_what_is_certain_is_confirmed(columns: dict[str, Any], owns: Any) -> None:
    sink = DynamoDB("t", owns=owns)
    if sink.is_certain(columns):
        for key in ({"room": "r"}, {"room": "r", "floor": 1, "wing": "w"}):
            sink.confirm(publication(columns, key))


def test_ordinary_rows_are_certain() -> None:
    sink = DynamoDB("t")
    assert sink.is_certain({"area": 12.0, "n": 3, "is_new": True, "name": "Ana", "none": None, "zero": 0.0})
    for value in (1e121, 1e-121, float("nan"), float("inf"), 10**30, "x" * 1001, "ü", Decimal(1), b"", ()):
        assert not sink.is_certain({"value": value})


class Room(Flow):
    length: Cell[float] = cell(0.0)
    width: Cell[float] = cell(1.0)
    note: Cell[str] = cell("")
    area = length * width
    peak = fold(area.changes(), folds.max)


class Kept(DynamoDB):
    """A table that keeps nothing, and so needs no AWS."""

    def publish(self, batch: Sequence[Publication]) -> list[int]:
        return []


class Careful(Kept):
    def is_certain(self, columns: Mapping[str, Any]) -> bool:
        return False


def come_to(sink: DynamoDB, events: Sequence[Sequence[Mapping[str, Any]]]) -> Any:
    rooms = Service(
        Room,
        name="rooms",
        key="room",
        inputs=[Kinesis("m", partition="room")],
        outputs=[row(Room.area, Room.note, limit=Room.peak) >> sink],
        store=MemoryStore(),
    )
    host = Host(rooms, rooms.store or MemoryStore())
    for number, records in enumerate(events):
        host.handle(kinesis_event(*records, stream="m", partition="room", start=1 + 1000 * number))
    items = {unit: host.store.get("rooms", unit) for unit in host.store.units("rooms")}
    # the number that a row would have depends on how often the sink was asked before
    said = re.compile(r"dynamodb:areas/\d+")
    cases = sorted((one.id, said.sub("", one.reason.message)) for one in host.store.cases("rooms"))
    return {
        unit: item and (item.cells, item.marks, item.numbers, item.open_cases) for unit, item in items.items()
    }, cases


SIDES = st.floats(-1e62, 1e62) | st.sampled_from([1e63, 1e-70, 1e59, -1e60, 5e-324, 0.0, 3.0])
RECORDS = st.fixed_dictionaries(
    {"room": st.sampled_from(["a", "b"])},
    optional={"length": SIDES, "width": SIDES, "note": st.sampled_from(["", "ok", "ü", "x" * 2000])},
)


@given(st.lists(st.lists(RECORDS, min_size=1, max_size=8), max_size=4))
@example(
    [
        [
            {"room": "a", "length": 2.0},
            {"room": "a", "length": 1e-70, "width": 1e-70},
            {"room": "a", "width": 3.0},
        ]
    ]
)
@example(
    [
        [
            {"room": "a", "length": 2.0},
            {"room": "a", "length": 1e63, "width": 1e63},
            {"room": "a", "width": 3.0},
        ]
    ]
)
def test_events_come_to_the_same_whether_rows_are_certain_or_asked_about(
    events: list[list[dict[str, Any]]],
) -> None:
    assert come_to(Kept("areas"), events) == come_to(Careful("areas"), events)
