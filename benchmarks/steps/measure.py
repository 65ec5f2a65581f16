"""Both sides of a work in turns, in one process; their answers are compared off the clock, in every round."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from benchmarks.steps.by_hand import Grouped, Told
from benchmarks.steps.works import StepWork
from reactflow.flow import Step


class StepResult(NamedTuple):
    """What a work costs: nanoseconds an event by hand and by the step, and the median ratio of a round."""

    name: str
    about: str
    by_hand: float
    by_step: float
    ratio: float


def by_step(step: Step, states: dict[Any, Any], grouped: Grouped) -> Told:
    """The step as a host calls it."""
    told: Told = {}
    for key, events in grouped:
        states[key], cells, occurrences = step.run(states[key], events)
        told[key] = cells, occurrences
    return told


def measure(work: StepWork, rounds: int) -> StepResult:
    """Measure one work. Raises AssertionError when the two sides do not say the same."""
    units = {key: work.make() for key in range(work.keys)}
    step = work.flow.step()
    states = {key: step.initial() for key in range(work.keys)}
    both: list[tuple[float, float]] = []
    for place, grouped in enumerate(work.deliveries(rounds + 3)):
        gc.collect()
        gc.disable()
        try:
            start = time.process_time()
            right = work.by_hand(units, grouped)
            middle = time.process_time()
            told = by_step(step, states, grouped)
            end = time.process_time()
        finally:
            gc.enable()
        if place >= 3:  # the code is made in the first round, and warmed up in those after it
            both.append((middle - start, end - middle))
        assert told.keys() == right.keys(), work.name
        for key, (cells, occurrences) in right.items():
            assert told[key][0] == cells, (work.name, key, told[key][0], cells)
            assert [*told[key][1]] == [*occurrences], (work.name, key)
    each = 1e9 / (work.keys * work.events)
    return StepResult(
        work.name,
        work.about,
        statistics.median(hand for hand, _ in both) * each,
        statistics.median(ours for _, ours in both) * each,
        statistics.median(ours / hand for hand, ours in both),
    )


def measured(works: Sequence[StepWork], rounds: int) -> list[StepResult]:
    """Measure works, one after the other."""
    return [measure(work, rounds) for work in works]
