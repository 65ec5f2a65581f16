"""What a record means for cells: patch and replace, null, deletes, where, keys that change, versions."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from reactflow import UNSET, Cell, Flow, MemoryStore, Pulse, Service, cell, pulse, row
from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.testing import dynamodb_event, kinesis_event, s3_event
from tests.service.flows import Employee, Photo, values
from tests.service.recording import Table


class Sensor(Flow):
    level = cell(1.5)
    unit: Cell[str | None] = cell()
    count: Cell[int] = cell()
    alarm: Pulse[str] = pulse()
    doubled = level * 2


def of_stream(**options: Any) -> tuple[Service, Table]:
    table = Table()
    source = Kinesis("levels", partition="id", **options)
    outputs = [row(Sensor.doubled, Sensor.unit) >> table]
    return Service(Sensor, key="id", inputs=[source], outputs=outputs, store=MemoryStore()), table


def of_table(**options: Any) -> tuple[Service, Table]:
    table = Table()
    outputs = [row(Sensor.doubled, Sensor.unit, Sensor.count) >> table]
    inputs = [DynamoDB("levels", **options)]
    return Service(Sensor, key="id", inputs=inputs, outputs=outputs, store=MemoryStore()), table


def send(service: Service, *records: Any, start: int = 0) -> None:
    service.handler(kinesis_event(*records, stream="levels", partition="id", start=start))


def change(service: Service, *changes: Any, start: int = 0, **options: Any) -> None:
    service.handler(
        dynamodb_event(*changes, table="levels", keys=options.pop("keys", "id"), start=start, **options)
    )


def reasons(service: Service) -> list[str]:
    return [case.reason.message for case in service.host.open_cases()]


def test_stream_patches() -> None:
    service, _ = of_stream()
    send(service, {"id": "a", "level": 3}, {"id": "a", "unit": "m"}, {"id": "a"})
    assert values(service, "id=a") == {"level": 3.0, "unit": "m", "count": UNSET, "doubled": 6.0}


def test_table_replaces() -> None:
    service, _ = of_table()
    change(
        service,
        (None, {"id": "a", "level": 3, "unit": "m", "count": 2}),
        ({"id": "a", "level": 3}, {"id": "a"}),
    )
    assert values(service, "id=a") == {"level": 1.5, "unit": UNSET, "count": UNSET, "doubled": 3.0}


def test_null_is_a_value_only_where_the_type_allows_it() -> None:
    service, _ = of_stream()
    send(service, {"id": "a", "unit": None}, {"id": "a", "level": None})
    assert values(service, "id=a")["unit"] is None
    assert values(service, "id=a")["level"] == 1.5
    assert len(reasons(service)) == 1
    assert reasons(service)[0].endswith("got null; annotate the cell as 'float | None' if null is a value")


@pytest.mark.parametrize("view", ["NEW_AND_OLD_IMAGES", "NEW_IMAGE", "KEYS_ONLY"])
def test_delete_takes_the_row_along_with_or_without_old_image(view: str) -> None:
    service, table = of_table()
    change(service, (None, {"id": "a", "level": 3}))
    assert table.rows == {"id=a": {"id": "a", "doubled": 6.0}}
    change(service, ({"id": "a", "level": 3}, None), start=1, view=view)
    assert table.rows == {}
    assert set(values(service, "id=a").values()) == {UNSET}
    change(service, (None, {"id": "a"}), start=2)
    assert table.rows == {"id=a": {"id": "a", "doubled": 3.0}}


def test_delete_of_what_was_never_there_makes_no_row() -> None:
    service, table = of_table()
    change(service, ({"id": "a", "level": 3}, None))
    assert (table.rows, table.seen) == ({}, [])


def test_where_that_stops_matching_is_a_removal() -> None:
    service, table = of_table(where=lambda fields: fields.get("active", True))
    fits, not_any_more = {"id": "a", "level": 3}, {"id": "a", "level": 4, "active": False}
    change(service, (None, not_any_more))
    assert table.rows == {}
    change(service, (None, fits), (fits, not_any_more), start=1)
    assert table.rows == {}
    change(service, (not_any_more, fits), start=3)
    assert table.rows == {"id=a": {"id": "a", "doubled": 6.0}}
    change(service, (fits, not_any_more), start=4, view="NEW_IMAGE")
    assert table.rows == {}


def test_where_on_a_stream_leaves_records_out() -> None:
    service, _ = of_stream(where=lambda fields: fields.get("level", 0) < 100)
    send(service, {"id": "a", "level": 3}, {"id": "a", "level": 1000})
    assert values(service, "id=a")["level"] == 3.0
    assert reasons(service) == []


def test_key_that_changes_moves_the_row() -> None:
    service, table = of_table(key={"id": "room"})
    service = Service(Sensor, key="id", inputs=[DynamoDB("levels", keys="nr", key={"id": "room"}, order="arrival")],
                      outputs=[row(Sensor.doubled) >> table], store=MemoryStore())  # fmt: skip
    before, after = {"nr": "1", "room": "a", "level": 3}, {"nr": "1", "room": "b", "level": 4}
    change(service, (None, before), (before, after), keys="nr")
    assert table.rows == {"id=b": {"id": "b", "doubled": 8.0}}
    change(service, (before, after), keys="nr", start=1)
    assert [one.kind for one in table.seen] == ["row"]


def test_higher_version_wins_whatever_comes_last() -> None:
    service, _ = of_stream(version="at")
    send(
        service,
        {"id": "a", "level": 3, "at": 9},
        {"id": "a", "level": 4, "at": 10},
        {"id": "a", "level": 5, "at": 8},
    )
    assert values(service, "id=a")["level"] == 4.0
    send(service, {"id": "a", "unit": "m", "at": 2}, start=3)
    assert values(service, "id=a")["unit"] == "m", "each cell has its own version"
    send(service, {"id": "a", "level": 6}, start=4)
    assert "the version field 'at' of kinesis/levels is missing" in reasons(service)[0]


def test_occurrence_counts_though_the_cells_of_its_record_are_overtaken() -> None:
    class Meter(Flow):
        level = cell(0.0)
        alarm: Pulse[str] = pulse()

    log = Table()
    source = Kinesis("levels", version="at")
    service = Service(Meter, key="id", inputs=[source], outputs=[Meter.alarm >> log], store=MemoryStore())
    send(service, {"id": "a", "level": 2, "at": 9}, {"id": "a", "level": 1, "at": 8, "alarm": "late"})
    assert values(service, "id=a")["level"] == 2.0
    assert log.occurrences("id=a", "alarm") == ["late"]


def test_delete_wins_a_tie_of_versions_and_the_unset_cell_keeps_its_version() -> None:
    service, table = of_table(keys=("id", "part"), version="at")
    first = {"id": "a", "part": "x", "level": 3, "at": 5}
    change(service, (None, first), (first, None), keys=("id", "part"))
    assert table.rows == {}
    late, later = {"id": "a", "part": "y", "level": 4, "at": 5}, {"id": "a", "part": "y", "level": 5, "at": 6}
    change(service, (None, late), start=2, keys=("id", "part"))
    assert table.rows == {}
    change(service, (late, later), start=3, keys=("id", "part"))
    assert table.rows["id=a"]["doubled"] == 10.0


def test_delete_without_the_version_that_orders_it_is_kept() -> None:
    service, table = of_table(version="at")
    change(service, (None, {"id": "a", "level": 3, "at": 1}))
    change(service, ({"id": "a", "level": 3, "at": 1}, None), start=1, view="KEYS_ONLY")
    assert set(table.rows) == {"id=a"}
    assert len(reasons(service)) == 1
    assert reasons(service)[0].startswith(
        "the version field 'at' of dynamodb/levels is missing: it orders the writes"
    )
    assert service.host.open_cases()[0].unit == "id=a"


def test_arrival_order_takes_records_as_they_come() -> None:
    service = Service(Sensor, key="site", inputs=[Kinesis("levels", order="arrival")], store=MemoryStore())
    send(service, {"id": "a", "site": "s", "level": 3})
    service.handler(kinesis_event({"id": "b", "site": "s", "level": 4}, stream="levels", shard=1))
    assert values(service, "site=s")["level"] == 4.0


def test_extra_fields_are_refused_only_when_forbidden() -> None:
    service, _ = of_stream(extra="forbid")
    send(service, {"id": "a", "level": 3}, {"id": "a", "level": 4, "lvel": 5})
    assert values(service, "id=a")["level"] == 3.0
    assert "feeds nothing (did you mean 'level'?)" in reasons(service)[0]


def test_paths_go_into_nested_fields() -> None:
    service, _ = of_stream(fields={"level": "reading.level", "count": "n"})
    send(
        service,
        {"id": "a", "reading": {"level": 3}, "n": 2},
        {"id": "a", "reading": None},
        {"id": "a", "reading": 7},
    )
    assert values(service, "id=a")["level"] == 3.0
    assert (
        "the field 'reading.level' cannot be read: 'reading' is 7 (int), not an object" in reasons(service)[0]
    )


def test_two_inputs_of_one_stream_make_one_event_of_a_record() -> None:
    service = Service(
        Sensor,
        key="id",
        inputs=[
            Kinesis(
                "levels", partition="id", fields={"level": "value"}, where=lambda one: one["kind"] == "level"
            ),
            Kinesis(
                "levels", partition="id", fields={"unit": "value"}, where=lambda one: one["kind"] == "unit"
            ),
            Kinesis("levels", partition="id", fields={"count": "count"}),
        ],
        store=MemoryStore(),
    )
    send(service, {"id": "a", "kind": "unit", "value": "m", "count": 1})
    send(service, {"id": "a", "kind": "level", "value": 3, "count": 2}, start=1)
    assert values(service, "id=a") == {"level": 3.0, "unit": "m", "count": 2, "doubled": 6.0}
    assert service.host.open_cases() == []


def test_input_that_a_record_leaves_and_one_that_it_enters_are_both_told() -> None:
    is_level, is_count = (lambda one: one["kind"] == "level"), (lambda one: one["kind"] == "count")
    service = Service(
        Sensor,
        key="id",
        inputs=[
            DynamoDB("levels", fields={"level": "value"}, where=is_level),
            DynamoDB("levels", fields={"count": "value"}, where=is_count),
        ],
        store=MemoryStore(),
    )
    before, after = {"id": "a", "kind": "level", "value": 3}, {"id": "a", "kind": "count", "value": 4}
    change(service, (None, before))
    assert values(service, "id=a")["level"] == 3.0
    change(service, (before, after), start=1)
    assert values(service, "id=a") == {"level": UNSET, "unit": UNSET, "count": 4, "doubled": UNSET}


class Things(Flow):
    data: Cell[bytes] = cell()
    tags: Cell[frozenset[str]] = cell()
    exact: Cell[Decimal] = cell()
    large: Cell[int] = cell()
    when: Cell[datetime] = cell()
    size = data.map(len)


def test_binary_set_and_38_digit_attributes_are_read_exactly() -> None:
    table = Table()
    outputs = [row(Things.data, Things.tags, Things.exact, Things.large, Things.size) >> table]
    service = Service(Things, key="id", inputs=[DynamoDB("levels")], outputs=outputs, store=MemoryStore())
    thing = {
        "id": "a", "data": b"\x00\xff", "tags": {"x", "y"}, "large": 10**37 + 1,
        "exact": Decimal("0.12345678901234567890123456789012345678"), "when": "2026-11-23T12:00:00+00:00",
    }  # fmt: skip
    change(service, (None, thing))
    assert reasons(service) == []
    assert table.rows["id=a"] == {**{k: v for k, v in thing.items() if k != "when"}, "size": 2}
    assert values(service, "id=a")["when"] == datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_key_of_an_object_is_decoded_once() -> None:
    table = Table()
    source = S3("photos", key="in/{name}.txt", fields={"photo": "object"})
    service = Service(Photo, key="name", inputs=[source], outputs=[Photo.size >> table], store=MemoryStore())
    event = s3_event("in/a+bü.txt", "in/100%.txt", "in/a%2Fb.txt")
    assert event["Records"][0]["s3"]["object"]["key"] == "in/a%2Bb%C3%BC.txt"
    service.handler(event)
    assert [one["name"] for one in table.rows.values()] == ["a+bü", "100%", "a%2Fb"]
    event["Records"][0]["s3"]["object"]["key"] = "in/a+b%C3%BC.txt"
    service.handler(event)
    assert "a bü" in [one["name"] for one in table.rows.values()]


@pytest.mark.parametrize(
    ("kind", "version", "is_gone"),
    [("ObjectRemoved:DeleteMarkerCreated", "v2", True), ("ObjectRemoved:Delete", None, True)],
)
def test_delete_marker_takes_the_row_along(kind: str, version: str | None, is_gone: bool) -> None:
    table = Table()
    source = S3("photos", key="in/{name}.txt", fields={"photo": "object"})
    service = Service(Photo, key="name", inputs=[source], outputs=[Photo.size >> table], store=MemoryStore())
    service.handler(s3_event({"key": "in/a.txt", "version_id": "v1"}))
    assert table.rows
    service.handler(s3_event({"key": "in/a.txt", "event": kind, "version_id": version}, start=1))
    assert (table.rows == {}) is is_gone


def test_wrong_value_of_a_table_is_kept_with_its_unit_and_row() -> None:
    service = Service(Employee, key="id", inputs=[DynamoDB("levels")], store=MemoryStore())
    change(service, (None, {"id": "e1", "name": 7}))
    (case,) = service.host.open_cases()
    assert (case.unit, case.reason.field, case.resource) == ("id=e1", "name", "dynamodb/levels")
    assert case.record["dynamodb"]["NewImage"]["name"] == {"N": "7"}
