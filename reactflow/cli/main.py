"""The command ``reactflow``: run a service on this machine, look at it, hand it an event.

Each command is one function; what it does is done by the floors below. Exit codes: 0 all well, 1 the command could not
do it, 2 it was called wrongly. Errors are one line with the remedy.
"""

from __future__ import annotations

import json
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from reactflow.cli.target import load, load_services
from reactflow.errors import ConfigurationError, ReactflowError

app = typer.Typer(
    help="Declare reactive computations in Python, and run them on event streams.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Target = Annotated[
    str, typer.Argument(metavar="MODULE:NAME", help="a service or system, as rooms:rooms in rooms.py")
]


class Picture(str, Enum):
    """How a graph is written."""

    text = "text"
    mermaid = "mermaid"
    dot = "dot"
    svg = "svg"


class Source(str, Enum):
    """What sends an event."""

    kinesis = "kinesis"
    dynamodb = "dynamodb"
    s3 = "s3"


@app.command()
def dev(
    targets: Annotated[
        list[str], typer.Argument(metavar="MODULE:NAME...", help="services or systems to run")
    ],
    endpoint: Annotated[str, typer.Option(help="use the AWS at this URL instead of an embedded one")] = "",
    port: Annotated[int, typer.Option(help="the embedded cloud's port (0: any that is free)")] = 4566,
    state: Annotated[str, typer.Option(help="where units are kept: memory, or sqlite:PATH")] = "memory",
    shards: Annotated[int, typer.Option(help="shards of the streams that are made", min=1)] = 2,
    page: Annotated[bool, typer.Option(help="show a page of the running graph on 127.0.0.1")] = True,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="end when there is nothing left to do")
    ] = False,
) -> None:
    """Run services on this machine: an embedded AWS, what they need in it, their triggers, and word of all they do."""
    from reactflow.cli.dev import run

    services = [service for target in targets for service in load_services(target)]
    run(services, endpoint=endpoint, port=port, state=state, shards=shards, page=page, until_idle=until_idle)


@app.command()
def graph(
    target: Annotated[str, typer.Argument(metavar="MODULE:NAME", help="a flow, service or system")],
    format: Annotated[Picture, typer.Option("--format", "-f", help="how to draw it")] = Picture.text,
) -> None:
    """Draw the graph of a flow, or of services and what they share."""
    from reactflow.cli.drawing import view_of

    view = view_of(load(target), target)
    print(getattr(view, format.value)())


@app.command()
def invoke(
    target: Target,
    event: Annotated[
        Path, typer.Option("--event", "-e", help="a file with the event's JSON; - is standard input")
    ],
    state: Annotated[str, typer.Option(help="where units are kept: memory, or sqlite:PATH")] = "memory",
) -> None:
    """Hand a service one event, as Lambda would, and print its answer."""
    from reactflow.service.host import Host
    from reactflow.service.stores import open_store

    (service,) = load_services(target)[:1]
    try:
        text = sys.stdin.read() if str(event) == "-" else event.read_text(encoding="utf-8")
        payload = json.loads(text)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"the event {event} cannot be read: {error}") from error
    host = Host(service, open_store(state), lambda report: print(report, file=sys.stderr))
    print(json.dumps(host.handle(payload)))
    for case in host.store.cases(service.name):
        print(f"quarantined: {case}", file=sys.stderr)


@app.command()
def event(
    source: Annotated[Source, typer.Argument(help="what sends it")],
    resource: Annotated[str, typer.Argument(help="the stream, table or bucket")],
    records: Annotated[
        list[str], typer.Argument(metavar="RECORD...", help="JSON objects; for s3, object keys")
    ],
    partition: Annotated[str, typer.Option(help="kinesis: the partition key, or the field that has it")] = "",
    keys: Annotated[
        str, typer.Option(help="dynamodb: the primary key's attributes, with a comma between")
    ] = "",
) -> None:
    """Print a real event, as Lambda delivers it: reactflow event kinesis measurements '{"room": "r1", "length": 3}'."""
    from reactflow.cli.events import made

    print(json.dumps(made(source.value, resource, records, partition=partition, keys=keys), indent=2))


@app.command()
def put(
    source: Annotated[Source, typer.Argument(help="where to put it")],
    resource: Annotated[str, typer.Argument(help="the stream, table or bucket")],
    records: Annotated[list[str], typer.Argument(metavar="RECORD...", help="JSON objects; for s3, KEY=FILE")],
    partition: Annotated[str, typer.Option(help="kinesis: the field that is the partition key")] = "",
    endpoint: Annotated[
        str, typer.Option(help="the local AWS", envvar="AWS_ENDPOINT_URL")
    ] = "http://127.0.0.1:4566",
) -> None:
    """Put records, items or files into the AWS of a running `reactflow dev`."""
    from reactflow.cli.putting import put_into

    print(put_into(endpoint, source.value, resource, records, partition=partition))


def main() -> None:
    """Run the command line; ends the process."""
    try:
        app(standalone_mode=False)
    except typer.Exit as done:
        sys.exit(done.exit_code)
    except typer.Abort:
        sys.exit(130)
    except ReactflowError as error:
        print(f"reactflow: {error}", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        show = getattr(error, "show", None)  # a usage error of the command line
        if show is None:
            raise
        show()
        sys.exit(2)


if __name__ == "__main__":
    main()
