"""The local host: services of one's own with a trigger of each kind, on the embedded cloud, with lost answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reactflow import (
    Cell,
    Flow,
    MemoryStore,
    Pulse,
    Service,
    SQLiteStore,
    cell,
    derived,
    fold,
    folds,
    pulse,
    row,
)
from reactflow.aws import S3, DynamoDB, DynamoDBStore, Kinesis, S3Object
from reactflow.errors import BindingError, ConfigurationError
from reactflow.local import Cloud
from reactflow.local.dev import LocalHost
from reactflow.local.triggers import Delivery, TriggerSettings
from reactflow.service import Report, System
from reactflow.service.json_writer import write_json

Unique = Callable[[str], str]
Handler = Callable[[Any, Any], object]


class Room(Flow):
    length = cell(0.0)
    width = cell(0.0)
    area = length * width
    peak = fold(area.changes(), folds.max)
    reading: Pulse[float] = pulse()
    readings = fold(reading, folds.count)


class Note(Flow):
    note: Cell[S3Object] = cell()

    @derived
    def words(self) -> int:
        return len(self.note.read().decode().split())


class Size(Flow):
    area = cell(0.0)
    is_big = area > 10.0


class Losing:
    """Loses every other answer, from the first on, after all has been done."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, handler: Handler) -> Handler:
        def handle(event: Any, context: Any) -> object:
            answer = handler(event, context)
            self.calls += 1
            if self.calls % 2:
                raise TimeoutError("the answer did not arrive")
            return answer

        return handle


def rooms_of(stream: str, table: str) -> Service:
    return Service(
        Room,
        name="rooms",
        key="room",
        inputs=[Kinesis(stream, partition="room")],
        outputs=[row(Room.area, Room.peak, Room.readings) >> DynamoDB(table)],
    )


def put(cloud: Cloud, stream: str, *records: dict[str, object]) -> None:
    for record in records:
        cloud.client("kinesis").put_record(
            StreamName=stream, Data=write_json(record).encode(), PartitionKey=str(record["room"])
        )


def rows(cloud: Cloud, table: str) -> list[dict[str, Any]]:
    """The items of a table, without what reactflow keeps in them, in order."""
    found = cloud.client("dynamodb").scan(TableName=table)["Items"]
    plain = [
        {name: next(iter(value.values())) for name, value in item.items() if not name.startswith("_")}
        for item in found
    ]
    return sorted(plain, key=str)


def test_a_stream_is_folded_once_although_every_answer_is_lost_once(cloud: Cloud, unique: Unique) -> None:
    stream, table = unique("m"), unique("areas")
    host = LocalHost([rooms_of(stream, table)], cloud, shards=2, around=Losing(), delivered=lambda _: None)
    put(cloud, stream, {"room": "r1", "length": 3, "width": 4, "reading": 5}, {"room": "r2", "reading": 5})
    host.run_until_idle()
    put(cloud, stream, {"room": "r1", "length": 2, "reading": 5})
    host.run_until_idle()
    first, second = rows(cloud, table)
    assert {name: float(value) for name, value in first.items() if name != "room"} == {
        "area": 8.0, "peak": 12.0, "readings": 2.0,
    }  # fmt: skip
    assert second["readings"] == "1"


def test_a_table_of_ones_own_is_followed_with_changes_and_deletes(cloud: Cloud, unique: Unique) -> None:
    plans, areas = unique("plans"), unique("planned")
    service = Service(
        Room, name="plans", key="room", inputs=[DynamoDB(plans)], outputs=[row(Room.area) >> DynamoDB(areas)]
    )
    host = LocalHost([service], cloud, around=Losing(), delivered=lambda _: None)
    dynamodb = cloud.client("dynamodb")
    for name in ("r1", "r2"):
        dynamodb.put_item(
            TableName=plans, Item={"room": {"S": name}, "length": {"N": "3"}, "width": {"N": "4"}}
        )
    dynamodb.put_item(TableName=plans, Item={"room": {"S": "r1"}, "length": {"N": "5"}, "width": {"N": "4"}})
    dynamodb.delete_item(TableName=plans, Key={"room": {"S": "r2"}})
    host.run_until_idle()
    assert [(one["room"], float(one["area"])) for one in rows(cloud, areas)] == [("r1", 20.0)]


