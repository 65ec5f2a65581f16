"""What it costs to write and read a unit's state, as ratios to the same plain data by ``json`` and by ``msgspec``.

``python -m benchmarks.state``. Every side gets the same state and runs in turns; what counts is the median of the
ratios of the rounds. A state of records is, on the plain side, a dict of its fields, and is made of it again.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from attrs import asdict, frozen

from reactflow.flow import Codec

ROUNDS = 31
CALLS = 2_000


@frozen
class Order:
    """A record of ten fields."""

    id: str = "order-1"
    price: float = 12.5
    rate: float = 0.19
    count: int = 3
    place: int = 17
    is_paid: bool = True
    city: str = "Berlin"
    street: str = "Hauptstr. 5"
    weight: float = 7.25
    volume: float = 0.125


class Ratio(NamedTuple):
    """The codec's time for one work as a multiple of that of json, and of msgspec."""

    work: str
    to_json: float
    to_msgspec: float


def measure(rounds: int = ROUNDS, calls: int = CALLS) -> list[Ratio]:
    """The ratios of all works."""
    numbers = {"length": 3.0, "width": 4.5, "area": 13.5}
    order = Order()
    flat, records = Codec(dict.fromkeys(numbers, float)), Codec({"order": Order})
    text, record = flat.encode(numbers), records.encode({"order": order})
    plain = json.dumps({"order": asdict(order)}).encode()
    write, read = msgspec.json.Encoder(order="sorted").encode, msgspec.json.Decoder().decode

    def made(parsed: Any) -> object:
        return Order(**parsed["order"])

    bare, folded = Codec({}), {"area": 12.5, "total": ("float", 25, -1), "peak": (13.5,)}
    as_json = {"area": 12.5, "total": ["float", 25, -1], "peak": [13.5]}
    works: dict[str, tuple[Callable[[], object], Callable[[], object], Callable[[], object]]] = {
        "write three floats": (
            lambda: flat.encode(numbers), lambda: json.dumps(numbers).encode(), lambda: write(numbers)
        ),
        "write two folds": (
            lambda: bare.encode(folded), lambda: json.dumps(as_json).encode(), lambda: write(as_json)
        ),
        "read three floats": (lambda: flat.decode(text), lambda: json.loads(text), lambda: read(text)),
        "write a record": (
            lambda: records.encode({"order": order}), lambda: json.dumps({"order": asdict(order)}).encode(),
            lambda: write({"order": asdict(order)}),
        ),
        "read a record": (
            lambda: records.decode(record), lambda: made(json.loads(plain)), lambda: made(read(plain))
        ),
    }  # fmt: skip
    return [Ratio(name, *_ratios(sides, rounds, calls)) for name, sides in works.items()]


def _ratios(sides: tuple[Callable[[], object], ...], rounds: int, calls: int) -> tuple[float, float]:
    taken: list[list[float]] = []
    for _ in range(rounds):
        taken.append([_seconds(side, calls) for side in sides])
    return (
        statistics.median(one[0] / one[1] for one in taken),
        statistics.median(one[0] / one[2] for one in taken),
    )


def _seconds(run: Callable[[], object], calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        run()
    return time.process_time() - start


if __name__ == "__main__":
    print(f"{'':20} {'to json':>10} {'to msgspec':>10}")
    for one in measure():
        print(f"{one.work:20} {one.to_json:10.2f} {one.to_msgspec:10.2f}")
