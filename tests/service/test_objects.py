"""Objects that are really there: read in exactly their version, superseded when replaced, however a record came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reactflow import Cell, Flow, MemoryStore, Pulse, Service, cell, derived, fold, folds, pulse, row
from reactflow.aws import S3, S3Object
from reactflow.aws.clients import client
from reactflow.local.cloud import Cloud
from reactflow.testing import eventbridge_event, s3_event, sqs_event
from tests.service.flows import fresh, stored
from tests.service.recording import Table


class Text(Flow):
    file: Cell[S3Object] = cell()
    arrived: Pulse[S3Object] = pulse()
    times = fold(arrived, folds.count)

    @derived
    def lines(self) -> int:
        return self.file.read().decode().count("\n")

    @derived
    def shouted(self) -> bytes:
        return self.file.read().upper()


def put(bucket: str, key: str, body: bytes) -> dict[str, Any]:
    answer = client("s3").put_object(Bucket=bucket, Key=key, Body=body)
    return {"key": key, "etag": answer["ETag"].strip('"'), "size": len(body)}


@pytest.fixture
def bucket(cloud: Cloud, unique: Callable[[str], str]) -> str:
    name = unique("texts")
    client("s3").create_bucket(Bucket=name)
    return name


def direct(event: dict[str, Any]) -> list[Any]:
    return [event]


def queued(event: dict[str, Any]) -> list[Any]:
    return [sqs_event(*({"Records": [one]} for one in event["Records"]))]


def bridged(event: dict[str, Any]) -> list[Any]:
    return [eventbridge_event(event, place) for place in range(len(event["Records"]))]


@pytest.mark.parametrize("way", [direct, queued, bridged])
def test_objects_are_read_once_each_and_a_replaced_one_is_superseded(bucket: str, way: Any) -> None:
    table = Table()
    source = S3(bucket, key="in/{name:path}", fields={"file": "object", "arrived": "object"})
    service = Service(
        Text, key="name", inputs=[source], outputs=[row(Text.lines, Text.shouted, Text.times) >> table],
        store=MemoryStore(),
    )  # fmt: skip
    first = put(bucket, "in/a bü.txt", b"old")
    objects = [
        first,
        put(bucket, "in/a bü.txt", b"one\ntwo\n"),
        put(bucket, "in/b.txt", b"\xff\n"),  # not UTF-8: kept, and the row is not made
        put(bucket, "in/c.txt", b"c"),
        {"key": "in/c.txt", "event": "ObjectRemoved:Delete"},
    ]
    event = s3_event(*objects, bucket=bucket)
    for part in [*way(event), *way(event)]:
        service.handler(part)
    assert table.rows == {
        "name=a%20b%C3%BC.txt": {"name": "a bü.txt", "lines": 2, "shouted": b"ONE\nTWO\n", "times": 1}
    }
    (case,) = service.host.open_cases()
    assert (case.unit, case.reason.cell, case.reason.type) == ("name=b.txt", "lines", "UnicodeDecodeError")
    before = stored(service)
    for part in way(event):
        fresh(service).handle(part)
    assert stored(service) == before


def test_object_that_is_gone_when_its_picture_is_still_to_be_published_publishes_nothing(bucket: str) -> None:
    table, away = Table(), [True]
    table.fault.append(lambda point: point == "sink before" and bool(away))
    source = S3(bucket, key="in/{name:path}", fields={"file": "object"})
    outputs = [Text.shouted >> table]
    service = Service(Text, key="name", inputs=[source], outputs=outputs, store=MemoryStore())
    event = sqs_event(s3_event(put(bucket, "in/a.txt", b"a"), bucket=bucket))
    answer: Any = service.handler(event)
    assert len(answer["batchItemFailures"]) == 1
    client("s3").delete_object(Bucket=bucket, Key="in/a.txt")
    away.clear()
    assert fresh(service).handle(event) == {"batchItemFailures": []}
    assert table.rows == {}
    service.handler(
        sqs_event(s3_event({"key": "in/a.txt", "event": "ObjectRemoved:Delete"}, bucket=bucket, start=1))
    )
    assert [(one.kind, one.n) for one in table.seen] == [("removal", 2)]
