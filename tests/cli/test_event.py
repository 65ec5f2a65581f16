"""`reactflow event`: events as AWS sends them, of all that can happen to a record, an item or an object."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

ITEM, WAS = '{"id": "o1", "price": 12}', '{"id": "o1", "price": 10.10}'


def made(reactflow: Any, *arguments: str) -> dict[str, Any]:
    called = reactflow("event", *arguments)
    assert (called.code, called.err) == (0, "")
    event: dict[str, Any] = json.loads(called.out)
    return event


def test_a_record_is_sent_as_it_was_written(reactflow: Any) -> None:
    text = '{"room":"a",  "price": 10.10}'
    (record,) = made(reactflow, "kinesis", "m", text, "--shard", "3")["Records"]
    assert base64.b64decode(record["kinesis"]["data"]).decode() == text
    assert record["eventID"].startswith("shardId-000000000003:")
    assert record["kinesis"]["partitionKey"] == "a"


def test_a_later_event_has_higher_numbers_and_its_own_time(reactflow: Any) -> None:
    first = made(reactflow, "kinesis", "m", '{"room": "a"}', "--at", "2027-01-01T00:00:00Z")["Records"][0][
        "kinesis"
    ]
    later = made(reactflow, "kinesis", "m", '{"room": "a"}', "--start", "1", "--at", "2027-01-01T00:00:00Z")[
        "Records"
    ][0]["kinesis"]
    assert int(later["sequenceNumber"]) == int(first["sequenceNumber"]) + 1
    assert first["approximateArrivalTimestamp"] == later["approximateArrivalTimestamp"] == 1798761600.0


@pytest.mark.parametrize(
    ("arguments", "name", "images"),
    [
        ([], "INSERT", {"NewImage"}),
        (["--old", WAS], "MODIFY", {"NewImage", "OldImage"}),
        (["--old", WAS, "--view", "NEW_IMAGE"], "MODIFY", {"NewImage"}),
        (["--old", WAS, "--view", "KEYS_ONLY"], "MODIFY", set()),
        (["--removed"], "REMOVE", {"OldImage"}),
        (["--ttl"], "REMOVE", {"OldImage"}),
    ],
)
def test_whatever_happens_to_an_item_has_its_images(
    reactflow: Any, arguments: list[str], name: str, images: set[str]
) -> None:
    (record,) = made(reactflow, "dynamodb", "orders", ITEM, *arguments)["Records"]
    assert record["eventName"] == name
    assert {one for one in record["dynamodb"] if one.endswith("Image")} == images
    assert record["dynamodb"]["Keys"] == {"id": {"S": "o1"}}
    by = {"type": "Service", "principalId": "dynamodb.amazonaws.com"} if arguments == ["--ttl"] else None
    assert record.get("userIdentity") == by


def test_old_items_may_be_given_to_some_of_several(reactflow: Any) -> None:
    found = made(reactflow, "dynamodb", "orders", ITEM, '{"id": "o2"}', "--old", WAS, "--old", "null")[
        "Records"
    ]
    assert [one["eventName"] for one in found] == ["MODIFY", "INSERT"]
    assert found[0]["dynamodb"]["OldImage"]["price"] == {"N": "10.10"}


def test_word_of_an_object_comes_in_four_forms(reactflow: Any) -> None:
    key = "in/a b.jpg"
    direct = made(reactflow, "s3", "photos", key)["Records"][0]
    assert direct["s3"]["object"]["key"] == "in/a+b.jpg"
    queued = json.loads(made(reactflow, "s3", "photos", key, "--form", "sqs")["Records"][0]["body"])
    assert queued["Records"][0]["s3"]["object"] == direct["s3"]["object"]
    ruled = made(reactflow, "s3", "photos", key, "--form", "eventbridge")
    assert ruled["detail"]["object"]["key"] == key
    both = made(reactflow, "s3", "photos", key, "x", "--form", "eventbridge-sqs")["Records"]
    assert [json.loads(one["body"])["detail"]["object"]["key"] for one in both] == [key, "x"]


def test_a_deletion_is_told_with_or_without_versions(reactflow: Any) -> None:
    plain = made(reactflow, "s3", "photos", "a", "--deleted")["Records"][0]
    assert plain["eventName"] == "ObjectRemoved:Delete"
    assert "size" not in plain["s3"]["object"]
    marker = made(reactflow, "s3", "photos", "a", "--marker", "--version-id", "v2", "--form", "eventbridge")
    assert (marker["detail-type"], marker["detail"]["deletion-type"]) == (
        "Object Deleted",
        "Delete Marker Created",
    )
    assert marker["detail"]["object"]["version-id"] == "v2"


def test_an_event_in_one_line_is_a_line_of_a_replay(reactflow: Any) -> None:
    called = reactflow("event", "kinesis", "m", '{"room": "a"}', "--json")
    assert called.out.count("\n") == 1
    assert json.loads(called.out) == made(reactflow, "kinesis", "m", '{"room": "a"}')
