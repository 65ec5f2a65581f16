"""Measures steps and handlers, prints the ratios, and writes docs/step-benchmarks.md."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from attrs import field, mutable

from benchmarks.report import machine, today
from benchmarks.steps.arrays import events_a_second
from benchmarks.steps.measure import StepFigures, measure_step
from benchmarks.steps.overhead import Overhead, measure_overhead
from benchmarks.steps.service import HANDLER_WORKS, HandlerFigures, measure_handler
from benchmarks.steps.works import STEP_WORKS
from benchmarks.table import Layout

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"

OPENING = """\
# Benchmarks of steps

What a flow costs as a step, `(state, events) -> (state, changes)`, and as a whole handler: a ratio to hand-written
Python that does the same work. 1 is the hand-written code; 2 takes twice as long.
"""

HOW = """\
## How it is measured

Both sides take turns in one process, each round with other events that were made before. A figure is the median over
the rounds of the ratio of CPU times in one round; garbage collection is off while the clock runs. Before, both are held
to the same changes of each key, old and new value, the same occurrences, and the same state in the end.

By hand a unit is an object with slots in a dict, and its code is written out: `benchmarks/steps/by_hand.py` says what
is the same work. For the step, *ratio* is `step(state, events)`, and *as hosts call it* is `step.run(packed, events)`,
on states that are kept as tuples. Both are given their events grouped by key; in the handler both group.
`benchmarks/steps/handler_by_hand.py` says what the same work is for a handler: 10,000 records of Kinesis are decoded,
grouped, applied, stored in memory, and published to a dict.

*Beside the bare step* is what durability costs: the same records against `step.run` on events that are decoded and
grouped already, with no store at all. *Committed* adds marks, the encoded item, the changes due and one conditional
write a unit; *whole handler* everything else.
"""


@mutable
class StepReport:
    """All figures of one run."""

    rounds: int
    steps: list[StepFigures] = field(factory=list)
    handlers: list[HandlerFigures] = field(factory=list)
    overheads: list[Overhead] = field(factory=list)
    arrays: float | None = None

    def tables(self, layout: Layout) -> list[str]:
        """A table of steps, one of handlers, and one of what durability costs."""
        found = []
        if self.steps:
            head = ["step", "by hand, events/s", "step, events/s", "ratio", "as hosts call it"]
            rows = [
                [
                    one.work.name,
                    f"{one.by_hand:,.0f}",
                    f"{one.by_step:,.0f}",
                    f"{one.ratio:.2f}",
                    f"{one.run:.2f}",
                ]
                for one in self.steps
            ]
            found.append(layout(head, rows))
        if self.handlers:
            head = ["handler, 10,000 records", "by hand, records/s", "service, records/s", "ratio"]
            rows = [
                [one.work.name, f"{one.by_hand:,.0f}", f"{one.by_service:,.0f}", f"{one.ratio:.2f}"]
                for one in self.handlers
            ]
            found.append(layout(head, rows))
        if self.overheads:
            head = [
                "beside the bare step",
                "bare step, us a record",
                "committed",
                "and published",
                "whole handler",
            ]
            rows = [
                [
                    one.work.name,
                    f"{one.step:.2f}",
                    f"{one.committed:.1f}",
                    f"{one.published:.1f}",
                    f"{one.handler:.1f}",
                ]
                for one in self.overheads
            ]
            found.append(layout(head, rows))
        return found

    def remarks(self) -> list[str]:
        """What else is known."""
        if self.arrays is None:
            return []
        limit = f"numpy takes {self.arrays:,.0f} events a second of `length * width`"
        given = "one for each key, all keys at once, with events that are columns already"
        return [f"Columns of arrays are the limit that is left for later: {limit}, {given}."]

    def as_json(self) -> dict[str, Any]:
        """The figures as plain data."""
        figures: list[StepFigures | HandlerFigures | Overhead] = [
            *self.steps,
            *self.handlers,
            *self.overheads,
        ]
        return {
            "rounds": self.rounds,
            "arrays": self.arrays,
            "works": [{**one._asdict(), "work": one.work.name} for one in figures],
        }


def measure_all(words: Sequence[str], rounds: int) -> StepReport:
    """Measure the works with one of these words in their name, or all. Raises ValueError when two sides differ."""
    report = StepReport(rounds)

    def wanted(name: str) -> bool:
        return not words or any(word.lower() in name.lower() for word in words)

    for step in STEP_WORKS:
        if wanted(step.name):
            print(f"{step.name} ...", file=sys.stderr, flush=True)
            report.steps.append(measure_step(step, rounds))
    for handler in HANDLER_WORKS:
        if wanted(handler.name):
            print(f"{handler.name} ...", file=sys.stderr, flush=True)
            report.handlers.append(measure_handler(handler, rounds))
            report.overheads.append(measure_overhead(handler, rounds))
    if not words:
        report.arrays = events_a_second(rounds)
    return report


def text(report: StepReport, layout: Layout) -> str:
    """The page."""
    about = "\n".join(f"| {one.work.name} | {one.work.about} |" for one in report.steps)
    machinery = f"with Python {platform.python_version()}, {report.rounds} rounds, on {machine()}{_with()}"
    again = "This page is written by\n\n```bash\nscripts/bench --step --write-docs\n```\n"
    parts = [
        OPENING,
        *(table + "\n" for table in report.tables(layout)),
        *(said + "\n" for said in report.remarks()),
        f"## The works\n\n| work | what is done |\n| --- | --- |\n{about}\n",
        HOW,
        f"Measured on {today()} {machinery}.\n\n{again}",
    ]
    return "\n".join(parts)


def _with() -> str:
    try:
        return f"; numpy {version('numpy')}"
    except PackageNotFoundError:
        return ""


def write(report: StepReport, layout: Layout, folder: Path = DOCS) -> None:
    """Write the page."""
    (folder / "step-benchmarks.md").write_text(text(report, layout), encoding="utf-8")
