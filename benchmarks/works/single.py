"""Works with one source and one derived cell: what a single read, write and effect cost."""

from __future__ import annotations

from benchmarks.functions import plus, plus_one
from benchmarks.libraries.library import Library
from benchmarks.loops import READS, WRITES
from benchmarks.works.work import Run, Work, observed


class Box:
    """The cheapest place for a value that something else reads."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0


def _read_by_hand(size: int) -> Run:
    def run(values: range) -> object:
        out = None
        for value in values:
            out = plus_one(value)
        return out

    return run


def _read_by_library(library: Library, size: int) -> Run:
    source = library.source(0)
    return library.writes_and_reads(source, library.plus_one(source))


def _effect_by_hand(size: int) -> Run:
    seen: list[int] = []
    sink = seen.append

    def loop(values: range) -> None:
        for value in values:
            sink(plus_one(value))

    return observed(seen, loop)


def _effect_by_library(library: Library, size: int) -> Run:
    seen: list[int] = []
    source = library.source(0)
    library.watch(library.plus_one(source), seen.append)
    return observed(seen, library.writes(source))


def _read_heavy_by_hand(size: int) -> Run:
    box = Box()

    def run(values: range) -> object:
        out = None
        for value in values:
            box.value = plus_one(value)
            for _ in READS:
                out = box.value
        return out

    return run


def _read_heavy_by_library(library: Library, size: int) -> Run:
    source = library.source(0)
    return library.reads_often(source, library.plus_one(source))


def _write_heavy_by_hand(size: int) -> Run:
    box = Box()

    def run(values: range) -> object:
        out = None
        for value in values:
            for written in range(value * WRITES, value * WRITES + WRITES):
                box.value = written
            out = plus_one(box.value)
        return out

    return run


def _write_heavy_by_library(library: Library, size: int) -> Run:
    source = library.source(0)
    return library.writes_often(source, library.plus_one(source))


def _wide_by_hand(size: int) -> Run:
    seen: list[int] = []
    sink = seen.append

    def loop(values: range) -> None:
        for value in values:
            sink(plus(value, 0))

    return observed(seen, loop)


def _wide_by_library(library: Library, size: int) -> Run:
    seen: list[int] = []
    common = library.source(0)  # joins all of them to one graph, and never changes
    sources = [library.source(0) for _ in range(size)]
    for source in sources:
        library.watch(library.plus(source, common), seen.append)
    return observed(seen, library.writes(sources[size // 2]))


ONE_READ = Work(
    "one source, one derived, read",
    "write a source, read what is derived from it",
    _read_by_hand,
    _read_by_library,
    1,
    40_000,
)
ONE_EFFECT = Work(
    "the same with an effect",
    "write a source, an effect is told what is derived from it",
    _effect_by_hand,
    _effect_by_library,
    1,
    30_000,
)
READ_HEAVY = Work(
    "read-heavy",
    "one write, then 100 reads of what is derived",
    _read_heavy_by_hand,
    _read_heavy_by_library,
    1,
    1_000,
)
WRITE_HEAVY = Work(
    "write-heavy",
    "100 writes, then one read of what is derived",
    _write_heavy_by_hand,
    _write_heavy_by_library,
    1,
    1_000,
)
WIDE = Work(
    "wide",
    "one of 1,000 sources is written; each has a derived cell and an effect, and all share one more input",
    _wide_by_hand,
    _wide_by_library,
    1_000,
    30_000,
)
