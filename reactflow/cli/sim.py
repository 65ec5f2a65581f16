"""``reactflow sim``: services' own code under every fault, seed after seed, and what to say of it.

What it was doing is told on standard error, what came of it on standard output: a line when all is well, else the
shrunk run, one line an action.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Annotated, Any

import typer

from reactflow.cli.answers import Failed, answer
from reactflow.cli.checks import check_installed
from reactflow.cli.options import AsJson
from reactflow.cli.target import load_system
from reactflow.service import Service
from reactflow.testing.sim import ALL, NOT_MODELLED, DeliveryError, check_delivery


def sim(
    context: typer.Context,
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MODULE:NAME...",
            help="services or systems, run together [default: targets of [tool.reactflow]]",
            envvar="REACTFLOW_TARGETS",
            show_envvar=False,
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(help="how many runs, from seed 0 on", min=1, metavar="N")] = 100,
    seed: Annotated[int | None, typer.Option(help="only the run of this seed", metavar="S")] = None,
    faults: Annotated[
        str, typer.Option(help="all, none, or some, each with a rate if wanted", metavar="NAME[=RATE],...")
    ] = "all",
    records: Annotated[int, typer.Option(help="records made up for a run", min=1, metavar="N")] = 30,
    list_faults: Annotated[bool, typer.Option("--list-faults", help="Show the faults, and end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run services' own code through crashes and outages.

    Redeliveries, rivals, sinks that are away and more are drawn from a seed, and what comes of it is held against the
    plain answer. Exit code 1 when something is lost or doubled.

    \b
    reactflow sim rooms:rooms --seeds 200
    reactflow sim rooms:rooms floors:floors --faults crash,zombie=0.1
    """
    if list_faults:
        return answer("\n".join(fault_lines()), fault_data(), as_json)
    check_installed("reactflow sim", ("boto3",))
    if not targets:
        raise typer.BadParameter(
            "Name a service: write MODULE:NAME, as in reactflow sim rooms:rooms", ctx=context
        )
    services = [*load_system(targets).services.values()]
    told = simulated(services, targets, seeds=seeds, seed=seed, faults=faults, records=records)
    answer(told["text"], told, as_json)
    if not told["ok"]:
        raise Failed("reactflow sim")


def simulated(
    services: Sequence[Service],
    targets: Sequence[str],
    *,
    seeds: int,
    seed: int | None,
    faults: str,
    records: int,
) -> dict[str, Any]:
    """What is to be said of the services, in words and as data. Raises ConfigurationError for unknown faults."""
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
        text = f"{told}\nto run it again: reactflow sim {names} --seed {error.seed}{asked}"
        return {
            "ok": False,
            "runs": error.seed + 1 if seed is None else 1,
            "seed": error.seed,
            "faults": {},
            "text": text,
        }
    finally:
        if shows:
            print("\r", end="", file=sys.stderr)
    struck = dict(sorted(report.faults.items()))
    named = ", ".join(f"{name} {number}" for name, number in struck.items())
    text = f"{report}\nfaults: {named or 'none'}"
    return {"ok": True, "runs": seeds if seed is None else 1, "seed": seed, "faults": struck, "text": text}


def fault_lines() -> list[str]:
    """Every fault in a line: its number, name, rate and what it does; and those that no run tries."""
    lines = [f"{one.number:>2}  {one.name:<14} {one.rate:<6g} {one.what}" for one in ALL]
    return [*lines, *(f"{number:>2}  not modelled   {'':<6} {why}" for number, why in NOT_MODELLED.items())]


def fault_data() -> list[dict[str, Any]]:
    """The same as plain data; a fault that no run tries has no name and no rate."""
    tried = [{"number": one.number, "name": one.name, "rate": one.rate, "what": one.what} for one in ALL]
    return [
        *tried,
        *(
            {"number": number, "name": None, "rate": None, "what": why}
            for number, why in NOT_MODELLED.items()
        ),
    ]
