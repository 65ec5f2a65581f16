"""Run the services of ``services.py`` under many seeds: what the tests, the soak and the hunt for mutants share.

As a program: ``python -m tests.testing.sim.hunt --services rooms,sites --seeds 40 --faults all``; exit code 1 when a
seed fails, and the violation is printed.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random

from attrs import frozen

from reactflow.testing.sim import Violation, World
from reactflow.testing.sim.faults import Rates, drawn, rates_of
from reactflow.testing.sim.sendings import made_up
from tests.testing.sim.services import ALL

RECORDS = 30


@frozen
class Hunt:
    """What came of some runs: the first seed that failed, if any did."""

    runs: int
    faults: Counter[str]
    seconds: float
    found: str = ""

    def __str__(self) -> str:
        return f"{self.runs} seeds, {self.faults.total()} faults injected, {self.seconds:.0f} s"


def run(name: str, seed: int, rates: Rates | None = None) -> tuple[Violation | None, Counter[str]]:
    """One run: what was violated, and how often each fault struck."""
    services = ALL[name]
    sendings = made_up(services, Random(f"{seed}/events"), RECORDS)
    outcome = World(
        services, sendings, seed, drawn(Random(f"{seed}/rates")) if rates is None else rates
    ).run()
    return outcome.violation, Counter(struck for struck, _ in outcome.struck)


def hunt(names: Sequence[str], seeds: Iterable[int], faults: str = "all") -> Hunt:
    """Each seed with one of the services, in turn, until one fails."""
    rates, begun, struck = rates_of(faults), time.perf_counter(), Counter[str]()
    runs = 0
    for seed in seeds:
        name = names[seed % len(names)]
        violation, found = run(name, seed, rates)
        struck += found
        runs += 1
        if violation is not None:
            return Hunt(runs, struck, time.perf_counter() - begun, f"{name}, seed {seed}: {violation}")
    return Hunt(runs, struck, time.perf_counter() - begun)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--services", default=",".join(ALL))
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--faults", default="all")
    asked = parser.parse_args()
    found = hunt(asked.services.split(","), range(asked.first, asked.first + asked.seeds), asked.faults)
    print(found.found or f"{found}: nothing found")
    return 1 if found.found else 0


if __name__ == "__main__":
    raise SystemExit(main())
