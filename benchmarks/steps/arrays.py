"""The limit that columns of arrays would have: the numeric work on arrays of all keys at once, measured once.

It is no work of its own: events are columns already, each key has one, and what changed is a mask, not a change a key.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.steps.by_hand import LARGEST

KEYS = 5_000


def events_a_second(rounds: int) -> float | None:
    """Events a second of ``area = length * width`` as three columns; None without numpy."""
    try:
        import numpy
    except ImportError:
        return None
    random = numpy.random.default_rng(1)
    apply = _apply(numpy)
    columns = [numpy.zeros(KEYS) for _ in range(3)]
    took = []
    for _ in range(rounds + 3):
        length, width = random.uniform(1.0, 10.0, KEYS), random.uniform(1.0, 10.0, KEYS)
        start = time.process_time()
        columns = apply(columns, length, width)
        took.append(time.process_time() - start)
    return KEYS / statistics.median(took[3:])


def _apply(numpy: Any) -> Callable[[list[Any], Any, Any], list[Any]]:
    def apply(before: list[Any], length: Any, width: Any) -> list[Any]:
        if not ((numpy.abs(length) < LARGEST) & (numpy.abs(width) < LARGEST)).all():
            raise ValueError("a number that is none")
        after = [length, width, length * width]
        changed = [old != new for old, new in zip(before, after, strict=True)]
        return [numpy.where(mask, new, old) for mask, old, new in zip(changed, before, after, strict=True)]

    return apply
