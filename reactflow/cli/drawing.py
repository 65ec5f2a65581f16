"""What ``reactflow graph`` draws: a flow's cells, with what a service reads and writes, or a system's services."""

from __future__ import annotations

from reactflow.cells import GraphView, Readable
from reactflow.cells.looking import graph
from reactflow.cli.target import described
from reactflow.errors import ConfigurationError
from reactflow.flow import Flow
from reactflow.service import Service, System


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
        return graph(found)
    raise ConfigurationError(f"{target} is {described(found)}: name a flow, a service, a system or a cell")
