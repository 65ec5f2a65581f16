"""Makes the streams, tables, queues and buckets that a service needs, and waits until they can be used.

A need is a frozen value; making it twice is making it once. What exists and differs is never changed in silence: what
can be added (a table's stream, a bucket's versions and notifications) is added, what cannot is a ConfigurationError. It
must not delete anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, get_args

from attrs import field, frozen

from reactflow.errors import ConfigurationError
from reactflow.local.cloud import Cloud
from reactflow.local.triggers.clock import Clock

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import QueueConfigurationOutputTypeDef

KeyType = Literal["S", "N", "B"]

CREATED_AND_REMOVED = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*")


@frozen
class StreamNeeded:
    """A Kinesis stream with this many shards."""

    name: str
    shards: int = 1

    @property
    def resource(self) -> str:
        return f"kinesis/{self.name}"


@frozen
class TableNeeded:
    """A DynamoDB table; ``types`` gives those of its key attributes that are not text (``{"n": "N"}``).

    With ``stream``, its changes can be read with both images.
    """

    name: str
    partition: str
    sort: str | None = None
    types: Mapping[str, str] = field(factory=dict)
    stream: bool = False

    @property
    def resource(self) -> str:
        return f"dynamodb/{self.name}"


@frozen
class QueueNeeded:
    """A standard SQS queue."""

    name: str

    @property
    def resource(self) -> str:
        return f"sqs/{self.name}"


@frozen
class Notification:
    """A bucket's notifications to a queue (made when it is not there), of keys with this prefix and suffix."""

    queue: str
    prefix: str = ""
    suffix: str = ""
    events: tuple[str, ...] = CREATED_AND_REMOVED


@frozen
class BucketNeeded:
    """An S3 bucket, with versions or without, and whom it notifies."""

    name: str
    versioned: bool = False
    notify: tuple[Notification, ...] = ()

    @property
    def resource(self) -> str:
        return f"s3/{self.name}"


Need = StreamNeeded | TableNeeded | QueueNeeded | BucketNeeded


def provision(
    cloud: Cloud, needs: Iterable[Need], *, max_seconds: float = 60.0, clock: Clock | None = None
) -> dict[str, str]:
    """Make what is needed, wait until it is active, and return the ARNs: ``{"kinesis/measurements": "arn:..."}``.

    Raises ConfigurationError for something that exists and cannot be made to fit, and for what is not active in time.

    >>> with Cloud.start() as cloud:
    ...     provision(cloud, [StreamNeeded("measurements", shards=2)])
    {'kinesis/measurements': 'arn:aws:kinesis:us-east-1:123456789012:stream/measurements'}
    """
    waiting = _Waiting(clock or Clock(), max_seconds)
    made: dict[str, str] = {}
    for need in needs:
        if isinstance(need, StreamNeeded):
            made[need.resource] = _stream(cloud, need, waiting)
        elif isinstance(need, TableNeeded):
            made[need.resource] = _table(cloud, need, waiting)
        elif isinstance(need, QueueNeeded):
            made[need.resource] = _queue(cloud, need.name)
        else:
            made[need.resource] = _bucket(cloud, need)
    return made


@frozen
class _Waiting:
    clock: Clock
    max_seconds: float

    def until(self, resource: str, ready: Callable[[], bool]) -> None:
        deadline = self.clock.now() + self.max_seconds
        while not ready():
            if self.clock.wait(0.05) or self.clock.now() > deadline:
                raise ConfigurationError(
                    f"{resource} is not active after {self.max_seconds:g} s: look at the cloud's log"
                )


def _stream(cloud: Cloud, need: StreamNeeded, waiting: _Waiting) -> str:
    client = cloud.client("kinesis")
    with suppress(client.exceptions.ResourceInUseException):
        client.create_stream(StreamName=need.name, ShardCount=need.shards)
    summary: Any = {}

    def active() -> bool:
        nonlocal summary
        summary = client.describe_stream_summary(StreamName=need.name)["StreamDescriptionSummary"]
        return bool(summary["StreamStatus"] == "ACTIVE")

    waiting.until(need.resource, active)
    if summary["OpenShardCount"] != need.shards:
        raise ConfigurationError(
            f"{need.resource} has {summary['OpenShardCount']} of {need.shards} shards: resharding is not provision's "
            f"to do; delete the stream, or ask for {summary['OpenShardCount']}"
        )
    return str(summary["StreamARN"])


