"""The trigger of a Kinesis stream: reads its shards, and words records as Lambda delivers them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reactflow.local.cloud import ACCOUNT, Cloud
from reactflow.local.triggers.batch import Entry
from reactflow.local.triggers.calls import translated
from reactflow.local.triggers.delivery import Handler
from reactflow.local.triggers.destination import Destination
from reactflow.local.triggers.settings import Start, TriggerSettings
from reactflow.local.triggers.shardlog import Page
from reactflow.local.triggers.stream import StreamTrigger

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class KinesisTrigger(StreamTrigger):
    """Drives ``handler(event, context)`` with the records of the stream ``stream``.

    Raises ConfigurationError, when it is first used, if there is no such stream.

    >>> trigger = KinesisTrigger(
    ...     Cloud.at("http://127.0.0.1:4566"), "measurements", lambda event, context: None
    ... )
    >>> trigger.source
    'kinesis/measurements'
    """

    def __init__(
        self,
        cloud: Cloud,
        stream: str,
        handler: Handler,
        settings: TriggerSettings | None = None,
        *,
        function: str = "handler",
        checkpoints: Mapping[str, str] | None = None,
        workers: int = 1,
    ) -> None:
        settings = settings or TriggerSettings()
        bucket = settings.failures_bucket
        super().__init__(
            _Log(cloud, stream),
            handler,
            settings,
            function=function,
            destination=Destination(cloud, bucket, function) if bucket else None,
            checkpoints=checkpoints,
            workers=workers,
        )


class _Log:
    def __init__(self, cloud: Cloud, stream: str) -> None:
        self._cloud = cloud
        self._stream = stream
        self._arn = ""

    @property
    def source(self) -> str:
        return f"kinesis/{self._stream}"

    @property
    def arn(self) -> str:
        return self._arn

    def _calling(self, shard: str = "") -> AbstractContextManager[None]:
        remedy = f"provision(cloud, [StreamNeeded({self._stream!r})]) makes it"
        return translated(self.source, self._cloud.endpoint, remedy=remedy, shard=shard)

    def shards(self) -> Mapping[str, Sequence[str]]:
        client = self._cloud.client("kinesis")
        found: dict[str, Sequence[str]] = {}
        with self._calling():
            if not self._arn:
                summary = client.describe_stream_summary(StreamName=self._stream)
                self._arn = summary["StreamDescriptionSummary"]["StreamARN"]
            page = client.list_shards(StreamName=self._stream)
            while True:
                for shard in page["Shards"]:
                    parents = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
                    found[shard["ShardId"]] = [parent for parent in parents if parent]
                following = page.get("NextToken")
                if not following:
                    return found
                page = client.list_shards(NextToken=following)

    def enter(self, shard: str, start: Start, timestamp: float | None = None) -> str:
        client = self._cloud.client("kinesis")
        with self._calling(shard):
            if timestamp is not None:
                answer = client.get_shard_iterator(
                    StreamName=self._stream,
                    ShardId=shard,
                    ShardIteratorType="AT_TIMESTAMP",
                    Timestamp=datetime.fromtimestamp(timestamp, UTC),
                )
            else:
                answer = client.get_shard_iterator(
                    StreamName=self._stream,
                    ShardId=shard,
                    ShardIteratorType="LATEST" if start == "LATEST" else "TRIM_HORIZON",
                )
        return answer["ShardIterator"]

    def resume(self, shard: str, after: str) -> str:
        with self._calling(shard):
            answer = self._cloud.client("kinesis").get_shard_iterator(
                StreamName=self._stream,
                ShardId=shard,
                ShardIteratorType="AFTER_SEQUENCE_NUMBER",
                StartingSequenceNumber=after,
            )
        return answer["ShardIterator"]

    def read(self, shard: str, iterator: str, limit: int) -> Page:
        with self._calling(shard):
            answer = self._cloud.client("kinesis").get_records(
                ShardIterator=iterator, Limit=min(limit, 10_000)
            )
        entries = [self._entry(shard, record) for record in answer["Records"]]
        behind = not entries and bool(answer.get("MillisBehindLatest"))
        return Page(entries, answer.get("NextShardIterator") or None, behind)

    def _entry(self, shard: str, record: Mapping[str, Any]) -> Entry:
        number: str = record["SequenceNumber"]
        arrival: float = record["ApproximateArrivalTimestamp"].timestamp()
        delivered: dict[str, Any] = {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record["PartitionKey"],
                "sequenceNumber": number,
                "data": base64.b64encode(record["Data"]).decode("ascii"),
                "approximateArrivalTimestamp": arrival,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard}:{number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/local",
            "awsRegion": self._cloud.region,
            "eventSourceARN": self._arn,
        }
        return Entry(json.dumps(delivered), number, arrival, record["PartitionKey"])