def test_objects_of_text_are_read_and_taken_back(cloud: Cloud, unique: Unique) -> None:
    bucket, table = unique("notes"), unique("words")
    service = Service(
        Note,
        name="notes",
        key=("user", "name"),
        inputs=[S3(bucket, key="in/{user}/{name}.txt")],
        outputs=[row(Note.words) >> DynamoDB(table)],
    )
    reports: list[Report] = []
    host = LocalHost(
        [service],
        cloud,
        told=lambda _, report: reports.append(report),
        around=Losing(),
        delivered=lambda _: None,
    )
    s3 = cloud.client("s3")
    for key, text in {"in/ana/a b+ü.txt": "one two", "in/ana/gone.txt": "x", "elsewhere.txt": "y"}.items():
        s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
    s3.put_object(Bucket=bucket, Key="in/ana/binary.txt", Body=b"\xff\xfe\xfd")
    s3.delete_object(Bucket=bucket, Key="in/ana/gone.txt")
    host.run_until_idle()
    assert rows(cloud, table) == [{"user": "ana", "name": "a b+ü", "words": "2"}]
    assert {case.unit for report in reports for case in report.cases} == {"user=ana,name=binary"}


def test_one_services_stream_and_table_are_anothers_inputs(cloud: Cloud, unique: Unique) -> None:
    stream, areas, table = unique("m"), unique("areas"), unique("rows")
    big, bigger = unique("big"), unique("bigger")
    rooms = Service(
        Room,
        name="rooms",
        key="room",
        inputs=[Kinesis(stream, partition="room")],
        outputs=[row(Room.area) >> Kinesis(areas), row(Room.area) >> DynamoDB(table)],
    )
    by_stream = Service(
        Size,
        name="by_stream",
        key="room",
        inputs=[Kinesis(areas, partition="room")],
        outputs=[row(Size.is_big) >> DynamoDB(big)],
    )
    by_table = Service(
        Size,
        name="by_table",
        key="room",
        inputs=[DynamoDB(table)],
        outputs=[row(Size.is_big) >> DynamoDB(bigger)],
    )
    system = System(by_table, by_stream, rooms)
    host = LocalHost(system, cloud, shards=2, around=Losing(), delivered=lambda _: None)
    put(cloud, stream, {"room": "r1", "length": 3, "width": 4}, {"room": "r2", "length": 1, "width": 4})
    host.run_until_idle()
    expected = [{"room": "r1", "is_big": True}, {"room": "r2", "is_big": False}]
    assert rows(cloud, big) == expected
    assert rows(cloud, bigger) == expected
    assert system.causes("by_table") == ["rooms"]


def test_a_host_that_starts_again_on_its_file_goes_on_where_it_was(
    cloud: Cloud, unique: Unique, tmp_path: Path
) -> None:
    stream, table = unique("m"), unique("areas")
    fates: list[dict[str, int]] = []
    for length in (3, 2, 5):
        put_first = length == 3
        store = SQLiteStore(tmp_path / "state.db")
        host = LocalHost(
            [rooms_of(stream, table)],
            cloud,
            store=lambda _, store=store: store,  # type: ignore[misc]
            told=lambda _, report: fates.append(dict(report.fates)),
        )
        put(cloud, stream, {"room": "r1", "length": length, "width": 4, "reading": 1} if put_first else
            {"room": "r1", "length": length, "reading": 1})  # fmt: skip
        host.run_until_idle()
        store.close()
    (found,) = rows(cloud, table)
    assert (float(found["area"]), float(found["peak"]), found["readings"]) == (20.0, 20.0, "3")
    assert sum(one.get("applied", 0) for one in fates) == 3
    assert sum(one.get("duplicate", 0) for one in fates) == 1 + 2  # the stream is read from its beginning


