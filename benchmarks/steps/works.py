"""What a step is measured on: a flow, the same by hand, and deliveries of events that both are given.

A delivery is a list of keys, each with its events in order. Each of them gives every key other values than the one
before, except that one key in five is told once more what it is: that is cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple, TypeAlias

from benchmarks.steps import by_hand, flows
from benchmarks.steps.by_hand import Fields, Order, Told
from reactflow import Flow
from reactflow.flow import Event

Delivery: TypeAlias = list[tuple[str, list[Any]]]
"""Events of each key: as dicts of fields by hand, as ``Event`` for the step."""


class StepWork(NamedTuple):
    """One work: how a unit is made and given events by hand, and the flow that does the same."""

    name: str
    about: str
    make: Callable[[], Any]
    apply: Callable[[Any, Sequence[Fields]], Told]
    flow: Callable[[], type[Flow]]
    fields: Callable[[Random, int], Fields]
    """One event: random, and by its number."""
    events: int
    """How many a key."""
    keys: int

    def deliveries(self, count: int) -> list[Delivery]:
        """So many deliveries, as by hand."""
        random = Random(self.name)
        made: list[Delivery] = []
        for _ in range(count):
            told: Delivery = []
            for place in range(self.keys):
                last = made[-1][place][1][-1:] if made and random.random() < 0.2 else []
                new = [self.fields(random, number) for number in range(self.events - len(last))]
                told.append((f"key-{place}", [*last, *new]))
            made.append(told)
        return made

    def as_events(self, delivery: Delivery) -> Delivery:
        """The same delivery as the step is given it."""
        pulses = {node.name for node in self.flow().plan if node.is_pulse}
        return [(key, [_event(fields, pulses) for fields in events]) for key, events in delivery]


def _event(fields: Fields, pulses: set[str | None]) -> Event:
    return Event(
        {name: value for name, value in fields.items() if name not in pulses},
        {name: value for name, value in fields.items() if name in pulses},
    )


def _numbers(*names: str) -> Callable[[Random, int], Fields]:
    return lambda random, number: {name: random.uniform(1.0, 10.0) for name in names}


def _order(random: Random) -> Order:
    return Order(
        random.choice(("Ada", "Grace", "Edsger")), random.uniform(1.0, 100.0), random.randrange(1, 20)
    )


def _order_and_payment(random: Random, number: int) -> Fields:
    return {"order": _order(random), "payment": random.randrange(1, 500)}


def _order_or_payment(random: Random, number: int) -> Fields:
    return {"payment": random.randrange(1, 500)} if random.random() < 0.8 else {"order": _order(random)}


def _both(
    name: str,
    about: str,
    make: Callable[[], Any],
    apply: Callable[[Any, Sequence[Fields]], Told],
    flow: Callable[[], type[Flow]],
    fields: Callable[[Random, int], Fields],
) -> list[StepWork]:
    """A work with one event a key, and with a hundred."""
    return [
        StepWork(f"{name}, {told} a key", about, make, apply, flow, fields, events, keys)
        for told, events, keys in (("1 event", 1, 5_000), ("100 events", 100, 50))
    ]


_layered = flows.layered()

STEP_WORKS: tuple[StepWork, ...] = (
    *_both(
        "numeric, 1 cell",
        "area = length * width",
        by_hand.Area,
        by_hand.apply_area,
        lambda: flows.Area,
        _numbers("length", "width"),
    ),
    *_both(
        "numeric, 10 cells",
        "ten operators of four sources",
        *by_hand.ROOM,
        lambda: flows.Room,
        _numbers("length", "width", "height", "rate"),
    ),
    *_both(
        "numeric, 100 cells",
        "25 layers of four cells",
        *by_hand.LAYERED,
        lambda: _layered,
        _numbers(*by_hand.FIRST),
    ),
    *_both(
        "records",
        "an order and a payment an event: three functions, a sum, a count, every payment told",
        by_hand.Account,
        by_hand.apply_account,
        lambda: flows.Account,
        _order_and_payment,
    ),
    *_both(
        "records, mixed",
        "the same, four payments in five events, and one order",
        by_hand.Account,
        by_hand.apply_account,
        lambda: flows.Account,
        _order_or_payment,
    ),
)
