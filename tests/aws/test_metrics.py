"""Metrics of a delivery: a line that CloudWatch reads, by names that alarms are set on, and nothing of a payload."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reactflow import Service
from reactflow.aws import Kinesis
from reactflow.aws.metrics import COUNTS, LAG, SETTING, STAGE, metrics
from reactflow.service import Host, MemoryStore
from reactflow.service.report import Lane, Report
from reactflow.service.telemetry import watcher
from reactflow.testing import kinesis_event
from tests.service.flows import rooms
from tests.service.recording import Table

SOURCE = Kinesis("measurements", partition="room")
EVENT = kinesis_event(
    {"room": "secret-r1", "length": 3, "reading": 1},
    {"room": "secret-r1", "length": "secret-length"},
    {"room": "secret-r1", "length": 4},
    {"room": "r2", "length": 1, "width": 1, "divisor": 0},
    b"secret, and not JSON",
    partition="room",
)


def told(service: Service, capsys: pytest.CaptureFixture[str], event: Any = EVENT) -> dict[str, Any]:
    tell = watcher({SETTING: "emf"})
    assert tell is not None
    capsys.readouterr()
    Host(service, service.host.store, listener=tell).handle(event)
    (line,) = capsys.readouterr().out.splitlines()
    assert "secret" not in line
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_delivery_is_one_line_with_a_count_for_each_event(capsys: pytest.CaptureFixture[str]) -> None:
    service = rooms(SOURCE, Table(), store=MemoryStore())
    first, again = told(service, capsys), told(service, capsys)
    assert {name: first[name] for name in COUNTS} == {
        "Records": 5, "Applied": 1, "Duplicate": 0, "Superseded": 0, "Late": 0, "Filtered": 0, "Quarantined": 3,
        "Held": 1, "Skipped": 0, "Unfinished": 0, "Released": 0, "Published": 1, "Waiting": 0,
    }  # fmt: skip
    assert (again["Duplicate"], again["Applied"]) == (4, 0)
    assert first[LAG] > 0


def test_it_is_in_the_form_that_cloudwatch_reads(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(rooms(SOURCE, Table(), store=MemoryStore()), capsys)
    (directive,) = found["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "reactflow"
    assert directive["Dimensions"] == [["Service"]]
    assert found["Service"] == "rooms"
    named = {one["Name"]: one["Unit"] for one in directive["Metrics"]}
    assert named == {**dict.fromkeys(COUNTS, "Count"), LAG: "Seconds"}
    assert all(isinstance(found[name], (int, float)) for name in named)
    assert found.keys() == {"_aws", "Service", *named}
    assert isinstance(found["_aws"]["Timestamp"], int)
    assert found["_aws"]["Timestamp"] > 1_600_000_000_000, "in milliseconds"


def test_a_stage_is_a_dimension_where_one_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STAGE, "prod")
    found = told(rooms(SOURCE, Table(), store=MemoryStore()), capsys)
    assert found["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Service", "Stage"]]
    assert found["Stage"] == "prod"


def test_the_lag_is_that_of_the_lane_furthest_behind_and_absent_where_nothing_came() -> None:
    lanes = {"kinesis/m/1": Lane(3.0, 7.0), "kinesis/m/2": Lane(5.25, 4.75)}
    assert metrics(Report(2, {}, lanes=lanes), 0.0)[LAG] == 5.25
    nothing = metrics(Report(0, {}), 0.0)
    assert LAG not in nothing
    assert LAG not in [one["Name"] for one in nothing["_aws"]["CloudWatchMetrics"][0]["Metrics"]]


def test_what_waited_and_is_put_away_counts_as_quarantined() -> None:
    found = metrics(Report(1, {"quarantined": 1}, released={"quarantined": 2, "applied": 1}), 0.0)
    assert (found["Quarantined"], found["Released"]) == (3, 3)


def test_nothing_is_written_unless_it_is_asked_for() -> None:
    assert watcher({SETTING: "off"}) is None


def test_records_that_come_again_are_counted_whatever_became_of_their_events() -> None:
    found = metrics(Report(2, {"applied": 2}, unfinished=frozenset({0, 1})), 0.0)
    assert (found["Applied"], found["Unfinished"]) == (2, 2)
