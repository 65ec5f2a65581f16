"""All figures of one run, and what they were measured with."""

from __future__ import annotations

import datetime
import os
import platform
import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.libraries import OURS, PEERS, Form
from benchmarks.making import Making
from benchmarks.measure import Measured, best, geometric_mean

PURE = tuple(form for form in PEERS if form.kind == "pure")
COMPILED = tuple(form for form in PEERS if form.kind == "compiled")


@dataclass
class Report:
    """What is known so far; whatever was not asked for is empty."""

    rounds: int
    versions: dict[str, str]
    """Of the peers that were measured."""
    labels: list[str]
    """The columns."""
    works: list[Measured] = field(default_factory=list)
    making: dict[str, Making] = field(default_factory=dict)
    bare_bytes: float = 0.0
    importing: tuple[float, float] | None = None
    """A fresh process that imports reactflow, as a ratio to one that does not, and the milliseconds between them."""
    gains: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    """For each work, fast path and form: how many times slower it is without."""

    def means(self) -> dict[str, float]:
        """The geometric mean of each column, where every work has a ratio."""
        found = {}
        for label in self.labels:
            ratios = [
                ratio for measured in self.works if (ratio := measured.outcomes[label].ratio) is not None
            ]
            if ratios and len(ratios) == len(self.works):
                found[label] = geometric_mean(ratios)
        return found

    def agree(self) -> bool:
        """Whether our forms gave the answers of the hand-written ones on every work."""
        ours = [label for label in self.labels if label not in {form.name for form in PEERS}]
        return all(measured.outcomes[label].ratio is not None for measured in self.works for label in ours)

    def faster_than(self, peers: Sequence[Form], form: Form) -> tuple[int, int]:
        """On how many works a form of ours is faster than the best of some peers, and of how many it can be said."""
        pairs = [
            (found[1], ratio)
            for measured in self.works
            if (found := best(measured, peers)) and (ratio := measured.outcomes[form.name].ratio) is not None
        ]
        return sum(mine < theirs for theirs, mine in pairs), len(pairs)

    def as_json(self) -> dict[str, Any]:
        """The figures as plain data."""
        return {
            "python": platform.python_version(),
            "machine": machine(),
            "date": today(),
            "rounds": self.rounds,
            "versions": self.versions,
            "works": [
                {
                    "name": measured.work.name,
                    "by_hand_ns": measured.by_hand,
                    "ratios": {
                        label: outcome.word if outcome.ratio is None else outcome.ratio
                        for label, outcome in measured.outcomes.items()
                    },
                }
                for measured in self.works
            ],
            "means": self.means(),
            "making": {name: made._asdict() for name, made in self.making.items()},
            "bare_bytes": self.bare_bytes,
            "importing": self.importing,
            "gains": self.gains,
        }


def today() -> str:
    """The date, as it is in all places at once."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def machine() -> str:
    """What kind of machine this is: cores and processor."""
    kind = platform.processor() or platform.machine()
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                kind = line.partition(":")[2].strip()
                break
    return f"{os.cpu_count()} cores, {kind}"


def import_time(rounds: int) -> tuple[float, float]:
    """CPU time of a process that imports reactflow: as a ratio to one that does not, and milliseconds more."""

    def fresh(code: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    fresh("import reactflow")
    pairs = [(fresh("import reactflow"), fresh("pass")) for _ in range(rounds)]
    ratio = statistics.median(ours / bare for ours, bare in pairs)
    return ratio, statistics.median(ours - bare for ours, bare in pairs) * 1e3


def ours() -> list[str]:
    """The names of our forms."""
    return [form.name for form in OURS]
