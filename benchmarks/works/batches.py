"""Works with several sources written as one event."""

from __future__ import annotations

from benchmarks.functions import minus, plus, times, total
from benchmarks.libraries.library import Library
from benchmarks.works.work import Run, Work, observed


def _thousand_by_hand(size: int) -> Run:
    seen: list[int] = []
    sink = seen.append
    kept = [0] * size
    places = range(size)

    def loop(values: range) -> None:
        for value in values:
            for place in places:
                kept[place] = value
            sink(total(*kept))

    return observed(seen, loop)


def _thousand_by_library(library: Library, size: int) -> Run:
    seen: list[int] = []
    sources = [library.source(0) for _ in range(size)]
    library.watch(library.total(sources), seen.append)
    return observed(seen, library.writes_all(sources))


def _batch_by_hand(size: int) -> Run:
    seen: list[int] = []
    sink = seen.append

    def loop(values: range) -> None:
        for value in values:
            a = b = d = value
            c = -value
            sink(times(plus(a, b), minus(c, d)))

    return observed(seen, loop)


def _batch_by_library(library: Library, size: int) -> Run:
    seen: list[int] = []
    a, b, c, d = (library.source(0) for _ in range(4))
    library.watch(library.times(library.plus(a, b), library.minus(c, d)), seen.append)
    return observed(seen, library.writes_four(a, b, c, d))


class Room:
    """By hand, the state of a key."""

    __slots__ = ("length", "width")

    def __init__(self) -> None:
        self.length = self.width = 0


def _keyed_by_hand(size: int) -> Run:
    seen: list[int] = []
    sink = seen.append
    rooms = [Room() for _ in range(size)]

    def loop(values: range) -> None:
        for value in values:
            room = rooms[value % size]
            room.length = value
            room.width = value
            sink(times(value, value))

    return observed(seen, loop)


def _keyed_by_library(library: Library, size: int) -> Run:
    seen: list[int] = []
    rooms = [(library.source(0), library.source(0)) for _ in range(size)]
    for length, width in rooms:
        library.watch(library.times(length, width), seen.append)
    return observed(seen, library.writes_pairs(rooms))


THOUSAND = Work(
    "1,000 sources in one batch",
    "all of them written in one batch, their total, and an effect",
    _thousand_by_hand,
    _thousand_by_library,
    1_000,
    100,
    batched=True,
)
BATCH = Work(
    "batch",
    "four sources of one small graph written in one batch, and an effect",
    _batch_by_hand,
    _batch_by_library,
    1,
    15_000,
    batched=True,
)
KEYED = Work(
    "keyed stream, two cells an event",
    "1,000 rooms; each event writes length and width of one, an effect is told its area",
    _keyed_by_hand,
    _keyed_by_library,
    1_000,
    20_000,
    batched=True,
)
