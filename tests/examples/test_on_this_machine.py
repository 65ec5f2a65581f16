"""The join and the windows on the embedded cloud: real streams with two shards, real tables."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve

from examples.payments import orders
from examples.sensors import sensors
from reactflow import MemoryStore
from reactflow.cli.hints import hints
from reactflow.local import Cloud
from reactflow.local.dev import LocalHost


def rows_of(cloud: Cloud, table: str) -> list[dict[str, Any]]:
    """The items of a table without our own bookkeeping, each value as text."""
    items = cloud.client("dynamodb").scan(TableName=table)["Items"]
    return [
        {
            name: next(iter(value.values()))
            for name, value in item.items()
            if not name.startswith("_") or name == "_id"
        }
        for item in items
    ]


def put(cloud: Cloud, stream: str, partition: str, **fields: object) -> None:
    cloud.client("kinesis").put_record(
        StreamName=stream, PartitionKey=partition, Data=json.dumps(fields).encode()
    )


@pytest.mark.slow
def test_both_examples_run_on_the_embedded_cloud() -> None:
    services = [evolve(orders, store=MemoryStore()), evolve(sensors, store=MemoryStore())]
    with Cloud.start() as cloud:
        host = LocalHost(services, cloud, shards=2)
        put(cloud, "payments", "p1", id="o1", amount=4)
        put(cloud, "orders", "o1", order="o1", customer="ana", total=10)
        put(cloud, "payments", "p2", id="o1", amount=6)
        put(cloud, "sensors", "x", sensor="s1", ts=0, celsius=20.0)  # 1970: long ago
        host.run_until_idle()
        (order,) = rows_of(cloud, "orders")
        (late,) = rows_of(cloud, "late_readings")
    assert order == {
        "order": "o1",
        "customer": "ana",
        "total": "10",
        "payments": "2",
        "paid": "10",
        "due": "0",
        "settled": True,
    }
    assert (late["unit"], late["minute"], late["removal"]) == (
        "sensor=s1,minute=1970-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        False,
    )
    assert late["record"] == {"sensor": {"S": "s1"}, "ts": {"N": "0"}, "celsius": {"N": "20"}}


def test_a_hint_gives_a_time_that_is_not_late_in_the_unit_of_the_window() -> None:
    assert hints(sensors, now=datetime(2026, 11, 23, 12, tzinfo=UTC)) == [
        """reactflow put kinesis sensors '{"sensor": "a", "ts": 1795435200, "celsius": 2.5}'"""
    ]
