"""Works of a fixed shape: chains, fans, a diamond and the layers of cellx."""

from __future__ import annotations

from benchmarks.functions import minus, plus, plus_one, same, total
from benchmarks.libraries.library import Library
from benchmarks.straight import straight_line
from benchmarks.works.work import Run, Work, all_observed, observed


def _chain_by_hand(size: int) -> Run:
    seen: list[int] = []
    lines = ["value = plus_one(value)"] * size
    return observed(seen, straight_line([*lines, "sink(value)"], plus_one=plus_one, sink=seen.append))


def _chain_by_library(library: Library, size: int) -> Run:
    seen: list[int] = []
    source = out = library.source(0)
    for _ in range(size):
        out = library.plus_one(out)
        library.settle(out)
    library.watch(out, seen.append)
    return observed(seen, library.writes(source))


def _fan_by_hand(size: int) -> Run:
    seen: list[int] = []
    lines = ["sink(plus_one(value))"] * size
    return observed(seen, straight_line(lines, plus_one=plus_one, sink=seen.append))


def _fan_by_library(library: Library, size: int) -> Run:
    seen: list[int] = []
    source = library.source(0)
    for _ in range(size):
        library.watch(library.plus_one(source), seen.append)
    return observed(seen, library.writes(source))


def _diamond_by_hand(size: int) -> Run:
    seen: list[int] = []
    sides = ", ".join(["plus_one(value)"] * size)
    return observed(
        seen, straight_line([f"sink(total({sides}))"], plus_one=plus_one, total=total, sink=seen.append)
    )


def _diamond_by_library(library: Library, size: int) -> Run:
    seen: list[int] = []
    source = library.source(0)
    library.watch(library.total([library.plus_one(source) for _ in range(size)]), seen.append)
    return observed(seen, library.writes(source))


def _cellx_by_hand(size: int) -> Run:
    seen: list[list[int]] = [[], [], [], []]
    lines = ["a, b, c, d = value, value, -value, value"]
    before, after = list("abcd"), list("pqrs")
    for _ in range(size):
        a, b, c, d = before
        p, q, r, s = after
        lines += [f"{p} = same({b})", f"{q} = minus({a}, {c})", f"{r} = plus({b}, {d})", f"{s} = same({c})"]
        before, after = after, before
    lines += [f"sink_{place}({name})" for place, name in enumerate(before)]
    sinks = {f"sink_{place}": told.append for place, told in enumerate(seen)}
    return all_observed(seen, straight_line(lines, same=same, minus=minus, plus=plus, **sinks))


def _cellx_by_library(library: Library, size: int) -> Run:
    seen: list[list[int]] = [[], [], [], []]
    sources = [library.source(0) for _ in range(4)]
    a, b, c, d = sources
    for _ in range(size):
        a, b, c, d = library.same(b), library.minus(a, c), library.plus(b, d), library.same(c)
        for node in (a, b, c, d):
            library.settle(node)
    for node, told in zip((a, b, c, d), seen, strict=True):
        library.watch(node, told.append)
    return all_observed(seen, library.writes_four(*sources))


CHAIN = Work(
    "chain of 1,000",
    "1,000 derived cells, each of the one before, and an effect",
    _chain_by_hand,
    _chain_by_library,
    1_000,
    100,
)
DEEP = Work(
    "deep",
    "the same with 10,000",
    _chain_by_hand,
    _chain_by_library,
    10_000,
    10,
)
FAN = Work(
    "fan-out to 1,000",
    "1,000 derived cells of one source, each with an effect",
    _fan_by_hand,
    _fan_by_library,
    1_000,
    60,
)
DIAMOND = Work(
    "diamond of 100",
    "100 derived cells of one source, their total, and an effect",
    _diamond_by_hand,
    _diamond_by_library,
    100,
    800,
)
CELLX = Work(
    "cellx, 1,000 layers",
    "four cells a layer, of the four before; four sources written in one batch, four effects at the end",
    _cellx_by_hand,
    _cellx_by_library,
    1_000,
    25,
    batched=True,
)
