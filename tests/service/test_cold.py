"""Before a process has made code for a flow and its records, it comes to the same as then."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow import Flow, MemoryStore, Pulse, Service, cell, fold, folds, pulse
from reactflow.aws import Kinesis
from reactflow.flow import Event, Step, step
from reactflow.service import quick
from reactflow.testing import kinesis_event
from tests.conftest import COLD


class Room(Flow):
    length = cell(0.0)
    width = cell(2.0)
    area = length * width
    peak = fold(area.changes(), folds.max)
    seen: Pulse[float] = pulse()
    total = fold(seen, folds.sum)


def run(event: dict[str, Any], *, events: int, records: int, parts: int) -> Any:
    """The rooms after an event in so many parts, with code made after so many events and records."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(step, "WORTH", events)
        patch.setattr(quick, "WORTH", records)
        patch.setattr(Room, "_made_step", Step(Room))
        source = Kinesis("measurements", partition="room")
        rooms = Service(Room, name="rooms", key="room", inputs=[source], store=MemoryStore())
        size = max(1, len(event["Records"]) // parts)
        for start in range(0, len(event["Records"]), size):
            part = {"Records": event["Records"][start : start + size]}
            assert rooms.handler(part) == {"batchItemFailures": []}
        store = rooms.host.store
        units = {unit: store.get("rooms", unit) for unit in store.units("rooms")}
        return units, [case.reason for case in rooms.host.open_cases()]


measurements = st.fixed_dictionaries(
    {"room": st.sampled_from(["r1", "r2", "r/3"])},
    optional={
        "length": st.sampled_from([0, 1.0, 3.5, -0.0, 1e308, "3"]),
        "width": st.sampled_from([2.0, 1e308]),
        "seen": st.sampled_from([1.0, 2]),
        "other": st.just([1]),
    },
)


@given(st.lists(measurements, min_size=1, max_size=30), st.integers(1, 4))
def test_items_and_cases_are_the_same_whenever_code_is_made(told: list[dict[str, Any]], parts: int) -> None:
    event = json.loads(json.dumps(kinesis_event(*told, partition="room")))
    ready = run(event, events=0, records=0, parts=parts)
    for worth in (1, 3, 10**6):
        assert run(event, events=worth, records=worth, parts=parts) == ready


def test_code_is_made_when_it_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "WORTH", COLD["events"])
    cold = Step(Room)
    state, _ = cold(cold.initial(), [Event({"length": 5.5})])
    assert cold.run == cold._first
    for place in range(COLD["events"]):
        state, _ = cold(state, [Event({"length": float(place)})])
    assert cold.run != cold._first
    many = Step(Room)
    many(many.initial(), [Event({"length": 1.0})] * (COLD["events"] + 1))
    assert many.run != many._first
