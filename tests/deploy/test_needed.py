"""Which permissions a call takes, as AWS documents it."""

from __future__ import annotations

from typing import Any

import pytest

from reactflow.testing.grants import Need
from reactflow.testing.needed import Place, missing_object, needed

KEYS = {("state", ""): "pk", ("state", "owing"): "owes", ("state", "ranked"): "pk"}
HERE = Place(
    "eu-west-1", "123456789012", "aws", lambda table, index: KEYS.get((table, index), ""), {"it-1": "arn:stream"}
)  # fmt: skip
STATE = "arn:aws:dynamodb:eu-west-1:123456789012:table/state"
OWNED = {"aws:ResourceAccount": ("123456789012",), "s3:ResourceAccount": ("123456789012",)}
ROOM = {"pk": {"S": "rooms/r1"}, "sk": {"S": "item"}}
HALL = {"pk": {"S": "halls/h1"}, "sk": {"S": "item"}}


def leading(*keys: str) -> dict[str, tuple[str, ...]]:
    return {"dynamodb:LeadingKeys": keys}


@pytest.mark.parametrize(
    ("operation", "given", "wanted"),
    [
        ("GetItem", {"Key": ROOM}, Need("dynamodb:GetItem", STATE, leading("rooms/r1"))),
        ("PutItem", {"Item": {**ROOM, "v": {"N": "1"}}}, Need("dynamodb:PutItem", STATE, leading("rooms/r1"))),
        ("DeleteItem", {"Key": HALL}, Need("dynamodb:DeleteItem", STATE, leading("halls/h1"))),
        ("UpdateItem", {"Key": ROOM}, Need("dynamodb:UpdateItem", STATE, leading("rooms/r1"))),
        ("Scan", {}, Need("dynamodb:Scan", STATE)),
        (
            "Scan",
            {
                "Select": "SPECIFIC_ATTRIBUTES", "ProjectionExpression": "pk, #v.size",
                "FilterExpression": "sk = :item AND begins_with(pk, :service)",
                "ExpressionAttributeNames": {"#v": "v"},
            },
            Need(
                "dynamodb:Scan", STATE,
                {"dynamodb:Attributes": ("pk", "v", "sk"), "dynamodb:Select": ("SPECIFIC_ATTRIBUTES",)},
            ),
        ),
        ("DescribeTable", {}, Need("dynamodb:DescribeTable", STATE)),
        (
            "Query",
            {
                "IndexName": "owing", "KeyConditionExpression": "owes = :owes AND since <= :latest",
                "ExpressionAttributeValues": {":owes": {"S": "rooms/3"}, ":latest": {"N": "1"}},
            },
            Need(
                "dynamodb:Query",
                f"{STATE}/index/owing",
                {**leading("rooms/3"), "dynamodb:Attributes": ("owes", "since")},
            ),
        ),
        (
            "Query",
            {
                "KeyConditionExpression": "#key = :pk", "ExpressionAttributeNames": {"#key": "pk"},
                "ExpressionAttributeValues": {":pk": {"S": "rooms/cases"}},
            },
            Need("dynamodb:Query", STATE, {**leading("rooms/cases"), "dynamodb:Attributes": ("pk",)}),
        ),
    ],
)  # fmt: skip
def test_a_call_of_dynamodb_takes_its_action_on_the_table_or_index(
    operation: str, given: dict[str, Any], wanted: Need
) -> None:
    assert needed("dynamodb", operation, {"TableName": "state", **given}, HERE) == [wanted]


def test_a_transaction_takes_what_each_of_its_parts_takes() -> None:
    parts = [
        {"Put": {"TableName": "state", "Item": ROOM}},
        {"Update": {"TableName": "state", "Key": HALL}},
        {"ConditionCheck": {"TableName": "state", "Key": ROOM}},
        {"Delete": {"TableName": "state", "Key": ROOM}},
    ]
    found = needed("dynamodb", "TransactWriteItems", {"TransactItems": parts}, HERE)
    assert [(one.action, one.context["dynamodb:LeadingKeys"]) for one in found] == [
        ("dynamodb:PutItem", ("rooms/r1",)), ("dynamodb:UpdateItem", ("halls/h1",)),
        ("dynamodb:ConditionCheckItem", ("rooms/r1",)), ("dynamodb:DeleteItem", ("rooms/r1",)),
    ]  # fmt: skip
    gets = [{"Get": {"TableName": "state", "Key": ROOM}}]
    assert needed("dynamodb", "TransactGetItems", {"TransactItems": gets}, HERE) == [
        Need("dynamodb:GetItem", STATE, leading("rooms/r1"))
    ]


