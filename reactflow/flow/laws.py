"""Laws follow the path: which laws each fold of a plan has along its whole way, from the event to its state.

A fold's function has laws, which say what may happen to its occurrences. The fold has them only if each occurrence is
computed from the fields of one event alone, from pulses and functions of pulses. As soon as a cell's state takes part
(a source cell, another fold, ``.changes()``), an occurrence depends on the events before it, and no law of the function
helps. Nothing is said here about sources; what they may break is held against this in ``service.contracts``.
"""

from __future__ import annotations

from attrs import frozen

from reactflow.cells import Kind, Plan
from reactflow.cells.folds import Law

LATTICE: frozenset[Law] = frozenset({"associative", "commutative", "idempotent"})


@frozen
class PathLaws:
    """One fold of a plan.

    ``own`` are the laws of its function ``fold``, ``laws`` those that hold along its path: the same or none. ``state``
    names a cell that makes the difference, empty without one. ``upstream`` are the places of all that it is computed
    from, ``changing`` those of the cells whose ``.changes()`` it sees, with what these are computed from.
    """

    name: str
    fold: str
    own: frozenset[Law]
    laws: frozenset[Law]
    state: str
    upstream: frozenset[int]
    changing: frozenset[int]

    @property
    def is_general(self) -> bool:
        """Whether its events are needed in one order: it is not commutative along its path."""
        return "commutative" not in self.laws


def fold_laws(plan: Plan) -> tuple[PathLaws, ...]:
    """The laws of every named fold of a plan along its path, in the plan's order.

    >>> from reactflow import Flow, cell, fold, folds, pulse
    >>> class Room(Flow):
    ...     level = cell(0.0)
    ...     reading = pulse()
    ...     peak = fold(level.changes(), folds.max)
    ...     highest = fold(reading, folds.max)
    >>> [(one.name, sorted(one.laws), one.state) for one in fold_laws(Room.plan)]
    [('peak', [], 'level'), ('highest', ['associative', 'commutative', 'idempotent'], '')]
    """
    found: list[PathLaws] = []
    for node in plan:
        if node.kind is not Kind.FOLD or node.fold is None or node.name is None:
            continue
        upstream = upstream_of(plan, plan.names[node.name])
        above = [plan.nodes[place] for place in sorted(upstream)]
        states = [str(one.name) for one in above if one.kind in (Kind.SOURCE, Kind.FOLD)]
        changed = [place for place in upstream if plan.nodes[place].kind is Kind.CHANGES]
        changing = frozenset().union(*(upstream_of(plan, place) for place in changed))
        own = node.fold.laws
        laws: frozenset[Law] = frozenset() if states else own
        state = states[0] if states else ""
        found.append(PathLaws(node.name, node.fold.name, own, laws, state, upstream, changing))
    return tuple(found)


def upstream_of(plan: Plan, place: int) -> frozenset[int]:
    """The places of all that a node is computed from."""
    found: set[int] = set()
    stack = list(plan.nodes[place].inputs)
    while stack:
        current = stack.pop()
        if current not in found:
            found.add(current)
            stack.extend(plan.nodes[current].inputs)
    return frozenset(found)
