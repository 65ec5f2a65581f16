"""The page of the docs: written by a run, never by hand."""

from __future__ import annotations

import platform
from pathlib import Path

from benchmarks import table
from benchmarks.chart import chart
from benchmarks.libraries import PEERS
from benchmarks.making import PAIRS
from benchmarks.report import Report, machine, today

DOCS = Path(__file__).resolve().parent.parent / "docs"

OPENING = """\
# Benchmarks

What the live graph costs, as a ratio to hand-written Python that does the same work: straight-line code that calls the
same functions once each, in order, with no framework, no object per node, and no test for what did not change (except
where the work is about that). 1 is the hand-written code; 4 takes four times as long.
"""

HOW = """\
## How it is measured

All forms of one work take turns in one process. A figure is the median, over the rounds, of the ratio of CPU times in
one round; garbage collection is off while the clock runs. Every form is warmed up before, and every round's answers are
compared with those of the hand-written code: what was read last, or all that the observers were told.

- **explicit** is `derived(plus_one, a)` and `length * width`; **tracked** is `derived(lambda: a.value + 1)`. Effects
  are `effect(lambda: sink(area.value))` in both. **no fast path** is the explicit form in the general engine alone;
  [fast-paths.md](fast-paths.md) tells what each fast path gains.
- A peer is measured in its own notation, with its own batches. Instead of a ratio stands **wrong** when its observers
  were told a value that never was (a diamond seen half updated, a batch seen in parts; to be told the same value twice
  is not counted as wrong), **recursion** when the graph is too deep for it, **too slow** when a change takes over half
  a second, and the name of an error that it raised. A ratio with a star needs a higher recursion limit than Python's.
- Cells are counted in bytes by `tracemalloc`, without the user's function, with both values; *observed* is under one
  effect on the sum of all.
"""


def text(report: Report) -> str:
    """The page."""
    parts = [
        OPENING,
        "![What works cost, as a ratio to hand-written Python](benchmarks.svg)\n",
        table.works(report, table.markdown) + "\n",
    ]
    if report.making:
        parts += [
            f"{PAIRS:,} pairs of a source and a derived cell, against two lists of values:\n",
            table.making(report, table.markdown) + "\n",
        ]
    parts += ["\n".join(f"- {said}" for said in table.remarks(report)) + "\n"]
    about = "\n".join(f"| {measured.work.name} | {measured.work.about} |" for measured in report.works)
    parts += ["## The works\n", f"| work | what is done |\n| --- | --- |\n{about}\n", HOW, with_what(report)]
    return "\n".join(parts)


def with_what(report: Report) -> str:
    """What it was measured with, and how to do so again."""
    versions = ", ".join(
        f"{form.distribution} {report.versions[form.name]}{' (compiled)' if form.kind == 'compiled' else ''}"
        for form in PEERS
        if form.name in report.versions
    )
    return (
        f"Measured on {today()} with Python {platform.python_version()}, {report.rounds} rounds, on {machine()}"
        f"{f'; peers: {versions}' if versions else ''}.\n\n"
        "This page and its chart are written by\n\n```bash\nscripts/bench --write-docs\n```\n"
    )


def write(report: Report, folder: Path = DOCS) -> None:
    """Write the page and its chart."""
    (folder / "benchmarks.md").write_text(text(report), encoding="utf-8")
    (folder / "benchmarks.svg").write_text(chart(report), encoding="utf-8")


GAINS = """\
# What the fast paths gain

How many times faster each fast path of the live graph makes each work: CPU time without it, divided by CPU time with
all of them, in interleaved rounds of one process. [design.md](design.md) tells what the paths are,
[benchmarks.md](benchmarks.md) what the works are. A path that gains less than a fifth on every work is taken out. What
it gains *typically* is the median over the works on which it gains that much; on the others it does little, or nothing.

"""


def write_gains(report: Report, folder: Path = DOCS) -> None:
    """Write the page on fast paths."""
    text = (
        f"{GAINS}{table.best_gains(report, table.markdown)}\n\n{table.gains(report, table.markdown)}\n\n"
        f"Measured on {today()} with Python {platform.python_version()}, {report.rounds} rounds, on {machine()}.\n\n"
        "This page is written by\n\n```bash\nscripts/bench --fast-paths --write-docs\n```\n"
    )
    (folder / "fast-paths.md").write_text(text, encoding="utf-8")
