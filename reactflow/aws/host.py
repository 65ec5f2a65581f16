"""The host on AWS Lambda: what one invocation was handed, as a list of records.

Every form in which Lambda delivers the three sources is told apart by content, never by a setting: Kinesis,
DynamoDB Streams, S3 notifications (direct, or in the body of an SQS message), events of EventBridge (direct,
or in SQS), EventBridge's scheduled event, and S3's own test message, which holds nothing to do. Whatever has a
list of ``Records`` or a ``detail-type`` is one of these or refused, and never a direct invocation. It must not decode a
record; it only finds it, and notes what its trigger wants to hear of it. Errors hold nothing of an event but names.

A message of SQS that cannot be opened is not lost: it becomes a record of ``sqs/<queue>`` that carries the
reason (``Record.unreadable``), so that the service keeps it in quarantine and the queue goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from attrs import frozen

from reactflow.aws.names import Names, names
from reactflow.errors import ConfigurationError, RecordError
from reactflow.service.decoding import short
from reactflow.service.json_reader import read_object
from reactflow.service.source import Record, Via
from reactflow.service.tasks import Task


def understood(event: Mapping[str, Any]) -> list[Record] | Task | None:
    """What an invocation is for: the records of a trigger, the task of a schedule, or None for a direct invocation.

    Raises ConfigurationError for the event of a trigger of no known form.

    >>> understood({"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}})
    'sweep'
    >>> understood({"name": "Ann"}) is None
    True
    """
    if "Records" in event or _is_test(event):
        return open_event(event)
    if "detail-type" not in event:
        return None
    if event["detail-type"] == "Scheduled Event" and event.get("source") in ("aws.events", "aws.scheduler"):
        return "sweep"
    return open_event(event)


def open_event(event: object) -> list[Record]:
    """The records of an invocation, in their order.

    Records that came in one message of SQS share its receipt. Raises ConfigurationError for an event of no known form,
    naming what it looks like.

    >>> open_event({"Records": []})
    []
    >>> open_event({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "photos"})
    []
    """
    if not isinstance(event, Mapping):
        raise ConfigurationError(f"the event is {_kind(event)}, not an object: {KNOWN}")
    if _is_test(event):
        return []
    told = names()
    if _is_of_eventbridge(event):
        return [_of_eventbridge(event, "direct", "", told)]
    records = event.get("Records")
    if not isinstance(records, list):
        shown = ", ".join(sorted(map(str, event))[:8]) or "nothing"
        raise ConfigurationError(f"the event has no list of Records, but {shown}: {KNOWN}")
    opened: list[Record] = []
    for place, record in enumerate(records):
        if type(record) is dict and record.get("eventSource") == "aws:kinesis":  # the most in number
            opened.append(_of_kinesis(record, told))
        else:
            opened += _open(record, place, told)
    return opened


KNOWN: Final = (
    "a handler takes what a trigger of Kinesis, DynamoDB Streams, S3, SQS (with notifications of S3) or "
    "EventBridge (rule for aws.s3, or a schedule) delivers"
)


def _kind(value: object) -> str:
    """What something is in JSON, without what it holds."""
    kinds = {str: "a text", bool: "a boolean", type(None): "null", list: "an array", dict: "an object"}
    return kinds.get(type(value), "a number" if isinstance(value, (int, float)) else "a value")


def _open(record: object, place: int, told: Names | None) -> Sequence[Record]:
    came_from = None
    if isinstance(record, Mapping):
        came_from = record.get("eventSource")
        if came_from == "aws:kinesis":
            return (_of_kinesis(record, told),)
        if came_from == "aws:dynamodb":
            return (_of_dynamodb(record, told),)
        if came_from == "aws:s3":
            return (_of_s3(record, "direct", "", told),)
        if came_from == "aws:sqs":
            return _of_sqs(record, told)
        came_from = came_from or record.get("EventSource")  # the way in which SNS writes it
    what = (
        f"has eventSource {short(came_from)}" if came_from else f"is {_kind(record)} without an eventSource"
    )
    raise ConfigurationError(f"Records[{place}] of the event {what}: {KNOWN}")


def _of_kinesis(raw: Mapping[str, Any], told: Names | None) -> Record:
    place = _place("kinesis", raw.get("eventSourceARN"), told)
    part = raw.get("kinesis")
    number = part.get("sequenceNumber") if type(part) is dict or isinstance(part, Mapping) else ""
    return Record(raw, place.resource, "stream", str(number or ""), place.account, _region(raw, place))


def _of_dynamodb(raw: Mapping[str, Any], told: Names | None) -> Record:
    place = _place("dynamodb", raw.get("eventSourceARN"), told)
    part = raw.get("dynamodb")
    number = part.get("SequenceNumber") if isinstance(part, Mapping) else ""
    return Record(raw, place.resource, "stream", str(number or ""), place.account, _region(raw, place))


def _of_s3(raw: Mapping[str, Any], via: Via, receipt: str, told: Names | None) -> Record:
    s3 = raw.get("s3")
    bucket = s3.get("bucket") if isinstance(s3, Mapping) else None
    return Record(raw, _bucket(bucket, told), via, receipt, "", str(raw.get("awsRegion") or ""))


def _of_eventbridge(raw: Mapping[str, Any], via: Via, receipt: str, told: Names | None) -> Record:
    detail = raw.get("detail")
    bucket = detail.get("bucket") if isinstance(detail, Mapping) else None
    if raw.get("source") != "aws.s3" or not isinstance(bucket, Mapping):
        raise ConfigurationError(
            f"the event of EventBridge is {short(raw.get('detail-type'))} of {short(raw.get('source'))}: {KNOWN}"
        )
    account, region = str(raw.get("account") or ""), str(raw.get("region") or "")
    return Record(raw, _bucket(bucket, told), via, receipt, account, region)


def _of_sqs(message: Mapping[str, Any], told: Names | None) -> list[Record]:
    place = _place("sqs", message.get("eventSourceARN"), told)
    receipt = str(message.get("messageId") or "")
    what = f"{place.resource}, message {receipt}"
    try:
        return _of_body(read_object(_body(message, what), what), receipt, what, told)
    except (RecordError, ConfigurationError) as error:
        region = _region(message, place)
        why = str(error)
        return [Record(message, place.resource, "queue", receipt, place.account, region, unreadable=why)]


def _body(message: Mapping[str, Any], what: str) -> str:
    body = message.get("body")
    if not isinstance(body, str):
        raise RecordError(f"{what} has no body, but {short(body)}")
    return body


def _of_body(body: Mapping[str, Any], receipt: str, what: str, told: Names | None) -> list[Record]:
    if _is_test(body):
        return []
    if _is_of_eventbridge(body):
        return [_of_eventbridge(body, "queue", receipt, told)]
    records = body.get("Records")
    if isinstance(records, list):
        if strangers := [
            each for each in records if not isinstance(each, Mapping) or each.get("eventSource") != "aws:s3"
        ]:
            raise RecordError(f"{what} holds a record that is none of S3: {short(strangers[0])}")
        return [_of_s3(each, "queue", receipt, told) for each in records]
    raise RecordError(
        f"{what} holds neither Records of S3 nor an event of EventBridge, but "
        f"{', '.join(sorted(body)[:8]) or 'nothing'}: send S3's notifications to the queue as they are "
        "(with SNS between, set raw message delivery)"
    )


def _is_test(plain: Mapping[str, Any]) -> bool:
    return plain.get("Event") == "s3:TestEvent" and "Records" not in plain


def _is_of_eventbridge(plain: Mapping[str, Any]) -> bool:
    return "detail-type" in plain and "detail" in plain


@frozen
class _Place:
    """Where records come from: the resource, by its logical name, the account and the region; empty for no ARN."""

    resource: str
    account: str
    region: str


@lru_cache(maxsize=256)  # the records of a delivery come from one place
def _place_of(kind: str, arn: str, told: Names | None) -> _Place:
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        return _Place(f"{kind}/", "", "")
    # stream/name (then /consumer/... under enhanced fan-out), table/name/stream/2026-11-23T00:00:00.000, or a queue
    name = parts[5].removeprefix("stream/").removeprefix("table/").partition("/")[0]
    return _Place(f"{kind}/{name if told is None else told.logical(kind, name)}", parts[4], parts[3])


def _place(kind: str, arn: object, told: Names | None) -> _Place:
    return _place_of(kind, arn if isinstance(arn, str) else "", told)


def _region(raw: Mapping[str, Any], place: _Place) -> str:
    return place.region or str(raw.get("awsRegion") or "")


def _bucket(bucket: object, told: Names | None) -> str:
    name = str(bucket.get("name", "")) if isinstance(bucket, Mapping) else ""
    return f"s3/{name if told is None else told.logical('s3', name)}"
