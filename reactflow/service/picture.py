"""The picture of a service: what it reads, the cells of its flow, what it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reactflow.cells import GraphView, NodeView

if TYPE_CHECKING:
    from reactflow.service.service import Service


def picture(service: Service) -> GraphView:
    """Sources, cells and sinks from left to right; the cells as the flow's own picture shows them."""
    flow = service.flow.show()
    nodes = list(flow.nodes)
    edges = list(flow.edges)
    by_name = {node.name: node.id for node in flow.nodes}
    free = max((node.id for node in flow.nodes), default=-1) + 1
    places: dict[tuple[str, str], int] = {}

    def place(kind: str, name: str) -> int:
        if (kind, name) not in places:
            places[kind, name] = free + len(places)
            nodes.append(NodeView(places[kind, name], name, kind))
        return places[kind, name]

    for one in service.bound:
        edges += [(place("source", one.source.reach), by_name[name]) for name in one.feeds]
    for output in service.outputs:
        to = place("sink", output.sink.reach)
        edges += [
            (by_name[name], to) for name in output.cells.values() if name in by_name
        ]  # not of late records
    return GraphView(tuple(nodes), tuple(dict.fromkeys(edges)), service.name)
