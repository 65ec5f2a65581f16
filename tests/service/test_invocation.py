"""A service called directly is a function: cells for cells, nothing stored or told, and strict about what it takes."""

from __future__ import annotations

import datetime as dt
import json
import math
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from reactflow import (
    Cell,
    Flow,
    Pulse,
    Service,
    batch,
    cell,
    derived,
    fold,
    folds,
    members,
    pulse,
    row,
    window,
)
from reactflow.aws import Kinesis
from reactflow.errors import CallError, ConfigurationError, ReactflowError, Unset
from reactflow.service import Host, MemoryStore
from reactflow.service.invocation import LARGEST, answer
from reactflow.service.json_reader import read_object
from reactflow.service.json_writer import write_json
from reactflow.service.tasks import expires_at
from reactflow.testing import kinesis_event
from tests.service.recording import Table

SOURCE = Kinesis("measurements", partition="room")


class Room(Flow):
    length = cell(0.0)
    width: Cell[float] = cell()
    reading: Pulse[int] = pulse()
    area = length * width
    total = fold(reading, folds.sum)
    peak = fold(area.changes(), folds.max)
    share = length.map(lambda length: 1 / (length - 7))


def hosted(flow: type[Flow] = Room, *outputs: Any, key: Any = "room") -> Host:
    return Service(flow, name="rooms", key=key, inputs=[SOURCE], outputs=outputs, store=MemoryStore()).host


def called(event: dict[str, Any], flow: type[Flow] = Room, key: Any = ()) -> dict[str, Any]:
    return answer(Service(flow, name="rooms", key=key).host, event)


def test_cells_are_the_answer_and_an_unset_one_is_left_out() -> None:
    assert called({"length": 3}) == {"length": 3.0, "total": 0, "share": -0.25}
    assert called({"length": 3, "width": 2.5, "reading": 4}) == {
        "length": 3.0, "width": 2.5, "area": 7.5, "total": 4, "peak": 7.5, "share": -0.25,
    }  # fmt: skip


def test_it_starts_from_the_stored_state_of_the_unit_that_the_key_names_and_leaves_it_alone() -> None:
    table = Table()
    host = hosted(Room, row(Room.area) >> table)
    host.handle(kinesis_event({"room": "r1", "length": 3, "width": 2, "reading": 5}, partition="room"))
    before, told = host.store.get("rooms", "room=r1"), list(table.rows.items())
    found = host.handle({"room": "r1", "reading": 1, "width": 1})
    assert found == {"length": 3.0, "width": 1.0, "area": 3.0, "total": 6, "peak": 6.0, "share": -0.25}
    assert host.handle({"room": "r1"})["total"] == 5  # type: ignore[index]  # it is an object
    assert host.handle({"room": "nobody's", "reading": 1})["total"] == 1  # type: ignore[index]  # as above
    assert host.handle({"reading": 1})["total"] == 1  # type: ignore[index]  # as above
    assert (host.store.get("rooms", "room=r1"), list(table.rows.items())) == (before, told)
    assert list(host.store.units("rooms")) == ["room=r1"]


def test_the_only_unit_of_a_service_without_a_key_is_stored_state() -> None:
    class Count(Flow):
        reading: Pulse[int] = pulse()
        total = fold(reading, folds.sum)

    service = Service(Count, name="rooms", key=(), inputs=[Kinesis("m")], store=MemoryStore())
    service.handler(kinesis_event({"reading": 5}, stream="m"))
    assert service.handler({"reading": 1}) == {"total": 6}


def test_a_window_is_told_by_the_time_as_it_is_in_records() -> None:
    key = ("room", window("1m", on="ts", unit="s"))
    host = hosted(key=key)
    host.handle(kinesis_event({"room": "r1", "ts": 61, "reading": 5}, partition="room"))
    assert host.handle({"room": "r1", "ts": 119, "reading": 1})["total"] == 6  # type: ignore[index]  # an object
    assert host.handle({"room": "r1", "ts": 120, "reading": 1})["total"] == 1  # type: ignore[index]  # an object


EVENT = st.fixed_dictionaries(
    {},
    optional={
        "length": st.integers(-1000, 1000) | st.floats(-1e6, 1e6),
        "width": st.floats(-1e6, 1e6),
        "reading": st.integers(-100, 100),
    },
)


class Steady(Flow):
    length = cell(0.0)
    width: Cell[float] = cell()
    reading: Pulse[int] = pulse()
    area = length * width
    total = fold(reading, folds.sum)
    peak = fold(area.changes(), folds.max)

    @derived
    def label(self) -> str:
        return f"{self.area:.1f} of {self.peak}"


