"""Measures every work by hand and by reactflow, turn by turn in one process, and prints the ratios.

CPU time, garbage collection off while the clock runs, the median of the rounds. Exits with 1 when the two forms of a
work disagree.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.works import WORKS, Run, Work
from reactflow.cells.regions import regions


def seconds(run: Run, changes: int) -> tuple[float, object]:
    """CPU seconds of one round, and its answer."""
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        answer = run(changes)
        return time.process_time() - start, answer
    finally:
        gc.enable()


class Measured(NamedTuple):
    """Nanoseconds a change: by hand, by reactflow, and by reactflow without its fast path; whether all agree."""

    by_hand: float
    by_reactflow: float
    without_regions: float
    agree: bool


def measure(work: Work, rounds: int) -> Measured:
    """Measure one work in its three forms, in turns."""
    forms = (work.by_hand(), work.by_reactflow(), work.by_reactflow())
    times: tuple[list[float], ...] = ([], [], [])
    agree = True
    for _ in range(rounds + 1):  # the first round warms up
        answers = []
        for form, (run, taken) in enumerate(zip(forms, times, strict=True)):
            with regions(form != 2):
                took, answer = seconds(run, work.changes)
            taken.append(took)
            answers.append(answer)
        agree = agree and answers[0] == answers[1] == answers[2]
    medians = [statistics.median(taken[1:]) / work.changes * 1e9 for taken in times]
    return Measured(medians[0], medians[1], medians[2], agree)


def import_time(rounds: int) -> float:
    """Milliseconds that `import reactflow` adds to a fresh process."""

    def fresh(code: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - start

    pairs = [(fresh("import reactflow"), fresh("pass")) for _ in range(rounds)]
    return (min(pair[0] for pair in pairs) - min(pair[1] for pair in pairs)) * 1e3


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the works whose names hold one of the given words, all without any."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("word", nargs="*", help="measure only works with this in their name")
    parser.add_argument("--rounds", type=int, default=7, help="how often each is measured (default: 7)")
    options = parser.parse_args(arguments)
    wrong = 0
    print(f"{'work':32} {'by hand, ns':>12} {'reactflow, ns':>14} {'ratio':>7} {'without regions':>16}")
    for work in WORKS:
        if options.word and not any(word in work.name for word in options.word):
            continue
        found = measure(work, options.rounds)
        wrong += not found.agree
        verdict = "" if found.agree else "  the answers differ"
        ratio, without = found.by_reactflow / found.by_hand, found.without_regions / found.by_hand
        print(
            f"{work.name:32} {found.by_hand:12,.0f} {found.by_reactflow:14,.0f} {ratio:7.1f} {without:16.1f}{verdict}"
        )
    if not options.word:
        print(f"{'import reactflow':32} {import_time(options.rounds):,.0f} ms")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
