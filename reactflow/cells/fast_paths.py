"""The switches of the fast paths: each can be left out, and so shows what it gains.

A switch is asked when code is about to be made, not when it runs: it holds for graphs that are made, or written often,
inside the block. The benchmarks measure each work with and without, the property tests run both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reactflow.cells.batch import Batch, enter_by_engine, enter_quickly
from reactflow.cells.doing import LOCK, SWITCHED_OFF
from reactflow.cells.engine import ENGINE

FAST_PATHS = ("writes", "reads", "batches", "plain functions", "joint programs", "former inputs")
"""Generated code for what a write leads to, and for a lazy read; batches without the engine; untracked functions.

Of these, joint programs are the code of sources that are written in one batch again and again, and go with ``writes``
and ``batches``. Former inputs are what a cell that goes to and fro stays subscribed to, so that its code goes on.
"""


@contextmanager
def fast_paths(on: bool) -> Iterator[None]:
    """Use the fast paths, or the general engine alone, for the length of a ``with`` block; code that stands rests.

    >>> from reactflow import cell
    >>> with fast_paths(False):
    ...     cell(1.0).value
    1.0
    """
    before = ENGINE.fast
    with LOCK:  # whether the graph rests is found out anew when it is given back
        ENGINE.fast = on
    try:
        yield
    finally:
        with LOCK:
            ENGINE.fast = before


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Do without some of the fast paths, for what is made in a ``with`` block. Raises ValueError for another name.

    >>> with without("reads", "batches"):
    ...     pass
    """
    unknown = [name for name in names if name not in FAST_PATHS]
    if unknown:
        raise ValueError(f"there is no fast path {unknown[0]!r}; there are {', '.join(FAST_PATHS)}")
    before = set(SWITCHED_OFF)
    SWITCHED_OFF.update(names)
    _set_batches()
    try:
        yield
    finally:
        SWITCHED_OFF.clear()
        SWITCHED_OFF.update(before)
        _set_batches()


def _set_batches() -> None:
    """A batch has no code of its own to be asked before: the way into it is exchanged."""
    way = enter_by_engine if "batches" in SWITCHED_OFF else enter_quickly
    Batch.__enter__ = way  # type: ignore[method-assign]  # so that a batch pays nothing for the switch
