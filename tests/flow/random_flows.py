"""Random flows and histories: class bodies of all kinds of cells, and events for them.

A flow has a *pool*: the values that its sources start with and most of its events give. Those of one type let it run as
straight-line code; any value may come between.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from attrs import frozen
from hypothesis import strategies as st

from reactflow.cells import UNSET, Readable, cell, derived, fold, folds, pulse
from reactflow.cells.folds import Fold
from reactflow.flow import DEFAULT, Event, Flow


@frozen
class Order:
    """A record."""

    price: float
    count: int = 1
    note: str = ""


VALUES: list[Any] = [0, 1, 2, -1, 3.0, 0.0, -0.0, 1.0, True, False, "a", "", None, (1, 2), 7, math.inf]


ANY: list[Any] = [*VALUES, Order(1.0), Order(2.0, 2, "é"), [1], {"a": 1.0}]
POOLS: list[list[Any]] = [
    ANY,
    [0.0, -0.0, 1.0, 2.0, 1.0, 2.5, -1.0, 3.0],
    [0.0, 1.0, 2.0, 1e59, -1e59, 1e61, 1e200, 1e308],
    [0, 1, 2, 3, -1, 7, 2],
    [0, 1, 10**59, 10**61, 10**400],
    ["", "a", "b", "é", "a", "\udcff"],
    [Order(1.0), Order(1.0), Order(2.0, 2), Order(1.0, 1, "x"), Order(0.0)],
    [True, False],
]


class Boom(Exception):
    """A user's own failure."""


def sturdy(value: Any) -> Any:
    """Fails on some values, and maps many to one, so that cut-offs happen."""
    if value == 2:
        raise Boom(f"no {value!r}")
    return value if isinstance(value, str) else bool(value)


def pick(one: Any, other: Any) -> Any:
    return other if one else one


def parity(value: Any) -> Any:
    return value % 2 if isinstance(value, (int, float)) else 0


def near(old: Any, new: Any) -> bool:
    """An equality of a user's own, wider than sameness."""
    return isinstance(old, (int, float)) and isinstance(new, (int, float)) and abs(old - new) <= 1


def total(order: Any) -> float:
    return order.price * order.count  # type: ignore[no-any-return]  # fails on all else


def worth(order: Any, other: Any) -> float:
    return getattr(order, "price", 0.5) + getattr(other, "count", 2)


def text(value: Any) -> str:
    return f"<{value}>"


def unset_at_two(value: Any) -> Any:
    return UNSET if value == 2 else value


ONES: list[Callable[[Any], Any]] = [
    sturdy,
    parity,
    operator.neg,
    operator.not_,
    abs,
    str,
    text,
    total,
    unset_at_two,
    lambda value: 1 / value,
    lambda value: value,
]
TWOS: list[Callable[[Any, Any], Any]] = [
    operator.add,
    operator.mul,
    pick,
    operator.truediv,
    lambda a, b: (a, b),
    operator.sub,
    operator.lt,
    operator.floordiv,
    worth,
]
CONSTANTS: list[Callable[[Any], Any]] = [
    lambda one: one * 2,
    lambda one: one / 4.0,
    lambda one: one**2,
    lambda one: one % 3,
    lambda one: -1 + one,
    lambda one: 1 / one,
]
LONGEST: Fold[Any, Any] = Fold(
    "", lambda kept, one: max(kept, str(one), key=len), result=lambda kept: kept or UNSET, name="longest"
)
FOLDS = [folds.count, folds.last, folds.first, folds.sum, folds.max, folds.mean, folds.min, LONGEST]


def method(names: list[str], which: int) -> Any:
    """A ``@derived`` method that reads one or two cells of the flow."""
    source = f"def made(self):\n    return {['first', 'both', 'helped'][which]}(self, '')\n"
    one, two = names[0], names[-1]
    bodies = [f"self.{one}", f"(self.{one}, self.{two})", f"self.helper(self.{one}, self.{two})"]
    source = f"def made(self):\n    return {bodies[which]}\n"
    scope: dict[str, Any] = {}
    exec(source, scope)
    return derived(scope["made"])


def helper(self: Any, one: Any, other: Any) -> Any:
    return [value for value in (one, other, self.LIMIT) if value]


