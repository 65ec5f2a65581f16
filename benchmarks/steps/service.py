"""The handler of ``handler_by_hand`` as a service, and the events that both are given.

An event has 10,000 records of Kinesis, as Lambda delivers them. Each has the length and the width of a room; one in
five tells what the room's record before has told.
"""

from __future__ import annotations

import base64
import json
import statistics
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

from attrs import field, frozen

from benchmarks.measure import median_of_ratios
from benchmarks.steps.flows import Area
from benchmarks.steps.handler_by_hand import Handler
from benchmarks.steps.measure import WARM, seconds
from reactflow import Service
from reactflow.aws import Kinesis
from reactflow.service import Publication, Sink
from reactflow.service.stores import MemoryStore

RECORDS = 10_000
_ARN = "arn:aws:kinesis:eu-west-1:123456789012:stream/measurements"
_FIRST = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898


@frozen(eq=False)
class Table(Sink):
    """A sink that keeps rows in a dict, each written only over a lower number."""

    rows: dict[str, tuple[int, dict[str, Any]]] = field(factory=dict)

    @property
    def destination(self) -> str:
        return "memory/areas"

    def publish(self, batch: Sequence[Publication]) -> list[int]:
        """Write them all."""
        rows = self.rows
        for one in batch:
            room = one.key["room"]
            there = rows.get(room)
            if there is None or there[0] < one.n:
                rows[room] = one.n, dict(one.values)
        return []


def rooms(table: Table) -> Service:
    """The service: rooms from a stream, their areas to the table, units in memory."""
    return Service(
        Area, name="rooms", key="room", store=MemoryStore(),
        inputs=[Kinesis("measurements", partition="room")], outputs=[Area.area >> table],
    )  # fmt: skip


class HandlerWork(NamedTuple):
    """10,000 records, of many rooms or of few."""

    name: str
    keys: int
    records: int = RECORDS

    def events(self, count: int) -> list[dict[str, Any]]:
        """So many events of a trigger, in the order of their sequence numbers."""
        random, number, made = Random(self.name), _FIRST, []
        last: dict[str, dict[str, Any]] = {}
        for _ in range(count):
            records = []
            for place in range(self.records):
                number += random.randrange(1, 1_000_000)
                room = f"room-{place % self.keys}"
                if room not in last or random.random() >= 0.2:
                    length, width = round(random.uniform(1.0, 10.0), 3), round(random.uniform(1.0, 10.0), 3)
                    last[room] = {"room": room, "length": length, "width": width}
                records.append(_record(number, room, last[room]))
            made.append({"Records": records})
        return made


def _record(number: int, room: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": room,
            "sequenceNumber": str(number),
            "data": base64.b64encode(json.dumps(fields).encode()).decode(),
            "approximateArrivalTimestamp": 1_795_600_000.123,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000006:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/rooms",
        "awsRegion": "eu-west-1",
        "eventSourceARN": _ARN,
    }


HANDLER_WORKS = (
    HandlerWork("handler, 100 keys, 100 records each", 100),
    HandlerWork("handler, 10,000 keys, 1 record each", 10_000),
)


class HandlerFigures(NamedTuple):
    """Records a second by hand and by a service, and the ratio of their times."""

    work: HandlerWork
    by_hand: float
    by_service: float
    ratio: float


def handler_differences(handler: Handler, service: Service, table: Table) -> list[str]:
    """Where the two sides hold other rows, or other states; empty when they did the same."""
    found = [
        f"row of {room}: {table.rows.get(room)} and not {wanted}"
        for room, wanted in handler.table.items()
        if table.rows.get(room) != wanted
    ]
    if len(table.rows) != len(handler.table):
        found.append(f"{len(table.rows)} rows and not {len(handler.table)}")
    for room, (v, data) in handler.store.items():
        item = service.host.store.get(service.name, f"room={room}")
        cells = item and service.step.codec.decode(item.cells)
        if item is None or item.v != v or cells != json.loads(data)["c"]:
            found.append(f"unit of {room}: {cells} and not {data!r}")
    return found


def measure_handler(work: HandlerWork, rounds: int) -> HandlerFigures:
    """Measure one work. Raises ValueError when the two sides do not come to the same."""
    table = Table()
    handler, service = Handler(), rooms(table)
    times: list[tuple[float, float]] = []
    for number, event in enumerate(work.events(WARM + rounds)):
        took = seconds(handler.handle, event), seconds(service.handler, event)
        if number >= WARM:
            times.append(took)
        elif wrong := handler_differences(handler, service, table):
            raise ValueError(f"{work.name}: {len(wrong)} differences, the first in {wrong[0]}")
    by_hand, by_service = zip(*times, strict=True)
    return HandlerFigures(
        work,
        RECORDS / statistics.median(by_hand),
        RECORDS / statistics.median(by_service),
        median_of_ratios(by_service, by_hand),
    )
