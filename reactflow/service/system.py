"""A system: the union of some services, and nothing more. They know nothing of each other; it knows what they share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from reactflow.cells import GraphView, NodeView
from reactflow.errors import BindingError
from reactflow.service.binding import Input
from reactflow.service.causality import Edge, Reach, causes, components, cycles, edges, effects
from reactflow.service.contracts import check_outputs, refuse_skipped
from reactflow.service.decoding import short
from reactflow.service.meeting import meet
from reactflow.service.output import Output
from reactflow.service.service import Service


class System:
    """Services joined by the streams, tables and buckets that they share.

    ``cycles`` declares the cycles that are meant, such as acknowledgements: ``cycles=[("rooms", "floors")]``. Raises
    BindingError for a cycle that is not declared, a name used twice, a fold over ``.changes()`` of what a cell output
    of another service feeds (it tells the latest value, and those in between may never come), a fold that needs one
    order and is fed by several outputs, or members whose contributors are told apart by a column of another service
    that may change.
    """

    __slots__ = ("_reach", "edges", "services")

    def __init__(self, *services: Service, cycles: Iterable[Sequence[str | Service]] = ()) -> None:
        for one in services:
            _check_service(one)
        self.services = {one.name: one for one in services}
        self._reach: list[Reach] = [(one.name, one.reads, one.writes) for one in services]
        self.edges: tuple[Edge, ...] = edges(self._reach)
        self._check_cycles({frozenset(_cycle(one)) for one in _listed(cycles)})
        self._check_skips()
        self._check_orders()
        self._check_members()

    def _check_cycles(self, declared: set[frozenset[str]]) -> None:
        """Every edge within a cycle has to be in one that is declared."""
        for cycle in declared:
            for name in cycle - self.services.keys():
                raise BindingError(
                    f"cycles= speaks of {name!r}, which is no service of this system: "
                    f"it has {', '.join(self.services)}"
                )
        for members in components(self._reach):
            inner = [edge for edge in self.edges if edge.cause in members and edge.effect in members]
            if all(any({edge.cause, edge.effect} <= cycle for cycle in declared) for edge in inner):
                continue
            way = next(way for way in cycles(self._reach) if way[0] in members)
            named = way[:-1] if frozenset(way) not in declared else members
            raise BindingError(
                f"services feed each other: {' -> '.join((*named, named[0]))}. Cut the cycle, or, if it is meant (an "
                f"acknowledgement), declare it: System(..., cycles=[({', '.join(map(repr, named))})])"
            )

    def _check_skips(self) -> None:
        """What a cell output feeds may skip values; a pulse output skips none."""
        for edge in self.edges:
            for output in self.services[edge.cause].outputs:
                if output.pulse or output.sink.reach != edge.resource:
                    continue
                what = (
                    f"the cell output {output.name!r} of service {edge.cause!r} to {output.sink.destination}"
                )
                for one in self.services[edge.effect].bound:
                    refuse_skipped(one.plan, _fed_by(output, one), what)

    def _check_orders(self) -> None:
        """Of several outputs in one stream, each is in order by itself only."""
        for service in self.services.values():
            for one in service.bound:
                told = {
                    f"the output {output.name!r} of service {edge.cause!r}": names
                    for edge in self.edges
                    if edge.effect == service.name
                    for output in self.services[edge.cause].outputs
                    if output.sink.reach == edge.resource and (names := _fed_by(output, one))
                }
                check_outputs(one, told)

    def _check_members(self) -> None:
        """What tells a contributor has to be part of the key of its row: of a column, a removal brings nothing, and a
        new value leaves the contribution under the old one.
        """
        for edge in self.edges:
            sender = self.services[edge.cause]
            told = [one for one in sender.outputs if one.sink.reach == edge.resource and not one.pulse]
            for one in self.services[edge.effect].bound:
                if one.contract.replaces or not meet(edge.resource, one.source.reach):
                    continue
                for output, gathering in product(told, one.gathers):
                    if moving := [name for name in gathering.id.names if name in output.cells]:
                        has = ", ".join((*output.by, *sender.key.names))
                        raise BindingError(
                            f"{edge.effect!r} tells the contributors to its members {gathering.members!r} apart by "
                            f"{moving[0]!r}, which is only a column of the rows that {edge.cause!r} writes to "
                            f"{edge.resource}: when it changes, the old contribution stays. Tell them apart by the key "
                            f"of these rows ({has}), or add {moving[0]!r} to it with by="
                        )

    def causes(self, service: str) -> list[str]:
        """The services that cause this one, directly or not, nearest first. Raises BindingError for an unknown name."""
        return list(causes(self._reach, service))

    def effects(self, service: str) -> list[str]:
        """The services that this one causes, directly or not, nearest first. Raises as ``causes`` does."""
        return list(effects(self._reach, service))

    def graph(self) -> GraphView:
        """Services and what they share, as a picture."""
        nodes: dict[tuple[str, str], NodeView] = {}

        def place(kind: str, name: str) -> int:
            return nodes.setdefault((kind, name), NodeView(len(nodes), name, kind)).id

        lines: list[tuple[int, int]] = []
        written = {name for one in self.services.values() for name in one.writes}
        for one in self.services.values():
            here = place("service", one.name)
            lines += [(place("sink" if name in written else "source", name), here) for name in one.reads]
            lines += [(here, place("sink", name)) for name in one.writes]
        return GraphView(tuple(nodes.values()), tuple(lines), "system")


def _fed_by(output: Output, one: Input) -> list[str]:
    """What of an input an output feeds; both may share a stream with what else is told there."""
    if not meet(output.sink.reach, one.source.reach):
        return []
    return [name for name, path in one.feeds.items() if path.partition(".")[0] in ("", *output.cells)]


def _check_service(given: object) -> None:
    if isinstance(given, Service):
        return
    if isinstance(given, type):
        raise BindingError(
            f"System({given.__name__}): it is a class, not a service; make Service({given.__name__}, ...)"
        )
    raise BindingError(
        f"System({short(given)}): it is no service; give services one by one, System(rooms, floors)"
    )


def _listed(cycles: object) -> list[Any]:
    """The cycles that were declared; raises BindingError for what is no list of them."""
    if isinstance(cycles, Iterable) and not isinstance(cycles, str):
        return [*cycles]
    raise BindingError(f"System(cycles={short(cycles)}): {_CYCLES}")


def _cycle(given: object) -> list[str]:
    """The names of the services of one cycle."""
    if isinstance(given, (str, Service)) or not isinstance(given, Iterable):
        raise BindingError(f"System(cycles=[{short(given)}]): each cycle is several services; {_CYCLES}")
    return [str(getattr(one, "name", one)) for one in given]


_CYCLES = 'list the cycles that are meant, as in cycles=[("rooms", "floors")]'
