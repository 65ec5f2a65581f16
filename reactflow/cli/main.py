"""The command ``reactflow``: run services on this machine, look at them, hand them events.

Each command is one function; what it does is done by the modules beside this one. Exit codes: 0 all well, 1 the command
could not do it, 2 it was called wrongly, 128 + n ended by signal n. Errors are one line, with the remedy.
"""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from reactflow.cli.checks import check_installed, not_installed
from reactflow.cli.quarantine import quarantine, units
from reactflow.cli.settings import defaults
from reactflow.cli.target import load, load_services, load_system
from reactflow.errors import ConfigurationError, MissingExtra, ReactflowError

app = typer.Typer(
    help="""Write area = length * width once: look at it, and run it as a service on this machine.

    \b
    In one terminal:   reactflow dev rooms:rooms
    In another:        reactflow put kinesis measurements '{"room": "a", "length": 3, "width": 4}'

    Settings: a flag, else REACTFLOW_<OPTION>, else [tool.reactflow] in pyproject.toml, else the default.
    """,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

app.add_typer(quarantine, name="quarantine")
app.add_typer(units, name="units")

Target = Annotated[
    str, typer.Argument(metavar="MODULE:NAME", help="a service: rooms:rooms is `rooms` in rooms.py")
]
Local = Annotated[
    str,
    typer.Option(
        help="the local AWS",
        metavar="URL",
        envvar=["REACTFLOW_ENDPOINT", "AWS_ENDPOINT_URL"],
        show_envvar=False,
    ),
]
State = Annotated[
    str,
    typer.Option(
        metavar="STORE",
        help="where units are kept: memory, sqlite:PATH or dynamodb:TABLE [default: the service's own, else memory]",
    ),
]  # fmt: skip


class Picture(StrEnum):
    """How a graph is written."""

    text = "text"
    mermaid = "mermaid"
    dot = "dot"
    svg = "svg"


class Source(StrEnum):
    """What sends an event."""

    kinesis = "kinesis"
    dynamodb = "dynamodb"
    s3 = "s3"


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"reactflow {version('reactflow-py')}")
        except PackageNotFoundError:
            typer.echo("reactflow, not installed")
        raise typer.Exit


@app.callback()
def reactflow(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """What is common to all commands."""


@app.command()
def dev(
    targets: Annotated[
        list[str], typer.Argument(metavar="MODULE:NAME...", help="services or systems to run")
    ],
    endpoint: Annotated[
        str,
        typer.Option(
            help="the AWS at this URL, instead of an embedded one",
            metavar="URL", envvar="REACTFLOW_ENDPOINT", show_envvar=False, show_default=False,
        ),
    ] = "",
    port: Annotated[
        int | None,
        typer.Option(
            help="the embedded AWS's port, 0 for any [default: 4566, or any when it is taken]",
            min=0, max=65535, metavar="N", envvar="REACTFLOW_PORT", show_envvar=False,
        ),
    ] = None,
    state: Annotated[
        str,
        typer.Option(
            help="where units are kept: memory, sqlite:PATH or dynamodb:TABLE [default: the service's own, else "
            "memory; with --endpoint sqlite:reactflow-dev.db]",
            metavar="STORE", show_default=False,
        ),
    ] = "",
    shards: Annotated[
        int,
        typer.Option(
            help="shards of the streams that are made", min=1, metavar="N", envvar="REACTFLOW_SHARDS", show_envvar=False
        ),
    ] = 2,
    page: Annotated[
        bool,
        typer.Option(help="a page of the running graph, on 127.0.0.1", envvar="REACTFLOW_PAGE", show_envvar=False),
    ] = True,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="end when there is nothing left to do")
    ] = False,
) -> None:  # fmt: skip
    """Run services on this machine, and tell what they do.

    An AWS is embedded, what the services need is made in it, and what is put into it is delivered to them as Lambda
    would. Ctrl-c ends it all.

    \b
    reactflow dev rooms:rooms
    reactflow dev rooms:rooms floors:floors --state sqlite:state.db
    """
    from reactflow.cli.dev import run

    check_installed("reactflow dev", ("boto3",) if endpoint else ("boto3", "ministack"))
    code = run(
        load_system(targets),
        endpoint=endpoint,
        port=port,
        state=state,
        shards=shards,
        page=page,
        until_idle=until_idle,
    )
    raise typer.Exit(code)


