"""The trigger of a DynamoDB table's stream: reads its shards, and words records as Lambda delivers them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reactflow.errors import ConfigurationError
from reactflow.local.cloud import Cloud
from reactflow.local.triggers.batch import Entry
from reactflow.local.triggers.calls import translated
from reactflow.local.triggers.delivery import Handler
from reactflow.local.triggers.destination import Destination
from reactflow.local.triggers.settings import Start, TriggerSettings
from reactflow.local.triggers.shardlog import Page
from reactflow.local.triggers.stream import StreamTrigger

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from types_boto3_dynamodbstreams.type_defs import RecordTypeDef


class DynamoDBTrigger(StreamTrigger):
    """Drives ``handler(event, context)`` with the changes of the items of ``table``.

    Raises ConfigurationError for a start in time, which such streams do not have; and, when it is first used, if there
    is no such table or it has no stream.

    >>> trigger = DynamoDBTrigger(Cloud.at("http://127.0.0.1:4566"), "employees", lambda event, context: None)
    >>> trigger.source
    'dynamodb/employees'
    """

    def __init__(
        self,
        cloud: Cloud,
        table: str,
        handler: Handler,
        settings: TriggerSettings | None = None,
        *,
        function: str = "handler",
        checkpoints: Mapping[str, str] | None = None,
        workers: int = 1,
    ) -> None:
        settings = settings or TriggerSettings()
        if settings.starting_position == "AT_TIMESTAMP":
            raise ConfigurationError(
                f"dynamodb/{table}: a table's stream cannot be entered at a time; say TRIM_HORIZON or LATEST"
            )
        bucket = settings.failures_bucket
        super().__init__(
            _Log(cloud, table),
            handler,
            settings,
            function=function,
            destination=Destination(cloud, bucket, function) if bucket else None,
            checkpoints=checkpoints,
            workers=workers,
        )


class _Log:
    def __init__(self, cloud: Cloud, table: str) -> None:
        self._cloud = cloud
        self._table = table
        self._arn = ""

    @property
    def source(self) -> str:
        return f"dynamodb/{self._table}"

    @property
    def arn(self) -> str:
        return self._arn

    def _calling(self, shard: str = "") -> AbstractContextManager[None]:
        remedy = f"provision(cloud, [TableNeeded({self._table!r}, partition=...)]) makes it"
        return translated(self.source, self._cloud.endpoint, remedy=remedy, shard=shard)

    def shards(self) -> Mapping[str, Sequence[str]]:
        client = self._cloud.client("dynamodbstreams")
        found: dict[str, Sequence[str]] = {}
        with self._calling():
            if not self._arn:
                self._arn = self._find_stream()
            description = client.describe_stream(StreamArn=self._arn)["StreamDescription"]
            while True:
                for shard in description.get("Shards", []):
                    parent = shard.get("ParentShardId")
                    found[shard.get("ShardId", "")] = [parent] if parent else []
                last = description.get("LastEvaluatedShardId")
                if not last:
                    return found
                answer = client.describe_stream(StreamArn=self._arn, ExclusiveStartShardId=last)
                description = answer["StreamDescription"]

    def _find_stream(self) -> str:
        table = self._cloud.client("dynamodb").describe_table(TableName=self._table)["Table"]
        arn = table.get("LatestStreamArn")
        if not arn or not table.get("StreamSpecification", {}).get("StreamEnabled"):
            raise ConfigurationError(
                f"{self.source} has no stream: provision(cloud, [TableNeeded({self._table!r}, ..., stream=True)]) "
                "switches it on"
            )
        return arn

    def enter(self, shard: str, start: Start, timestamp: float | None = None) -> str:
        with self._calling(shard):
            answer = self._cloud.client("dynamodbstreams").get_shard_iterator(
                StreamArn=self._arn,
                ShardId=shard,
                ShardIteratorType="LATEST" if start == "LATEST" else "TRIM_HORIZON",
            )
        return answer["ShardIterator"]

    def resume(self, shard: str, after: str) -> str:
        with self._calling(shard):
            answer = self._cloud.client("dynamodbstreams").get_shard_iterator(
                StreamArn=self._arn,
                ShardId=shard,
                ShardIteratorType="AFTER_SEQUENCE_NUMBER",
                SequenceNumber=after,
            )
        return answer["ShardIterator"]

    def read(self, shard: str, iterator: str, limit: int) -> Page:
        with self._calling(shard):
            answer = self._cloud.client("dynamodbstreams").get_records(
                ShardIterator=iterator, Limit=min(limit, 1000)
            )
        entries = [self._entry(record) for record in answer.get("Records", [])]
        return Page(entries, answer.get("NextShardIterator") or None)

    def _entry(self, record: RecordTypeDef) -> Entry:
        change: dict[str, Any] = dict(record.get("dynamodb", {}))
        arrival: float = change["ApproximateCreationDateTime"].timestamp()
        delivered: dict[str, Any] = {
            "eventID": record.get("eventID", ""),
            "eventName": record.get("eventName", ""),
            "eventVersion": record.get("eventVersion", "1.1"),
            "eventSource": "aws:dynamodb",
            "awsRegion": record.get("awsRegion", self._cloud.region),
            "dynamodb": _plain(change | {"ApproximateCreationDateTime": arrival}),
            "eventSourceARN": self._arn,
        }
        identity = record.get("userIdentity")
        if identity:  # the stream's own API writes these names with capitals, Lambda without
            delivered["userIdentity"] = {
                "type": identity.get("Type", ""),
                "principalId": identity.get("PrincipalId", ""),
            }
        key = json.dumps(delivered["dynamodb"].get("Keys", {}), sort_keys=True)
        return Entry(json.dumps(delivered), change["SequenceNumber"], arrival, key)


def _plain(value: Any) -> Any:
    """DynamoDB JSON as it travels: bytes, which boto3 decodes, become base64 text again."""
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(part) for part in value]
    return value
