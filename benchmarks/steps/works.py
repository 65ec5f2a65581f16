"""The works: a flow, the hand-written code that does the same, and events for both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from benchmarks.steps import by_hand
from benchmarks.steps.by_hand import Grouped, Order, Told
from reactflow import Flow, Pulse, cell, derived, fold, folds, pulse
from reactflow.flow import Event


class StepWork(NamedTuple):
    """One work: what is done, for how many keys, with how many events each."""

    name: str
    about: str
    keys: int
    events: int
    flow: type[Flow]
    make: Callable[[], Any]
    """Makes the hand-written state of one key."""
    by_hand: Callable[[Mapping[Any, Any], Grouped], Told]
    event: Callable[[int], Event]
    """The event of a number; numbers follow on from each other."""

    def deliveries(self, count: int) -> list[list[tuple[int, list[Event]]]]:
        """Deliveries of events, grouped by key; each gives every key its events, and no key the same twice running."""
        found = []
        for number in range(count):
            start = number * self.events
            grouped = [
                (key, [self.event(start + place + key) for place in range(1, self.events + 1)])
                for key in range(self.keys)
            ]
            found.append(grouped)
        return found


class Room(Flow):
    """One cell of two sources."""

    length = cell(0.0)
    width = cell(0.0)
    area = length * width


class Shop(Flow):
    """Cells of a record, and folds of payments."""

    order = cell(Order(0.0, 0, ""))
    payment: Pulse[float] = pulse()
    payments = fold(payment, folds.count)
    paid = fold(payment, folds.sum)

    @derived
    def total(self) -> float:
        """What the order costs."""
        return self.order.price * self.order.count

    @derived
    def line(self) -> str:
        """A line for a bill."""
        return f"{self.order.note}: {self.total:.2f}"


def network(size: int) -> type[Flow]:
    """The flow of ``by_hand.network``."""
    cells: list[Any] = [cell(0.0), cell(0.0)]
    for place in range(2, size + 2):
        one, other = cells[place - 2 :]
        cells.append(other * 0.5 if not place % 3 else one - other if place % 2 else one + other)
    names = ["a", "b", *(f"c{number}" for number in range(size))]
    return Flow.of(dict(zip(names, cells, strict=True)), name=f"Network{size}")


def _measured(number: int) -> Event:
    return Event({"length": number + 0.5, "width": number + 1.25})


def _fed(number: int) -> Event:
    return Event({"a": number + 0.5, "b": 2.0 * number + 0.25})


def _sold(number: int) -> Event:
    return Event({"order": Order(number + 0.5, number % 7, "tea")}, {"payment": number + 0.25})


def _numeric(size: int) -> Callable[..., StepWork]:
    if size == 1:
        return partial(StepWork, flow=Room, make=by_hand.Room, by_hand=by_hand.area, event=_measured)
    make, run = by_hand.network(size)
    return partial(StepWork, flow=network(size), make=make, by_hand=run, event=_fed)


_SHOP = partial(StepWork, flow=Shop, make=by_hand.Shop, by_hand=by_hand.shop, event=_sold)

WORKS: Sequence[StepWork] = (
    _numeric(1)("1 cell, 1 event a key", "area = length * width", 2_000, 1),
    _numeric(1)("1 cell, 100 events a key", "the same", 50, 100),
    _numeric(10)("10 cells, 1 event a key", "ten cells in a row, each of the two before it", 1_000, 1),
    _numeric(10)("10 cells, 100 events a key", "the same", 50, 100),
    _numeric(100)("100 cells, 1 event a key", "a hundred cells in a row", 200, 1),
    _numeric(100)("100 cells, 100 events a key", "the same", 20, 100),
    _SHOP("a record, 1 event a key", "a method each for total and line of an order; count and sum of payments", 1_000, 1),
    _SHOP("a record, 100 events a key", "the same", 20, 100),
)
