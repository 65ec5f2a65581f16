"""The fast paths of the live graph, by name: each can be switched off, and so shows what it gains.

One that gains less than a fifth on every work is to be deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from reactflow.cells import fast_paths as paths

FAST_PATHS = paths.FAST_PATHS
ALL = "all"

WORTH = 1.2
"""How many times faster a path has to make some work, to be worth its code."""


@contextmanager
def without(names: Iterable[str]) -> Iterator[None]:
    """Switch fast paths off for the length of a block: some, or, with ``ALL``, the whole of it."""
    off = [*names]
    with paths.fast_paths(False) if ALL in off else paths.without(*off):
        yield
