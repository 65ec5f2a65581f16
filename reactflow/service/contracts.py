"""Contracts: what a source may do, held against what a flow tolerates, before the first event.

A source cell that several lanes feed has to know which write is the latest; a fold has to stand whatever its source may
do to the order and number of occurrences. What cannot be right is refused here, with the remedies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

from reactflow.cells import Kind, Plan
from reactflow.errors import BindingError
from reactflow.service.binding import Input


def check_name(name: str, what: str = "the service's name") -> str:
    """A name that is part of ids and of stored keys; raises BindingError.

    >>> check_name("rooms-2")
    'rooms-2'
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,63}", name):
        raise BindingError(
            f"{what} {name!r} cannot be part of ids: use letters, digits, - and _, beginning with a letter, at most 64"
        )
    return name


def check_feeders(service: str, bound: Sequence[Input]) -> None:
    """Refuse a cell that two inputs feed, unless versions or the arrival say which write is the latest.

    A pulse may be fed from several places: every occurrence counts, and ``check_folds`` sees to their order. But one
    record is one event, so two inputs of one place cannot both feed it.
    """
    feeders: dict[str, Input] = {}
    for one in bound:
        for name in one.feeds:
            other = feeders.setdefault(name, one)
            if other is one or (one.source.version and other.source.version):
                continue
            by_arrival = one.source.order == other.source.order == "arrival"
            if one.source.resource != other.source.resource and (by_arrival or one.plan[name].is_pulse):
                continue
            raise BindingError(
                f"service {service!r}: the cell {name!r} is fed by {other.source.resource} and by "
                f"{one.source.resource}: say with fields={{cell: path}} which cells each of them feeds, or give both a "
                "version= that orders their writes"
            )


def check_contract(one: Input) -> None:
    """Refuse a source under which the flow's cells or folds would depend on chance."""
    source, plan = one.source, one.plan
    unit_is_one_lane = source.unit_is_one_lane(one.key.plain_names)
    if source.order == "arrival" or (unit_is_one_lane and source.contract.ordered):
        return
    cells = [name for name in one.feeds if plan[name].kind is Kind.SOURCE]
    if cells and source.version is None and not unit_is_one_lane:
        key = ", ".join(one.key.names) or "()"
        if hint := _not_in_key(one):
            raise BindingError(
                f"{source.resource}: {hint}, so the records of one unit may come in several lanes, which have no order "
                f"among each other, and {cells[0]!r} keeps the latest: make it part of the key, or say version= for a "
                'field that orders them, or order="arrival" to take them as they come'
            )
        if source.contract.skips:
            raise BindingError(
                f"{source.resource}: several objects feed one unit ({key}), and nothing orders them: put every field "
                'of its template into the key, or say order="arrival" to take them as they come'
            )
        raise BindingError(
            f"{source.resource}: the records of one unit ({key}) may come in several lanes, which have no order among "
            f"each other, and {cells[0]!r} keeps the latest: say partition= (or keys=) if the unit's key holds what "
            'orders them, version= for a field that does, or order="arrival" to take them as they come'
        )
    _check_folds(one, plan)


def _check_folds(one: Input, plan: Plan) -> None:
    """A fold stands an unordered source only if it is commutative along its whole path."""
    fed = {plan.names[name] for name in one.feeds}
    what = "may skip values in between" if one.source.contract.skips else "is not ordered for one unit"
    if hint := _not_in_key(one):
        what += f" ({hint})"
    for fold in _general_folds(plan):
        if not fold.upstream & fed:
            continue
        if fold.state:
            raise BindingError(
                f"{fold.fault}, and {one.source.resource} {what}: its result would depend on chance. Fold a pulse that "
                "is computed from one record alone, or choose an ordered source"
            )
        raise BindingError(
            f"{fold.fault}, and {one.source.resource} {what}: 1 then 2 may arrive as 2 then 1, and give another "
            f'result. {_COMMUTATIVE}, or say order="arrival" to take records as they come'
        )


def check_folds(bound: Sequence[Input]) -> None:
    """Refuse a fold that needs one order and is fed from several places, each of which may be ordered by itself."""
    for fold in _general_folds(bound[0].plan) if bound else ():
        feeding = [one for one in bound if fold.upstream & {one.plan.names[name] for name in one.feeds}]
        places = list(dict.fromkeys(one.source.resource for one in feeding))
        if len(places) < 2 or all(one.source.order == "arrival" for one in feeding):
            continue
        remedy = "Fold a pulse that is computed from one record alone" if fold.state else _COMMUTATIVE
        raise BindingError(
            f"{fold.fault}, and is fed by {', '.join(places[:-1])} and by {places[-1]}, which have no order among each "
            f"other: its result would depend on chance. {remedy}, feed it by one of them alone, or say "
            'order="arrival" on each to take records as they come'
        )


_COMMUTATIVE = "Use a commutative fold (sum, count, min, max, mean, union)"


@frozen
class _GeneralFold:
    """A fold that needs its events in one order: what it is computed from, and the cell among that, if there is one."""

    name: str
    law: str
    upstream: frozenset[int]
    state: str

    @property
    def fault(self) -> str:
        if self.state:
            return f"the fold {self.name!r} depends on the cell {self.state!r}"
        return f"the fold {self.name!r} ({self.law}) is not commutative"


def _general_folds(plan: Plan) -> Iterator[_GeneralFold]:
    for node in plan:
        if node.kind is not Kind.FOLD or node.fold is None or node.name is None:
            continue
        upstream = frozenset(_upstream(plan, plan.names[node.name]))
        above = [plan.nodes[place] for place in upstream]
        states = [str(one.name) for one in above if one.kind in (Kind.SOURCE, Kind.FOLD)]
        if states or "commutative" not in node.fold.laws:
            yield _GeneralFold(node.name, node.fold.name, upstream, next(iter(states), ""))


def _not_in_key(one: Input) -> str:
    """What to say of an option that should tell the order of a unit, and names a field that its key does not have."""
    for option in ("partition", "keys"):
        said = getattr(one.source, option, None)
        for name in (said,) if isinstance(said, str) else said or ():
            if name not in one.paths.values():
                key = ", ".join(one.key.names) or "()"
                return f"{option}={name!r} is not part of the key ({key})"
    return ""


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
