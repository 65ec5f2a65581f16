"""`reactflow logs`: the lines of a function's log group, for people and for machines."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reactflow.cli import logs
from reactflow.local import Cloud

DELIVERY = {"event": "delivery", "service": "rooms", "records": 2, "fates": {"applied": 2}, "cases": []}
METRICS = {"_aws": {"CloudWatchMetrics": []}, "Records": 2}


@pytest.fixture
def group(reactflow: Any, cloud: Cloud, unique: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> str:
    """A service with a log group, which is written to."""
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    service = unique("rooms")
    Path("pyproject.toml").write_text('[tool.reactflow.deploy]\napplication = "house"\n', encoding="utf-8")
    caller, name = cloud.client("logs"), f"/aws/lambda/house-dev-{service}"
    caller.create_log_group(logGroupName=name)
    caller.create_log_stream(logGroupName=name, logStreamName="one")
    now = int(time.time() * 1000)
    lines = ["START RequestId: 1", json.dumps(DELIVERY), json.dumps(METRICS), "a line of its own\n"]
    events = [{"timestamp": now + place, "message": one} for place, one in enumerate(lines)]
    old = [{"timestamp": now - 3_600_000, "message": "an hour ago"}]
    caller.put_log_events(logGroupName=name, logStreamName="one", logEvents=[*old, *events])
    return service


def test_lines_are_told_for_people(reactflow: Any, group: str) -> None:
    called = reactflow("logs", group)
    assert called.code == 0
    told = [line.partition("  ")[2] for line in called.out.splitlines()]
    assert told == ['delivery service=rooms records=2 fates={"applied": 2}', "a line of its own"]


def test_all_lines_are_told_as_json(reactflow: Any, group: str) -> None:
    called = reactflow("logs", group, "--all", "--json", "--since", "2h")
    told = [json.loads(line) for line in called.out.splitlines()]
    assert [one["message"] for one in told] == [
        "an hour ago", "START RequestId: 1", DELIVERY, METRICS, "a line of its own",
    ]  # fmt: skip
    assert {one["stream"] for one in told} == {"one"}


def test_what_comes_later_is_told_once(group: str, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime, timedelta

    monkeypatch.setattr(logs, "PAUSE", 0.01)
    name = f"/aws/lambda/house-dev-{group}"
    found = logs.tail(name, datetime.now(UTC) - timedelta(minutes=5), follow=True)
    assert [next(found)["message"] for _ in range(4)][-1] == "a line of its own"
    more = [{"timestamp": int(time.time() * 1000), "message": "more"}]
    cloud.client("logs").put_log_events(logGroupName=name, logStreamName="one", logEvents=more)
    assert next(found)["message"] == "more"


def test_a_service_that_is_not_deployed_is_told(reactflow: Any, group: str) -> None:
    called = reactflow("logs", f"{group}x")
    assert called.code == 1
    assert (
        f"there is no log group /aws/lambda/house-dev-{group}x: deploy the service to this stage"
        in called.err
    )
