"""Every scenario twice: on a graph that was just made, and on one that was written so often that fast paths engage.

A test marked ``@cold_and_hot`` takes ``heat``. After it has made its graph it calls ``heat(source, 1, 2, 3)`` for each
source, which writes nothing when cold; and it does what it asserts in ``for _ in heat.rounds():``, so that a round has
to end where it began. The assertions are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any, TypeVar

import pytest

from reactflow import Cell

T = TypeVar("T")
WRITES = 200  # of each source, before the first round of a hot scenario
ROUNDS = 100


class Heat:
    """How often the graph of a scenario is written before it, and how often the scenario is repeated."""

    def __init__(self, writes: int, rounds: int) -> None:
        self.writes = writes
        self.number_of_rounds = rounds

    def __call__(self, source: Cell[T], *values: T) -> None:
        """Write a source again and again, through these values; at last it has the value that it had."""
        if not self.writes:
            return
        before = source.peek() if source.is_set else None
        was_set = source.is_set
        for value in islice(cycle(values), self.writes):
            source.value = value
        if was_set:
            source.value = before  # type: ignore[assignment]  # it had a value, and this is it
        else:
            source.unset()

    def rounds(self) -> Iterator[int]:
        """The numbers of the rounds."""
        return iter(range(self.number_of_rounds))


class Log(list[Any]):
    """What ran, in order; ``take()`` empties it."""

    def take(self) -> list[Any]:
        """The entries since the last time."""
        entries = [*self]
        self.clear()
        return entries


COLD, HOT = Heat(0, 1), Heat(WRITES, ROUNDS)


cold_and_hot = pytest.mark.parametrize("heat", [COLD, HOT], ids=["cold", "hot"])