@app.command()
def put(
    source: Annotated[Source, typer.Argument(help="where to put it", metavar="SOURCE")],
    resource: Annotated[str, typer.Argument(help="the stream, table or bucket", metavar="NAME")],
    records: Annotated[
        list[str],
        typer.Argument(
            metavar="RECORD...", help="JSON objects; for s3 KEY=FILE, and KEY= to delete; - reads lines"
        ),
    ],
    partition: Annotated[
        str,
        typer.Option(
            help="kinesis: the field that is the partition key [default: the first]", metavar="FIELD"
        ),
    ] = "",
    endpoint: Local = "http://127.0.0.1:4566",
) -> None:
    """Put something into the AWS of `reactflow dev`.

    \b
    reactflow put kinesis measurements '{"room": "a", "length": 3, "width": 4}'
    reactflow put dynamodb orders '{"id": "o1", "price": 10.10}'
    reactflow put s3 photos in/ana/cat.jpg=cat.jpg
    """
    from reactflow.cli.events import written
    from reactflow.cli.putting import put_into

    check_installed("reactflow put", ("boto3",))
    print(put_into(endpoint, source.value, resource, written(records), partition=partition))


@app.command()
def graph(
    target: Annotated[str, typer.Argument(metavar="MODULE:NAME", help="a flow, service, system or cell")],
    format: Annotated[Picture, typer.Option("--format", "-f", help="how to draw it")] = Picture.text,
) -> None:
    """Draw a flow's cells, or services and what they share.

    \b
    reactflow graph rooms:Room
    reactflow graph rooms:Room --format svg > room.svg
    """
    from reactflow.cli.drawing import view_of

    found = load(target)
    with redirect_stdout(sys.stderr):  # drawing runs the user's functions
        picture = getattr(view_of(found, target), format.value)()
    typer.echo(picture)


@app.command()
def check(
    target: Annotated[str, typer.Argument(metavar="MODULE:NAME", help="a flow, service or system")],
) -> None:
    """Look for examples against the laws of folds.

    Exit code 1 when a law is declared and does not hold.

    \b
    reactflow check rooms:rooms
    """
    from reactflow.cli.lawful import law_lines
    from reactflow.flow import Flow

    found = load(target)
    is_flow = isinstance(found, type) and issubclass(found, Flow)
    refuted = 0
    for line, is_well in law_lines([found] if is_flow else load_services(target), target):
        print(line)
        refuted += not is_well
    if refuted:
        one, many = "1 law is declared and does not", f"{refuted} laws are declared and do not"
        what = f"{one} hold: do not declare it" if refuted == 1 else f"{many} hold: do not declare them"
        raise typer.Exit(_told("reactflow check", f"{what}, or correct the fold", 1))


@app.command()
def sim(
    context: typer.Context,
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="MODULE:NAME", help="services or systems, run together")
    ] = None,
    seeds: Annotated[int, typer.Option(help="how many runs, from seed 0 on", min=1, metavar="N")] = 100,
    seed: Annotated[int | None, typer.Option(help="only the run of this seed", metavar="S")] = None,
    faults: Annotated[
        str, typer.Option(help="all, none, or some, each with a rate if wanted", metavar="NAME[=RATE],...")
    ] = "all",
    records: Annotated[int, typer.Option(help="records made up for a run", min=1, metavar="N")] = 30,
    list_faults: Annotated[bool, typer.Option("--list-faults", help="Show the faults, and end.")] = False,
) -> None:
    """Run services' own code through crashes and outages.

    Redeliveries, rivals, sinks that are away and more are drawn from a seed, and what comes of it is held against the
    plain answer. Exit code 1 when something is lost or doubled.

    \b
    reactflow sim rooms:rooms --seeds 200
    reactflow sim rooms:rooms floors:floors --faults crash,zombie=0.1
    """
    from reactflow.cli.simulating import fault_lines, simulated

    if list_faults:
        print("\n".join(fault_lines()))
        return
    check_installed("reactflow sim", ("boto3",))
    if not targets:
        raise typer.BadParameter(
            "Name a service: write MODULE:NAME, as in reactflow sim rooms:rooms", ctx=context
        )
    services = [*load_system(targets).services.values()]
    words, is_well = simulated(services, targets, seeds=seeds, seed=seed, faults=faults, records=records)
    print(words)
    if not is_well:
        raise typer.Exit(1)


