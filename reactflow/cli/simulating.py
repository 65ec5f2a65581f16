"""``reactflow sim``: services' own code under every fault, seed after seed, and what to say of it.

What it was doing is told on standard error, what came of it on standard output: a line when all is well, else the
shrunk run, one line an action.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout

from reactflow.service import Service
from reactflow.testing.sim import ALL, NOT_MODELLED, DeliveryError, check_delivery


def simulated(
    services: Sequence[Service],
    targets: Sequence[str],
    *,
    seeds: int,
    seed: int | None,
    faults: str,
    records: int,
) -> tuple[str, bool]:
    """What is to be said of the services, and whether it is well. Raises ConfigurationError for unknown faults."""
    shows = sys.stderr.isatty()

    def tell(one: int) -> None:
        if shows:
            print(f"\rseed {one}", end="", file=sys.stderr, flush=True)

    try:
        with redirect_stdout(sys.stderr):  # it runs the user's functions
            report = check_delivery(
                services, seeds=seeds, seed=seed, faults=faults, records=records, progress=tell
            )
    except DeliveryError as error:
        told = str(error).rpartition("\n")[0]  # its last line is for Python
        asked = ("" if faults == "all" else f" --faults {faults}") + f" --records {records}"
        names = " ".join(targets)
        return f"{told}\nto run it again: reactflow sim {names} --seed {error.seed}{asked}", False
    finally:
        if shows:
            print("\r", end="", file=sys.stderr)
    struck = ", ".join(f"{name} {number}" for name, number in sorted(report.faults.items()))
    return f"{report}\nfaults: {struck or 'none'}", True


def fault_lines() -> list[str]:
    """Every fault in a line: its number, name, rate and what it does; and those that no run tries."""
    lines = [f"{one.number:>2}  {one.name:<14} {one.rate:<6g} {one.what}" for one in ALL]
    return [*lines, *(f"{number:>2}  not modelled   {'':<6} {why}" for number, why in NOT_MODELLED.items())]
