"""What a zombie puts after a removal, into a table or a bucket, is taken away when the removal is looked at again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from reactflow import Cell, Flow, Service, cell, row
from reactflow.aws import S3, DynamoDB
from reactflow.service import Host, MemoryStore, Publication, Sink
from reactflow.service.outbox import waiting
from reactflow.testing import dynamodb_event

if TYPE_CHECKING:
    from reactflow.local.cloud import Cloud


class Room(Flow):
    name: Cell[str] = cell()


def table(cloud: Cloud, name: str, owns: Any) -> tuple[Sink, Callable[[], int]]:
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName=name, AttributeDefinitions=[{"AttributeName": "room", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "room", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
    )  # fmt: skip

    def named() -> int:
        return sum("name" in each for each in dynamodb.scan(TableName=name)["Items"])

    return DynamoDB(name, owns=owns), named


def bucket(cloud: Cloud, name: str, _: Any) -> tuple[Sink, Callable[[], int]]:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name)
    return S3(name, key="out/{room}.json"), lambda: int(s3.list_objects_v2(Bucket=name)["KeyCount"])


@pytest.mark.parametrize(("make", "owns"), [(table, None), (table, "attributes"), (bucket, None)])
def test_late_put_after_a_removal_is_taken_away(
    cloud: Cloud, unique: Callable[[str], str], make: Any, owns: Any
) -> None:
    sink, there = make(cloud, unique("rows"), owns)
    now = [1_000_000.0]
    store = MemoryStore(now=lambda: now[0])
    service = Service(
        Room, name="rooms", key="room", inputs=[DynamoDB("names", keys="room")], store=store,
        outputs=[row(Room.name) >> sink],
    )  # fmt: skip
    host = Host(service, store, clock=lambda: now[0])
    event = dynamodb_event(
        (None, {"room": "r1", "name": "hall"}),
        ({"room": "r1", "name": "hall"}, None),
        table="names",
        keys="room",
    )["Records"]
    host.handle({"Records": event[:1]})
    assert there() == 1
    item = store.get("rooms", "room=r1")
    assert item is not None
    late: list[Publication] = [publication for _, publication in waiting(service, item, {})]
    host.handle({"Records": event[1:]})
    assert there() == 0
    now[0] += 60
    host.sweep(60.0)
    sink.publish(late)  # the process was stopped between commit and publication, and goes on
    brought_back = there()
    now[0] += host.longest + 60
    host.sweep(60.0)
    assert there() == 0
    assert brought_back == (0 if owns == "attributes" else 1)
    item = store.get("rooms", "room=r1")
    assert item is not None
    assert item.out == ()
