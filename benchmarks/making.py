"""What it costs to make cells, and to keep them: a source and what is derived from it, against two bare values.

Apart from the works, as nothing propagates here. The user's function is not counted: explicit cells share one, and of
tracked ones the bytes of their closures are taken off.
"""

from __future__ import annotations

import gc
import math
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from benchmarks.functions import plus_one
from benchmarks.libraries import Form
from benchmarks.libraries.library import Library
from benchmarks.measure import cpu_seconds, median_of_ratios
from benchmarks.probe import PATIENCE, apart

PAIRS = 10_000
"""Pairs of one measurement."""


class Making(NamedTuple):
    """What a pair costs: making it, making it and reading it once, its bytes then, and its bytes under an effect."""

    made: float
    """As a ratio to keeping two values in lists."""
    read: float
    """As a ratio to that and calling the function."""
    bytes_read: float
    bytes_observed: float


def _by_hand(call: bool) -> Callable[[range], object]:
    def run(values: range) -> object:
        sources: list[int] = []
        results: list[int] = []
        if call:
            for value in values:
                sources.append(value)
                results.append(plus_one(value))
        else:
            for value in values:
                sources.append(value)
                results.append(value + 1)
        return sources, results

    return run


def _by_library(library: Library, read: bool) -> Callable[[range], object]:
    def run(values: range) -> object:
        sources: list[object] = []
        results: list[object] = []
        source_of, derive, look = library.source, library.plus_one, library.look
        for value in values:
            source = source_of(value)
            result = derive(source)
            if read:
                look(result)
            sources.append(source)
            results.append(result)
        return sources, results

    return run


def bytes_of(build: Callable[[], object]) -> float:
    """Bytes a pair of what is built, as long as it is kept; in a process of its own, where nothing is left over."""

    def traced() -> int:
        gc.collect()
        tracemalloc.start()
        kept = build()
        gc.collect()
        size, _ = tracemalloc.get_traced_memory()
        del kept
        return size

    return (apart(traced, PATIENCE) or math.nan) / PAIRS


def closures(library: Any) -> float:
    """Bytes of the functions that a form makes anew for each pair: they are the user's."""
    if not hasattr(library, "make"):
        return 0.0
    sources = [library.source(value) for value in range(PAIRS)]
    library.make = lambda fn: fn
    return bytes_of(lambda: [library.plus_one(source) for source in sources]) - 8  # the place in the list


def _observed(library: Library) -> object:
    sources, results = _pairs(library)
    library.watch(library.total(results), lambda value: None)
    return sources, results


def _pairs(library: Library) -> tuple[list[object], list[object]]:
    """The pairs, each read once."""
    sources = [library.source(value) for value in range(PAIRS)]
    results = [library.plus_one(source) for source in sources]
    for result in results:
        library.look(result)
    return sources, results


def _bare() -> object:
    return list(range(PAIRS)), [plus_one(value) for value in range(PAIRS)]


def bare_bytes() -> float:
    """Bytes of two bare values, kept in two lists."""
    return bytes_of(_bare)


def making(forms: Sequence[Form], rounds: int) -> dict[str, Making]:
    """Measure what cells cost to make and to keep, by the name of the form."""
    kept = {}
    for form in forms:  # first, as some libraries keep what they have grown to
        functions = closures(form.make(False))
        kept[form.name] = [
            bytes_of(partial(build, form.make(False))) - functions for build in (_pairs, _observed)
        ]
    values = range(1_000, 1_000 + PAIRS)
    runs = {
        (form.name, read): _by_library(form.make(False), read) for form in forms for read in (False, True)
    }
    runs |= {("by hand", call): _by_hand(call) for call in (False, True)}
    times: dict[tuple[str, bool], list[float]] = {key: [] for key in runs}
    for _ in range(rounds + 1):  # the first one warms up
        for key, run in runs.items():
            gc.collect()
            times[key].append(cpu_seconds(run, values)[0])
    found = {}
    for form in forms:
        made, read = (
            median_of_ratios(times[form.name, called][1:], times["by hand", called][1:])
            for called in (False, True)
        )
        found[form.name] = Making(made, read, *kept[form.name])
    return found
