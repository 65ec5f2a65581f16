"""The events that show why a binding is refused, found by running the flow on them in two ways.

Four small events (two for a fold of one event's fields), each order as the sources may deliver it: a lane keeps its
own order, and of a source cell an older write never replaces a newer one. Or three in one order, of which one in
between never comes. It is a search over a few values of each type, on the live graph, made only when a binding is
refused; where it finds nothing, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice, permutations, product
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from attrs import fields, has

from reactflow.cells import Cell, Members, Node, Plan, Pulse, Readable, instantiate
from reactflow.cells.batch import batch
from reactflow.flow.equality import same_value

_TRIES = 400  # runs of the flow, about 1 ms each
_PLAIN: dict[Any, tuple[Any, ...]] = {
    float: (1.0, 3.0, 4.0, 2.0),
    int: (1, 3, 4, 2),
    str: ("a", "b", "c", "d"),
    bool: (False, True),
    Decimal: tuple(map(Decimal, (1, 3, 4, 2))),
    date: tuple(date(2026, 1, day) for day in (1, 3, 4, 2)),
    datetime: tuple(datetime(2026, 1, day, tzinfo=UTC) for day in (1, 3, 4, 2)),
}


class Contribution(NamedTuple):
    """What one contributor says to members."""

    id: str
    value: Any

    def __repr__(self) -> str:
        return f"{self.id}:{self.value!r}"


Given = Mapping[str, Any]
Lane = tuple[int, Sequence[str], bool]
"""A feeding source: its number, the cells it feeds, and whether a record holds all of them."""


def counterexample(plan: Plan, fold: str, lanes: Sequence[Lane], *, ordered: bool, count: int) -> str:
    """Events in two orders that a source may deliver, and what the fold is after each; empty if none was found.

    ``ordered`` says that each lane keeps its own order; ``count`` is the number of events.
    """
    left = _TRIES
    for events in _candidates(plan, lanes, count):
        orders = [one for one in permutations(range(count)) if _keeps_lanes(events, one, ordered=ordered)]
        first = _run(plan, fold, events, orders[0]) if len(orders) > 1 else None
        for order in islice(orders, 1, None):
            left -= 1
            if left < 0:
                return ""
            other = _run(plan, fold, events, order)
            if other is not None and first is not None and not same_value(first[0], other[0]):
                return (
                    f"{_words(events, orders[0])} give {_short(first[0])}, and "
                    f"{_words(events, order)} give {_short(other[0])}"
                )
    return ""


def skipping_example(plan: Plan, fold: str, names: Sequence[str]) -> str:
    """Three records that hold all of some cells or members, and what the fold is if one before the last is skipped."""
    for events in islice(_candidates(plan, [(0, names, True)], 3), _TRIES // 3):
        whole = _run(plan, fold, events, range(3))
        for left in ((0, 2), (1, 2)):
            if any(
                _id_of(events[2][1], name) != _id_of(given, name) for _, given in events for name in names
            ):
                continue  # of a contributor, too, it is the last value that comes
            other = _run(plan, fold, events, left)
            if whole is not None and other is not None and not same_value(whole[0], other[0]):
                return (
                    f"{_words(events, range(3))} give {_short(whole[0])}, and "
                    f"{_words(events, left)} give {_short(other[0])}"
                )
    return ""


def _id_of(given: Given, name: str) -> str:
    value = given[name]
    return value.id if isinstance(value, Contribution) else ""


def _candidates(plan: Plan, lanes: Sequence[Lane], count: int) -> Iterator[list[tuple[int, Given]]]:
    """Lists of events, each with the lane that it is in: the lanes take turns in blocks."""
    makers: list[tuple[int, list[Given]]] = []
    for number, names, is_whole in lanes:
        values = {name: _values_of(plan[name]) for name in names}
        if not all(values.values()):
            return
        if is_whole:
            makers.append(
                (number, [dict(zip(values, one, strict=True)) for one in product(*values.values())])
            )
        else:
            makers.append((number, [{name: one} for name in names for one in reversed(values[name])]))
    places = [makers[place * len(makers) // count] for place in range(count)]
    for chosen in product(*(given for _, given in places)):
        if any(one == other for place, one in enumerate(chosen) for other in chosen[:place]):
            continue  # events that differ are easier to follow
        yield [(number, given) for (number, _), given in zip(places, chosen, strict=True)]


def _keeps_lanes(events: Sequence[tuple[int, Given]], order: Sequence[int], *, ordered: bool) -> bool:
    """Whether each lane keeps its order, if it has one; what one contributor says is in order anyhow."""
    last: dict[int | str, int] = {}
    for place in order:
        number, given = events[place]
        lanes: list[int | str] = [one.id for one in given.values() if isinstance(one, Contribution)]
        for lane in [*lanes, number] if ordered else lanes:
            if last.get(lane, -1) > place:
                return False
            last[lane] = place
    return True


def _run(
    plan: Plan, fold: str, events: Sequence[tuple[int, Given]], order: Sequence[int]
) -> tuple[Any] | None:
    """What the fold is after the events in this order, or None if it has no value or a cell failed."""
    try:
        cells: list[Readable[Any]] = instantiate(plan)
        newest: dict[str, int] = {}
        for place in order:
            with batch():
                for name, value in events[place][1].items():
                    one = cells[plan.names[name]]
                    if isinstance(one, Members):
                        if newest.get(f"{name}:{value.id}", -1) < place:
                            newest[f"{name}:{value.id}"] = place
                            one.put(*value)
                    elif isinstance(one, Pulse):
                        one.emit(value)
                    elif isinstance(one, Cell) and newest.get(name, -1) < place:
                        newest[name] = place
                        one.value = value
        shown: Any = cells[plan.names[fold]]  # whose value is read as a user would
        return (shown.value,)
    except Exception:  # the user's functions were not written for these values: they show nothing
        return None


def _values_of(node: Node) -> list[Any]:
    """A few values of a cell or pulse; of members, a few contributions of two contributors."""
    if node.gathered is None:
        return _values(node.type)
    kind = float if node.gathered.type in (None, Any) else node.gathered.type
    return [Contribution(id, one) for one in _values(kind) for id in ("x1", "x2")]


def _values(kind: Any) -> list[Any]:
    """A few values of a type; none if it is not one of those that can be made up."""
    if get_origin(kind) is Annotated:
        return _values(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return next((found for one in get_args(kind) if (found := _values(one))), [])
    if kind in _PLAIN:
        return list(_PLAIN[kind])
    if isinstance(kind, type) and has(kind):
        try:
            hints = get_type_hints(kind)
            return [
                kind(**{one.name: _part(hints[one.name], n) for one in _needed(kind)}) for n in (1, 3, 4, 2)
            ]
        except Exception:  # it takes something that cannot be made up
            return []
    return []


def _needed(kind: Any) -> list[Any]:
    """The fields to give: those without a default, and numbers, which are what is folded most often."""
    return [one for one in fields(kind) if one.init]


def _part(kind: Any, number: int) -> Any:
    if kind in (int, float):
        return kind(number)
    if kind is str:
        return f"x{number}"
    if kind is bool:
        return number > 1
    if type(None) in get_args(kind):
        return _part(next(one for one in get_args(kind) if one is not type(None)), number)
    if get_origin(kind) in (dict, Mapping):
        return {}
    raise TypeError(f"no value of {kind!r} can be made up")


def _words(events: Sequence[tuple[int, Given]], order: Sequence[int]) -> str:
    return ", ".join(
        " with ".join(f"{name}={_short(value)}" for name, value in events[place][1].items())
        for place in order
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
