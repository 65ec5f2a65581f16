"""The Kinesis trigger against the embedded cloud."""

from __future__ import annotations

import base64
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from reactflow.errors import ConfigurationError, Transient
from reactflow.local import Cloud
from reactflow.local.provision import BucketNeeded, StreamNeeded, provision
from reactflow.local.triggers import Delivery, KinesisTrigger, ManualClock, Triggers, TriggerSettings
from reactflow.local.triggers.destination import payload
from tests.local.triggers.written import kept

Unique = Callable[[str], str]


def put(cloud: Cloud, stream: str, *values: tuple[str, Any]) -> None:
    records: Any = [{"PartitionKey": key, "Data": json.dumps(value).encode()} for key, value in values]
    for first in range(0, len(records), 500):
        cloud.client("kinesis").put_records(StreamName=stream, Records=records[first : first + 500])


def read(record: Any) -> Any:
    return json.loads(base64.b64decode(record["kinesis"]["data"]))


def run(trigger: KinesisTrigger) -> list[Delivery]:
    told: list[Delivery] = []
    Triggers([trigger], clock=ManualClock(time.time()), listener=told.append).run_until_idle()
    return told


def test_a_record_has_the_form_that_lambda_delivers(cloud: Cloud, unique: Unique) -> None:
    stream = unique("s")
    arns = provision(cloud, [StreamNeeded(stream)])
    put(cloud, stream, ("kitchen", {"length": 3.0}))
    events: list[Any] = []
    run(KinesisTrigger(cloud, stream, lambda event, context: events.append(event)))
    [record] = events[0]["Records"]
    number = record["kinesis"].pop("sequenceNumber")
    arrival = record["kinesis"].pop("approximateArrivalTimestamp")
    assert number.isdigit()
    assert isinstance(arrival, float)
    assert abs(arrival - time.time()) < 60
    assert record == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "kitchen",
            "data": base64.b64encode(b'{"length": 3.0}').decode(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/local",
        "awsRegion": "us-east-1",
        "eventSourceARN": arns[f"kinesis/{stream}"],
    }


def test_order_is_kept_in_every_shard_through_failures_of_any_kind(cloud: Cloud, unique: Unique) -> None:
    stream = unique("s")
    provision(cloud, [StreamNeeded(stream, shards=4)])
    put(cloud, stream, *((f"room {place % 17}", place) for place in range(1200)))
    finished: dict[str, list[int]] = defaultdict(list)
    calls = 0

    def handler(event: Any, context: Any) -> object:
        nonlocal calls
        calls += 1
        records = event["Records"]
        shard = records[0]["eventID"].split(":")[0]
        if calls % 5 == 0:
            raise RuntimeError("whole batch")
        done = len(records) // 2 if calls % 3 == 0 else len(records)
        finished[shard] += [read(record) for record in records[:done]]
        failed = [{"itemIdentifier": record["kinesis"]["sequenceNumber"]} for record in records[done:]]
        return {"batchItemFailures": failed}

    run(KinesisTrigger(cloud, stream, handler, TriggerSettings(batch_size=40)))
    assert len(finished) == 4
    assert all(places == sorted(places) for places in finished.values())
    assert sorted(place for places in finished.values() for place in places) == list(range(1200))


def test_an_iterator_that_expired_is_resumed_where_it_was(cloud: Cloud, unique: Unique) -> None:
    stream = unique("s")
    provision(cloud, [StreamNeeded(stream)])
    got: list[int] = []
    trigger = KinesisTrigger(
        cloud, stream, lambda event, context: got.extend(read(record) for record in event["Records"])
    )
    put(cloud, stream, ("a", 1), ("a", 2))
    run(trigger)
    trigger._iterators = dict.fromkeys(
        trigger._iterators, "an iterator that the stream does not know any more"
    )
    put(cloud, stream, ("a", 3))
    run(trigger)
    assert got == [1, 2, 3]


def test_latest_leaves_out_what_was_there_when_it_was_opened(cloud: Cloud, unique: Unique) -> None:
    stream = unique("s")
    provision(cloud, [StreamNeeded(stream)])
    put(cloud, stream, ("a", 1))
    got: list[int] = []
    trigger = KinesisTrigger(
        cloud,
        stream,
        lambda event, context: got.extend(read(record) for record in event["Records"]),
        TriggerSettings(starting_position="LATEST"),
    )
    trigger.open()
    put(cloud, stream, ("a", 2))
    run(trigger)
    assert got == [2]


