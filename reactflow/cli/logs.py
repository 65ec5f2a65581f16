"""``reactflow logs``: what the deployed function of a service logged, from CloudWatch Logs.

It reads the account that AWS's own settings name (or AWS_ENDPOINT_URL), changes nothing there, and shows lines as they
were logged: records are not in them.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from reactflow.aws.clients import client, error_code, speaking
from reactflow.cli.account import Endpoint, account, check_set
from reactflow.cli.answers import json_line
from reactflow.cli.checks import check_installed
from reactflow.cli.options import Stage
from reactflow.cli.settings import table
from reactflow.cli.target import load_system
from reactflow.deploy.naming import LONGEST_FUNCTION, stack_name
from reactflow.deploy.settings import settings_for
from reactflow.errors import ConfigurationError

PAUSE: Final = 2.0  # seconds between two looks with --follow
_LONGEST: Final = 3653 * 86_400  # seconds that CloudWatch keeps logs
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def logs(
    service: Annotated[
        str,
        typer.Argument(
            metavar="[SERVICE]", help="its name [default: that of targets, if it is one]", show_default=False
        ),
    ] = "",
    stage: Stage = "",
    since: Annotated[str, typer.Option(metavar="TIME", help="how far back: 30s, 10m, 2h, 1d")] = "10m",
    is_all: Annotated[bool, typer.Option("--all", help="metrics and Lambda's own lines too")] = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="go on with what comes; ctrl-c ends it")
    ] = False,
    endpoint: Endpoint = "",
    as_json: Annotated[bool, typer.Option("--json", help="a JSON object a line")] = False,
) -> None:
    """Show what a deployed service logged.

    Metrics and Lambda's own lines are left out, but for REPORT, which says how long a call took.

    \b
    reactflow logs rooms --since 1h
    reactflow logs rooms --stage prod --follow
    """
    check_installed("reactflow logs", ("boto3",), "aws")
    back, name = _back(since), service or _only_service()
    stack = settings_for(Path.cwd(), stage or None).stack
    group = f"/aws/lambda/{stack_name(stack, name, longest=LONGEST_FUNCTION)}"
    with account(endpoint):
        check_set()
        for event in tail(group, datetime.now(UTC) - back, follow=follow):
            if is_all or not _is_beside(event["message"]):
                print(
                    json_line(event) if as_json else f"{event['time']}  {_words(event['message'])}",
                    flush=True,
                )


def tail(group: str, since: datetime, *, follow: bool = False) -> Iterator[dict[str, Any]]:
    """The lines of a log group since a time: ``time``, ``stream`` and ``message``, an object if it was one.

    Raises ConfigurationError when there is no such group.
    """
    caller = client("logs")
    start, seen = int(since.timestamp() * 1000), dict[str, int]()
    while True:
        newest = start
        for page in _pages(caller, group, start):
            for one in page.get("events", ()):
                id = one.get("eventId") or f"{one['logStreamName']} {one['timestamp']} {one['message']}"
                if id in seen:
                    continue
                seen[id] = one["timestamp"]
                newest = max(newest, one["timestamp"])
                at = datetime.fromtimestamp(one["timestamp"] / 1000, UTC)
                yield {
                    "time": f"{at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
                    "stream": one["logStreamName"],
                    "message": _read(one["message"]),
                }
        if not follow:
            return
        start = max(start, newest - 60_000)  # lines come late, and not in the order of their times
        seen = {id: at for id, at in seen.items() if at >= start}  # older ones are not asked for again
        time.sleep(PAUSE)  # CloudWatch cannot be waited on


def _pages(caller: Any, group: str, start: int) -> Iterator[Any]:
    pages = caller.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=start)
    with speaking(group, "logs:FilterLogEvents"):
        try:
            yield from pages
        except Exception as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            raise ConfigurationError(
                f"there is no log group {group}: deploy the service to this stage (`reactflow deploy`), or correct its "
                "name, --stage or the region"
            ) from error


def _read(message: str) -> object:
    text = message.rstrip("\n")
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, dict) else text


def _is_beside(message: object) -> bool:
    """Whether a line is for machines: metrics, or what Lambda itself says of every call but its REPORT."""
    if isinstance(message, dict):
        return "_aws" in message
    return str(message).startswith(("START RequestId:", "END RequestId:", "INIT_START "))


def _words(message: object) -> str:
    """A line for people: what happened, and what there is to say of it."""
    if not isinstance(message, dict):
        return str(message)
    said = [
        f"{name}={one if isinstance(one, (str, int, float)) else json_line(one)}"
        for name, one in message.items()
        if name != "event" and (one or one is False)
    ]
    return " ".join([str(message.get("event", "")), *said]).strip()


def _back(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([smhd])", text)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if found is None or seconds > _LONGEST:
        raise ConfigurationError(
            f"--since {text} is no time: write a number with s, m, h or d, such as 10m, at most 3653d"
        )
    return timedelta(seconds=seconds)


def _only_service() -> str:
    """The one service of the folder's targets. Raises ConfigurationError when there is none, or several."""
    targets = table(Path.cwd()).get("targets", [])
    names = list(load_system(targets).services) if targets else []
    if len(names) != 1:
        among = f"one of {', '.join(names)}" if names else "as in reactflow logs rooms"
        raise ConfigurationError(f"whose logs? Name a service, {among}")
    return names[0]