@given(st.lists(EVENT, max_size=4), EVENT)
def test_a_call_on_stored_state_comes_to_what_a_live_flow_comes_to(
    history: list[dict[str, Any]], last: dict[str, Any]
) -> None:
    live = Steady()
    for event in [*history, last]:
        with batch():
            for name in ("length", "width"):
                if name in event:
                    setattr(live, name, float(event[name]))
            if "reading" in event:
                live.cells.reading.emit(event["reading"])
    expected = {}
    for name in ("length", "width", "area", "total", "peak", "label"):
        try:
            expected[name] = getattr(live, name)
        except Unset:
            continue
    host = hosted(Steady)
    host.handle(kinesis_event(*({"room": "r1", **event} for event in history), partition="room"))
    found = host.handle({"room": "r1", **last})
    assert found == expected
    assert json.loads(json.dumps(found)) == found


class Color(Enum):
    RED = "red"


@frozen
class Point:
    x: float
    tags: tuple[str, ...] = ()


class Everything(Flow):
    price: Cell[Decimal] = cell()
    day: Cell[dt.date] = cell()
    at: Cell[dt.datetime] = cell()
    color: Cell[Color] = cell()
    point: Cell[Point] = cell()
    names: Cell[set[str]] = cell()
    maybe: Cell[int | None] = cell()
    anything: Cell[Any] = cell()
    whole: Cell[int] = cell()
    seal = day.map(lambda day: day.isoformat().encode())


def test_values_of_every_type_come_back_as_the_writer_of_json_has_them() -> None:
    given = {
        "price": 1.25, "day": "2026-11-23", "at": "2026-11-23T12:00:00Z", "color": "red",
        "point": {"x": 1, "tags": ["a"]}, "names": ["b", "a"], "maybe": None, "anything": [1, {"a": 0.5}],
        "whole": 2**70,
    }  # fmt: skip
    found = called(given, Everything)
    assert found == {
        **given, "at": "2026-11-23T12:00:00+00:00", "point": {"x": 1.0, "tags": ["a"]}, "names": ["a", "b"],
        "seal": "MjAyNi0xMS0yMw==",
    }  # fmt: skip


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_stays_exact(price: Decimal) -> None:
    class Order(Flow):
        price: Cell[Decimal] = cell()

    found = called({"price": price}, Order)["price"]
    assert Decimal(repr(found) if isinstance(found, float) else found) == price
    assert type(found) in (int, float, Decimal)


@given(st.dictionaries(st.sampled_from(["length", "width", "reading", "room"]), st.floats() | st.integers()))
def test_a_call_takes_what_a_record_takes(event: dict[str, Any]) -> None:
    """What is refused as a record is refused as a call, and the reverse."""
    host = hosted(Steady)
    record = {**event, "room": "r1"}
    try:
        read_object(write_json(record), "it")
    except ReactflowError:
        with pytest.raises(CallError):
            host.handle(record)
        return
    host.handle(kinesis_event(record, partition="room"))
    if host.open_cases():
        with pytest.raises(CallError):
            answer(hosted(Steady), record)
    else:
        assert answer(hosted(Steady), record)["total"] == record.get("reading", 0)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (
            {"lenght": 3, "width": 1},
            "'lenght' of the event is nothing of Room (did you mean 'length'?): Room takes",
        ),
        (
            {"area": 3, "width": 1},
            "Room computes it itself, the field 'area' cannot be given: Room takes room, length",
        ),
        ({"length": "three"}, "field 'length': expected float, got 'three' (str)"),
        ({"length": True}, "field 'length': expected float, got True (bool)"),
        ({"width": None}, "annotate the cell as 'float | None' if null is a value"),
        ({"reading": 1.5}, "field 'reading': expected int, got"),
        ({"length": math.nan}, "NaN is no JSON"),
        ({"room": 7}, "the key's field 'room' is 7 (int), not str"),
        ({"length": 7}, "cell 'share' of Room"),
        ({"width": [[]] * 20_000}, "more than 10000 members"),
    ],
)
def test_what_is_wrong_with_a_call_is_told(event: dict[str, Any], says: str) -> None:
    with pytest.raises(CallError) as caught:
        hosted().handle(event)
    assert says in str(caught.value)
    assert str(caught.value).startswith("service 'rooms': ")


@pytest.mark.parametrize("event", [{"length": "secret"}, {"room": 7, "width": 1}, {"width": "secret"}])
def test_what_is_for_logs_does_not_hold_a_value(event: dict[str, Any]) -> None:
    with pytest.raises(CallError) as caught:
        hosted().handle(event)
    assert "secret" in str(caught.value) or "7" in str(caught.value)
    assert "secret" not in caught.value.public
    assert "7" not in caught.value.public


def test_a_failure_that_holds_a_value_is_kept_from_logs() -> None:
    class Room(Flow):
        name: Cell[str] = cell()
        size = name.map(int)

    with pytest.raises(CallError, match=r"ValueError: invalid literal .* 'secret'") as caught:
        called({"name": "secret"}, Room)
    assert "secret" not in caught.value.public
    assert "cell 'size' of Room (" in caught.value.public
    assert "failed: ValueError; `reactflow invoke` with the same event" in caught.value.public


