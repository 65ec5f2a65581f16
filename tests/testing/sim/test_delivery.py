"""Every service of ``services.py`` under the faults of the protocol: nothing is lost, nothing is doubled."""

from __future__ import annotations

from typing import Any

import pytest

from reactflow import Flow, Pulse, Service, System, cell, fold, folds, pulse, row
from reactflow.aws import DynamoDB, Kinesis
from reactflow.errors import ConfigurationError
from reactflow.service import SQLiteStore
from reactflow.testing import DeliveryError, check_delivery, kinesis_event
from reactflow.testing.sim import ALL as FAULTS
from reactflow.testing.sim import NOT_MODELLED, World
from reactflow.testing.sim.faults import rates_of
from reactflow.testing.sim.sendings import given
from tests.testing.sim.hunt import hunt
from tests.testing.sim.services import ALL, acknowledging, rooms


@pytest.mark.parametrize("name", ALL)
def test_two_seeds_of_each_service_lose_and_double_nothing(name: str) -> None:
    found = hunt([name], range(2))
    assert not found.found


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ALL)
def test_twenty_seeds_of_each_service_lose_and_double_nothing(name: str) -> None:
    found = hunt([name], range(2, 22))
    assert not found.found


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("faults", ["crash=0.05,redeliver", "zombie=0.15", "size=0.2,poison=0.1"])
def test_a_few_faults_again_and_again_lose_and_double_nothing(faults: str) -> None:
    found = hunt([*ALL], range(30), faults)
    assert not found.found


def test_every_fault_of_the_protocol_is_injected_or_named_as_left_out() -> None:
    assert len(NOT_MODELLED) <= 3
    detected = {26}  # a cell that is not deterministic: see below
    assert {one.number for one in FAULTS} | NOT_MODELLED.keys() | detected == set(range(1, 38))


def test_the_same_seed_gives_the_same_run() -> None:
    sendings = given(
        [rooms], [{"room": f"r{place % 2}", "length": place / 2, "reading": place} for place in range(12)]
    )
    rates = rates_of("crash,zombie,sink,stale,poison")
    first, second = (World([rooms], sendings, 7, rates or {}).run() for _ in range(2))
    assert first.lines == second.lines
    assert len(first.struck) > 0


def test_without_faults_each_record_is_written_once() -> None:
    events = [{"room": "r1", "length": float(place)} for place in range(5)]
    report = check_delivery(rooms, events, seeds=1, faults="none")
    assert (report.records, dict(report.faults)) == (5, {})


def test_events_as_lambda_delivers_them_are_put_again() -> None:
    event = kinesis_event({"room": "r1", "length": 3.0}, {"room": "r2", "length": 4.0})
    assert check_delivery(rooms, [event], seeds=1).records == 2


def test_a_system_is_run_as_a_whole() -> None:
    events = {"orders": [{"order": "o1", "item": 1}, {"order": "o2", "item": 2}]}
    assert check_delivery(acknowledging(), events, seeds=2).records == 4


def test_a_run_may_keep_its_units_in_sqlite(tmp_path: object) -> None:
    stores = iter(SQLiteStore(f"{tmp_path}/{place}.db") for place in range(2))
    assert check_delivery(rooms, seeds=2, store=lambda: next(stores)).seeds == 2


# --- what is wrong is found ----------------------------------------------------------------------------------------

calls: list[int] = []


def drifting(value: int) -> int:
    """Not a function of its argument."""
    calls.append(value)
    return value + len(calls)


class Drift(Flow):
    reading: Pulse[int] = pulse()
    shown = cell(0)
    moved = shown.map(drifting)
    total = fold(reading, folds.sum)


drift = Service(
    Drift,
    name="drift",
    key="id",
    inputs=[Kinesis("drift", partition="id")],
    outputs=[row(Drift.moved) >> DynamoDB("drift")],
)


def test_cell_that_is_not_deterministic_is_found() -> None:
    with pytest.raises(DeliveryError, match="I2") as found:
        check_delivery(drift, seeds=1, faults="none")
    assert "moved" in str(found.value)


def test_failing_seed_is_shrunk_and_fails_again() -> None:
    with pytest.raises(DeliveryError) as found:
        check_delivery(drift, seed=3)
    error = found.value
    assert error.outcome.records < 30
    assert error.outcome.struck == []
    assert "seed=3" in str(error)
    assert "VIOLATION I2" in error.outcome.lines[-1]


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ("crush", "did you mean 'crash'"),
        ("crash=2", "from 0 to 1"),
        ("13", "not modelled"),
        ("99", "there is no fault"),
    ],
)
def test_unknown_fault_is_refused(faults: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        check_delivery(rooms, seeds=1, faults=faults)


def test_events_of_nothing_that_is_read_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="no service reads 'other'"):
        check_delivery(rooms, {"other": [{}]}, seeds=1)
    with pytest.raises(ConfigurationError, match="is not a service"):
        check_delivery([rooms, "rooms"], seeds=1)  # type: ignore[list-item]  # that is what is tested


def test_system_and_services_are_the_same() -> None:
    system = System(rooms)
    reports = [check_delivery(one, seeds=1, seed=5) for one in (system, [rooms], rooms)]
    assert len({(one.records, one.invocations, one.writes) for one in reports}) == 1


@pytest.mark.parametrize(
    ("what", "options", "says"),
    [
        ([], {}, "there is no service to try"),
        (Flow, {}, "is not a service"),
        (rooms, {"seeds": 0}, "seeds=0 would try nothing"),
        (rooms, {"records": 0}, "records=0 would try nothing"),
        (rooms, {"events": []}, "there are no events: give some"),
        (rooms, {"events": 5}, "events are 5: give a list"),
        (rooms, {"events": kinesis_event({"room": "r"}, stream="else")}, "no service reads 'kinesis/else'"),
    ],
)
def test_a_check_that_would_try_nothing_is_refused(what: Any, options: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        check_delivery(what, **options)
