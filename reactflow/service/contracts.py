"""Contracts: what a source may do, held against what a flow tolerates, before the first event.

A source cell that several lanes feed has to know which write is the latest; a fold has to stand whatever its source may
do to the order and number of occurrences. What cannot be right is refused here, with the remedies.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from reactflow.cells import Kind, Plan
from reactflow.errors import BindingError
from reactflow.service.binding import Input


def check_name(name: str) -> str:
    """A service's name, which is part of ids and of stored keys; raises BindingError."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,63}", name):
        raise BindingError(
            f"the service's name {name!r} cannot be part of ids: use letters, digits, - and _, beginning with a letter, "
            "at most 64"
        )
    return name


def check_feeders(service: str, bound: Sequence[Input]) -> None:
    """Refuse a cell that two inputs feed, unless versions say which write is the latest."""
    feeders: dict[str, Input] = {}
    for one in bound:
        for name in one.feeds:
            other = feeders.setdefault(name, one)
            if other is one or (one.source.version and other.source.version):
                continue
            raise BindingError(
                f"service {service!r}: the cell {name!r} is fed by {other.source.resource} and by {one.source.resource}: "
                f"say which input feeds it with fields={{...}}, or give both a version= that orders their writes"
            )


def check_contract(one: Input) -> None:
    """Refuse a source under which the flow's cells or folds would depend on chance."""
    source, plan = one.source, one.plan
    is_one_lane = source.unit_is_one_lane(tuple(one.paths.values())) and source.contract.ordered
    if source.order == "arrival" or is_one_lane:
        return
    key = ", ".join(one.key.names) or "()"
    fed = [name for name in one.feeds if plan[name].kind is Kind.SOURCE]
    if not source.contract.skips and fed and source.version is None:
        raise BindingError(
            f"{source.resource}: the records of one unit ({key}) may come in several lanes, which have no order among "
            f"each other, and {fed[0]!r} keeps the latest: say partition= (or keys=) if they share one, version= for a "
            'field that orders them, or order="arrival" to take them as they come'
        )
    if (
        source.contract.skips
        and not source.unit_is_one_lane(tuple(one.paths.values()))
        and source.version is None
    ):
        raise BindingError(
            f"{source.resource}: several objects feed one unit ({key}), and nothing orders them: put every field of the "
            'key template into the key, or say order="arrival"'
        )
    _check_folds(one, plan)


def _check_folds(one: Input, plan: Plan) -> None:
    """A fold is safe under an unordered source only if it is commutative along its whole path."""
    fed = {plan.names[name] for name in one.feeds}
    for node in plan:
        if node.kind is not Kind.FOLD or node.fold is None:
            continue
        reached = _upstream(plan, plan.names[node.name or ""])
        if not reached & fed:
            continue
        over_state = [
            plan.nodes[place] for place in reached if plan.nodes[place].kind in (Kind.SOURCE, Kind.FOLD)
        ]
        if over_state:
            what = (
                "may skip intermediate values" if one.source.contract.skips else "is not ordered for one unit"
            )
            raise BindingError(
                f"the fold {node.name!r} depends on {over_state[0].name!r}, a cell that {one.source.resource} feeds, which "
                f"{what}: its result would depend on chance. Feed a pulse instead, or choose an ordered source"
            )
        if "commutative" not in node.fold.laws:
            raise BindingError(
                f"the fold {node.name!r} ({node.fold.name}) is not commutative, and {one.source.resource} is not ordered for "
                "one unit: 1 then 2 may arrive as 2 then 1. Use a commutative fold (sum, count, min, max, mean, union), "
                'or order="arrival"'
            )


def _upstream(plan: Plan, place: int) -> set[int]:
    """The places of all that a node is computed from."""
    found: set[int] = set()
    stack = list(plan.nodes[place].inputs)
    while stack:
        current = stack.pop()
        if current not in found:
            found.add(current)
            stack.extend(plan.nodes[current].inputs)
    return found
