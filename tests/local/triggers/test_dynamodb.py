"""The DynamoDB trigger against the embedded cloud."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from reactflow.errors import ConfigurationError
from reactflow.local import Cloud
from reactflow.local.provision import TableNeeded, provision
from reactflow.local.triggers import DynamoDBTrigger, ManualClock, Triggers, TriggerSettings

Unique = Callable[[str], str]


def changes(cloud: Cloud, table: str) -> list[Any]:
    """All records of a table's stream, as its handler gets them."""
    records: list[Any] = []
    trigger = DynamoDBTrigger(cloud, table, lambda event, context: records.extend(event["Records"]))
    Triggers([trigger], clock=ManualClock(time.time()), listener=lambda delivery: None).run_until_idle()
    return records


@pytest.fixture
def table(cloud: Cloud, unique: Unique) -> str:
    name = unique("employees")
    provision(cloud, [TableNeeded(name, "company", "id", {"id": "N"}, stream=True)])
    return name


def test_insert_modify_and_remove_have_the_form_that_lambda_delivers(cloud: Cloud, table: str) -> None:
    client = cloud.client("dynamodb")
    keys = {"company": {"S": "acme"}, "id": {"N": "7"}}
    client.put_item(TableName=table, Item=keys | {"name": {"S": "Zoë"}})
    client.put_item(TableName=table, Item=keys | {"name": {"S": "Max"}})
    client.delete_item(TableName=table, Key=keys)
    records = changes(cloud, table)
    zoe, max_ = keys | {"name": {"S": "Zoë"}}, keys | {"name": {"S": "Max"}}
    told = [
        (record["eventName"], record["dynamodb"].get("OldImage"), record["dynamodb"].get("NewImage"))
        for record in records
    ]
    assert told == [("INSERT", None, zoe), ("MODIFY", zoe, max_), ("REMOVE", max_, None)]
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    assert numbers == sorted(set(numbers), key=int)
    for record in records:
        assert record["eventSource"] == "aws:dynamodb"
        assert record["eventVersion"] == "1.1"
        assert record["awsRegion"] == "us-east-1"
        assert record["eventSourceARN"].startswith(
            f"arn:aws:dynamodb:us-east-1:123456789012:table/{table}/stream/"
        )
        assert record["dynamodb"]["Keys"] == keys
        assert record["dynamodb"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
        assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], float)
        assert isinstance(record["dynamodb"]["SizeBytes"], int)


def test_binary_values_are_base64_text_at_every_depth(cloud: Cloud, table: str) -> None:
    item: dict[str, Any] = {
        "company": {"S": "acme"},
        "id": {"N": "1"},
        "photo": {"B": b"\x00\xff"},
        "prints": {"BS": [b"\x01", b"\x02"]},
        "deep": {"L": [{"M": {"photo": {"B": b"\xff"}}}]},
        "digits": {"N": "1" * 38},
        "tags": {"SS": ["a"]},
        "none": {"NULL": True},
    }
    cloud.client("dynamodb").put_item(TableName=table, Item=item)
    [record] = changes(cloud, table)
    image = record["dynamodb"]["NewImage"]
    assert image["photo"] == {"B": "AP8="}
    assert sorted(image["prints"]["BS"]) == ["AQ==", "Ag=="]
    assert image["deep"] == {"L": [{"M": {"photo": {"B": "/w=="}}}]}
    assert image["digits"] == {"N": "1" * 38}
    assert image["tags"] == {"SS": ["a"]}
    assert image["none"] == {"NULL": True}


def test_a_put_that_changes_nothing_makes_no_record(cloud: Cloud, table: str) -> None:
    item = {"company": {"S": "acme"}, "id": {"N": "1"}, "name": {"S": "Zoë"}}
    for _ in range(2):
        cloud.client("dynamodb").put_item(TableName=table, Item=item)
    assert [record["eventName"] for record in changes(cloud, table)] == ["INSERT"]


def test_a_table_without_a_stream_is_named_with_the_way_to_switch_it_on(cloud: Cloud, unique: Unique) -> None:
    name = unique("t")
    provision(cloud, [TableNeeded(name, "id")])
    with pytest.raises(
        ConfigurationError, match=rf"^dynamodb/{name} has no stream: .*stream=True.* switches it on$"
    ):
        changes(cloud, name)


def test_a_table_that_is_not_there_is_named(cloud: Cloud, unique: Unique) -> None:
    with pytest.raises(ConfigurationError, match=r"^there is no dynamodb/missing-\d+-\S+ at http://127"):
        changes(cloud, unique("missing"))


def test_only_what_a_filter_wants_is_delivered_and_an_item_keeps_its_order(cloud: Cloud, table: str) -> None:
    client = cloud.client("dynamodb")
    for number in range(3):
        for item in "12345":
            keys: Any = {"company": {"S": "acme"}, "id": {"N": item}}
            client.put_item(TableName=table, Item=keys | {"n": {"N": str(number)}})
    client.delete_item(TableName=table, Key={"company": {"S": "acme"}, "id": {"N": "1"}})
    got: dict[str, list[int]] = {}

    def handler(event: Any, context: Any) -> None:
        for record in event["Records"]:
            image = record["dynamodb"]["NewImage"]
            got.setdefault(image["id"]["N"], []).append(int(image["n"]["N"]))

    settings = TriggerSettings(
        filter_criteria=[
            {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"NewImage": {"id": {"N": ["1", "2", "3"]}}}}
        ],
        parallelization_factor=3,
    )
    trigger = DynamoDBTrigger(cloud, table, handler, settings)
    clock = ManualClock(time.time())
    summary = Triggers([trigger], clock=clock, listener=lambda delivery: None).run_until_idle()
    assert got == {item: [0, 1, 2] for item in "123"}
    assert summary.filtered == 7


def test_a_start_in_time_is_refused(cloud: Cloud, table: str) -> None:
    settings = TriggerSettings(starting_position="AT_TIMESTAMP", starting_position_timestamp=0.0)
    with pytest.raises(
        ConfigurationError, match=f"^dynamodb/{table}: a table's stream cannot be entered at a time"
    ):
        DynamoDBTrigger(cloud, table, lambda event, context: None, settings)
