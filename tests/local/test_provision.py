"""What a service needs is made once, fits or is refused, and nothing is changed in silence."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from reactflow.errors import ConfigurationError
from reactflow.local import Cloud
from reactflow.local.provision import (
    BucketNeeded,
    Need,
    Notification,
    QueueNeeded,
    StreamNeeded,
    TableNeeded,
    provision,
)

Unique = Callable[[str], str]


def test_making_it_twice_is_making_it_once(cloud: Cloud, unique: Unique) -> None:
    stream, table, bucket, queue = unique("s"), unique("t"), unique("b"), unique("q")
    needs: list[Need] = [
        StreamNeeded(stream, shards=3),
        TableNeeded(table, "room", "day", {"day": "N"}, stream=True),
        QueueNeeded(queue),
        BucketNeeded(bucket, versioned=True, notify=(Notification(queue, "in/", ".jpg"),)),
    ]
    first = provision(cloud, needs)
    assert provision(cloud, needs) == first
    assert set(first) == {f"kinesis/{stream}", f"dynamodb/{table}", f"sqs/{queue}", f"s3/{bucket}"}
    assert len(cloud.client("kinesis").list_shards(StreamName=stream)["Shards"]) == 3
    made = cloud.client("dynamodb").describe_table(TableName=table)["Table"]
    assert made.get("KeySchema") == [
        {"AttributeName": "room", "KeyType": "HASH"},
        {"AttributeName": "day", "KeyType": "RANGE"},
    ]
    assert made.get("StreamSpecification", {}).get("StreamViewType") == "NEW_AND_OLD_IMAGES"
    assert cloud.client("s3").get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled"
    notified = cloud.client("s3").get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    assert len(notified) == 1
    messages = cloud.client("sqs").get_queue_attributes(
        QueueUrl=cloud.client("sqs").get_queue_url(QueueName=queue)["QueueUrl"],
        AttributeNames=["ApproximateNumberOfMessages", "Policy"],
    )["Attributes"]
    assert messages["ApproximateNumberOfMessages"] == "1", "the second time sends no test message"
    [statement] = json.loads(messages["Policy"])["Statement"]
    assert statement["Condition"] == {
        "ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"},
        "StringEquals": {"aws:SourceAccount": "123456789012"},
    }


def test_a_second_notification_leaves_the_first(cloud: Cloud, unique: Unique) -> None:
    bucket, one, other = unique("b"), unique("q"), unique("q")
    provision(cloud, [BucketNeeded(bucket, notify=(Notification(one, "in/"),))])
    provision(cloud, [BucketNeeded(bucket, notify=(Notification(other, "out/"),))])
    notified = cloud.client("s3").get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    assert [configuration["QueueArn"].rpartition(":")[2] for configuration in notified] == [one, other]


def test_versions_and_a_stream_are_added_to_what_has_none(cloud: Cloud, unique: Unique) -> None:
    bucket, table = unique("b"), unique("t")
    provision(cloud, [BucketNeeded(bucket), TableNeeded(table, "id")])
    provision(cloud, [BucketNeeded(bucket, versioned=True), TableNeeded(table, "id", stream=True)])
    assert cloud.client("s3").get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled"
    made = cloud.client("dynamodb").describe_table(TableName=table)["Table"]
    assert made.get("StreamSpecification", {}).get("StreamEnabled") is True


@pytest.mark.parametrize(
    ("there", "needed", "message"),
    [
        (
            lambda name: StreamNeeded(name, 1),
            lambda name: StreamNeeded(name, 2),
            "kinesis/NAME has 1 of 2 shards: resharding is not provision's to do; delete the stream, or ask for 1",
        ),
        (
            lambda name: TableNeeded(name, "id"),
            lambda name: TableNeeded(name, "id", types={"id": "N"}),
            "dynamodb/NAME has the key {'id': 'S'}, {'id': 'N'} is needed: a key cannot be changed, delete the table",
        ),
        (
            lambda name: QueueNeeded(name),
            lambda name: TableNeeded(name, "id", types={"day": "N"}),
            "dynamodb/NAME: types names 'day', which is not of its key ('id',)",
        ),
        (
            lambda name: QueueNeeded(name),
            lambda name: TableNeeded(name, "id", types={"id": "int"}),
            "dynamodb/NAME: the type of 'id' is 'int': write S, N or B",
        ),
    ],
    ids=["shards", "key", "types", "kind"],
)
def test_what_does_not_fit_is_refused_with_what_is_there_and_what_is_needed(
    cloud: Cloud, unique: Unique, there: Any, needed: Any, message: str
) -> None:
    name = unique("x")
    provision(cloud, [there(name)])
    with pytest.raises(ConfigurationError) as caught:
        provision(cloud, [needed(name)])
    assert str(caught.value) == message.replace("NAME", name)
