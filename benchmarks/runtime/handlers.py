"""The whole handler in Lambda's runtime: the service, the same by hand, and Powertools, on the same events.

All are warm, and have a stand-in for DynamoDB each (``dynamodb``). The figure is the CPU time of the function's
process, told by itself: what the emulator and the stand-in take is nobody's. The time by the clock, from the request
to the answer, is told beside it: the emulator, which reads megabytes, and every call are in it.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

from benchmarks.measure import median_of_ratios
from benchmarks.runtime.dynamodb import Item, StandIn, Tables
from benchmarks.runtime.stage import TABLES, Stage, has_powertools
from benchmarks.steps.service import HandlerWork
from reactflow.local.runtime import LARGEST

WORKS = (
    HandlerWork("100 keys, 100 records each", 100),
    HandlerWork("1,000 keys, 1 record each", 1_000, 1_000),
)
"""With 10,000 keys a round would take minutes, nearly all of them in botocore: each key takes two calls or more."""

SIDES = ("by_hand", "rooms", "powertools")
NAMES: Mapping[str, str] = {"by_hand": "by hand", "rooms": "service", "powertools": "Powertools"}
WARM = 1
"""Events that are not counted: the start, and the first look at every unit."""


class Side(NamedTuple):
    """One side of one work: seconds an event, the ratio to the hand-written one, and calls of the tables an event."""

    name: str
    cpu: float
    clock: float
    cpu_ratio: float
    clock_ratio: float
    calls: int


class Handled(NamedTuple):
    """One work, measured."""

    work: HandlerWork
    bytes: int
    sides: tuple[Side, ...]


def differences(sides: Mapping[str, Tables]) -> list[str]:
    """Where the sides hold other rows, and where service and hand-written code hold other states; empty when nowhere.

    Powertools keep no state and have no peak: of their rows only the areas are compared.
    """
    found: list[str] = []
    rows = {name: _rows(tables) for name, tables in sides.items()}
    by_hand = rows["by_hand"]
    for name, ours in rows.items():
        if ours.keys() != by_hand.keys():
            found.append(f"{name} has rows of {len(ours)} rooms and not {len(by_hand)}")
        for room in ours.keys() & by_hand.keys():
            columns = ("area",) if name == "powertools" else ("area", "limit", "_n")
            left, right = ([_number(one[room], column) for column in columns] for one in (ours, by_hand))
            if left != right:
                found.append(f"{name}: the row of {room} has {left} and not {right}")
    versions = [
        {key: int(item["v"]["N"]) for key, item in tables.rows["state"].items()}
        for name, tables in sides.items()
        if name != "powertools"
    ]
    if any(one != versions[0] for one in versions):
        found.append("units were written another number of times")
    return found


def _rows(tables: Tables) -> dict[str, Item]:
    return {item["room"]["S"]: item for item in tables.rows["areas"].values()}


def _number(item: Item, column: str) -> float | None:
    return float(item[column]["N"]) if column in item else None


def measure_handled(stage: Stage, work: HandlerWork, rounds: int) -> Handled:
    """Measure one work. Raises ValueError when the sides do not come to the same."""
    names = SIDES if has_powertools() else SIDES[:2]
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    calls: dict[str, int] = {}
    size = 0
    with ExitStack() as stack:
        standing = {name: stack.enter_context(StandIn(TABLES)) for name in names}
        runtimes = {name: stack.enter_context(stage.runtime(name, standing[name].endpoint)) for name in names}
        for number, event in enumerate(work.events(WARM + rounds)):
            size = max(size, len(json.dumps(event, separators=(",", ":"))))
            if size > LARGEST:
                raise ValueError(f"{work.name}: an event has {size} bytes, and Lambda takes {LARGEST}")
            for name, runtime in runtimes.items():
                tables = standing[name].tables
                before = tables.calls.total()
                begun = time.perf_counter()
                answer = runtime(event)
                clock = time.perf_counter() - begun
                if answer["batchItemFailures"]:
                    raise ValueError(f"{work.name}: {name} answers {answer}")
                calls[name] = tables.calls.total() - before
                if number >= WARM:
                    times[name].append((answer["cpu"], clock))
            if wrong := differences({name: one.tables for name, one in standing.items()}):
                raise ValueError(f"{work.name}: {len(wrong)} differences, the first is: {wrong[0]}")
            print(f"{work.name}, event {number} ...", file=sys.stderr, flush=True)
    return Handled(work, size, tuple(_side(name, times, calls[name]) for name in names))


def _side(name: str, times: Mapping[str, Sequence[tuple[float, float]]], calls: int) -> Side:
    (cpu, clock), (cpu_by_hand, clock_by_hand) = (_columns(times[one]) for one in (name, "by_hand"))
    return Side(
        NAMES[name], statistics.median(cpu), statistics.median(clock), median_of_ratios(cpu, cpu_by_hand),
        median_of_ratios(clock, clock_by_hand), calls,
    )  # fmt: skip


def _columns(pairs: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [cpu for cpu, _ in pairs], [clock for _, clock in pairs]


def as_plain(handled: Handled) -> dict[str, Any]:
    """The figures as plain data."""
    return {
        "work": handled.work.name,
        "bytes": handled.bytes,
        "sides": [one._asdict() for one in handled.sides],
    }
