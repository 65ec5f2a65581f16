"""Arguments and options that several commands have, each said once."""

from __future__ import annotations

from typing import Annotated, Final

import typer

HERE: Final = "http://127.0.0.1:4566"  # where `reactflow dev` has its AWS unless told otherwise

Target = Annotated[
    str,
    typer.Argument(
        metavar="MODULE:NAME",
        help="a service: rooms:rooms is `rooms` in rooms.py [default: targets of [tool.reactflow], if it is one]",
    ),
]
Targets = Annotated[
    list[str],
    typer.Argument(
        metavar="MODULE:NAME...",
        help="services or systems: rooms:rooms is `rooms` in rooms.py [default: targets of [tool.reactflow]]",
        envvar="REACTFLOW_TARGETS",
        show_envvar=False,
    ),
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
        show_default=False,
    ),
]
Stage = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="the stage, such as dev or prod [default: stage of [tool.reactflow], else dev]",
        envvar="REACTFLOW_STAGE",
        show_envvar=False,
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="as JSON")]