def test_a_services_own_store_is_taken(cloud: Cloud, unique: Unique) -> None:
    stream, store = unique("m"), MemoryStore()
    service = Service(Room, name="rooms", key="room", inputs=[Kinesis(stream, partition="room")], store=store)
    host = LocalHost([service], cloud)
    put(cloud, stream, {"room": "r1", "length": 3})
    host.run_until_idle()
    assert store.get("rooms", "room=r1") is not None


def test_services_that_feed_each_other_are_refused_before_anything_is_made(
    cloud: Cloud, unique: Unique
) -> None:
    one, other = unique("one"), unique("other")

    def hop(name: str, source: str, sink: str) -> Service:
        return Service(
            Room,
            name=name,
            key="room",
            inputs=[Kinesis(source, partition="room", fields={"length": "area"})],
            outputs=[row(Room.area) >> Kinesis(sink)],
        )

    with pytest.raises(BindingError, match="services feed each other"):
        LocalHost([hop("a", one, other), hop("b", other, one)], cloud)
    assert one not in cloud.client("kinesis").list_streams()["StreamNames"]


def test_what_the_cloud_refuses_to_make_is_named(cloud: Cloud, unique: Unique) -> None:
    with pytest.raises(ConfigurationError, match="dynamodb/s cannot be made"):
        LocalHost([rooms_of(unique("m"), "s")], cloud)


def test_state_in_a_table_is_made_on_this_machine_and_shared_by_services(
    cloud: Cloud, unique: Unique
) -> None:
    stream, areas, state = unique("measurements"), unique("areas"), unique("state")
    rooms = rooms_of(stream, areas)
    host = LocalHost([rooms], cloud, store=lambda service: DynamoDBStore(state))
    assert host.resources[f"dynamodb/{state}"].endswith(f"table/{state}")
    put(cloud, stream, *({"room": room, "length": n, "width": 2.0} for n in (2.0, 3.0) for room in "abc"))
    host.run_until_idle()
    with cloud.exported():
        items = {
            unit: DynamoDBStore(state).get("rooms", unit) for unit in DynamoDBStore(state).units("rooms")
        }
    assert sorted(items) == ["room=a", "room=b", "room=c"]
    assert [row["area"] for row in rows(cloud, areas)] == ["6", "6", "6"]
    again = LocalHost([rooms], cloud, store=lambda service: DynamoDBStore(state))
    again.run_until_idle()
    with cloud.exported():
        assert {unit: DynamoDBStore(state).get("rooms", unit) for unit in items} == items, (
            "nothing counts twice"
        )


def test_the_settings_of_a_trigger_act_and_the_bucket_for_what_is_given_up_is_made(
    cloud: Cloud, unique: Unique
) -> None:
    stream, table, given_up = unique("m"), unique("areas"), unique("given-up")
    settings = TriggerSettings(
        filter_criteria=[{"data": {"room": [{"anything-but": "r3"}]}}],
        maximum_retry_attempts=1,
        on_failure=f"arn:aws:s3:::{given_up}",
    )

    def refusing(handler: Handler) -> Handler:
        def handle(event: Any, context: Any) -> object:
            if any(record["kinesis"]["partitionKey"] == "r2" for record in event["Records"]):
                raise MemoryError("killed")
            return handler(event, context)

        return handle

    told: list[Delivery] = []
    host = LocalHost(
        [rooms_of(stream, table)], cloud, settings=settings, around=refusing, delivered=told.append
    )
    for room in ("r1", "r2", "r1", "r3"):
        put(cloud, stream, {"room": room, "reading": 5})
    summary = host.run_until_idle()
    assert (summary.discarded, summary.filtered) == (1, 1)
    assert [(one["room"], one["readings"]) for one in rows(cloud, table)] == [("r1", "2")]
    [kept] = [delivery.kept for delivery in told if delivery.outcome == "discarded"]
    objects = cloud.client("s3").list_objects_v2(Bucket=given_up).get("Contents", [])
    assert [one.get("Key") for one in objects] == [kept]
