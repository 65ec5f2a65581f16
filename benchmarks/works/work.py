"""What a work is: something that every library can do, next to the least Python that does the same.

*By hand* calls the node functions of the work once each, in order, as straight-line code: no framework, no object per
node, no test for what did not change (except where the work is about that). What has to survive until the next change
(a value that is read later, the measurements of a room) is kept in the cheapest place that keeps it.

*By a library* is written once for all of them, in the words of ``libraries/library.py``.

Both are made before the clock starts. Both are given the same numbers, and have to tell their observers the same
values in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from benchmarks.libraries.library import Library
from benchmarks.loops import Loop

Run = Callable[[range], object]
"""Carries out one change for each number of a range, and returns what was read last, or what observers were told.

The ranges that one run is given follow on from each other; the first begins with 1. Before it, all sources hold what no
write will hold.
"""


class Work(NamedTuple):
    """One work; `size` is how many nodes (layers, sources, keys) it has, where that can be chosen."""

    name: str
    about: str
    """What is done, in a line."""
    by_hand: Callable[[int], Run]
    by_library: Callable[[Library, int], Run]
    size: int
    changes: int
    """How many changes one round has: a few thousandths of a second by hand."""
    batched: bool = False
    """Whether several sources are written as one event."""


def observed(seen: list[int], loop: Loop) -> Run:
    """A run whose answer is what its observers were told."""

    def run(values: range) -> list[int]:
        seen.clear()
        loop(values)
        return seen

    return run


def all_observed(seen: list[list[int]], loop: Loop) -> Run:
    """A run with several observers; nothing is said about the order among them."""

    def run(values: range) -> list[list[int]]:
        for told in seen:
            told.clear()
        loop(values)
        return seen

    return run
