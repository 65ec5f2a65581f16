"""Cold starts: from nothing to the first answer, by a service and by a bare handler that does the same.

Measured twice: in a process that imports the function and calls it (CPU time), and in Lambda's runtime, from the
request to its answer, which includes the start of the emulator, of the process and of Lambda's own client (by the
clock). Both sides take turns; a figure is the median of the ratios of the rounds.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any, NamedTuple

from benchmarks.runtime.dynamodb import StandIn
from benchmarks.runtime.stage import TABLES, Stage
from benchmarks.steps.service import HandlerWork

BOUNDS = {"memory": 2.0, "rooms": 1.3}
"""What a start may take of a bare one, by the service."""
BARE = {"memory": "bare", "rooms": "by_hand"}
BOUND = "in Lambda's runtime, with bytecode"
"""Where the bound counts."""
ABOUT = {"memory": "without a client of AWS", "rooms": "with state and rows in DynamoDB"}


class Start(NamedTuple):
    """Milliseconds of the bare side and of the service, the median ratio, and between which half of the ratios are."""

    service: str
    where: str
    bare: float
    ours: float
    ratio: float
    low: float
    high: float

    @property
    def is_bound(self) -> bool:
        """Whether it is what the bound speaks of: in Lambda's runtime, all code compiled."""
        return self.where == BOUND

    @property
    def is_within(self) -> bool:
        """Whether it is no more than it may be."""
        return self.ratio <= BOUNDS[self.service]


def first_event() -> dict[str, Any]:
    """An event of one record."""
    event = HandlerWork("start", 1).events(1)[0]
    return {"Records": event["Records"][:1]}


def measure_starts(stage: Stage, rounds: int, *, compiled: bool = True) -> list[Start]:
    """Measure both services, each in a plain process and in Lambda's runtime."""
    event, found = first_event(), []
    what = "with bytecode" if compiled else "from source"
    for service, bare in BARE.items():
        with StandIn(TABLES) as standing:
            print(f"start of {service}, {what} ...", file=sys.stderr, flush=True)

            def process(function: str, standing: StandIn = standing) -> float:
                standing.tables.clear()
                return stage.run(function, event, standing.endpoint, compiled=compiled)

            found.append(_start(service, f"in a process, {what}", bare, process, rounds))
            with (
                stage.runtime(bare, standing.endpoint, compiled=compiled) as theirs,
                stage.runtime(service, standing.endpoint, compiled=compiled) as ours,
            ):
                runtimes = {bare: theirs, service: ours}

                def runtime(function: str, standing: StandIn = standing, runtimes: Any = runtimes) -> float:
                    standing.tables.clear()
                    runtimes[function].cool()
                    begun = time.perf_counter()
                    answer = runtimes[function](event)
                    took = time.perf_counter() - begun
                    if answer["batchItemFailures"]:
                        raise ValueError(f"{function} answers {answer}")
                    return took

                found.append(_start(service, f"in Lambda's runtime, {what}", bare, runtime, rounds))
    return found


def _start(service: str, where: str, bare: str, seconds: Any, rounds: int) -> Start:
    for side in (bare, service):
        seconds(side)  # what is on disk comes from memory then
    pairs = [(seconds(bare), seconds(service)) for _ in range(rounds)]
    ratios = [ours / theirs for theirs, ours in pairs]
    low, _, high = statistics.quantiles(ratios, n=4) if rounds > 1 else ratios * 3
    theirs, ours = (statistics.median(side) * 1e3 for side in zip(*pairs, strict=True))
    return Start(service, where, theirs, ours, statistics.median(ratios), low, high)