@app.command()
def event(
    source: Annotated[Source, typer.Argument(help="what sends it", metavar="SOURCE")],
    resource: Annotated[str, typer.Argument(help="the stream, table or bucket", metavar="NAME")],
    records: Annotated[
        list[str],
        typer.Argument(metavar="RECORD...", help="JSON objects; for s3, object keys; - reads lines"),
    ],
    partition: Annotated[
        str,
        typer.Option(
            help="kinesis: the field that is the partition key [default: the first]", metavar="FIELD"
        ),
    ] = "",
    keys: Annotated[
        str,
        typer.Option(help="dynamodb: the primary key's attributes [default: the first]", metavar="NAME,NAME"),
    ] = "",
) -> None:
    """Print an event as Lambda delivers it.

    \b
    reactflow event kinesis measurements '{"room": "a", "length": 3}'
    reactflow event dynamodb orders '{"id": "o1", "price": 10.10}' --keys id
    reactflow event s3 photos in/ana/cat.jpg | reactflow invoke photos:thumbnails
    """
    from reactflow.cli.events import made, written

    event = made(source.value, resource, written(records), partition=partition, keys=keys)
    print(json.dumps(event, indent=2))


@app.command()
def invoke(
    target: Target,
    event: Annotated[
        Path,
        typer.Option(
            "--event", "-e", help="a file with the event's JSON; - is standard input", metavar="FILE"
        ),
    ] = Path("-"),
    state: State = "",
    endpoint: Local = "http://127.0.0.1:4566",
) -> None:
    """Hand a service one event, and print its answer.

    What it did is told on standard error. It reads and writes the AWS of a running `reactflow dev`.

    \b
    reactflow invoke rooms:rooms --event event.json
    """
    from reactflow.cli.invoking import invoked

    check_installed("reactflow invoke", ("boto3",))
    services = load_services(target)
    if len(services) != 1:
        names = ", ".join(one.name for one in services)
        raise ConfigurationError(
            f"{target} is a system of {names}: name the one service that is to get the event"
        )
    try:
        text = sys.stdin.read() if str(event) == "-" else event.read_text(encoding="utf-8")
        payload = json.loads(text)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"the event {event} cannot be read: {error}") from error
    print(invoked(services[0], payload, endpoint=endpoint, state=state))


def main() -> None:
    """Run the command line; ends the process."""
    sys.exit(_code())


def _code() -> int:
    """The exit code of a run; an error is told in one line."""
    try:
        code = app(prog_name="reactflow", standalone_mode=False, default_map=defaults(Path.cwd()))
        return code if isinstance(code, int) else 0
    except typer.Exit as done:
        return done.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:  # whoever read our output has ended
        sys.stdout = None
        return 0
    except MissingExtra as error:
        return _told("reactflow", not_installed(str(error).partition(" needs ")[0], error.extra), 1)
    except ReactflowError as error:
        return _told("reactflow", str(error), 1)
    except Exception as error:
        usage: Any = error  # typer brings its own copy of what it is built on: known by its shape
        if not hasattr(usage, "format_message"):
            raise
        context = getattr(usage, "ctx", None)
        if type(usage).__name__ == "NoArgsIsHelpError":
            print(usage.format_message(), file=sys.stderr)
            return 2
        command = context.command_path if context is not None else "reactflow"
        return _told(
            command,
            f"{usage.format_message().rstrip('.').replace('Value error, ', '')}; see `{command} --help`",
            2,
        )


def _told(command: str, message: str, code: int) -> int:
    print(f"{command}: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
