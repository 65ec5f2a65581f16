"""Contracts: what a source may do, held against what a flow tolerates, before the first event.

A source cell that several lanes feed has to know which write is the latest; a fold has to stand whatever its source may
do to the order and number of occurrences. What cannot be right is refused here, with the remedies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from reactflow.cells import Kind, Plan
from reactflow.errors import BindingError
from reactflow.flow.laws import PathLaws, fold_laws
from reactflow.service.binding import Input

if TYPE_CHECKING:
    from reactflow.service.counterexample import Lane


def check_name(name: object, what: str = "the service's name") -> str:
    """A name that is part of ids and of stored keys; raises BindingError.

    >>> check_name("rooms-2")
    'rooms-2'
    """
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,63}", name):
        raise BindingError(
            f"{what} {name!r} cannot be part of ids: use letters, digits, - and _, beginning with a letter, at most 64"
        )
    return name


def check_types(service: str, bound: Sequence[Input]) -> None:
    """Refuse a cell that no record could feed: one of None alone, or of another type than the key whose field it is."""
    for one in bound:
        for name, path in one.feeds.items():
            node = one.plan[name]
            if node.type is type(None):
                raise BindingError(
                    f"service {service!r}: the cell {name!r} takes nothing but None, its default: say what else it "
                    f"holds, as in {name}: Cell[float | None] = cell(None)"
                )
            kinds = dict(zip(one.key.names, one.key.types, strict=True))
            for part, kind in kinds.items():
                if one.paths.get(part) != path or part not in one.key.plain_names:
                    continue
                taken = {each for each in _members_of(node.type) if each is not type(None)}
                if taken and taken <= _NEVER[kind]:
                    said = " | ".join(sorted(each.__name__ for each in taken))
                    raise BindingError(
                        f"service {service!r}: the field {path!r} of {one.resource} is the key's {part!r}, of type "
                        f"{kind.__name__}, and feeds the cell {name!r}, which is {said}: no record could be both. Give "
                        f"the cell the key's type, or the key the cell's: key={{{part!r}: ...}}; or take the cell out, "
                        "as the key is part of every row anyway"
                    )


def _members_of(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


# the types of cells that a part of the key, as it stands in a record, is never read as
_NEVER: dict[type, set[object]] = {
    str: {int, float, bool, Decimal},
    int: {str, bool, bytes, date, datetime},
    date: {int, float, bool, Decimal},
}


def check_feeders(service: str, bound: Sequence[Input]) -> None:
    """Refuse a cell that two inputs feed, unless versions or the arrival say which write is the latest.

    A pulse may be fed from several places: every occurrence counts, and ``check_folds`` sees to their order. But one
    record is one event, so two inputs of one place cannot both feed it.
    """
    feeders: dict[str, list[Input]] = {}
    for one in bound:
        _check_members(service, one, bound)
        for name in one.feeds:
            for other in feeders.setdefault(name, []):
                _check_two(service, name, other, one)
            feeders[name].append(one)


def _check_members(service: str, one: Input, bound: Sequence[Input]) -> None:
    """Refuse members and other cells that are fed by the same records."""
    for other in bound if one.gathers and one.source.where is None else ():
        if other.resource == one.resource and not other.gathers and other.source.where is None:
            raise BindingError(
                f"service {service!r}: the members {one.gathers[0].members!r} and {next(iter(other.feeds))!r} are fed "
                f"by the same records of {one.resource}, and a record says either what a contributor contributes, or "
                "what the unit itself is: say with where= which records each input takes"
            )


def _check_two(service: str, name: str, one: Input, other: Input) -> None:
    """Refuse two inputs that feed one cell, or one pulse by the same record."""
    places = one.source.resource, other.source.resource
    if one.plan[name].is_pulse:
        if places[0] != places[1]:
            return
        raise BindingError(
            f"service {service!r}: the pulse {name!r} is fed by two inputs of {places[0]}, and a record is one event, "
            "in which a pulse occurs once: feed a pulse of its own by each of them, or by one input both"
        )
    by_arrival = places[0] != places[1] and one.source.order == other.source.order == "arrival"
    if by_arrival or (one.source.version and other.source.version):
        return
    raise BindingError(
        f"service {service!r}: the cell {name!r} is fed by {places[0]} and by {places[1]}: say with "
        "fields={cell: path} which cells each of them feeds, or give both a version= that orders their writes"
    )


def check_contract(one: Input) -> None:
    """Refuse a source under which the flow's cells or folds would depend on chance."""
    source, plan = one.source, one.plan
    if source.contract.skips:
        _refuse_skipped_by(one)
    # of a table, each contribution is an item of its own, and so a lane of its own
    is_gathered = source.contract.replaces and not {*one.lane_names} <= {*one.key.plain_names}
    unit_is_one_lane = source.unit_is_one_lane(one.key.plain_names) and not is_gathered
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


def _refuse_skipped_by(one: Input) -> None:
    """Refuse a fold over the changes of what a source feeds that may skip values, and bring them in any order."""
    for fold, cell in _over_changes(one.plan, one.feeds):
        shown = _example(one.plan, fold.name, _lanes([one]), ordered=False, count=4)
        remedy = (
            f"Fold a pulse that is fed by the same field ({cell}_seen = pulse(), fold({cell}_seen, ...)), or have the "
            "values sent as a pulse on a stream, of which none is skipped"
        )
        raise BindingError(_skipped(fold, cell, one.source.resource, shown, remedy))


