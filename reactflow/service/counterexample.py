"""The events that show why a binding is refused, found by running the flow on them in two orders.

Four small events (two for a fold of one event's fields), each order as the sources may deliver it: a lane keeps its
own order, and of a source cell an older write never replaces a newer one. It is a search over a few values of each
type, on the live graph, made only when a binding is refused; where it finds nothing, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, permutations, product
from typing import Any, get_args, get_origin, get_type_hints

from attrs import fields, has

from reactflow.cells import Cell, Plan, Pulse, Readable, batch, instantiate
from reactflow.flow.equality import same_value

_TRIES = 400  # runs of the flow, about 1 ms each
_PLAIN: dict[Any, tuple[Any, ...]] = {
    float: (1.0, 3.0, 4.0, 2.0),
    int: (1, 3, 4, 2),
    str: ("a", "b", "c", "d"),
    bool: (False, True),
}

Given = Mapping[str, Any]
Lane = tuple[int, Sequence[str], bool]
"""A feeding source: its number, the cells it feeds, and whether a record holds all of them."""


def counterexample(plan: Plan, fold: str, lanes: Sequence[Lane], *, ordered: bool, count: int) -> str:
    """Events in two orders that a source may deliver, and what the fold is after each; empty if none was found.

    ``ordered`` says that each lane keeps its own order; ``count`` is the number of events.
    """
    left = _TRIES
    for events in _candidates(plan, lanes, count):
        orders = [one for one in permutations(range(count)) if not ordered or _keeps_lanes(events, one)]
        first = _run(plan, fold, events, orders[0])
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


def _candidates(plan: Plan, lanes: Sequence[Lane], count: int) -> Iterator[list[tuple[int, Given]]]:
    """Lists of events, each with the lane that it is in: the lanes take turns in blocks."""
    makers: list[tuple[int, list[Given]]] = []
    for number, names, is_whole in lanes:
        values = {name: _values(plan[name].type) for name in names}
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


def _keeps_lanes(events: Sequence[tuple[int, Given]], order: Sequence[int]) -> bool:
    last: dict[int, int] = {}
    for place in order:
        lane = events[place][0]
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
                    if isinstance(one, Pulse):
                        one.emit(value)
                    elif isinstance(one, Cell) and newest.get(name, -1) < place:
                        newest[name] = place
                        one.value = value
        shown: Any = cells[plan.names[fold]]  # whose value is read as a user would
        return (shown.value,)
    except Exception:  # the user's functions were not written for these values: they show nothing
        return None


def _values(kind: Any) -> list[Any]:
    """A few values of a type; none if it is not one of those that can be made up."""
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
