"""What is compared in Lambda's runtime does the same work on both sides, and the stand-in holds what it is told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from benchmarks import table
from benchmarks.runtime import page
from benchmarks.runtime.dynamodb import StandIn, Tables
from benchmarks.runtime.handlers import SIDES, Handled, Side, differences, measure_handled
from benchmarks.runtime.stage import TABLES, Stage, has_powertools
from benchmarks.runtime.starts import BOUND, Start, first_event
from benchmarks.steps.service import HandlerWork
from tests.tools import tool

SMALL = HandlerWork("small", 7, 40)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage.make(tmp_path_factory.mktemp("stage"), tool("sam"))


@pytest.fixture
def standing() -> Iterator[StandIn]:
    with StandIn(TABLES) as one:
        yield one


def client(standing: StandIn) -> Any:
    return boto3.client(
        "dynamodb", endpoint_url=standing.endpoint, region_name="eu-west-1",
        aws_access_key_id="any", aws_secret_access_key="any",
    )  # fmt: skip


def test_the_stand_in_refuses_a_put_whose_condition_does_not_hold_with_what_is_there(
    standing: StandIn,
) -> None:
    dynamodb, key = client(standing), {"pk": {"S": "a"}, "sk": {"S": "item"}}
    new = {"TableName": "state", "ConditionExpression": "attribute_not_exists(pk)"}
    dynamodb.put_item(Item={**key, "v": {"N": "1"}}, **new)
    with pytest.raises(ClientError, match="ConditionalCheckFailed") as refused:
        dynamodb.put_item(Item={**key, "v": {"N": "2"}}, ReturnValuesOnConditionCheckFailure="ALL_OLD", **new)
    there: Any = refused.value.response
    assert there["Item"]["v"] == {"N": "1"}
    assert dynamodb.get_item(TableName="state", Key=key)["Item"]["v"] == {"N": "1"}
    over = {":v": {"N": "1"}}
    dynamodb.put_item(
        TableName="state", Item={**key, "v": {"N": "2"}}, ConditionExpression="v = :v",
        ExpressionAttributeValues=over,
    )  # fmt: skip
    assert standing.tables.calls == {"PutItem state": 3, "GetItem state": 1}


def test_the_stand_in_updates_and_deletes(standing: StandIn) -> None:
    dynamodb, key = client(standing), {"id": {"S": "a"}}
    dynamodb.update_item(
        TableName="done", Key=key, UpdateExpression="SET #a = :a, b = :b",
        ExpressionAttributeNames={"#a": "a"}, ExpressionAttributeValues={":a": {"S": "1"}, ":b": {"S": "2"}},
    )  # fmt: skip
    assert dynamodb.get_item(TableName="done", Key=key)["Item"] == {**key, "a": {"S": "1"}, "b": {"S": "2"}}
    dynamodb.delete_item(TableName="done", Key=key)
    assert "Item" not in dynamodb.get_item(TableName="done", Key=key)


@pytest.mark.slow
def test_all_sides_come_to_the_same_rows_and_units_in_the_runtime(stage: Stage) -> None:
    handled = measure_handled(stage, SMALL, 2)
    assert [one.name for one in handled.sides[:2]] == ["by hand", "service"]
    by_hand, service = handled.sides[:2]
    assert by_hand.calls == service.calls == 14  # one write and one row a room; the units are warm
    if has_powertools():
        assert handled.sides[2].calls == 3 * SMALL.records


@pytest.mark.slow
@pytest.mark.parametrize("function", ["bare", "memory", "by_hand", "rooms"])
def test_a_first_answer_comes_in_a_process_and_in_the_runtime(stage: Stage, function: str) -> None:
    with StandIn(TABLES) as standing, stage.runtime(function, standing.endpoint) as runtime:
        assert stage.run(function, first_event(), standing.endpoint) > 0
        calls = dict(standing.tables.calls)
        standing.tables.clear()
        assert runtime(first_event())["batchItemFailures"] == []
        assert standing.tables.calls == calls
        wanted = {"GetItem state": 1, "PutItem state": 1, "PutItem areas": 1}
        assert calls == ({} if function in ("bare", "memory") else wanted)


def test_a_side_that_writes_another_row_is_found_out() -> None:
    sides = {name: Tables(TABLES) for name in SIDES[:2]}
    for name, tables in sides.items():
        area = "12.0" if name == "by_hand" else "13.0"
        item = {"room": {"S": "r1"}, "area": {"N": area}, "_n": {"N": "1"}}
        assert tables.call("PutItem", {"TableName": "areas", "Item": item}) == (200, {})
    assert differences(sides) == ["rooms: the row of r1 has [13.0, None, 1.0] and not [12.0, None, 1.0]"]


def test_the_page_tells_of_starts_and_handlers_and_of_what_is_over_its_bound(tmp_path: Path) -> None:
    starts = [
        Start("memory", BOUND, 80.0, 200.0, 2.5, 2.4, 2.6),
        Start("rooms", BOUND, 500.0, 600.0, 1.2, 1.1, 1.3),
    ]
    handled = [
        Handled(
            SMALL, 4711, (Side("by hand", 0.1, 0.2, 1.0, 1.0, 14), Side("service", 0.2, 0.3, 2.0, 1.5, 14))
        )
    ]
    page.write(page.RuntimeReport(3, starts, handled), table.markdown, tmp_path)
    text = (tmp_path / "runtime-benchmarks.md").read_text(encoding="utf-8")
    assert "Over its bound: without a client of AWS, 2.50 where 2.0 is the most." in text
    assert "1.20 (1.10 to 1.30) | 1.3 |" in text
    assert "| small | service | 200 | 2.00 | 1.50 | 14 |" in text
    assert "The largest event has 4,711 bytes." in text


def test_nothing_of_this_environment_reaches_a_function(stage: Stage) -> None:
    assert os.environ.get("HOME", "no home") not in stage.environment("").values()
