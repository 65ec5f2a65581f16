"""The hand-written side of the step's works: slots objects in a dict, straight-line code, no framework.

Both sides are given ``[(key, events), ...]``, and each event is ``(writes, occurrences)``: any of the sources, and at
most one occurrence of each pulse. Both return ``{key: (cells, occurrences)}`` for every key: ``cells`` tells of each
cell that is another than before ``(old, new)``, and ``occurrences`` lists those of named pulses in order. The rules:

* Cut-off is kept: what is equal to what it was is no change, and is not told.
* An event is whole or nothing. One with a number that is not finite is refused before anything is written; whether a
  product overflows is not looked at here, though the step does.
* What is computed from several sources is computed when the events of a key are through, unless each one counts.
* Types are not looked at; that is for whoever reads the events from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from reactflow import folds

Told = dict[Any, tuple[dict[str, tuple[object, object]], Sequence[tuple[str, object]]]]
Grouped = Iterable[tuple[Any, Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]]]
INF = float("inf")


class Refused(ValueError):
    """A number that is not finite."""


class Room:
    """One cell of two sources."""

    __slots__ = ("area", "length", "width")

    def __init__(self) -> None:
        self.length = self.width = self.area = 0.0


def area(rooms: Mapping[Any, Room], grouped: Grouped) -> Told:
    """``area = length * width``."""
    told: Told = {}
    for key, events in grouped:
        room = rooms[key]
        length, width = room.length, room.width
        for writes, _ in events:
            new_length, new_width = writes.get("length", length), writes.get("width", width)
            if not (-INF < new_length < INF and -INF < new_width < INF):
                raise Refused(key)
            length, width = new_length, new_width
        cells: dict[str, tuple[object, object]] = {}
        if length != room.length:
            cells["length"] = room.length, length
            room.length = length
        if width != room.width:
            cells["width"] = room.width, width
            room.width = width
        area = length * width
        if area != room.area:
            cells["area"] = room.area, area
            room.area = area
        told[key] = cells, ()
    return told


def network(size: int) -> tuple[Callable[[], Any], Callable[[Mapping[Any, Any], Grouped], Told]]:
    """``size`` cells in a row, each of the two before it; the text is what a person with patience would write."""
    names = ["a", "b", *(f"c{number}" for number in range(size))]
    lines = [
        "class Unit:",
        f"    __slots__ = {tuple(names)!r}",
        "def run(units, grouped):",
        "    told = {}",
        "    for key, events in grouped:",
        "        unit = units[key]",
        "        a, b = unit.a, unit.b",
        "        for writes, _ in events:",
        "            new_a, new_b = writes.get('a', a), writes.get('b', b)",
        "            if not (-INF < new_a < INF and -INF < new_b < INF):",
        "                raise Refused(key)",
        "            a, b = new_a, new_b",
        "        cells = {}",
    ]
    for place, name in enumerate(names):
        if place > 1:
            lines.append(f"        {name} = {formula(names[place - 2], names[place - 1], place)}")
        lines += [
            f"        if {name} != unit.{name}:",
            f"            cells[{name!r}] = unit.{name}, {name}",
            f"            unit.{name} = {name}",
        ]
    lines += ["        told[key] = cells, ()", "    return told"]
    space: dict[str, Any] = {"INF": INF, "Refused": Refused}
    exec(compile("\n".join(lines), "<by hand>", "exec"), space)

    def make() -> Any:
        unit = space["Unit"]()
        values = [0.0, 0.0]
        for place in range(2, len(names)):
            one, other = values[place - 2 : place]
            values.append({0: one + other, 1: one - other}[place % 2] if place % 3 else other * 0.5)
        for name, value in zip(names, values, strict=True):
            setattr(unit, name, value)
        return unit

    return make, space["run"]


def formula(one: str, other: str, place: int) -> str:
    """What the cell at a place of a network is computed by: sums and differences, and every third is a half.

    >>> formula("a", "b", 4), formula("a", "b", 3)
    ('a + b', 'b * 0.5')
    """
    return f"{one} {'-' if place % 2 else '+'} {other}" if place % 3 else f"{other} * 0.5"


@frozen
class Order:
    """A record, as it comes on a stream."""

    price: float
    count: int
    note: str


class Shop:
    """Cells of a record, and folds of payments."""

    __slots__ = ("line", "order", "paid", "payments", "total")

    def __init__(self) -> None:
        self.order = Order(0.0, 0, "")
        self.total = 0.0
        self.line = ": 0.00"
        self.payments = 0
        self.paid = folds.sum.zero


def shop(shops: Mapping[Any, Shop], grouped: Grouped) -> Told:
    """The total of the latest order and a line about it; how many payments there were, and their exact sum."""
    told: Told = {}
    add, show = folds.sum.add, folds.sum.result
    for key, events in grouped:
        unit = shops[key]
        order, total, line, payments, paid = unit.order, unit.total, unit.line, unit.payments, unit.paid
        occurrences: list[tuple[str, object]] = []
        for writes, occurring in events:
            if "order" in writes:
                new = writes["order"]
                if not -INF < new.price < INF:
                    raise Refused(key)
                if new != order:
                    order = new
                    total = order.price * order.count
                    line = f"{order.note}: {total:.2f}"
            if "payment" in occurring:
                payment = occurring["payment"]
                if not -INF < payment < INF:
                    raise Refused(key)
                occurrences.append(("payment", payment))
                payments += 1
                paid = add(paid, payment)
        cells: dict[str, tuple[object, object]] = {}
        if order != unit.order:
            cells["order"] = unit.order, order
            unit.order = order
        if total != unit.total:
            cells["total"] = unit.total, total
            unit.total = total
        if line != unit.line:
            cells["line"] = unit.line, line
            unit.line = line
        if payments != unit.payments:
            cells["payments"] = unit.payments, payments
            unit.payments = payments
        if paid != unit.paid:
            cells["paid"] = show(unit.paid), show(paid)
            unit.paid = paid
        told[key] = cells, occurrences
    return told
