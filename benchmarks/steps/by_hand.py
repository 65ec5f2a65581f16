"""The work of a step by hand: a function of a unit and its events, for objects with slots that are kept in a dict.

What is the same work:

- Both sides are given the events of each key, grouped, as plain Python: by hand an event is a dict of its fields, for
  the step an ``Event``. Types are right already (they were decoded); sizes are not checked yet.
- Both return, for each key, ``{cell: (old, new)}`` of the cells that have another value than before, and the
  occurrences of pulses in order. Both leave the unit at its new values, which the next events start from.
- Both refuse a number that is no finite one: nothing of these events has happened then. (An event that fails is found
  by applying them one by one, on both sides. That is not measured.)
- Both cut off: what is equal is no change, and a function is called only if one of its inputs has changed.
- Operators are written out. A function is one that a user wrote: it is called, by both, and for each event, since it
  might fail for one. Arithmetic on checked numbers cannot fail: what no fold counts may be computed after the last
  event, by both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from attrs import frozen

LARGEST = 1e60
"""No source is larger, so that no sum or product of a few can be an infinity."""

Fields: TypeAlias = dict[str, Any]
Told: TypeAlias = tuple[dict[str, tuple[object, object]], Sequence[tuple[str, object]]]
"""Changed cells with their old and new values, and occurrences of pulses."""


class Refused(Exception):
    """A number that is none."""


# --- one derived cell ------------------------------------------------------------------------------------------------


class Area:
    """The state of ``area = length * width``."""

    __slots__ = ("area", "length", "width")

    def __init__(self) -> None:
        self.length = self.width = self.area = 0.0


def apply_area(room: Area, events: Sequence[Fields]) -> Told:
    """Events that give both."""
    length, width = room.length, room.width
    for event in events:
        length, width = event["length"], event["width"]
        if not (-LARGEST < length < LARGEST and -LARGEST < width < LARGEST):
            raise Refused(event)
    area = length * width
    changed: dict[str, tuple[object, object]] = {}
    if length != room.length:
        changed["length"] = room.length, length
        room.length = length
    if width != room.width:
        changed["width"] = room.width, width
        room.width = width
    if area != room.area:
        changed["area"] = room.area, area
        room.area = area
    return changed, ()


# --- more of them: what a patient person would write, cell by cell ---------------------------------------------------


def straight(sources: Sequence[str], cells: Sequence[tuple[str, str]]) -> tuple[Any, Callable[..., Told]]:
    """The class of a unit, and the function that applies events which give all its sources; both as text above.

    ``cells`` are names with the expression of each, inputs first.

    >>> make, apply = straight(["length", "width"], [("area", "length * width")])
    >>> apply(make(), [{"length": 3.0, "width": 4.0}])[0]["area"]
    (0.0, 12.0)
    """
    names = [*sources, *(name for name, _ in cells)]
    fits = " and ".join(f"-{LARGEST!r} < {name} < {LARGEST!r}" for name in sources)
    lines = [
        "class Unit:",
        f"    __slots__ = {tuple(names)!r}",
        "    def __init__(self):",
        *(f"        {name} = self.{name} = 0.0" for name in sources),
        *(f"        {name} = self.{name} = {expression}" for name, expression in cells),
        "def apply(unit, events):",
        "    for event in events:",
        *(f"        {name} = event[{name!r}]" for name in sources),
        f"        if not ({fits}):",
        "            raise Refused(event)",
        *(f"    {name} = {expression}" for name, expression in cells),
        "    changed = {}",
    ]
    for name in names:
        lines += [
            f"    if {name} != unit.{name}:",
            f"        changed[{name!r}] = unit.{name}, {name}",
            f"        unit.{name} = {name}",
        ]
    scope: dict[str, Any] = {"Refused": Refused}
    exec(compile("\n".join([*lines, "    return changed, ()"]), "<by hand>", "exec"), scope)
    return scope["Unit"], scope["apply"]


ROOM = straight(
    ["length", "width", "height", "rate"],
    [
        ("floor", "length * width"),
        ("volume", "floor * height"),
        ("around", "(length + width) * 2.0"),
        ("walls", "around * height"),
        ("paint", "walls + floor"),
        ("cost", "paint * rate"),
        ("tax", "cost * 0.2"),
        ("price", "cost + tax"),
        ("slack", "volume - paint"),
        ("load", "price * 0.5 + slack"),
    ],
)
"""Ten derived cells of four sources."""

LAYERS = 25
FIRST = ("a0", "b0", "c0", "d0")


def layer(of: int) -> list[tuple[str, str]]:
    """Four cells, each of two of the layer before; none of them grows."""
    a, b, c, d = (f"{name}{of - 1}" for name in "abcd")
    return [
        (f"a{of}", f"({a} + {b}) * 0.5"),
        (f"b{of}", f"({b} - {c}) * 0.5"),
        (f"c{of}", f"{c} * 0.75 + {d} * 0.25"),
        (f"d{of}", f"{d} - {a} * 0.125"),
    ]


LAYERED = straight(FIRST, [cell for of in range(1, LAYERS + 1) for cell in layer(of)])
"""A hundred derived cells: 25 layers of four."""


# --- records ---------------------------------------------------------------------------------------------------------


@frozen
class Order:
    """What a customer has ordered."""

    customer: str
    price: float
    count: int


def total_of(order: Order) -> float:
    """What has to be paid."""
    return order.price * order.count


def open_of(total: float, paid: int) -> float:
    """What is still to be paid."""
    return total - paid


def label_of(order: Order, total: float, still: float) -> str:
    """A line for a person."""
    return f"{order.customer}: {still:.2f} of {total:.2f}"


class Account:
    """The state of an order and its payments."""

    __slots__ = ("label", "order", "paid", "payments", "still", "total")

    def __init__(self) -> None:
        self.order = Order("", 0.0, 0)
        self.paid = self.payments = 0
        self.total = total_of(self.order)
        self.still = open_of(self.total, self.paid)
        self.label = label_of(self.order, self.total, self.still)


def apply_account(account: Account, events: Sequence[Fields]) -> Told:
    """Events that give an order, a payment, or both; payments are counted and summed."""
    order, total, still, label = account.order, account.total, account.still, account.label
    paid, payments = account.paid, account.payments
    occurred = []
    for event in events:
        is_new = was_paid = False
        if "order" in event:
            new = event["order"]
            if not -LARGEST < new.price < LARGEST:
                raise Refused(event)
            if new != order:
                order, is_new = new, True
                total = total_of(order)
        if "payment" in event:
            payment = event["payment"]
            occurred.append(("payment", payment))
            payments += 1
            if payment:
                paid += payment
                was_paid = True
        if is_new or was_paid:
            now = open_of(total, paid)
            if is_new or now != still:
                still = now
                label = label_of(order, total, still)
    changed: dict[str, tuple[object, object]] = {}
    if order != account.order:
        changed["order"] = account.order, order
        account.order = order
    if total != account.total:
        changed["total"] = account.total, total
        account.total = total
    if paid != account.paid:
        changed["paid"] = account.paid, paid
        account.paid = paid
    if payments != account.payments:
        changed["payments"] = account.payments, payments
        account.payments = payments
    if still != account.still:
        changed["still"] = account.still, still
        account.still = still
    if label != account.label:
        changed["label"] = account.label, label
        account.label = label
    return changed, occurred
