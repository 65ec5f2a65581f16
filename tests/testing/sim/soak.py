"""The soak: 2,000 seeds with all faults, 600 with a few again and again; the figures, or the first that fails.

``scripts/soak`` runs it; the numbers in ``docs/guides/delivery.md`` come from here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.testing.sim.hunt import Hunt, hunt
from tests.testing.sim.services import ALL

ALL_FAULTS = 2_000
TARGETED = (
    "crash=0.05,redeliver",
    "zombie=0.15",
    "stale=0.4,lost-answer=0.2,throttle=0.1",
    "sink=0.2,partly-put=0.2,crash=0.02",
    "poison=0.15,size=0.2,no-quarantine",
    "echo=0.2,storm=0.03,redeliver,roll-back=0.2",
)
EACH = 100
_SHARE = 50  # seeds that a process takes at once


def parts() -> list[tuple[str, int, int]]:
    """What is run: faults, the first seed and how many."""
    found = [("all", first, _SHARE) for first in range(0, ALL_FAULTS, _SHARE)]
    return found + [(faults, first, _SHARE) for faults in TARGETED for first in range(0, EACH, _SHARE)]


def one(part: tuple[str, int, int]) -> Hunt:
    faults, first, count = part
    return hunt([*ALL], range(first, first + count), faults)


def main() -> int:
    begun, runs, faults = time.perf_counter(), 0, Counter[str]()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for part, found in zip(parts(), pool.map(one, parts()), strict=True):
            if found.found:
                print(f"faults {part[0]}: {found.found}")
                return 1
            runs += found.runs
            faults += found.faults
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout
    seconds = time.perf_counter() - begun
    print(
        f"{runs} seeds, {faults.total()} faults injected, {seconds:.0f} s, commit {commit.strip()}: nothing lost"
    )
    print(", ".join(f"{name} {number}" for name, number in sorted(faults.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
