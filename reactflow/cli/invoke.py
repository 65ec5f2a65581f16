"""``reactflow invoke``: one event to one service, its answer, and word of what became of it.

The event goes to what Lambda calls, too. It promises to read and write only the AWS at the endpoint, with keys that are
good for no other.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer
from attrs import field, frozen

from reactflow.aws import DynamoDBStore
from reactflow.cli.answers import json_line, json_text
from reactflow.cli.checks import check_address, check_answers, check_installed, check_state, needs_aws
from reactflow.cli.options import HERE, Local, State, Target
from reactflow.cli.target import load_services
from reactflow.cli.telling import Telling, report_data
from reactflow.errors import ConfigurationError
from reactflow.local import Cloud
from reactflow.service import Service
from reactflow.service.host import Host
from reactflow.service.report import Report
from reactflow.service.stores import open_store


def invoke(
    target: Target,
    event: Annotated[
        Path,
        typer.Option(
            "--event", "-e", help="a file with the event's JSON; - is standard input", metavar="FILE"
        ),
    ] = Path("-"),
    state: State = "",
    endpoint: Local = HERE,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON, with what became of the records")] = False,
) -> None:
    """Hand a service one event, and print its answer.

    What it did is told on standard error. It reads and writes the AWS of a running `reactflow dev`. Given fields of its
    flow instead of an event, it answers with its cells, and stores nothing.

    \b
    reactflow event kinesis measurements '{"room": "a", "length": 3}' > event.json
    reactflow invoke rooms:rooms -e event.json
    echo '{"length": 3, "width": 4}' | reactflow invoke rooms:rooms
    """
    check_installed("reactflow invoke", ("boto3",))
    service = one_service(target)
    try:
        text = sys.stdin.read() if str(event) == "-" else event.read_text(encoding="utf-8")
        payload = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        where = "standard input" if str(event) == "-" else str(event)
        why = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"the event in {where} cannot be read: {why}. `reactflow event` makes one"
        ) from error
    if not isinstance(payload, Mapping):
        raise ConfigurationError(
            f"the event is a JSON {type(payload).__name__}, and Lambda delivers an object: "
            "`reactflow event` makes one"
        )
    is_call = not payload.keys() & {
        "Records",
        "detail",
        "reactflow",
    }  # of fields of the flow, which publishes nothing
    with hosted(service, endpoint=endpoint, state=state, publishes=not is_call) as hosting:
        answered = hosting.handle(payload)
    told = {
        "service": service.name,
        "answer": answered,
        "deliveries": [report_data(service, one) for one in hosting.reports],
    }
    print(json_text(told) if as_json else json_line(answered))


def one_service(target: str) -> Service:
    """The one service that a target names. Raises ConfigurationError for a system of several."""
    services = load_services(target)
    if len(services) != 1:
        names = ", ".join(one.name for one in services)
        raise ConfigurationError(
            f"{target} is a system of {names}: name the one service that is to get the event"
        )
    return services[0]


@frozen(eq=False)
class Hosting:
    """A service at work in this process: hands it events, and keeps the reports."""

    host: Host
    reports: list[Report] = field(factory=list)

    def handle(self, event: Mapping[str, Any]) -> object:
        """What the service answers; what its functions print goes to standard error."""
        with redirect_stdout(sys.stderr):
            return self.host.handle(event)


@contextmanager
def hosted(
    service: Service, *, endpoint: str, state: str, publishes: bool = True, is_told: bool = True
) -> Iterator[Hosting]:
    """A service on an AWS and a state; what it does is told on standard error.

    Raises ConfigurationError when nothing answers and the service, or its state, needs it.
    """
    from rich.console import Console

    check_address(endpoint)
    if state:
        check_state(state)
    store = service.store if service.store is not None and not state else open_store(state or None)
    if (publishes and needs_aws(service)) or isinstance(store, DynamoDBStore):
        check_answers(
            endpoint, "start `reactflow dev` there, or name the address that it says with --endpoint"
        )
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    telling = Telling(console, state or repr(store), lambda: None)
    reports: list[Report] = []

    def listen(report: Report) -> None:
        reports.append(report)
        if is_told:
            telling.report(service, report)

    with Cloud.at(endpoint).exported():
        yield Hosting(Host(service, store, listen), reports)
