"""The fast paths of the live graph, by name: each can be switched off, and so shows what it gains.

A new fast path is one line here. One that gains less than a fifth on every work is to be deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from reactflow.cells.regions import regions

Switch = Callable[[bool], AbstractContextManager[None]]

FAST_PATHS: dict[str, Switch] = {
    "regions": regions,
}


@contextmanager
def without(names: Iterable[str]) -> Iterator[None]:
    """Switch fast paths off for the length of a block."""
    with ExitStack() as switches:
        for name in names:
            switches.enter_context(FAST_PATHS[name](False))
        yield
