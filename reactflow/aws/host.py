"""The host on AWS Lambda: what one invocation was handed, as a list of records.

Every form in which Lambda delivers the three sources is told apart by content, never by a setting: Kinesis,
DynamoDB Streams, S3 notifications (direct, or in the body of an SQS message), events of EventBridge (direct,
or in SQS), and S3's own test message, which holds nothing to do. It must not decode a record; it only finds
it, and notes what its trigger wants to hear of it.

A message of SQS that cannot be opened is not lost: it becomes a record of ``sqs/<queue>`` that carries the
reason (``Record.unreadable``), so that the service keeps it in quarantine and the queue goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from attrs import frozen

from reactflow.errors import ConfigurationError, RecordError
from reactflow.service.decoding import short
from reactflow.service.json_reader import read_object
from reactflow.service.source import Record, Via


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
        raise ConfigurationError(f"the event is {short(event)}, not an object: {_KNOWN}")
    if _is_test(event):
        return []
    if _is_of_eventbridge(event):
        return [_of_eventbridge(event, "direct", "")]
    records = event.get("Records")
    if not isinstance(records, list):
        shown = ", ".join(sorted(map(str, event))[:8]) or "nothing"
        raise ConfigurationError(f"the event has no list of Records, but {shown}: {_KNOWN}")
    opened: list[Record] = []
    for place, record in enumerate(records):
        if type(record) is dict and record.get("eventSource") == "aws:kinesis":  # the most in number
            opened.append(_of_kinesis(record))
        else:
            opened += _open(record, place)
    return opened


_KNOWN = (
    "a handler takes what a trigger of Kinesis, DynamoDB Streams, S3, SQS (with notifications of S3) or "
    "EventBridge (rule for aws.s3) delivers"
)


def _open(record: object, place: int) -> Sequence[Record]:
    came_from = None
    if isinstance(record, Mapping):
        came_from = record.get("eventSource")
        if came_from == "aws:kinesis":
            return (_of_kinesis(record),)
        if came_from == "aws:dynamodb":
            return (_of_dynamodb(record),)
        if came_from == "aws:s3":
            return (_of_s3(record, "direct", ""),)
        if came_from == "aws:sqs":
            return _of_sqs(record)
        came_from = came_from or record.get("EventSource")  # the way in which SNS writes it
    seen = f"eventSource {came_from!r}" if came_from else short(record)
    raise ConfigurationError(f"Records[{place}] of the event has {seen}: {_KNOWN}")


def _of_kinesis(raw: Mapping[str, Any]) -> Record:
    arn = _arn(raw.get("eventSourceARN"))
    part = raw.get("kinesis")
    number = part.get("sequenceNumber") if type(part) is dict or isinstance(part, Mapping) else ""
    # arn:aws:kinesis:region:account:stream/name, with /consumer/... behind it under enhanced fan-out
    return Record(raw, f"kinesis/{arn.first}", "stream", str(number or ""), arn.account, _region(raw, arn))


def _of_dynamodb(raw: Mapping[str, Any]) -> Record:
    arn = _arn(raw.get("eventSourceARN"))
    # arn:aws:dynamodb:region:account:table/name/stream/2026-11-23T00:00:00.000
    part = raw.get("dynamodb")
    number = part.get("SequenceNumber") if isinstance(part, Mapping) else ""
    return Record(raw, f"dynamodb/{arn.first}", "stream", str(number or ""), arn.account, _region(raw, arn))


def _of_s3(raw: Mapping[str, Any], via: Via, receipt: str) -> Record:
    s3 = raw.get("s3")
    bucket = s3.get("bucket") if isinstance(s3, Mapping) else None
    name = str(bucket.get("name", "")) if isinstance(bucket, Mapping) else ""
    return Record(raw, f"s3/{name}", via, receipt, "", str(raw.get("awsRegion") or ""))


def _of_eventbridge(raw: Mapping[str, Any], via: Via, receipt: str) -> Record:
    detail = raw.get("detail")
    bucket = detail.get("bucket") if isinstance(detail, Mapping) else None
    if raw.get("source") != "aws.s3" or not isinstance(bucket, Mapping):
        raise ConfigurationError(
            f"the event of EventBridge is {short(raw.get('detail-type'))} of {short(raw.get('source'))}: {_KNOWN}"
        )
    name = str(bucket.get("name", ""))
    return Record(
        raw, f"s3/{name}", via, receipt, str(raw.get("account") or ""), str(raw.get("region") or "")
    )


def _of_sqs(message: Mapping[str, Any]) -> list[Record]:
    arn = _arn(message.get("eventSourceARN"))
    receipt = str(message.get("messageId") or "")
    what = f"sqs/{arn.name}, message {receipt}"
    try:
        return _of_body(read_object(_body(message, what), what), receipt, what)
    except (RecordError, ConfigurationError) as error:
        region = _region(message, arn)
        return [
            Record(message, f"sqs/{arn.name}", "queue", receipt, arn.account, region, unreadable=str(error))
        ]


def _body(message: Mapping[str, Any], what: str) -> str:
    body = message.get("body")
    if not isinstance(body, str):
        raise RecordError(f"{what} has no body, but {short(body)}")
    return body


def _of_body(body: Mapping[str, Any], receipt: str, what: str) -> list[Record]:
    if _is_test(body):
        return []
    if _is_of_eventbridge(body):
        return [_of_eventbridge(body, "queue", receipt)]
    records = body.get("Records")
    if isinstance(records, list):
        if strangers := [
            each for each in records if not isinstance(each, Mapping) or each.get("eventSource") != "aws:s3"
        ]:
            raise RecordError(f"{what} holds a record that is none of S3: {short(strangers[0])}")
        return [_of_s3(each, "queue", receipt) for each in records]
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
class _Arn:
    """The parts of an ARN that say where something is; empty for text that is none."""

    region: str = ""
    account: str = ""
    name: str = ""
    first: str = ""
    """The name of a stream or table, without what it is and what of it."""


@lru_cache(maxsize=256)  # the records of a delivery come from one place
def _arn_of(text: str) -> _Arn:
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        return _Arn()
    first = parts[5].removeprefix("stream/").removeprefix("table/").partition("/")[0]
    return _Arn(parts[3], parts[4], parts[5], first)


def _arn(text: object) -> _Arn:
    return _arn_of(text) if isinstance(text, str) else _Arn()


def _region(raw: Mapping[str, Any], arn: _Arn) -> str:
    return arn.region or str(raw.get("awsRegion") or "")
