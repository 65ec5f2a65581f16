"""What becomes of events is counted, every one of them, and told without a payload or a name."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from reactflow import Service
from reactflow.aws import Kinesis
from reactflow.errors import ConfigurationError
from reactflow.service import Host, MemoryStore
from reactflow.service.report import Lane, Report
from reactflow.service.telemetry import LOG, OTEL, counting, hashed, line, watcher
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


class Meter:
    """Keeps what is counted, as OpenTelemetry's would hand it to an exporter."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.lags: list[tuple[float, str]] = []

    def create_counter(self, name: str, unit: str = "", description: str = "") -> Any:
        meter = self

        class Counter:
            def add(self, amount: int, attributes: dict[str, str]) -> None:
                about = attributes.get("fate", name)
                meter.counts[about] = meter.counts.get(about, 0) + amount

        return Counter()

    def create_histogram(self, name: str, unit: str = "", description: str = "") -> Any:
        meter = self

        class Histogram:
            def record(self, amount: float, attributes: dict[str, str]) -> None:
                meter.lags.append((amount, attributes["lane"]))

        return Histogram()


def watched(service: Service, reports: list[Report], now: float) -> Host:
    return Host(service, service.host.store, listener=reports.append, clock=lambda: now)


def test_every_event_has_one_fate() -> None:
    service = rooms(SOURCE, Table(), store=MemoryStore())
    reports: list[Report] = []
    host = watched(service, reports, 0.0)
    host.handle(EVENT)
    host.handle(EVENT)
    assert [one.inputs for one in reports] == [5, 5]
    assert [sum(one.fates.values()) for one in reports] == [5, 5]
    assert reports[0].fates == {"applied": 1, "quarantined": 3, "held": 1, "filtered": 0}
    assert (reports[1].fates["duplicate"], reports[1].fates["quarantined"]) == (4, 1)


def test_lag_of_a_lane_is_the_age_of_its_newest_finished_record() -> None:
    service = rooms(SOURCE, Table(), store=MemoryStore())
    event = kinesis_event({"room": "r1", "length": 1}, {"room": "r2", "length": 2}, partition="room")
    first, second = (one["kinesis"] for one in event["Records"])
    first["approximateArrivalTimestamp"], second["approximateArrivalTimestamp"] = 1000.5, 1003.0
    reports: list[Report] = []
    watched(service, reports, 1010.0).handle(event)
    assert reports[0].lanes == {"kinesis/measurements/shardId-000000000000": Lane(7.0, 1003.0)}


def test_line_tells_counts_and_no_payload_and_no_name(caplog: pytest.LogCaptureFixture) -> None:
    tell = watcher({LOG: "json"})
    assert tell is not None
    service = rooms(SOURCE, Table(), store=MemoryStore())
    with caplog.at_level(logging.INFO, "reactflow.deliveries"):
        Host(service, service.host.store, listener=tell).handle(EVENT)
    (record,) = caplog.records
    assert "secret" not in record.getMessage()
    told = json.loads(record.getMessage())
    assert (told["service"], told["records"], told["inputs"], told["units"]) == ("rooms", 5, 5, 2)
    assert told["fates"] == {"applied": 1, "held": 1, "quarantined": 3}
    assert [one["kind"] for one in told["cases"]] == ["record", "record", "cell"]
    assert list(told["lag"]) == ["kinesis/measurements/shardId-000000000000"]


def test_meter_counts_what_became_of_events() -> None:
    meter = Meter()
    service = rooms(SOURCE, Table(), store=MemoryStore())
    Host(service, service.host.store, listener=counting(meter)).handle(EVENT)
    assert meter.counts == {"applied": 1, "quarantined": 3, "held": 1, "reactflow.published": 1}
    assert [lane for _, lane in meter.lags] == ["kinesis/measurements/shardId-000000000000"]


def test_nothing_is_told_unless_it_is_asked_for() -> None:
    assert watcher({}) is None
    assert watcher({LOG: "off", OTEL: "0"}) is None


@pytest.mark.parametrize(("name", "said"), [(LOG, "json or off"), (OTEL, "1 or 0")])
def test_setting_of_no_known_value_is_refused(name: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name}='yes' is unknown: it is {said}"):
        watcher({name: "yes"})


def test_line_tells_why_something_comes_again_without_naming_a_unit() -> None:
    busy = "dynamodb/areas is busy or away (SlowDown): tried again later"
    transients = (
        f"unit room=secret: {busy}",
        f"unit room=hidden: {busy}",
        "unit room=secret: unit 'room=secret' waits",
        "unit room=secret: unexpected ValueError: secret",
        "record 17: the store is away",
    )
    told = line(Report(4, {"unfinished": 4}, transients=transients))
    assert told["waiting"] == 5
    assert told["why"] == [busy, f"unit '{hashed('room=secret')}' waits", "unexpected ValueError"]
    assert "secret" not in json.dumps(told)


class Missing(Table):
    def publish(self, batch: Any) -> list[int]:
        raise ConfigurationError("the table is missing: make it")


def test_a_case_is_told_of_though_the_delivery_is_refused_for_another_unit() -> None:
    reports: list[Report] = []
    service = rooms(SOURCE, Missing())
    host = Host(service, MemoryStore(), listener=reports.append)
    event = kinesis_event(
        {"room": "r1", "length": "long"}, {"room": "r2", "length": 1, "width": 2}, partition="room"
    )
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="the table is missing"):
            host.handle(event)
    first, again = reports
    assert (first.fates["quarantined"], len(first.cases), first.unfinished) == (1, 1, frozenset({0, 1}))
    assert (again.fates["quarantined"], again.fates["duplicate"], again.cases) == (0, 1, ())