def refuse_skipped(plan: Plan, feeds: Sequence[str], what: str) -> None:
    """Refuse a fold over the changes of cells or members whose values in between an edge may not bring: BindingError.

    What does come is in its order; ``feeds`` are those that ``what`` brings, all in one record.
    """
    for fold, cell in _over_changes(plan, feeds):
        from reactflow.service.counterexample import skipping_example

        shown = skipping_example(
            plan, fold.name, [name for name in feeds if plan.names[name] in fold.upstream]
        )
        remedy = (
            "Have the values sent as a pulse, of which none is skipped: let the sender's output be a pulse, and feed "
            "one by it, or leave the fold out"
        )
        raise BindingError(_skipped(fold, cell, what, shown, remedy))


def _over_changes(plan: Plan, feeds: Iterable[str]) -> Iterator[tuple[PathLaws, str]]:
    """The folds over changes of what some cells and members feed, each with one of these."""
    cells = [name for name in feeds if plan[name].kind is Kind.SOURCE or plan[name].gathered is not None]
    for fold in fold_laws(plan):
        if seen := [name for name in cells if plan.names[name] in fold.changing]:
            yield fold, seen[0]


def _skipped(fold: PathLaws, cell: str, what: str, shown: str, remedy: str) -> str:
    return (
        f"the fold {fold.name!r} ({fold.fold}) adds up changes of what {cell!r} feeds, and {what} may skip values in "
        f"between: its result would depend on chance{_shown(shown)}. {remedy}"
    )


def check_outputs(one: Input, told: Mapping[str, Sequence[str]]) -> None:
    """Refuse a fold that needs one order and is fed by several outputs, each of which is in order by itself.

    ``told`` are the cells and pulses that each output feeds through the input, by the output's words. Their changes
    stand in the stream as the sender's deliveries happened to be cut. Raises BindingError.
    """
    if one.source.order == "arrival":
        return
    for fold in fold_laws(one.plan):
        feeding = {
            what: seen
            for what, names in told.items()
            if (seen := [name for name in names if one.plan.names[name] in fold.upstream])
        }
        if fold.is_general and len(feeding) > 1:
            lanes = [(number, names, True) for number, names in enumerate(feeding.values())]
            shown = _example(one.plan, fold.name, lanes, ordered=True, count=_events_of(fold, lanes))
            *others, last = feeding
            raise BindingError(
                f"{_fault(fold)}, and {one.source.resource} brings it {', '.join(others)} and {last}, which have no "
                f"order among each other: its result would depend on chance{_shown(shown)}. {_instead(fold)}, have it "
                'fed by one output alone, or say order="arrival" on the input to take records as they come'
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
                f"{_instead(fold)}{_or_in_order(one)}"
            )
        raise BindingError(
            f"{_fault(fold)}, and {one.source.resource} {what}: 1 then 2 may arrive as 2 then 1, and give another "
            f"result{_shown(shown)}. {_instead(fold)}{_or_in_order(one)}"
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
        shown = _counterexample(fold, feeding, ordered=True)
        raise BindingError(
            f"{_fault(fold)}, and is fed by {', '.join(places[:-1])} and by {places[-1]}, which have no order among "
            f"each other: its result would depend on chance{_shown(shown)}. {_instead(fold)}, feed it by one of them "
            'alone, or say order="arrival" on each to take records as they come'
        )


_BY_VERSION = {"last": "last_by", "hold": "last_by", "first": "first_by"}


def _instead(fold: PathLaws) -> str:
    """What to fold, or how, so that no order is needed."""
    if fold.state:
        return "Fold a pulse that is computed from one record alone"
    if by_version := _BY_VERSION.get(fold.fold):
        return f"Use folds.{by_version}(...), which goes by a version in the record, not by the arrival"
    return "Use a commutative fold (sum, count, min, max, mean, union, last_by a version)"


def _or_in_order(one: Input) -> str:
    """How else a fold that needs one order could have it of a source."""
    if one.gathers:
        return ", or leave the fold out: contributions have no order among each other"
    if one.source.contract.ordered:
        ordered = "say partition= (or keys=) if the unit's key holds what orders its records"
    else:
        ordered = "choose an ordered source"
    return f', {ordered}, or order="arrival" to take records as they come'


def _fault(fold: PathLaws) -> str:
    if fold.state:
        return f"the fold {fold.name!r} depends on the cell {fold.state!r}"
    return f"the fold {fold.name!r} ({fold.fold}) is not commutative"


def _shown(example: str) -> str:
    return f" ({example})" if example else ""


def _example(plan: Plan, fold: str, lanes: Sequence[Lane], *, ordered: bool, count: int) -> str:
    from reactflow.service.counterexample import counterexample  # for a service that is refused

    return counterexample(plan, fold, lanes, ordered=ordered, count=count)


def _counterexample(fold: PathLaws, feeding: Sequence[Input], *, ordered: bool) -> str:
    lanes = _lanes(feeding, fold.upstream)
    return _example(feeding[0].plan, fold.name, lanes, ordered=ordered, count=_events_of(fold, lanes))


def _events_of(fold: PathLaws, lanes: Sequence[Lane]) -> int:
    """How many events show that a fold depends on their order: at most four, whose orders are few."""
    return 4 if fold.state else min(4, max(2, len(lanes)))


def _lanes(feeding: Sequence[Input], upstream: frozenset[int] | None = None) -> list[Lane]:
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
