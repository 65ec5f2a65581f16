"""``reactflow graph``: a flow's cells, with what a service reads and writes, or a system's services, as a picture."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer

from reactflow.cells import GraphView, Readable
from reactflow.cells.looking import graph as graph_of
from reactflow.cli.answers import json_text
from reactflow.cli.target import described, load, load_system
from reactflow.errors import ConfigurationError
from reactflow.flow import Flow
from reactflow.service import Service, System


class Picture(StrEnum):
    """How a graph is written."""

    text = "text"
    mermaid = "mermaid"
    dot = "dot"
    svg = "svg"
    json = "json"


def graph(
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="MODULE:NAME...",
            help="a flow, service, system or cell, or several services [default: targets of [tool.reactflow]]",
            envvar="REACTFLOW_TARGETS",
            show_envvar=False,
        ),
    ],
    format: Annotated[Picture, typer.Option("--format", "-f", help="how to draw it")] = Picture.text,
    as_json: Annotated[bool, typer.Option("--json", help="as --format json: its nodes and edges")] = False,
) -> None:
    """Draw a flow's cells, or services and what they share.

    \b
    reactflow graph rooms:Room
    reactflow graph rooms:rooms floors:floors --format svg > house.svg
    """
    found = load(targets[0]) if len(targets) == 1 else load_system(targets)
    with redirect_stdout(sys.stderr):  # drawing runs the user's functions
        view = view_of(found, targets[0])
        picture = (
            json_text(data_of(view)) if as_json or format is Picture.json else getattr(view, format.value)()
        )
    typer.echo(picture)


def data_of(view: GraphView) -> dict[str, Any]:
    """The nodes and edges of a picture, as plain data: an edge leads from one id to another.

    >>> from reactflow.cells import NodeView
    >>> data_of(GraphView((NodeView(0, "length"),)))["nodes"][0]["name"]
    'length'
    """
    return {
        "title": view.title,
        "nodes": [asdict(node) for node in view.nodes],
        "edges": [{"from": source, "to": target} for source, target in view.edges],
    }


def view_of(found: object, target: str) -> GraphView:
    """The picture of whatever a target names. Raises ConfigurationError for what has none."""
    if isinstance(found, type) and issubclass(found, Flow):
        return found.show()
    if isinstance(found, Flow):
        return found.show()
    if isinstance(found, Service):
        return found.show()
    if isinstance(found, System):
        return found.graph()
    if isinstance(found, Readable):
        return graph_of(found)
    raise ConfigurationError(f"{target} is {described(found)}: name a flow, a service, a system or a cell")
