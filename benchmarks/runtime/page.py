"""Measures starts and handlers in Lambda's runtime, prints the ratios, and writes docs/runtime-benchmarks.md."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from attrs import field, mutable

from benchmarks.report import machine, today
from benchmarks.runtime.handlers import WORKS, Handled, as_plain, measure_handled
from benchmarks.runtime.stage import ROOT, Stage
from benchmarks.runtime.starts import ABOUT, BOUNDS, Start, first_event, measure_starts
from benchmarks.table import Layout

DOCS = ROOT / "docs"
STARTS_A_ROUND = 5
"""A start is short, and its time differs more than that of a handler: so many of them to one round."""

OPENING = """\
# Benchmarks in Lambda's runtime

What a service costs in AWS Lambda's own runtime (its interface emulator, with `awslambdaric`): its cold start, as a
ratio to a bare handler that does the same, and a whole handler on a table, as a ratio to hand-written Python.
"""

ABOUT_STARTS = """\
## Cold starts

From nothing to the first answer, for an event of one record. *In a process* is the CPU time of a Python that imports
the function and calls it; *in Lambda's runtime* is the time by the clock from the request to the answer: the
emulator, the process, Lambda's client, the function. The second is what has to stay within the bound.

- *without a client of AWS*: rooms from a stream, units in memory. The bare handler imports `json` and `base64`.
- *with state and rows in DynamoDB*: the service of the README. The bare one imports `boto3`, and makes the same three
  calls: one get, one put over the version that was read, one put of a row over a lower number only
  (`benchmarks/runtime/functions/by_hand.py`).

*With bytecode*, all code was compiled before, as Lambda's runtime and its boto3 are. *From source*, the function's own
code, reactflow, attrs and msgspec were not: Lambda cannot write bytecode into a package, so one that brings none
compiles itself at every start.
"""

ABOUT_HANDLERS = """\
## The whole handler

One invocation of a warm function with an event of a Kinesis trigger. The ratio is that of the CPU times of the
function's process; by the clock there is the emulator in it, which reads an event of megabytes. *Calls* are those of
the tables.

- *By hand* (`by_hand.py`) promises what the service does of effects: each record counts once, in the order of its
  shard, whatever comes again, and the row is never older than what was told before. Records are grouped by room: at
  most one read, one write and one row a room and event, one call after another (the service has 16 under way). It does
  without a quarantine (poison is a line in the log), a sweeper for rows that a crash left, limits, causes and reports.
- *Powertools* (`powertools.py`) is its batch processor with its idempotency on a table. Each record is a call of its
  own: one write before, one row, one write after. A record that is remembered is not applied again, for an hour, unless
  the process ended between its effect and its being remembered. It keeps no order after a failure (the later records
  of the shard are applied before the one that failed comes again), so the row is guarded by the sequence number; it
  keeps no state, so there is no patch and no peak.

All have a stand-in for DynamoDB on this machine, one each, which answers at once: on AWS each call is waited for, some
milliseconds, and the calls decide. After each event the sides are held to the same rows, and service and hand-written
code to the same versions of the same units.
"""

HOW = """\
## How it is measured

The sides take turns; a figure is the median over the rounds of the ratio of one round, and in brackets are the
quartiles of the ratios of starts. Functions find an environment that has nothing but what a package and Lambda bring.
"""


@mutable
class RuntimeReport:
    """All figures of one run."""

    rounds: int
    starts: list[Start] = field(factory=list)
    handled: list[Handled] = field(factory=list)

    def tables(self, layout: Layout) -> list[str]:
        """A table of starts and one of handlers, where they were measured."""
        found = []
        if self.starts:
            head = ["start of a service", "measured", "bare, ms", "service, ms", "ratio", "bound"]
            rows = [
                [
                    ABOUT[one.service],
                    one.where,
                    f"{one.bare:,.0f}",
                    f"{one.ours:,.0f}",
                    f"{one.ratio:.2f} ({one.low:.2f} to {one.high:.2f})",
                    f"{BOUNDS[one.service]:.1f}" if one.is_bound else "",
                ]
                for one in self.starts
            ]
            found.append(layout(head, rows))
        if self.handled:
            head = ["handler", "side", "records/s of CPU", "ratio", "ratio by the clock", "calls"]
            rows = [
                [
                    handled.work.name,
                    side.name,
                    f"{handled.work.records / side.cpu:,.0f}",
                    f"{side.cpu_ratio:.2f}",
                    f"{side.clock_ratio:.2f}",
                    f"{side.calls:,}",
                ]
                for handled in self.handled
                for side in handled.sides
            ]
            found.append(layout(head, rows))
        return found

    def remarks(self) -> list[str]:
        """Which bounds are not met, and by how much; how large the events are."""
        found = [
            f"Over its bound: {ABOUT[one.service]}, {one.ratio:.2f} where {BOUNDS[one.service]:.1f} is the most."
            for one in self.starts
            if one.is_bound and not one.is_within
        ]
        if self.handled:
            found.append(f"The largest event has {max(one.bytes for one in self.handled):,} bytes.")
        return found

    def as_json(self) -> dict[str, Any]:
        """The figures as plain data."""
        return {
            "python": platform.python_version(),
            "machine": machine(),
            "date": today(),
            "rounds": self.rounds,
            "starts": [one._asdict() for one in self.starts],
            "handlers": [as_plain(one) for one in self.handled],
        }


def measure_all(words: Sequence[str], rounds: int) -> RuntimeReport:
    """Measure what has one of these words in its name ("start" for starts), or all.

    Raises ValueError when two sides differ, ConfigurationError without the emulator (``scripts/tools`` installs it).
    """
    report = RuntimeReport(rounds)

    def wanted(name: str) -> bool:
        return not words or any(word.lower() in name.lower() for word in words)

    sam = ROOT / ".tools" / "bin" / "sam"
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage.make(Path(folder), sam if sam.exists() else None)
        stage.compile(first_event(), ("bare", "by_hand"), service=("memory", "rooms"))
        if wanted("start"):
            for compiled in (True, False):
                report.starts += measure_starts(stage, rounds * STARTS_A_ROUND, compiled=compiled)
        for work in WORKS:
            if wanted(work.name):
                report.handled.append(measure_handled(stage, work, rounds))
    return report


def text(report: RuntimeReport, layout: Layout) -> str:
    """The page."""
    tables = report.tables(layout)
    rounds = f"{report.rounds} rounds ({report.rounds * STARTS_A_ROUND} of each start)"
    machinery = f"with Python {platform.python_version()}, {rounds}, on {machine()}{_with()}"
    parts = [OPENING]
    for about, is_there in ((ABOUT_STARTS, report.starts), (ABOUT_HANDLERS, report.handled)):
        if is_there:
            parts += [about, tables.pop(0) + "\n"]
    parts += [
        *(said + "\n" for said in report.remarks()),
        HOW,
        f"Measured on {today()} {machinery}.\n",
        "This page is written by\n\n```bash\nscripts/tools && scripts/bench --runtime --write-docs\n```\n",
    ]
    return "\n".join(parts)


def _with() -> str:
    found = []
    for name in ("awslambdaric", "boto3", "aws-lambda-powertools"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return f"; {', '.join(found)}" if found else ""


def write(report: RuntimeReport, layout: Layout, folder: Path = DOCS) -> None:
    """Write the page."""
    (folder / "runtime-benchmarks.md").write_text(text(report, layout), encoding="utf-8")
