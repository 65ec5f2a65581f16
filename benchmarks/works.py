"""The works that are measured: each done by hand and by reactflow, with the same functions and the same answer.

By hand means plain Python that calls each node's function once, in order, with no object per node. What it must not do:
measure the making of a graph together with its changes; `make` runs before the clock starts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from reactflow import batch, cell, derived, effect

Run = Callable[[int], object]
"""Takes a number of changes, carries them out, and returns the last answer."""


class Work(NamedTuple):
    """One work in its two forms; each `make` builds what is needed and returns the part that is measured."""

    name: str
    by_hand: Callable[[], Run]
    by_reactflow: Callable[[], Run]
    changes: int
    """How many changes one round has: about a hundredth of a second by hand."""


def plus_one(value: int) -> int:
    """The node function of most works: as cheap as one can be, so that the engine is what is seen."""
    return value + 1


def add(*values: int) -> int:
    """Brings many inputs together."""
    return sum(values)


def tenth(value: int) -> int:
    """Equal for ten inputs in a row, which is what a cut-off is for."""
    return value // 10


def _one_by_hand() -> Run:
    def run(changes: int) -> int:
        area = 0
        for value in range(changes):
            area = plus_one(value)
        return area

    return run


def _one_by_reactflow() -> Run:
    source = cell(-1)
    out = derived(plus_one, source)

    def run(changes: int) -> int:
        area = 0
        for value in range(changes):
            source.value = value
            area = out.value
        return area

    return run


def _watched_by_hand() -> Run:
    def run(changes: int) -> int:
        seen: list[int] = []
        for value in range(changes):
            seen.append(plus_one(value))
        return seen[-1]

    return run


def _watched_by_reactflow() -> Run:
    source = cell(-1)
    out = derived(plus_one, source)
    seen: list[int] = []
    effect(lambda: seen.append(out.value))

    def run(changes: int) -> int:
        for value in range(changes):
            source.value = value
        return seen[-1]

    return run


def _chain_by_hand() -> Run:
    functions = [plus_one] * 1000

    def run(changes: int) -> int:
        out = 0
        for value in range(changes):
            out = value
            for function in functions:
                out = function(out)
        return out

    return run


def _chain_by_reactflow() -> Run:
    source = cell(-1)
    last = derived(plus_one, source)
    for _ in range(999):
        last = derived(plus_one, last)
    seen = [0]
    effect(lambda: seen.__setitem__(0, last.value))

    def run(changes: int) -> int:
        for value in range(changes):
            source.value = value
        return seen[0]

    return run


def _diamond_by_hand() -> Run:
    functions = [plus_one] * 100

    def run(changes: int) -> int:
        out = 0
        for value in range(changes):
            out = add(*[function(value) for function in functions])
        return out

    return run


def _diamond_by_reactflow() -> Run:
    source = cell(-1)
    out = derived(add, *[derived(plus_one, source) for _ in range(100)])
    seen = [0]
    effect(lambda: seen.__setitem__(0, out.value))

    def run(changes: int) -> int:
        for value in range(changes):
            source.value = value
        return seen[0]

    return run


def _cut_off_by_hand() -> Run:
    functions = [plus_one] * 100

    def run(changes: int) -> int:
        before, out = -1, 0
        for value in range(changes):
            now = tenth(value)
            if now != before:
                before = now
                out = add(*[function(now) for function in functions])
        return out

    return run


def _cut_off_by_reactflow() -> Run:
    source = cell(-1)
    gate = derived(tenth, source)
    out = derived(add, *[derived(plus_one, gate) for _ in range(100)])
    seen = [0]
    effect(lambda: seen.__setitem__(0, out.value))

    def run(changes: int) -> int:
        for value in range(changes):
            source.value = value
        return seen[0]

    return run


def _batch_by_hand() -> Run:
    values = [0] * 1000

    def run(changes: int) -> int:
        out = 0
        for value in range(changes):
            for place in range(1000):
                values[place] = value
            out = add(*values)
        return out

    return run


def _batch_by_reactflow() -> Run:
    sources = [cell(-1) for _ in range(1000)]
    out = derived(add, *sources)
    seen = [0]
    effect(lambda: seen.__setitem__(0, out.value))

    def run(changes: int) -> int:
        for value in range(changes):
            with batch():
                for source in sources:
                    source.value = value
        return seen[0]

    return run


WORKS = (
    Work("one source, one derived, read", _one_by_hand, _one_by_reactflow, 20_000),
    Work("the same with an effect", _watched_by_hand, _watched_by_reactflow, 20_000),
    Work("chain of 1,000", _chain_by_hand, _chain_by_reactflow, 100),
    Work("diamond of 100", _diamond_by_hand, _diamond_by_reactflow, 500),
    Work("cut-off", _cut_off_by_hand, _cut_off_by_reactflow, 5_000),
    Work("1,000 sources in one batch", _batch_by_hand, _batch_by_reactflow, 100),
)
