"""Rounds of ratios: the same delivery by hand and by the step, in turns, compared before and timed then.

CPU time with garbage collection off, as in ``benchmarks/measure.py``. A figure is the median over the rounds of the
ratio of one round; every round is another delivery, made before the clock starts.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from benchmarks.measure import median_of_ratios
from benchmarks.steps.works import Delivery, StepWork
from reactflow.flow import Step

WARM = 3
"""Deliveries that are not counted, but compared: the first makes the units, and the code of the step."""

Side = Callable[[Any], Any]
"""Takes a delivery, returns what it has changed, by key in order."""


class StepFigures(NamedTuple):
    """One work: events a second by hand and by the step, and the ratios of their times."""

    work: StepWork
    by_hand: float
    by_step: float
    ratio: float
    """Of ``step(state, events)``, the public call."""
    run: float
    """Of ``step.run(packed, events)``, the one of hosts."""


def side_by_hand(work: StepWork, units: dict[str, Any]) -> Side:
    """Objects with slots in a dict."""
    make, apply = work.make, work.apply

    def deliver(delivery: Delivery) -> list[Any]:
        told = []
        for key, events in delivery:
            unit = units.get(key)
            if unit is None:
                unit = units[key] = make()
            told.append(apply(unit, events))
        return told

    return deliver


def side_by_step(step: Step, states: dict[str, Any]) -> Side:
    """States in a dict, by the public call."""
    initial = step.initial()

    def deliver(delivery: Delivery) -> list[Any]:
        told = []
        for key, events in delivery:
            states[key], changes = step(states.get(key, initial), events)
            told.append(changes)
        return told

    return deliver


def side_by_run(step: Step, states: dict[str, Any]) -> Side:
    """Packed states in a dict, by what hosts call."""
    initial = step.pack(step.initial())

    def deliver(delivery: Delivery) -> list[Any]:
        told = []
        for key, events in delivery:
            states[key], cells, occurrences = step.run(states.get(key, initial), events)
            told.append((cells, occurrences))
        return told

    return deliver


def differences(work: StepWork, deliveries: Sequence[Delivery]) -> list[str]:
    """Where the two sides come to other changes or states; empty when they do the same work.

    Compared are the changed cells of each key in each delivery, each old and new value, the occurrences in their order,
    and what all units hold in the end.
    """
    units: dict[str, Any] = {}
    step = work.flow().step()
    by_call: dict[str, Any] = {}
    by_run: dict[str, Any] = {}
    sides = side_by_hand(work, units), side_by_step(step, by_call), side_by_run(step, by_run)
    found: list[str] = []
    for number, delivery in enumerate(deliveries):
        events = work.as_events(delivery)
        answers = [side(events if place else delivery) for place, side in enumerate(sides)]
        for (key, _), hand, *ours in zip(delivery, *answers, strict=True):
            wanted = hand[0], tuple(hand[1])
            found += [
                f"delivery {number}, {key}: {(dict(cells), tuple(occurrences))} and not {wanted}"
                for cells, occurrences in ours
                if (dict(cells), tuple(occurrences)) != wanted
            ]
    for key, unit in units.items():
        held = {name: getattr(unit, name) for name in type(unit).__slots__}
        for state in (by_call[key], step.unpack(by_run[key])):
            if (values := step.values(state)) != held:
                found.append(f"{key}: {values} and not {held}")
    return found


def seconds(side: Side, delivery: Any) -> float:
    """CPU seconds of one delivery."""
    gc.disable()
    try:
        start = time.process_time()
        side(delivery)
        return time.process_time() - start
    finally:
        gc.enable()


def measure_step(work: StepWork, rounds: int) -> StepFigures:
    """Measure one work. Raises ValueError when the two sides do not come to the same."""
    deliveries = work.deliveries(WARM + rounds)
    if wrong := differences(work, deliveries[:WARM]):
        raise ValueError(f"{work.name}: {len(wrong)} differences, the first in {wrong[0]}")
    step = work.flow().step()
    hand = side_by_hand(work, {})
    ours = side_by_step(step, {}), side_by_run(step, {})
    for delivery in deliveries[:WARM]:
        hand(delivery)
        for side in ours:
            side(work.as_events(delivery))
    times: list[tuple[float, ...]] = []
    for delivery in deliveries[WARM:]:
        events = work.as_events(delivery)
        times.append((seconds(hand, delivery), *(seconds(side, events) for side in ours)))
    by_hand, by_step, by_run = zip(*times, strict=True)
    count = work.keys * work.events
    return StepFigures(
        work,
        count / statistics.median(by_hand),
        count / statistics.median(by_step),
        median_of_ratios(by_step, by_hand),
        median_of_ratios(by_run, by_hand),
    )
