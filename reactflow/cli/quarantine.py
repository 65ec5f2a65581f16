"""The commands ``reactflow quarantine`` and ``reactflow units``: what could not be applied, and what is stored."""

from __future__ import annotations

from typing import Annotated

import typer

quarantine = typer.Typer(
    no_args_is_help=True, help="Records that could not be applied: look at them, decide."
)
units = typer.Typer(no_args_is_help=True, help="What is stored of units.")

Target = Annotated[
    str, typer.Argument(metavar="MODULE:NAME", help="a service: rooms:rooms is `rooms` in rooms.py")
]
CaseName = Annotated[
    str, typer.Argument(metavar="CASE", help="as `list` shows it, or the case's id, or a part of it")
]
CaseNames = Annotated[list[str], typer.Argument(metavar="CASE...", help="as `list` shows them, or their ids")]
State = Annotated[
    str,
    typer.Option(
        metavar="STORE",
        help="where units are kept: sqlite:PATH, or dynamodb:TABLE [default: the service's own]",
        envvar="REACTFLOW_STATE",
        show_envvar=False,
    ),
]
Local = Annotated[
    str,
    typer.Option(
        help="the local AWS, or aws for the account that the environment names", metavar="URL",
        envvar=["REACTFLOW_ENDPOINT", "AWS_ENDPOINT_URL"], show_envvar=False,
    ),
]  # fmt: skip
AsJson = Annotated[bool, typer.Option("--json", help="as JSON")]
HERE = "http://127.0.0.1:4566"


@quarantine.command("list")
def list_cases(target: Target, state: State = "", endpoint: Local = HERE, as_json: AsJson = False) -> None:
    """List a service's open cases, oldest first.

    \b
    reactflow quarantine list rooms:rooms --state sqlite:state.db
    """
    from reactflow.cli.operating import host_of, listed, reached

    with reached(host := host_of(target, state), endpoint):
        print(listed(host, as_json=as_json))


@quarantine.command()
def show(
    target: Target, case: CaseName, state: State = "", endpoint: Local = HERE, as_json: AsJson = False
) -> None:
    """Show one case, with its record.

    \b
    reactflow quarantine show rooms:rooms 5520ee659979ad76 --state sqlite:state.db
    """
    from reactflow.cli.operating import host_of, reached, shown

    with reached(host := host_of(target, state), endpoint):
        print(shown(host, case, as_json=as_json))


@quarantine.command()
def redrive(
    target: Target, cases: CaseNames, state: State = "", endpoint: Local = HERE, as_json: AsJson = False
) -> None:
    """Try cases again, and what waits behind them.

    Exit code 1 when one is still open.

    \b
    reactflow quarantine redrive rooms:rooms 5520ee659979ad76 --state sqlite:state.db
    """
    _decide("redrive", target, cases, state, endpoint, as_json)


@quarantine.command()
def skip(
    target: Target, cases: CaseNames, state: State = "", endpoint: Local = HERE, as_json: AsJson = False
) -> None:
    """Give cases up, and go on with what waits.

    Of a gap, it is what is missing that is given up.

    \b
    reactflow quarantine skip rooms:rooms 5520ee659979ad76 --state sqlite:state.db
    """
    _decide("skip", target, cases, state, endpoint, as_json)


def _decide(decision: str, target: str, cases: list[str], state: str, endpoint: str, as_json: bool) -> None:
    from reactflow.cli.operating import decided, host_of, reached

    with reached(host := host_of(target, state), endpoint, publishes=True):
        text, code = decided(host, decision, cases, as_json=as_json)
    print(text)
    raise typer.Exit(code)


@units.command("show")
def show_unit(
    target: Target,
    key: Annotated[str, typer.Argument(metavar="KEY", help="the unit's key: room=r1, or only r1")],
    state: State = "",
    endpoint: Local = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what is stored of a unit.

    Values, lanes, numbers of outputs, what is due, cases, what waits. What is due may be published already: the next
    write of the unit, or the sweeper, takes it away.

    \b
    reactflow units show rooms:rooms room=r1 --state sqlite:state.db
    """
    from reactflow.cli.operating import host_of, reached, unit_shown

    with reached(host := host_of(target, state), endpoint):
        print(unit_shown(host, key, as_json=as_json))