def test_a_shard_that_the_embedded_cloud_drops_at_a_split_is_told_as_lost(
    cloud: Cloud, unique: Unique
) -> None:
    # Its split deletes the parent with its records. On AWS the parent would be read to its end.
    stream = unique("s")
    provision(cloud, [StreamNeeded(stream)])
    got: list[int] = []
    trigger = KinesisTrigger(
        cloud, stream, lambda event, context: got.extend(read(record) for record in event["Records"])
    )
    put(cloud, stream, ("a", 1))
    run(trigger)
    cloud.client("kinesis").split_shard(
        StreamName=stream, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
    )
    put(cloud, stream, ("a", 2), ("b", 3), ("c", 4))
    told = run(trigger)
    assert sorted(got) == [1, 2, 3, 4]
    assert told[0].outcome == "lost"


def test_a_stream_that_is_not_there_is_named_with_the_way_to_make_it(cloud: Cloud, unique: Unique) -> None:
    stream = unique("s")
    with pytest.raises(ConfigurationError) as caught:
        run(KinesisTrigger(cloud, stream, lambda event, context: None))
    assert str(caught.value) == (
        f"there is no kinesis/{stream} at {cloud.endpoint}: provision(cloud, [StreamNeeded('{stream}')]) makes it"
    )


def test_what_is_given_up_is_kept_with_its_event_and_can_be_handled_again(
    cloud: Cloud, unique: Unique
) -> None:
    stream, failures = unique("s"), unique("failures")
    arns = provision(cloud, [StreamNeeded(stream), BucketNeeded(failures)])
    put(cloud, stream, *(("a", n) for n in range(5)))
    settings = TriggerSettings(maximum_retry_attempts=1, on_failure=f"arn:aws:s3:::{failures}", backoff=0.0)
    events: list[Any] = []

    def handler(event: Any, context: Any) -> None:
        if any(read(record) == 3 for record in event["Records"]):
            raise ValueError("three")
        events.append(event)

    told = run(KinesisTrigger(cloud, stream, handler, settings, function="rooms"))
    [discarded] = [delivery for delivery in told if delivery.outcome == "discarded"]
    record = kept(cloud, failures, discarded.kept)
    [given_up] = payload(record)["Records"]
    number = given_up["kinesis"]["sequenceNumber"]
    assert re.fullmatch(
        r"aws/lambda/[0-9a-f-]{36}/shardId-000000000000/\d{4}/\d\d/\d\d/[-\dT.]{19}-[0-9a-f-]{36}",
        discarded.kept,
    )
    assert read(given_up) == 3
    assert sorted(read(record) for event in events for record in event["Records"]) == [0, 1, 2, 4]
    assert record["requestContext"]["functionArn"] == "arn:aws:lambda:us-east-1:123456789012:function:rooms"
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    about = record["KinesisBatchInfo"]
    assert about.pop("approximateArrivalOfFirstRecord") == about.pop("approximateArrivalOfLastRecord")
    assert about == {
        "shardId": "shardId-000000000000",
        "startSequenceNumber": number,
        "endSequenceNumber": number,
        "batchSize": 1,
        "streamArn": arns[f"kinesis/{stream}"],
    }


def test_a_partition_key_that_fails_holds_up_no_other_with_a_parallelization_factor(
    cloud: Cloud, unique: Unique
) -> None:
    stream = unique("s")
    provision(cloud, [StreamNeeded(stream)])
    put(cloud, stream, *((f"room {n % 10}", n) for n in range(100)))
    done: list[int] = []

    def handler(event: Any, context: Any) -> None:
        if any(record["kinesis"]["partitionKey"] == "room 3" for record in event["Records"]):
            raise ValueError("three")
        done.extend(read(record) for record in event["Records"])

    trigger = KinesisTrigger(cloud, stream, handler, TriggerSettings(parallelization_factor=10))
    with pytest.raises(Transient, match="ValueError: three"):
        run(trigger)
    assert len(done) >= 60
    assert not any(n % 10 == 3 for n in done)
    for room in range(10):
        numbers = [n for n in done if n % 10 == room]
        assert numbers == sorted(numbers)


def test_a_start_in_time_leaves_out_what_was_there_before(cloud: Cloud, unique: Unique) -> None:
    stream = unique("s")
    provision(cloud, [StreamNeeded(stream)])
    put(cloud, stream, ("a", 1))
    got: list[int] = []
    settings = TriggerSettings(
        starting_position="AT_TIMESTAMP", starting_position_timestamp=time.time() + 3600
    )
    trigger = KinesisTrigger(
        cloud,
        stream,
        lambda event, context: got.extend(read(record) for record in event["Records"]),
        settings,
    )
    run(trigger)
    assert got == []
