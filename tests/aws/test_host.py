"""Every form of an event that Lambda delivers is opened, told apart by its content."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reactflow.aws.host import open_event
from reactflow.errors import ConfigurationError, Unfinished
from reactflow.service.source import report
from reactflow.testing.events import (
    dynamodb_event,
    kinesis_event,
    merged,
    s3_event,
    sample,
    samples,
    sqs_event,
)


def test_a_record_knows_where_it_comes_from_and_what_to_report() -> None:
    (record,) = open_event(kinesis_event({"room": "r1"}))
    assert (record.resource, record.via, record.account, record.region) == (
        "kinesis/measurements", "stream", "123456789012", "us-east-1",
    )  # fmt: skip
    assert record.receipt == record.raw["kinesis"]["sequenceNumber"]
    (record,) = open_event(dynamodb_event((None, {"id": "e7"})))
    assert (record.resource, record.via, record.receipt) == (
        "dynamodb/employees",
        "stream",
        "111000000000000000001",
    )
    (record,) = open_event(s3_event("in/a.txt"))
    assert (record.resource, record.via, record.receipt) == ("s3/photos", "direct", "")


def test_a_record_of_an_enhanced_consumer_names_its_stream() -> None:
    event = kinesis_event({"room": "r1"})
    event["Records"][0]["eventSourceARN"] += "/consumer/fast:1"
    assert open_event(event)[0].resource == "kinesis/measurements"


@pytest.mark.parametrize("name", ["empty", "s3_test"])
def test_an_event_without_anything_to_do_has_no_records(name: str) -> None:
    assert open_event(sample(name)) == []


def test_a_test_message_in_a_queue_is_nothing_to_do() -> None:
    assert open_event(sqs_event(sample("s3_test"))) == []
    records = open_event(sample("sqs_s3"))
    assert records
    assert {record.via for record in records} == {"queue"}
    assert sample("sqs_s3")["Records"][0]["messageId"] not in {record.receipt for record in records}


def test_records_of_one_message_share_its_receipt() -> None:
    records = open_event(sqs_event(s3_event("in/a.txt", "in/b.txt"), s3_event("in/c.txt")))
    assert [record.receipt[-2:] for record in records] == ["00", "00", "01"]
    answer = report(records, {0, 1})
    assert answer == {"batchItemFailures": [{"itemIdentifier": records[0].receipt}]}


@pytest.mark.parametrize("name", ["eventbridge_created", "eventbridge_deleted", "eventbridge_delete_marker"])
def test_an_event_of_eventbridge_is_one_record_direct_or_in_a_queue(name: str) -> None:
    (direct,) = open_event(sample(name))
    (queued,) = open_event(sqs_event(sample(name)))
    assert (direct.via, queued.via) == ("direct", "queue")
    assert (direct.resource, direct.account, direct.region) == (
        queued.resource,
        queued.account,
        queued.region,
    )
    with pytest.raises(Unfinished):
        report([direct], {0})


def test_a_message_that_cannot_be_opened_is_kept_with_its_reason() -> None:
    records = open_event(sample("sqs_s3_malformed"))
    good = [record for record in records if not record.unreadable]
    bad = [record for record in records if record.unreadable]
    assert [record.resource for record in good] == ["s3/photos", "s3/photos"]
    assert [(record.resource, record.via) for record in bad] == [("sqs/notifications", "queue")] * 2
    assert "is not JSON" in bad[0].unreadable
    assert "set raw message delivery" in bad[1].unreadable
    assert bad[0].raw["body"] == '{"Records": ['


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{}",
        "1" * 100,
        '{"Records": [{"eventSource": "aws:sns"}]}',
        '{"detail-type": "x", "detail": 1}',
    ],
)
def test_no_message_of_a_queue_is_ever_lost_or_fatal(body: str) -> None:
    (record,) = open_event(sqs_event(body))
    assert record.unreadable
    assert record.raw["body"] == body


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (None, "the event is null, not an object"),
        ([], "the event is an array, not an object"),
        ({}, "the event has no list of Records, but nothing"),
        ({"httpMethod": "GET", "body": ""}, "the event has no list of Records, but body, httpMethod"),
        ({"Records": [{"EventSource": "aws:sns"}]}, "Records[0] of the event has eventSource 'aws:sns'"),
        ({"Records": ["x"]}, "Records[0] of the event is a text without an eventSource"),
        (
            {"source": "aws.ec2", "detail-type": "x", "detail": {}},
            "the event of EventBridge is 'x' of 'aws.ec2'",
        ),
    ],
)
def test_any_other_event_is_refused_and_says_what_was_seen(event: Any, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_event(event)
    assert says in str(caught.value)


@pytest.mark.parametrize("name", samples())
def test_every_sample_is_opened_from_its_json(name: str) -> None:
    event = json.loads(json.dumps(sample(name)))
    records = open_event(event)
    assert all(record.resource for record in records)
    assert records or name in ("empty", "s3_test")


def test_a_batch_of_several_shards_stays_in_order() -> None:
    event = merged(kinesis_event({"room": "a"}, {"room": "b"}), kinesis_event({"room": "c"}, shard=1))
    assert [record.raw["eventID"].split(":")[0][-1] for record in open_event(event)] == ["0", "0", "1"]