def test_a_batch_takes_one_action_on_each_table_for_all_of_its_items() -> None:
    reads = {"RequestItems": {"state": {"Keys": [ROOM, HALL]}}}
    assert needed("dynamodb", "BatchGetItem", reads, HERE) == [
        Need("dynamodb:BatchGetItem", STATE, leading("rooms/r1", "halls/h1"))
    ]
    writes = {"RequestItems": {"state": [{"PutRequest": {"Item": ROOM}}, {"DeleteRequest": {"Key": HALL}}]}}
    assert needed("dynamodb", "BatchWriteItem", writes, HERE) == [
        Need("dynamodb:BatchWriteItem", STATE, leading("rooms/r1", "halls/h1"))
    ]


@pytest.mark.parametrize(
    ("operation", "given", "actions"),
    [
        ("GetObject", {}, ["GetObject"]),
        ("GetObject", {"VersionId": "v1"}, ["GetObjectVersion"]),
        ("HeadObject", {}, ["GetObject"]),
        ("PutObject", {}, ["PutObject"]),
        ("PutObject", {"IfNoneMatch": "*"}, ["PutObject"]),
        ("PutObject", {"IfMatch": "e1"}, ["PutObject", "GetObject"]),
        ("DeleteObject", {"IfMatch": "e1"}, ["DeleteObject", "GetObject"]),
        ("DeleteObject", {"VersionId": "v1"}, ["DeleteObjectVersion"]),
        ("GetObjectTagging", {}, ["GetObjectTagging"]),
    ],
)
def test_a_call_on_an_object_takes_its_action_on_it(
    operation: str, given: dict[str, Any], actions: list[str]
) -> None:
    found = needed("s3", operation, {"Bucket": "photos", "Key": "in/a*", **given}, HERE)
    assert found == [Need(f"s3:{action}", "arn:aws:s3:::photos/in/a*", OWNED) for action in actions]


def test_a_list_is_of_a_bucket_and_tells_its_prefix() -> None:
    bucket = "arn:aws:s3:::photos"
    assert needed("s3", "ListObjectsV2", {"Bucket": "photos", "Prefix": "in/"}, HERE) == [
        Need("s3:ListBucket", bucket, {**OWNED, "s3:prefix": ("in/",)})
    ]
    assert needed("s3", "ListObjectsV2", {"Bucket": "photos"}, HERE) == [Need("s3:ListBucket", bucket, OWNED)]
    assert missing_object({"Bucket": "photos", "Key": "in/a"}, HERE) == Need(
        "s3:ListBucket", bucket, {**OWNED, "s3:prefix": ("in/a",)}
    )


@pytest.mark.parametrize(
    ("service", "operation", "given", "wanted"),
    [
        ("kinesis", "PutRecords", {"StreamName": "a"},
         Need("kinesis:PutRecords", "arn:aws:kinesis:eu-west-1:123456789012:stream/a")),
        ("kinesis", "GetRecords", {"ShardIterator": "it-1"}, Need("kinesis:GetRecords", "arn:stream")),
        ("kinesis", "GetRecords", {"ShardIterator": "unknown"}, Need("kinesis:GetRecords", "*")),
        ("kinesis", "ListStreams", {}, Need("kinesis:ListStreams", "*")),
        ("dynamodbstreams", "DescribeStream", {"StreamArn": "arn:s"}, Need("dynamodb:DescribeStream", "arn:s")),
        ("dynamodbstreams", "ListStreams", {"TableName": "a"}, Need("dynamodb:ListStreams", "*")),
        ("sqs", "DeleteMessageBatch", {"QueueUrl": "http://127.0.0.1:1/123456789012/news"},
         Need("sqs:DeleteMessage", "arn:aws:sqs:eu-west-1:123456789012:news")),
        ("sns", "Publish", {"TopicArn": "arn:t"}, Need("sns:Publish", "*")),
        ("dynamodb", "ExecuteStatement", {"Statement": "select"}, Need("dynamodb:ExecuteStatement", "*")),
    ],
)  # fmt: skip
def test_a_call_takes_the_action_of_its_name(
    service: str, operation: str, given: dict[str, Any], wanted: Need
) -> None:
    assert needed(service, operation, given, HERE) == [wanted]