def test_a_cell_that_fails_on_the_defaults_is_an_error_and_not_left_out() -> None:
    class Ratio(Flow):
        above = cell(1.0)
        below = cell(0.0)
        other = cell(0)
        share = above / below

    with pytest.raises(CallError, match=r"cell 'share' of Ratio .* failed: ZeroDivisionError"):
        called({"other": 1}, Ratio)


def test_a_part_of_the_key_is_not_enough() -> None:
    with pytest.raises(CallError, match="has the key's field 'day', and not 'room': give all of them"):
        hosted(key=("room", "day")).handle({"day": "monday", "length": 1})


def test_members_cannot_be_given() -> None:
    class Building(Flow):
        rooms = members("room", "area")
        total = rooms.sum()

    with pytest.raises(CallError, match="Building gathers it from what its inputs send, the field 'rooms'"):
        called({"rooms": []}, Building)
    assert called({}, Building) == {"total": 0}


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({}, "service 'rooms': the event is empty: a handler takes what a trigger of Kinesis"),
        ({"records": []}, "the event is none that it takes, it has records: a handler takes"),
        ({"lenght": 3}, "it has lenght (did you mean 'length'?)"),
        ({"Records": []}, None),
        ({"Records": {}}, "the event has no list of Records"),
        ({"Records": [], "length": 3}, None),
        ({"detail-type": "x", "detail": {}}, "the event of EventBridge is 'x' of null"),
        ({"reactflow": "weep"}, "has the field 'reactflow', and is none that a schedule sends"),
        ({"reactflow": "sweep", "length": 3}, "has the field 'reactflow', and is none that a schedule sends"),
        ("length", "the event is a str, and Lambda delivers objects"),
    ],
)
def test_an_event_of_a_trigger_never_passes_as_a_call(event: Any, says: str | None) -> None:
    if says is None:
        assert hosted().handle(event) == {"batchItemFailures": []}
        return
    with pytest.raises(ConfigurationError) as caught:
        hosted().handle(event)
    assert says in str(caught.value)


def test_an_answer_that_lambda_would_not_hand_back_names_its_largest_cell() -> None:
    class Text(Flow):
        times = cell(1)
        text = times.map(lambda times: "é" * times)

    assert len(called({"times": LARGEST // 8}, Text)["text"]) == LARGEST // 8
    with pytest.raises(CallError, match=r"bytes, and 6291456 are the most .* the cell 'text'"):
        called({"times": LARGEST}, Text)


def test_a_service_without_inputs_needs_no_state_to_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "rooms")
    assert Service(Room, name="rooms", key="room").handler({"width": 2})["width"] == 2.0  # type: ignore[index]
    assert Service(Room, name="rooms", key="room").handler({})  # without inputs nothing else can be meant


@pytest.mark.parametrize(
    "event",
    [{"reactflow": "sweep"}, {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}],
)
def test_a_schedule_has_it_sweep_and_once_a_day_expire(event: dict[str, Any]) -> None:
    now = [0.0]
    store = MemoryStore(now=lambda: now[0])
    key = ("room", window("1m", on="ts", unit="s", keep="1m"))
    service = Service(
        Room, name="rooms", key=key, inputs=[SOURCE], outputs=[row(Room.area) >> Table()], store=store
    )
    told: list[int] = []
    host = Host(service, store, listener=lambda report: told.append(len(report.units)), clock=lambda: now[0])
    record = kinesis_event({"room": "r1", "ts": 0, "length": 3, "width": 2}, partition="room")
    record["Records"][0]["kinesis"]["approximateArrivalTimestamp"] = 1.0
    host.handle(record)
    now[0] = 600 * 86_400.0  # long after the retention, at midnight
    assert host.handle(event) == {"units": 1, "published": 1, "waiting": 0, "expired": 0}
    now[0] += 60.0 * expires_at("rooms")
    assert host.handle(event) == {"units": 0, "published": 0, "waiting": 0, "expired": 1}
    assert host.handle({"reactflow": "expire"}) == {"units": 0, "published": 0, "waiting": 0, "expired": 0}
    assert told == [1, 1], "a delivery, and a sweep that found something"


def test_a_sweep_ends_in_time_and_the_next_one_goes_on() -> None:
    class Context:
        left = 3000

        def get_remaining_time_in_millis(self) -> int:
            self.left -= 600
            return self.left

    now = [0.0]
    store = MemoryStore(now=lambda: now[0])
    service = Service(
        Room, name="rooms", key="room", inputs=[SOURCE], outputs=[row(Room.area) >> Table()], store=store
    )
    host = Host(service, store, clock=lambda: now[0])
    host.handle(
        kinesis_event(*({"room": f"r{n}", "length": 3, "width": 2} for n in range(9)), partition="room")
    )
    now[0] = 600.0
    first = host.handle({"reactflow": "sweep"}, Context())
    assert isinstance(first, dict)
    assert 0 < first["units"] < 9
    assert first["waiting"] == 1
    second = host.handle({"reactflow": "sweep"})
    assert second == {
        "units": 9 - first["units"],
        "published": 9 - first["units"],
        "waiting": 0,
        "expired": 0,
    }