def _table(cloud: Cloud, need: TableNeeded, waiting: _Waiting) -> str:
    client = cloud.client("dynamodb")
    keys = [name for name in (need.partition, need.sort) if name]
    schema = dict(zip(keys, ("HASH", "RANGE"), strict=False))
    for name, kind in need.types.items():
        if name not in schema:
            raise ConfigurationError(
                f"{need.resource}: types names {name!r}, which is not of its key {tuple(keys)}"
            )
        if kind not in get_args(KeyType):
            raise ConfigurationError(f"{need.resource}: the type of {name!r} is {kind!r}: write S, N or B")
    types = {name: need.types.get(name, "S") for name in keys}
    view: Any = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    request: dict[str, Any] = {
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in schema.items()],
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in types.items()
        ],
    }
    if need.stream:
        request["StreamSpecification"] = view
    with suppress(client.exceptions.ResourceInUseException):
        client.create_table(TableName=need.name, BillingMode="PAY_PER_REQUEST", **request)
    table: Any = {}

    def active() -> bool:
        nonlocal table
        table = client.describe_table(TableName=need.name)["Table"]
        return bool(table["TableStatus"] == "ACTIVE")

    waiting.until(need.resource, active)
    there = {part["AttributeName"]: part["KeyType"] for part in table["KeySchema"]}
    kinds = {part["AttributeName"]: part["AttributeType"] for part in table["AttributeDefinitions"]}
    kinds = {name: kinds[name] for name in there}
    if there != schema or kinds != types:
        raise ConfigurationError(
            f"{need.resource} has the key {kinds}, {types} is needed: a key cannot be changed, delete the table"
        )
    if need.stream:
        enabled = table.get("StreamSpecification") or {}
        if not enabled.get("StreamEnabled"):
            client.update_table(TableName=need.name, StreamSpecification=view)
            waiting.until(need.resource, active)
        elif enabled.get("StreamViewType") != "NEW_AND_OLD_IMAGES":
            raise ConfigurationError(
                f"{need.resource} has a stream of {enabled.get('StreamViewType')}, NEW_AND_OLD_IMAGES is needed: "
                "switch its stream off first"
            )
    return str(table["TableArn"])


def _queue(cloud: Cloud, name: str) -> str:
    client = cloud.client("sqs")
    try:
        url = client.get_queue_url(QueueName=name)["QueueUrl"]
    except client.exceptions.QueueDoesNotExist:
        url = client.create_queue(QueueName=name)["QueueUrl"]
    return client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def _bucket(cloud: Cloud, need: BucketNeeded) -> str:
    client = cloud.client("s3")
    request: dict[str, Any] = {}
    if cloud.region != "us-east-1":
        request["CreateBucketConfiguration"] = {"LocationConstraint": cloud.region}
    with suppress(client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
        client.create_bucket(Bucket=need.name, **request)
    if need.versioned and client.get_bucket_versioning(Bucket=need.name).get("Status") != "Enabled":
        client.put_bucket_versioning(Bucket=need.name, VersioningConfiguration={"Status": "Enabled"})
    if need.notify:
        _notify(cloud, need)
    return f"arn:aws:s3:::{need.name}"


def _notify(cloud: Cloud, need: BucketNeeded) -> None:
    client = cloud.client("s3")
    there = client.get_bucket_notification_configuration(Bucket=need.name)
    queues: list[QueueConfigurationOutputTypeDef] = list(there.get("QueueConfigurations", []))
    missing: list[Any] = []
    for notification in need.notify:
        arn = _queue(cloud, notification.queue)
        rules = [
            {"Name": name, "Value": value}
            for name, value in (("prefix", notification.prefix), ("suffix", notification.suffix))
            if value
        ]
        wanted: dict[str, Any] = {"QueueArn": arn, "Events": list(notification.events)}
        if rules:
            wanted["Filter"] = {"Key": {"FilterRules": rules}}
        if not any(_same(present, wanted) for present in queues):
            _allow(cloud, notification.queue, arn, need.name)
            missing.append(wanted)
    if not missing:
        return  # every put makes S3 send its test message again
    # A put replaces the whole configuration: what others have set goes along.
    kept: dict[str, Any] = {name: value for name, value in there.items() if name.endswith("Configurations")}
    if "EventBridgeConfiguration" in there:
        kept["EventBridgeConfiguration"] = there["EventBridgeConfiguration"]
    configuration: Any = kept | {"QueueConfigurations": [*queues, *missing]}
    client.put_bucket_notification_configuration(Bucket=need.name, NotificationConfiguration=configuration)


def _same(present: QueueConfigurationOutputTypeDef, wanted: dict[str, Any]) -> bool:
    def told(configuration: Any) -> tuple[str, frozenset[str], frozenset[tuple[str, str]]]:
        rules = configuration.get("Filter", {}).get("Key", {}).get("FilterRules", [])
        return (
            configuration["QueueArn"],
            frozenset(configuration["Events"]),
            frozenset((rule["Name"].lower(), rule["Value"]) for rule in rules),
        )

    return told(present) == told(wanted)


def _allow(cloud: Cloud, queue: str, arn: str, bucket: str) -> None:
    """Let this bucket of this account, and nobody else, send to the queue; other statements of its policy stay."""
    client = cloud.client("sqs")
    url = client.get_queue_url(QueueName=queue)["QueueUrl"]
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {})
    policy = json.loads(attributes.get("Policy") or '{"Version": "2012-10-17", "Statement": []}')
    statement = {
        "Sid": f"notifications-of-{bucket}",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {
            "ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"},
            "StringEquals": {"aws:SourceAccount": arn.split(":")[4]},
        },
    }
    others = [part for part in policy["Statement"] if part.get("Sid") != statement["Sid"]]
    policy["Statement"] = [*others, statement]
    client.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
