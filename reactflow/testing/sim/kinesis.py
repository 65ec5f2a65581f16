"""Kinesis in memory: the streams of a run, and the client that the real sink writes to them with."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reactflow.errors import Transient
from reactflow.testing.events import ACCOUNT, REGION, START
from reactflow.testing.sim.chaos import Chaos
from reactflow.testing.sim.streams import Stream

BASE = 10**55  # sequence numbers have 56 digits, and here a few of the first have 55


class SimKinesis:
    """All streams of a run; ``put_records`` is what the sink calls."""

    def __init__(self, chaos: Chaos, now: Callable[[], float]) -> None:
        self.streams: dict[str, Stream] = {}
        self._chaos, self._now = chaos, now
        self._echoes: list[tuple[str, str, bytes]] = []

    def make(self, name: str, shards: int) -> Stream:
        """A new stream."""
        stream = self.streams[name] = Stream(f"kinesis/{name}", self._chaos.chance, shards=shards, base=BASE)
        return stream

    def put(self, name: str, key: str, data: bytes, skew: float = 0.0) -> None:
        """Store one record; ``skew`` is how many seconds its clock is wrong."""
        stream, time = self.streams[name], START.timestamp() + self._now()

        def word(shard: str, number: int) -> dict[str, Any]:
            return {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": key,
                    "sequenceNumber": str(number),
                    "data": base64.b64encode(data).decode(),
                    "approximateArrivalTimestamp": time + skew,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{shard}:{number}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/service",
                "awsRegion": REGION,
                "eventSourceARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}",
            }

        entry = stream.put(key, self._now(), word)
        self._chaos.say(f"kinesis/{name} <- {shown(data)} ({entry.identifier[-4:]})")

    def put_records(self, *, StreamName: str, Records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803  # boto3's names
        """What boto3's client does: some records may be refused."""
        chaos = self._chaos
        chaos.boundary(f"before PutRecords to {StreamName}")
        if chaos.strikes("sink", f"kinesis/{StreamName} is away"):
            raise Transient("simulated: the stream is away")
        results: list[dict[str, Any]] = []
        for record in Records:
            if chaos.strikes("partly-put", f"kinesis/{StreamName}"):
                results.append({"ErrorCode": "ProvisionedThroughputExceededException"})
                continue
            self._store(StreamName, record["PartitionKey"], record["Data"])
            results.append({"SequenceNumber": "1"})
        chaos.boundary(f"after PutRecords to {StreamName}")
        if chaos.strikes("sink", f"kinesis/{StreamName} stored it, and its answer is lost"):
            raise Transient("simulated: the answer is lost")
        return {"Records": results}

    def _store(self, name: str, key: str, data: bytes) -> None:
        self.put(name, key, data)
        self._echoes.append((name, key, data))
        if self._chaos.strikes("echo", shown(data)):
            self.put(name, key, data)

    def echo(self) -> None:
        """Perhaps something that a service sent comes again, late, as it does from one that was thought to be dead."""
        chaos = self._chaos
        if self._echoes and chaos.strikes("echo", "an old one"):
            name, key, data = chaos.draw("echo").choice(self._echoes)
            self.put(name, key, data)
        if self._echoes and chaos.strikes("storm"):
            for name, key, data in list(self._echoes[-12:]):
                self.put(name, key, data)


def shown(data: bytes) -> str:
    """A record in one short word for the trace."""
    text = data.decode("utf-8", "replace")
    try:
        plain = json.loads(text)
    except ValueError:
        return text[:60]
    return str(plain["id"]) if isinstance(plain, dict) and "specversion" in plain else text[:60]
