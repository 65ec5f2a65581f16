"""Works in which something does not have to run: a cut-off, and cells that change which others they read."""

from __future__ import annotations

from benchmarks.functions import choose, plus, plus_one, tenth, total
from benchmarks.libraries.library import Library
from benchmarks.straight import straight_line
from benchmarks.works.work import Run, Work, observed


def _cut_off_by_hand(size: int) -> Run:
    seen: list[int] = []
    lines = ["value = plus_one(value)"] * size
    rest = straight_line([*lines, "sink(value)"], plus_one=plus_one, sink=seen.append)
    before = 0

    def loop(values: range) -> None:
        nonlocal before
        last = before
        for value in values:
            now = tenth(value)
            if now != last:
                last = now
                rest(range(now, now + 1))
        before = last

    return observed(seen, loop)


def _cut_off_by_library(library: Library, size: int) -> Run:
    seen: list[int] = []
    source = library.source(0)
    out = library.tenth(source)
    for _ in range(size):
        out = library.plus_one(out)
        library.settle(out)
    library.watch(out, seen.append)
    return observed(seen, library.writes(source))


def _inputs_by_hand(size: int) -> Run:
    seen: list[int] = []
    sink = seen.append
    odd, even = -1, 0

    def loop(values: range) -> None:
        nonlocal odd, even
        left, right = odd, even
        for value in values:
            sink(choose(value, left, right))
            left = value
            if value % 2:
                sink(choose(value, left, right))
            right = -value
            if not value % 2:
                sink(choose(value, left, right))
        odd, even = left, right

    return observed(seen, loop)


def _inputs_by_library(library: Library, size: int) -> Run:
    seen: list[int] = []
    flag, odd, even = library.source(0), library.source(-1), library.source(0)
    library.watch(library.choose(flag, odd, even), seen.append)
    return observed(seen, library.switches(flag, odd, even))


WIDTH = 10
"""How many nodes a layer of the dynamic work has. Every third one chooses by one neighbour between two others."""


def _dynamic_by_hand(size: int) -> Run:
    seen: list[int] = []
    before = [f"n{place}" for place in range(WIDTH)]
    lines = [
        f"{name} = plus_one({'value' if not place else before[place - 1]})"
        for place, name in enumerate(before)
    ]
    for layer in range(1, size):
        names = [f"{'mn'[layer % 2 == 0]}{place}" for place in range(WIDTH)]
        for place, name in enumerate(names):
            one, two, three = (before[(place + step) % WIDTH] for step in range(3))
            function = f"choose({one}, {two}, {three})" if place % 3 == 0 else f"plus({one}, {two})"
            lines.append(f"{name} = {function}")
        before = names
    lines.append(f"sink(total({', '.join(before)}))")
    return observed(
        seen,
        straight_line(lines, plus_one=plus_one, choose=choose, plus=plus, total=total, sink=seen.append),
    )


def _dynamic_by_library(library: Library, size: int) -> Run:
    seen: list[int] = []
    source = library.source(0)
    before = [library.plus_one(source)]
    for _ in range(1, WIDTH):
        before.append(library.plus_one(before[-1]))
    for _ in range(1, size):
        nodes = []
        for place in range(WIDTH):
            one, two, three = (before[(place + step) % WIDTH] for step in range(3))
            nodes.append(library.choose(one, two, three) if place % 3 == 0 else library.plus(one, two))
            library.settle(nodes[-1])
        before = nodes
    library.watch(library.total(before), seen.append)
    return observed(seen, library.writes(source))


CUT_OFF = Work(
    "cut-off",
    "a derived cell that is equal nine times in ten, before a chain of 100",
    _cut_off_by_hand,
    _cut_off_by_library,
    100,
    6_000,
)
INPUTS = Work(
    "changing inputs",
    "a derived cell chooses between two sources; the choice is turned over, then both are written",
    _inputs_by_hand,
    _inputs_by_library,
    1,
    10_000,
)
DYNAMIC = Work(
    "dynamic",
    "ten layers of ten; in each, four cells choose which derived cell they read",
    _dynamic_by_hand,
    _dynamic_by_library,
    10,
    800,
)
