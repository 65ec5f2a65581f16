"""Contracts: what a source may do, held against what a flow tolerates, before the first event.

A source cell that several lanes feed has to know which write is the latest; a fold has to stand whatever its source may
do to the order and number of occurrences. What cannot be right is refused here, with the remedies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from reactflow.cells import Kind, Plan
from reactflow.errors import BindingError
from reactflow.flow.laws import PathLaws, fold_laws
from reactflow.service.binding import Input
from reactflow.service.counterexample import counterexample


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
    if source.contract.skips:
        refuse_skipped(plan, one.feeds, source.resource, _lanes([one]))
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


def refuse_skipped(
    plan: Plan, feeds: Iterable[str], resource: str, lanes: Sequence[tuple[int, list[str], bool]] = ()
) -> None:
    """Refuse a fold over the changes of cells whose values in between may never come. Raises BindingError."""
    cells = {plan.names[name]: name for name in feeds if plan[name].kind is Kind.SOURCE}
    for fold in fold_laws(plan):
        if seen := [name for place, name in cells.items() if place in fold.changing]:
            shown = counterexample(plan, fold.name, lanes, ordered=False, count=4) if lanes else ""
            raise BindingError(
                f"the fold {fold.name!r} ({fold.fold}) adds up changes of what {seen[0]!r} feeds, and {resource} may "
                f"skip values in between: its result would depend on chance{_shown(shown)}. Fold a pulse that is fed "
                f"by the same field ({seen[0]}_seen = pulse(), fold({seen[0]}_seen, ...)), or have the values sent as "
                "a pulse on a stream, of which none is skipped"
            )


def _check_folds(one: Input, plan: Plan) -> None:
    """A fold stands an unordered source only if it is commutative along its whole path."""
    fed = {plan.names[name] for name in one.feeds}
    what = "is not ordered for one unit" + " and may skip values in between" * one.source.contract.skips
    if hint := _not_in_key(one):
        what += f" ({hint})"
    for fold in fold_laws(plan):
        if not fold.is_general or not fold.upstream & fed:
            continue
        shown = _counterexample(fold, [one], ordered=False)
        if fold.state:
            raise BindingError(
                f"{_fault(fold)}, and {one.source.resource} {what}: its result would depend on chance{_shown(shown)}. "
                "Fold a pulse that is computed from one record alone, or choose an ordered source"
            )
        raise BindingError(
            f"{_fault(fold)}, and {one.source.resource} {what}: 1 then 2 may arrive as 2 then 1, and give another "
            f'result{_shown(shown)}. {_COMMUTATIVE}, or say order="arrival" to take records as they come'
        )


def check_folds(bound: Sequence[Input]) -> None:
    """Refuse a fold that needs one order and is fed from several places, each of which may be ordered by itself."""
    for fold in fold_laws(bound[0].plan) if bound else ():
        if not fold.is_general:
            continue
        feeding = [one for one in bound if fold.upstream & {one.plan.names[name] for name in one.feeds}]
        places = list(dict.fromkeys(one.source.resource for one in feeding))
        if len(places) < 2 or all(one.source.order == "arrival" for one in feeding):
            continue
        remedy = "Fold a pulse that is computed from one record alone" if fold.state else _COMMUTATIVE
        shown = _counterexample(fold, feeding, ordered=True)
        raise BindingError(
            f"{_fault(fold)}, and is fed by {', '.join(places[:-1])} and by {places[-1]}, which have no order among "
            f"each other: its result would depend on chance{_shown(shown)}. {remedy}, feed it by one of them alone, or "
            'say order="arrival" on each to take records as they come'
        )


_COMMUTATIVE = "Use a commutative fold (sum, count, min, max, mean, union, last_by a version)"


def _fault(fold: PathLaws) -> str:
    if fold.state:
        return f"the fold {fold.name!r} depends on the cell {fold.state!r}"
    return f"the fold {fold.name!r} ({fold.fold}) is not commutative"


def _shown(example: str) -> str:
    return f" ({example})" if example else ""


def _counterexample(fold: PathLaws, feeding: Sequence[Input], *, ordered: bool) -> str:
    lanes = _lanes(feeding, fold.upstream)
    return counterexample(
        feeding[0].plan, fold.name, lanes, ordered=ordered, count=4 if fold.state else max(2, len(lanes))
    )


def _lanes(
    feeding: Sequence[Input], upstream: frozenset[int] | None = None
) -> list[tuple[int, list[str], bool]]:
    """What each place feeds, of what a fold is computed from: its number, the cells, whether a record is whole."""
    places = list(dict.fromkeys(one.source.resource for one in feeding))
    return [
        (places.index(one.source.resource), names, one.source.contract.replaces)
        for one in feeding
        if (names := [name for name in one.feeds if upstream is None or one.plan.names[name] in upstream])
    ]


def _not_in_key(one: Input) -> str:
    """What to say of an option that should tell the order of a unit, and names a field that its key does not have."""
    for option in ("partition", "keys"):
        said = getattr(one.source, option, None)
        for name in (said,) if isinstance(said, str) else said or ():
            if name not in one.paths.values():
                key = ", ".join(one.key.names) or "()"
                return f"{option}={name!r} is not part of the key ({key})"
    return ""
