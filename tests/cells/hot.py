"""Sources and cells that fast paths serve."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from reactflow import Cell, batch
from reactflow.cells import pulls
from reactflow.cells.doing import DOING, LOCK, Doing
from reactflow.cells.engine import ENGINE
from reactflow.cells.fast import WARM_WRITES, cold, planned
from reactflow.cells.fast_paths import fast_paths

WRITES = WARM_WRITES + 8  # an observer that is found out about late costs a few


@pytest.fixture(autouse=True)
def _switched_on() -> Iterator[None]:
    with fast_paths(True):
        yield


def warmed(source: Cell[Any], *values: Any) -> Cell[Any]:
    """Write a source as often as it takes, through these values, at last the first one (or 0 and on, at last 0)."""
    given = values or tuple(range(9))
    for number in range(WRITES):
        source.value = given[number % len(given)]
    source.value = given[0]
    assert is_hot(source) or not ENGINE.fast
    return source


def is_hot(source: Cell[Any]) -> bool:
    """Whether a source is written by a function of its own, or by none since nobody observes it."""
    return source.put is not cold


def warmed_together(*sources: Cell[Any]) -> None:
    """Write sources in one batch as often as it takes; at last each is 0."""
    for number in range(WRITES, -1, -1):
        with batch():
            for source in sources:
                source.value = number
    assert program_of(*sources) is not None


def program_of(*sources: Cell[Any]) -> Any:
    """The program of sources that are written together."""
    return None if sources[0].joint is None else sources[0].joint.program


def read_often(node: Any, *sources: Cell[Any]) -> None:
    """Read an unobserved cell as often as it takes, with a write of its sources before each read."""
    for number in range(pulls.WARM_READS + 2, -1, -1):
        for source in sources:
            source.value = number
        node.value
    assert node.get not in (*pulls.LOOKS, pulls.by_engine, planned) or not ENGINE.fast


@contextmanager
def interrupts(flag: list[bool]) -> Iterator[None]:
    """For the length of the block, what looks at the flag raises KeyboardInterrupt, and the block ends with it."""
    flag[:] = [True]
    try:
        with pytest.raises(KeyboardInterrupt):
            yield
    finally:
        flag[:] = [False]


def interruptible(flag: list[bool], fn: Callable[..., Any]) -> Callable[..., Any]:
    """A function that raises KeyboardInterrupt while the flag is up."""

    def call(*values: Any) -> Any:
        if flag[0]:
            raise KeyboardInterrupt
        return fn(*values)

    return call


class Value:
    """A value with an equality of its own, which may do something when it is asked."""

    def __init__(self, number: int, asked: Callable[[], object] | None = None) -> None:
        self.number = number
        self.asked = asked

    def __eq__(self, other: object) -> bool:
        for one in (self, other):
            if isinstance(one, Value) and one.asked is not None:
                one.asked()
        return isinstance(other, Value) and self.number == other.number

    __hash__ = None  # type: ignore[assignment]  # a value with an equality of its own


def check_interrupted() -> None:
    """Hold the engine to what has to be true after an interrupt: effects may wait for the next event, nothing else."""
    assert (ENGINE.levels, ENGINE.path, ENGINE.in_effects, ENGINE.eager) == ([], {}, False, {})
    left = {name for name in Doing.__slots__ if getattr(DOING, name) is not None}
    assert left == {"depth", "epoch", "last_version", "rest", "waiting"}, left
    assert (DOING.depth, LOCK.depth, DOING.rest) == (0, 0, not ENGINE.queue)
