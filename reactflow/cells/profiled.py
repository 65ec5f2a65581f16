"""What ran without need: the report of cells that were recomputed without a change.

A cell that runs again and comes to an equal value has run for nothing, as far as its readers are concerned. One that
comes to another object with the same content is worse: all that reads it runs for nothing too. The report counts both,
names the inputs that made it run, and the remedy. It counts and does not measure time, and is the same each time.
"""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass
from html import escape
from typing import Any

from reactflow.cells.content import fingerprint, kind_of_mutable
from reactflow.cells.instrument import Instrument
from reactflow.cells.looking import instrumented
from reactflow.cells.node import Node, versions_seen
from reactflow.cells.parentheses import makes_block
from reactflow.cells.semantics import Failure

ROWS = 30  # shown
_HEAD = ("cell", "kind", "made at", "runs", "unchanged", "same content")


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """How often a cell or effect ran.

    ``unchanged`` of its ``runs`` ended with an equal outcome; ``alike`` of them with another object of the same
    content, which counts as a change. ``causes`` are the inputs that had moved before the unchanged runs, with how
    often, the most frequent first.

    >>> ProfileRow("label", "derived", "rooms.py:7", 10, 9, 0, (("seconds", 9),)).remedy
    'label: give seconds an equal=, or read something coarser, such as seconds.map(...), in between'
    """

    name: str
    kind: str
    where: str
    runs: int
    unchanged: int
    alike: int = 0
    causes: tuple[tuple[str, int], ...] = ()

    @property
    def waste(self) -> int:
        """Runs that were for nothing, or made others run for nothing."""
        return self.unchanged + self.alike

    @property
    def remedy(self) -> str:
        """What to do about it; empty when there is no waste, or no remedy: each occurrence of a pulse counts."""
        if self.alike:
            return f"{self.name}: give it an equal= that compares what it holds, else each run counts as a change"
        if self.unchanged and self.causes and self.kind == "derived":
            name = self.causes[0][0]
            return f"{self.name}: give {name} an equal=, or read something coarser, such as {name}.map(...), in between"
        return ""


class _Count:
    """What is counted of one node."""

    __slots__ = ("alike", "causes", "runs", "unchanged")

    def __init__(self) -> None:
        self.runs = self.unchanged = self.alike = 0
        self.causes: Counter[Node] = Counter()


class Profile(Instrument):
    """Counts while it listens; printed, it is the report."""

    def __init__(self) -> None:
        self._counts: dict[Any, _Count] = {}
        self._running: dict[Node, tuple[object, tuple[Node, ...], tuple[int, ...] | None]] = {}

    def computed(self, node: Any) -> None:
        """Note how things were before the run; it may be begun twice, when an input has to be computed first."""
        if node not in self._running:
            self._running[node] = node.outcome, node.inputs, versions_seen(node.inputs, node.seen)

    def settled(self, node: Any, changed: bool) -> None:
        """Count a run."""
        if node not in self._running:
            return  # what it needs was missing
        before, inputs, seen = self._running.pop(node)
        count = self._counts.setdefault(node, _Count())
        count.runs += 1
        if node.is_pulse or seen is None:
            return
        if not changed:
            count.unchanged += 1
            count.causes.update(
                one for one, version in zip(inputs, seen, strict=True) if one.version != version
            )
        elif _is_alike(before, node.outcome):
            count.alike += 1

    def effect_run(self, effect: Any) -> None:
        """Count a run of an effect."""
        self._counts.setdefault(effect, _Count()).runs += 1

    @property
    def rows(self) -> tuple[ProfileRow, ...]:
        """A row for each cell and effect that ran, the most waste first, then the most runs, then by name."""
        rows = (
            ProfileRow(
                str(node.name),
                "pulse" if node.is_pulse else node.kind,
                node.where,
                count.runs,
                count.unchanged,
                count.alike,
                tuple((str(one.name), times) for one, times in count.causes.most_common()),
            )
            for node, count in self._counts.items()
        )
        return tuple(sorted(rows, key=lambda row: (-row.waste, -row.runs, row.name)))

    def __str__(self) -> str:
        rows = self.rows
        if not rows:
            return "nothing was computed"
        lines = [_HEAD, *(_cells(row) for row in rows[:ROWS])]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [
            "  ".join(
                _aligned(word, at, width) for at, (word, width) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines
        ]
        more = len(rows) - ROWS
        return "\n".join(
            [line.rstrip() for line in text]
            + ([f"and {more} more"] if more > 0 else [])
            + [row.remedy for row in rows[:ROWS] if row.remedy]
        )

    def __repr__(self) -> str:
        rows = self.rows
        runs, waste = sum(row.runs for row in rows), sum(row.waste for row in rows)
        return f"<profile: {runs} runs, {waste} of them without need>"

    def _repr_html_(self) -> str:
        rows = self.rows[:ROWS]
        head = "".join(f"<th>{word}</th>" for word in _HEAD)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(word)}</td>" for word in _cells(row)) + "</tr>" for row in rows
        )
        remedies = "".join(f"<div>{escape(row.remedy)}</div>" for row in rows if row.remedy)
        return f"<table><tr>{head}</tr>{body}</table>{remedies}"


def _cells(row: ProfileRow) -> tuple[str, ...]:
    unchanged = "" if row.kind == "effect" else str(row.unchanged)
    return row.name, row.kind, row.where, str(row.runs), unchanged, str(row.alike or "")


def _aligned(word: str, column: int, width: int) -> str:
    return word.ljust(width) if column < 3 else word.rjust(width)


def _is_alike(before: object, after: object) -> bool:
    """Whether another object has the same content, of what is compared by identity or not with a plain bool."""
    if type(before) is not type(after) or type(after) is Failure:
        return False
    if kind_of_mutable(after):
        return fingerprint(before) == fingerprint(after)
    try:
        verdict: object = before == after
        return type(verdict) is not bool and bool(verdict)  # true, but not for the cut-off
    except Exception:  # it cannot be compared
        return False


@makes_block
def profiled() -> AbstractContextManager[Profile]:
    """Count the runs of cells and effects for the length of a ``with`` block, and those that were without need.

    The report has a row for each cell, the most waste first: how often it ran, how many runs ended with an equal value,
    and how many with another object of the same content. The fast paths are off meanwhile.

    >>> from reactflow import cell
    >>> seconds = cell(0, name="seconds")
    >>> minute = seconds.map(lambda value: value // 60, name="minute")
    >>> stop = minute.subscribe(lambda value: None)
    >>> with profiled() as report:
    ...     for seconds.value in range(1, 121):
    ...         pass
    >>> report
    <profile: 122 runs, 118 of them without need>
    >>> print(report.rows[0].remedy)
    minute: give seconds an equal=, or read something coarser, such as seconds.map(...), in between
    >>> stop()
    """
    return instrumented(Profile())
