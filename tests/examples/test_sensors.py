"""Means by the minute: whenever readings come, each counts once in its minute; what is a day late is told apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import answers
from examples.sensors import sensors
from reactflow import MemoryStore, Service
from reactflow.service import Host, Key
from tests.examples.arriving import Record, lane
from tests.service.recording import Table, check_publications

Reading = tuple[str, float, float, float]  # sensor, seconds of the reading, of its arrival, celsius
NOON = 1_795_435_200.0  # 2026-11-23T12:00:00Z


def service_on(rows: Table, late: Table) -> Service:
    """The example's service, writing to tables of the test's own."""
    assert isinstance(sensors.key, Key)
    assert sensors.key.window is not None
    key = evolve(sensors.key, window=evolve(sensors.key.window, late=late))
    return evolve(sensors, key=key, outputs=[evolve(sensors.outputs[0], sink=rows)], store=MemoryStore())


def records_of(readings: Sequence[Reading]) -> list[Record]:
    """Each in a shard of its own, so that nothing orders them."""
    return [
        lane(
            "sensors", {"sensor": sensor, "ts": ts, "celsius": celsius}, shard=shard, arrived=[arrived]
        )[0]
        for shard, (sensor, ts, arrived, celsius) in enumerate(readings)
    ]  # fmt: skip


def told_by(rows: Table, late: Table) -> tuple[dict[tuple[str, str], dict[str, Any]], list[Any]]:
    """What was written, in the form of the answers."""
    written = {
        (one["sensor"], one["minute"]): {name: one[name] for name in ("readings", "mean", "warmest")}
        for one in rows.rows.values()
    }
    records = [one["record"] for one in late.log.values()]
    return written, sorted((one["sensor"], one["ts"], one["celsius"]) for one in records)


READINGS: list[Reading] = [
    ("s1", NOON + 59.999, NOON + 60, 20.0),
    ("s1", NOON + 60, NOON + 61, 30.0),  # the next minute
    ("s1", NOON + 0.5, NOON + 7200, 0.1),  # two hours old, and in time
    ("s1", NOON, NOON + 86_400, 0.2),  # a day to the second: in time
    ("s1", NOON, NOON + 86_401, 99.0),  # late
    ("s2", NOON + 1, NOON + 90_000, 98.0),  # late
]


def test_every_order_of_readings_comes_to_the_same_rows_with_each_reading_twice() -> None:
    wanted = answers.minutes(READINGS)
    assert (len(wanted[0]), len(wanted[1])) == (2, 2)
    for arriving in permutations(records_of(READINGS)):
        rows, late = Table("minutes"), Table("late")
        host = Host(service_on(rows, late), MemoryStore())
        host.handle({"Records": list(arriving[:2])})
        host.handle({"Records": list(arriving[1:5])})
        host.handle({"Records": list(arriving)})
        assert told_by(rows, late) == wanted


SECONDS = st.floats(-200_000, 200, allow_nan=False) | st.sampled_from([-86_400.0, -60.0, 0.0, 60.0, 120.0])
CELSIUS = st.sampled_from([0.1, 0.2, 0.3, 1e16, -1e16, 21.5])
MADE = st.builds(
    lambda sensor, ago, celsius, late: (sensor, NOON + ago - late, NOON + ago, celsius),
    st.sampled_from(["s1", "s2"]), SECONDS, CELSIUS, st.sampled_from([0.0, 30.0, 86_399.0, 86_400.0, 86_401.0]),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(MADE, max_size=12), st.data())
def test_any_deliveries_of_any_readings_come_to_what_is_computed_plainly(
    readings: list[Reading], data: st.DataObject
) -> None:
    rows, late = Table("minutes"), Table("late")
    service = service_on(rows, late)
    waiting = data.draw(st.permutations(records_of(readings)))
    seen: list[Record] = []
    while waiting:
        size = data.draw(st.integers(1, 4))
        again = data.draw(st.lists(st.sampled_from(seen), max_size=2)) if seen else []
        host = Host(service, service.host.store)  # a process that remembers nothing
        host.handle({"Records": [*again, *waiting[:size]]})
        seen, waiting = [*seen, *waiting[:size]], waiting[size:]
    wanted = answers.minutes(
        [(sensor, ts, round(arrived, 6), celsius) for sensor, ts, arrived, celsius in readings]
    )
    assert told_by(rows, late) == wanted
    check_publications([rows, late])
