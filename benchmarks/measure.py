"""Rounds of ratios: every form of one work in turns, each compared with the hand-written one of the same round.

CPU time, with garbage collection off while the clock runs. What counts is the median over the rounds of the ratio of
one round, so that whatever slows the machine for a while slows both sides of it.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.fast_paths import without
from benchmarks.libraries import Form
from benchmarks.probe import Told, Trial, probe, recursion_limit
from benchmarks.works.work import Run, Work

WARM_CHANGES = 400
"""Every form is warmed up with three rounds, with at least so many changes, ..."""

WARM_SECONDS = 5.0
"""... and for no longer than that."""

ROUND_SECONDS = 0.1
"""A form for which one round would take longer has fewer changes a round."""


class Entry(NamedTuple):
    """A column of the measurement: a form, and the fast paths that are switched off for it."""

    label: str
    form: Form
    off: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """What one form costs on one work: a ratio to the hand-written form, or a word instead."""

    ratio: float | None
    word: str = ""
    raised: bool = False
    """Whether it had to be given a higher recursion limit than Python's."""

    def __str__(self) -> str:
        if self.ratio is None:
            return self.word
        return (f"{self.ratio:.2f}" if self.ratio < 9.95 else f"{self.ratio:,.0f}") + "*" * self.raised


class Measured(NamedTuple):
    """One work: nanoseconds a change by hand, and the outcome of each entry."""

    work: Work
    by_hand: float
    outcomes: dict[str, Outcome]


def cpu_seconds(run: Run, values: range) -> tuple[float, object]:
    """CPU seconds of one run, and its answer."""
    gc.disable()
    try:
        start = time.process_time()
        answer = run(values)
        return time.process_time() - start, answer
    finally:
        gc.enable()


class Runner:
    """One form of one work, with its own place in the numbers, and a hand-written one that says what is right."""

    def __init__(self, work: Work, size: int, entry: Entry | None = None, limit: int | None = None) -> None:
        self.off = entry.off if entry else ()
        self.strict = not entry or entry.form.kind == "reactflow"
        self.limit = limit
        with without(self.off), recursion_limit(limit):
            self.library = entry.form.make(work.batched) if entry else None  # held, as it holds the effects
            self.run = work.by_library(self.library, size) if self.library else work.by_hand(size)
        self.right = work.by_hand(size)
        self.told, self.told_right = Told(), Told()
        self.next = 1
        self.changes = work.changes
        self.agrees = True

    def round(self, changes: int) -> float:
        """CPU seconds a change, over so many changes."""
        values = range(self.next, self.next + changes)
        self.next += changes
        with without(self.off), recursion_limit(self.limit):
            took, answer = cpu_seconds(self.run, values)
        right = self.right(values)
        if not self.strict:
            answer, right = self.told.news(answer), self.told_right.news(right)
        self.agrees = self.agrees and answer == right
        return took / changes

    def warm_up(self) -> None:
        """Until fast paths have had the time to settle; then decide how many changes one round has."""
        wanted, begun = max(3 * self.changes, WARM_CHANGES), time.process_time()
        chunk, done, each = 1, 0, 0.0
        while done < wanted and time.process_time() - begun < WARM_SECONDS:
            each = self.round(chunk)
            done += chunk
            chunk = min(2 * chunk, self.changes)
        self.changes = max(1, min(self.changes, round(ROUND_SECONDS / max(each, 1e-9))))


def median_of_ratios(times: Sequence[float], by_hand: Sequence[float]) -> float:
    """The median of the ratios of the rounds.

    >>> median_of_ratios([2.0, 30.0, 4.0], [1.0, 10.0, 1.0])
    3.0
    """
    return statistics.median(mine / theirs for mine, theirs in zip(times, by_hand, strict=True))


def geometric_mean(ratios: Sequence[float]) -> float:
    """What the ratios are on the whole: twice as slow here and twice as fast there is 1.

    >>> geometric_mean([0.5, 2.0])
    1.0
    """
    return statistics.geometric_mean(ratios)


def measure(work: Work, entries: Sequence[Entry], rounds: int, size: int | None = None) -> Measured:
    """Measure one work in all its forms, in turns; peers only where a trial shows that they do it."""
    size = size or work.size
    peers = [entry for entry in entries if entry.form.kind != "reactflow"]
    trials = {entry.label: probe(entry.form, work, size) for entry in peers}
    hand = Runner(work, size)
    runners = {}
    for entry in entries:
        trial = trials.get(entry.label, Trial(""))
        if not trial.word:
            runners[entry.label] = Runner(work, size, entry, trial.limit)
    # When all graphs stand: a new one may cost the others their plans.
    for runner in (hand, *runners.values()):
        runner.warm_up()
    gc.collect()
    by_hand: dict[str, list[float]] = {label: [] for label in runners}
    times: dict[str, list[float]] = {label: [] for label in runners}
    for _ in range(rounds):
        for label, runner in runners.items():
            # Off the clock: a fast path may just have been switched.
            runner.round(max(1, runner.changes // 10))
            by_hand[label].append(hand.round(hand.changes))
            times[label].append(runner.round(runner.changes))
    outcomes = {}
    for entry in entries:
        found = runners.get(entry.label)
        if found is None:
            outcomes[entry.label] = Outcome(None, trials[entry.label].word)
        elif not found.agrees:
            outcomes[entry.label] = Outcome(None, "wrong")
        else:
            raised = found.limit is not None
            ratio = median_of_ratios(times[entry.label], by_hand[entry.label])
            outcomes[entry.label] = Outcome(ratio, raised=raised)
    with recursion_limit(max((runner.limit or 0 for runner in runners.values()), default=0) or None):
        runners.clear()  # taking a deep graph apart may recurse as well
        gc.collect()
    each = [seconds for taken in by_hand.values() for seconds in taken]
    return Measured(work, statistics.median(each) * 1e9, outcomes)


def best(measured: Measured, forms: Sequence[Form]) -> tuple[str, float] | None:
    """The fastest of some forms on a work, and its ratio; None when none does the work."""
    found = [
        (ratio, form.name)
        for form in forms
        if form.name in measured.outcomes and (ratio := measured.outcomes[form.name].ratio) is not None
    ]
    return (min(found)[1], min(found)[0]) if found else None


SLOW_PATH = "no fast path"
"""The column of the explicit form with every fast path off."""


def gains(
    work: Work, names: Sequence[str], forms: Sequence[Form], rounds: int
) -> dict[str, dict[str, float]]:
    """How many times slower each form of ours is without a fast path, by the name of the path and of the form."""
    entries = [Entry(form.name, form) for form in forms]
    entries += [Entry(f"{form.name} without {name}", form, (name,)) for name in names for form in forms]
    outcomes = measure(work, entries, rounds).outcomes
    found: dict[str, dict[str, float]] = {}
    for name in names:
        found[name] = {}
        for form in forms:
            on, off = outcomes[form.name].ratio, outcomes[f"{form.name} without {name}"].ratio
            if on is not None and off is not None:
                found[name][form.name] = off / on
    return found
