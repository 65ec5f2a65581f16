"""Sample events: what Lambda really delivers, as JSON that ships with the package, and makers of more.

``sample`` gives a copy of a recorded event, by name; the makers build events of the same shape from plain
Python values, so that a service can be tried in a notebook or a test without any cloud:
``service.handler(kinesis_event({...}), None)``. Nothing here is random and nothing reads the clock: numbers
and times follow from the arguments.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any
from urllib.parse import quote_plus

from reactflow.aws.attribute_values import write_item
from reactflow.service.decoding import short
from reactflow.service.json_writer import as_text, write_json

ACCOUNT = "123456789012"
REGION = "us-east-1"
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_KINESIS_NUMBER = 49590338271490256608559692538361571095921575989136588898  # 56 digits, as AWS has them
_DYNAMODB_NUMBER = 111000000000000000001
_SEQUENCER = 0x0055AED6DCD90281E5


def samples() -> list[str]:
    """The names of the recorded events.

    >>> "kinesis" in samples(), "s3_delete_marker" in samples()
    (True, True)
    """
    folder = resources.files("reactflow.testing") / "events"
    return sorted(
        entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json")
    )


def sample(name: str) -> dict[str, Any]:
    """A recorded event, a copy of one's own. Raises KeyError, naming those that there are.

    >>> sample("kinesis")["Records"][0]["eventSource"]
    'aws:kinesis'
    """
    if name not in samples():
        raise KeyError(f"there is no sample event {name!r}: there are {', '.join(samples())}")
    text = (resources.files("reactflow.testing") / "events" / f"{name}.json").read_text(encoding="utf-8")
    event: dict[str, Any] = json.loads(text)
    return event


def kinesis_event(
    *records: Mapping[str, Any] | bytes | str,
    stream: str = "measurements",
    partition: str | None = None,
    shard: int = 0,
    start: int = 0,
    at: datetime | None = None,
) -> dict[str, Any]:
    """A batch of a Kinesis trigger, one record a value: an object (sent as JSON), or bytes or text as they are.

    ``partition`` names the field whose value is the partition key (default: the object's first field). ``start`` counts
    the records that came before in this shard, so that a later batch has higher sequence numbers. ``at`` is when the
    first of these came; each comes a second after the one before.

    >>> kinesis_event({"room": "r1", "length": 3.0})["Records"][0]["kinesis"]["partitionKey"]
    'r1'
    """
    made = []
    for place, record in enumerate(records, start):
        number = str(_KINESIS_NUMBER + place)
        made.append({
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": _partition_key(record, partition),
                "sequenceNumber": number,
                "data": base64.b64encode(_data(record)).decode(),
                "approximateArrivalTimestamp": _time(place, start, at).timestamp(),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"shardId-{shard:012d}:{number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/service",
            "awsRegion": REGION,
            "eventSourceARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}",
        })  # fmt: skip
    return {"Records": made}


def dynamodb_event(
    *changes: tuple[Mapping[str, Any] | None, Mapping[str, Any] | None],
    table: str = "employees",
    keys: Sequence[str] | str = "id",
    view: str = "NEW_AND_OLD_IMAGES",
    start: int = 0,
    ttl: bool = False,
    at: datetime | None = None,
) -> dict[str, Any]:
    """A batch of a DynamoDB stream's trigger, one record a change ``(item before, item after)``, None for no item.

    ``keys`` names the attributes of the primary key, ``view`` is the stream's view type; with ``ttl``, removals are
    those of the table's time to live. ``at`` is when the first of these was made.

    >>> event = dynamodb_event((None, {"id": "e7", "pay": 10}), ({"id": "e7", "pay": 10}, None))
    >>> [record["eventName"] for record in event["Records"]]
    ['INSERT', 'REMOVE']
    """
    names = [keys] if isinstance(keys, str) else list(keys)
    made = []
    for place, (before, after) in enumerate(changes, start):
        item = after if after is not None else before
        if item is None:
            raise ValueError("a change is (item before, item after), and one of them is an item")
        part: dict[str, Any] = {
            "ApproximateCreationDateTime": _time(place, start, at).timestamp(),
            "Keys": typed_attributes({name: item[name] for name in names}),
        }
        if after is not None and view in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"):
            part["NewImage"] = typed_attributes(after)
        if before is not None and view in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES"):
            part["OldImage"] = typed_attributes(before)
        number = str(_DYNAMODB_NUMBER + place)
        part |= {"SequenceNumber": number, "SizeBytes": len(write_json(dict(item))), "StreamViewType": view}
        happened = "INSERT" if before is None else "REMOVE" if after is None else "MODIFY"
        made.append({
            "eventID": hashlib.md5(number.encode(), usedforsecurity=False).hexdigest(),
            "eventName": happened,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": REGION,
            "dynamodb": part,
            "eventSourceARN": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}/stream/2026-11-23T00:00:00.000",
            **({"userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"}}
               if ttl and happened == "REMOVE" else {}),
        })  # fmt: skip
    return {"Records": made}


def s3_event(
    *objects: str | Mapping[str, Any], bucket: str = "photos", start: int = 0, at: datetime | None = None
) -> dict[str, Any]:
    """Notifications of S3, one a key: put by default.

    An object may be a mapping with ``key`` and, if wanted, ``event`` (``ObjectCreated:Put``), ``size`` in bytes,
    ``etag``, ``version_id`` and ``sequencer``. Keys are given as they are and form-encoded here, as S3 does.
    ``at`` is the time of the first.

    >>> event = s3_event("in/a bü.txt", {"key": "in/old.txt", "event": "ObjectRemoved:Delete"})
    >>> [record["s3"]["object"]["key"] for record in event["Records"]]
    ['in/a+b%C3%BC.txt', 'in/old.txt']
    """
    made = []
    for place, each in enumerate(objects, start):
        given = {"key": each} if isinstance(each, str) else dict(each)
        happened = given.get("event", "ObjectCreated:Put")
        thing: dict[str, Any] = {"key": quote_plus(given["key"], safe="/")}
        if happened.startswith("ObjectCreated"):
            thing |= {"size": given.get("size", 5), "eTag": given.get("etag", _etag(given["key"]))}
        if given.get("version_id") is not None:
            thing["versionId"] = given["version_id"]
        thing["sequencer"] = given.get("sequencer", f"{_SEQUENCER + place:018X}")
        made.append({
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": REGION,
            "eventTime": _time(place, start, at).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "eventName": happened,
            "userIdentity": {"principalId": "AIDAJDPLRKLG7UEXAMPLE"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8EXAMPLE"},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "service",
                "bucket": {
                    "name": bucket,
                    "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                    "arn": f"arn:aws:s3:::{bucket}",
                },
                "object": thing,
            },
        })  # fmt: skip
    return {"Records": made}


def eventbridge_event(s3: Mapping[str, Any], place: int = 0) -> dict[str, Any]:
    """One notification of an ``s3_event`` in the form of EventBridge, which has its key as it is.

    >>> eventbridge_event(s3_event("in/a bü.txt"))["detail"]["object"]["key"]
    'in/a bü.txt'
    """
    from urllib.parse import unquote_plus

    record = s3["Records"][place]
    given = record["s3"]["object"]
    removed = record["eventName"].startswith(("ObjectRemoved", "LifecycleExpiration"))
    marker = record["eventName"].endswith("DeleteMarkerCreated")
    thing: dict[str, Any] = {"key": unquote_plus(given["key"])}
    for theirs, ours in (
        ("size", "size"),
        ("eTag", "etag"),
        ("versionId", "version-id"),
        ("sequencer", "sequencer"),
    ):
        if theirs in given:
            thing[ours] = given[theirs]
    detail: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": record["s3"]["bucket"]["name"]},
        "object": thing,
        "request-id": record["responseElements"]["x-amz-request-id"],
        "requester": ACCOUNT,
        "source-ip-address": record["requestParameters"]["sourceIPAddress"],
        "reason": "DeleteObject" if removed else "PutObject",
    }
    if removed:
        detail["deletion-type"] = "Delete Marker Created" if marker else "Permanently Deleted"
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Object Deleted" if removed else "Object Created",
        "source": "aws.s3",
        "account": ACCOUNT,
        "time": record["eventTime"],
        "region": record["awsRegion"],
        "resources": [record["s3"]["bucket"]["arn"]],
        "detail": detail,
    }


def sqs_event(
    *bodies: Mapping[str, Any] | str, queue: str = "notifications", start: int = 0
) -> dict[str, Any]:
    """A batch of an SQS trigger, one message a body: an event (sent as JSON), or text as it is.

    >>> event = sqs_event(s3_event("in/a.txt"), "not JSON")
    >>> [record["messageId"][-2:] for record in event["Records"]]
    ['00', '01']
    """
    made = []
    for place, body in enumerate(bodies, start):
        text = body if isinstance(body, str) else json.dumps(body)
        sent = str(int(_time(place).timestamp() * 1000))
        made.append({
            "messageId": f"059f36b4-87a3-44ab-83d2-{place:012d}",
            "receiptHandle": f"AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a{place}",
            "body": text,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": sent,
                "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "ApproximateFirstReceiveTimestamp": sent,
            },
            "messageAttributes": {},
            "md5OfBody": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
            "awsRegion": REGION,
        })  # fmt: skip
    return {"Records": made}


def merged(*events: Mapping[str, Any]) -> dict[str, Any]:
    """The records of several events in one, for example of several shards, or the same ones twice.

    >>> first = kinesis_event({"room": "r1", "length": 3.0})
    >>> len(merged(first, first)["Records"])
    2
    """
    return {"Records": [copy.deepcopy(record) for event in events for record in event["Records"]]}


def _data(record: Mapping[str, Any] | bytes | str) -> bytes:
    if isinstance(record, bytes):
        return record
    return record.encode() if isinstance(record, str) else write_json(record).encode()


def _partition_key(record: Mapping[str, Any] | bytes | str, partition: str | None) -> str:
    if not isinstance(record, Mapping) or not record:
        return "none"
    name = partition or next(iter(record))
    if name not in record:
        raise ValueError(f"the record {short(record)} has no {name!r} to be partitioned by")
    return as_text(record[name]) or "none"


def typed_attributes(item: Mapping[str, Any]) -> Any:
    """Typed attributes as a trigger delivers them: binary ones in base64."""

    def plain(typed: Any) -> Any:
        if isinstance(typed, bytes):
            return base64.b64encode(typed).decode()
        if isinstance(typed, dict):
            return {name: plain(value) for name, value in typed.items()}
        return [plain(value) for value in typed] if isinstance(typed, list) else typed

    return plain(write_item(item, "a sample item"))


def _time(place: int, start: int = 0, at: datetime | None = None) -> datetime:
    """When the record of a place came: a second after the one before, the first of an event at ``at``."""
    return START + timedelta(seconds=place) if at is None else at + timedelta(seconds=place - start)


def _etag(key: str) -> str:
    return hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
