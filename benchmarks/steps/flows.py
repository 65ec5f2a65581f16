"""The works of ``by_hand`` as flows."""

from __future__ import annotations

from typing import Any

from benchmarks.steps.by_hand import FIRST, LAYERS, Order
from reactflow import Derived, Flow, Pulse, cell, derived, fold, folds, pulse


class Area(Flow):
    """One derived cell."""

    length = cell(0.0)
    width = cell(0.0)
    area = length * width


class Room(Flow):
    """Ten derived cells."""

    length = cell(0.0)
    width = cell(0.0)
    height = cell(0.0)
    rate = cell(0.0)
    floor = length * width
    volume = floor * height
    around = (length + width) * 2.0
    walls = around * height
    paint = walls + floor
    cost = paint * rate
    tax = cost * 0.2
    price = cost + tax
    slack = volume - paint
    load = price * 0.5 + slack


def layered() -> type[Flow]:
    """A hundred derived cells: 25 layers of four."""
    members: dict[str, Any] = {name: cell(0.0) for name in FIRST}
    for of in range(1, LAYERS + 1):
        a, b, c, d = (members[f"{name}{of - 1}"] for name in "abcd")
        last: dict[str, Derived[float]] = {
            f"a{of}": (a + b) * 0.5,
            f"b{of}": (b - c) * 0.5,
            f"c{of}": c * 0.75 + d * 0.25,
            f"d{of}": d - a * 0.125,
        }
        members |= last
    return Flow.of(name="Layered", **members)


class Account(Flow):
    """An order and its payments."""

    order = cell(Order("", 0.0, 0))
    payment: Pulse[int] = pulse()
    paid = fold(payment, folds.sum)
    payments = fold(payment, folds.count)

    @derived
    def total(self) -> float:
        return self.order.price * self.order.count

    @derived
    def still(self) -> float:
        return self.total - self.paid

    @derived
    def label(self) -> str:
        return f"{self.order.customer}: {self.still:.2f} of {self.total:.2f}"