def storable(value: Any) -> bool:
    """Whether a value may be a default."""
    return not (value == "\udcff" or value == math.inf)


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """A random class body: sources, pulses, and what can be derived from them, named or not."""
    pool = draw(st.sampled_from(POOLS))
    body: dict[str, Any] = {"LIMIT": 5, "POOL": tuple(pool), "helper": helper, "__module__": __name__}
    cells: list[Readable[Any]] = []
    pulses: list[Readable[Any]] = []
    named: list[str] = []

    def keep(made: Readable[Any], name: str | None = None) -> None:
        (pulses if made.is_pulse else cells).append(made)
        if name is not None:
            body[name] = made
            named.append(name)

    for number in range(draw(st.integers(1, 3))):
        default = draw(st.sampled_from([UNSET, *([one for one in pool if storable(one)])]))
        equal = draw(st.sampled_from([None, None, None, near]))
        keep(cell(equal=equal) if default is UNSET else cell(default, equal=equal), f"s{number}")
    for number in range(draw(st.integers(0, 2))):
        keep(pulse(), f"p{number}")
    for number in range(draw(st.integers(1, 7))):
        name = f"d{number}" if draw(st.integers(0, 2)) else None
        what = draw(st.integers(0, 9))
        if what == 0 and pulses:
            keep(fold(draw(st.sampled_from(pulses)), draw(st.sampled_from(FOLDS))), name or f"d{number}")
        elif what == 1 and pulses:
            keep(draw(st.sampled_from(pulses)).hold(*draw(st.sampled_from([(), (0,)]))), name or f"d{number}")
        elif what == 2:
            stored = [
                body[one]
                for one in named
                if not body[one].is_pulse and getattr(body[one], "stored", None) is not False
            ]
            changes = draw(st.sampled_from(stored)).changes()
            keep(changes, name)
        elif what == 3:
            readable = [one for one in named if not body[one].is_pulse]
            body_of = draw(st.lists(st.sampled_from(readable), min_size=1, max_size=2))
            keep(method(body_of, draw(st.integers(0, 2))), name or f"d{number}")
        elif what in (4, 5, 6):
            source = draw(st.sampled_from([*cells, *pulses]))
            options: dict[str, Any] = {}
            if name is not None and not source.is_pulse:
                options = draw(st.sampled_from([{}, {}, {"stored": False}, {"equal": near}]))
            keep(derived(draw(st.sampled_from(ONES)), source, **options), name)
        elif what == 7 and cells:
            keep(draw(st.sampled_from(CONSTANTS))(draw(st.sampled_from(cells))), name)
        else:
            one, other = draw(st.sampled_from([*cells, *pulses])), draw(st.sampled_from([*cells, *pulses]))
            keep(derived(draw(st.sampled_from(TWOS)), one, other), name)
    return body


@st.composite
def histories(draw: st.DrawFn, flow: type[Flow]) -> list[Event]:
    sources = [
        name for name, place in flow.plan.names.items() if flow.plan.nodes[place].kind.value == "source"
    ]
    pulses = [name for name, place in flow.plan.names.items() if flow.plan.nodes[place].kind.value == "pulse"]
    pool = [*getattr(flow, "POOL", ANY)]
    if draw(st.booleans()):  # nothing but what fits, in events that give the same each time
        given: st.SearchStrategy[Any] = st.sampled_from(pool)
        chosen: list[str] = draw(st.lists(st.sampled_from(sources), min_size=1, max_size=2, unique=True))
        occurring: list[str] = (
            draw(st.lists(st.sampled_from(pulses), max_size=2, unique=True)) if pulses else []
        )
        events = st.builds(
            Event,
            st.fixed_dictionaries(dict.fromkeys(chosen, given)),
            st.fixed_dictionaries(dict.fromkeys(occurring, given)),
        )
    else:
        given = st.sampled_from([*(pool * (1 + 30 // len(pool))), *VALUES])
        written = st.one_of(*[given] * 8, st.sampled_from([UNSET, DEFAULT]))
        events = st.builds(
            Event,
            st.dictionaries(st.sampled_from(sources), written, max_size=2),
            st.dictionaries(st.sampled_from(pulses), given, max_size=2) if pulses else st.just({}),
        )
    return draw(st.lists(events, max_size=8))
