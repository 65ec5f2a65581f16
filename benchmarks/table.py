"""The figures as tables: of plain text for a terminal, of Markdown for a page."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from benchmarks.fast_paths import WORTH
from benchmarks.libraries import OURS
from benchmarks.measure import Outcome
from benchmarks.report import COMPILED, PURE, Report

Layout = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


def plain(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of equal width, the first to the left and the others to the right."""
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    return "\n".join(
        "  ".join(
            text.rjust(width) if place else text.ljust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (head, *rows)
    )


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def works(report: Report, layout: Layout) -> str:
    """A row a work, a column a form: ratios to the hand-written one, whose nanoseconds a change come first."""
    rows = [
        [
            measured.work.name,
            f"{measured.by_hand:,.0f}",
            *[str(measured.outcomes[label]) for label in report.labels],
        ]
        for measured in report.works
    ]
    if len(report.works) > 1:
        means = report.means()
        rows.append(
            [
                "geometric mean",
                "",
                *[str(Outcome(means[label])) if label in means else "" for label in report.labels],
            ]
        )
    return layout(["work", "by hand, ns", *report.labels], rows)


def making(report: Report, layout: Layout) -> str:
    """A row a form: what a source and a derived cell cost to make and to keep."""
    head = ["a source and a derived cell", "made", "made and read", "bytes, read", "bytes, observed"]
    rows = [["two bare values", "1", "1", f"{report.bare_bytes:,.0f}", ""]]
    rows += [
        [
            name,
            f"{made.made:,.0f}",
            f"{made.read:,.0f}",
            f"{made.bytes_read:,.0f}",
            f"{made.bytes_observed:,.0f}",
        ]
        for name, made in report.making.items()
    ]
    return layout(head, rows)


def gains(report: Report, layout: Layout) -> str:
    """A row a work, a column a fast path and form: how many times faster the path makes it."""
    if not report.gains:
        return ""
    first = next(iter(report.gains.values()))
    columns = [(path, form) for path, forms in first.items() for form in forms]
    rows = [
        [work, *[f"{found[path][form]:.2f}" if form in found[path] else "" for path, form in columns]]
        for work, found in report.gains.items()
    ]
    return layout(["gain of", *[f"{path}, {form}" for path, form in columns]], rows)


def best_gains(report: Report, layout: Layout) -> str:
    """A row a fast path: what it gains on the work that gains most, and typically on those that gain much."""
    if not report.gains:
        return ""
    first = next(iter(report.gains.values()))
    rows = []
    for path in first:
        found = [
            (gain, f"{work}, {form}")
            for work, gains in report.gains.items()
            for form, gain in gains[path].items()
        ]
        most, where = max(found)
        much = [gain for gain, _ in found if gain >= WORTH]
        typical = f"{statistics.median(much):.1f}" if much else ""
        rows.append([path, f"{most:.1f}", where, typical, f"{len(much)} of {len(found)}"])
    return layout(["fast path", "at most", "on", "typically", f"by {WORTH} or more"], rows)


def remarks(report: Report) -> list[str]:
    """Sentences about the whole."""
    said = []
    if report.importing:
        ratio, more = report.importing
        said.append(f"`import reactflow`: a process takes {ratio:.1f} times as long ({more:.0f} ms more).")
    for form in OURS:
        for kind, peers in (("pure Python", PURE), ("compiled", COMPILED)):
            faster, of = report.faster_than(peers, form)
            if of:
                said.append(
                    f"The {form.name} form is faster than the best {kind} peer on {faster} of {of} works that one does."
                )
    return said
