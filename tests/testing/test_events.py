"""Sample events are what AWS sends, and the makers make the same shapes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from reactflow.testing.events import (
    dynamodb_event,
    eventbridge_event,
    kinesis_event,
    s3_event,
    sample,
    samples,
    sqs_event,
)


def shape(value: Any) -> Any:
    """The names and types of plain data."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def test_a_made_event_has_the_shape_of_a_recorded_one() -> None:
    assert shape(kinesis_event({"room": "r1"})) == shape(sample("kinesis_recorded"))
    assert shape(sqs_event("x")) == shape(sample("sqs_s3"))
    assert shape(s3_event("in/a.txt")) == shape(sample("s3_put_plus"))
    assert shape(s3_event({"key": "a", "version_id": "v"})) == shape(sample("s3_put_version"))
    recorded = sample("eventbridge_created")
    del recorded["detail"]["event-version"]  # which AWS does not send
    assert shape(eventbridge_event(s3_event("in/a.txt"))) == shape(recorded)
    (made,), recorded_change = (
        dynamodb_event((None, {"id": "x"}))["Records"],
        sample("dynamodb")["Records"][0],
    )
    assert made.keys() == recorded_change.keys()
    assert made["dynamodb"].keys() == recorded_change["dynamodb"].keys()


def test_no_sample_has_an_account_but_the_one_of_the_documentation() -> None:
    for name in samples():
        assert set(re.findall(r"(?<![0-9A-Za-z-])[0-9]{12}(?![0-9A-Za-z-])", json.dumps(sample(name)))) <= {
            "123456789012"
        }


def test_the_tests_see_the_very_files_that_ship() -> None:
    linked = Path(__file__).parents[1] / "events"
    assert linked.is_symlink()
    assert sorted(path.stem for path in linked.glob("*.json")) == samples()


def test_a_sample_is_a_copy_of_one_s_own() -> None:
    sample("kinesis")["Records"].clear()
    assert sample("kinesis")["Records"]


def test_an_unknown_sample_names_those_that_there_are() -> None:
    with pytest.raises(KeyError, match=r"there is no sample event 'kinesi': there are dynamodb, .*sqs_s3"):
        sample("kinesi")


def test_later_batches_have_higher_numbers() -> None:
    first, second = kinesis_event({"a": 1}), kinesis_event({"a": 2}, start=1)
    numbers = [event["Records"][0]["kinesis"]["sequenceNumber"] for event in (first, second)]
    assert numbers == sorted(numbers)
    assert {len(number) for number in numbers} == {56}


def test_what_cannot_be_made_is_said() -> None:
    with pytest.raises(ValueError, match="has no 'room' to be partitioned by"):
        kinesis_event({"length": 3}, partition="room")
    with pytest.raises(ValueError, match="one of them is an item"):
        dynamodb_event((None, None))
