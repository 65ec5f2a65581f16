"""What the running thread is doing: the reads being tracked, the cell being computed, the effect being run.

Nothing is tracked, computed or run without the graph's lock, so that the question "is it me?" is "do I hold the lock?".
Nothing here propagates.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from reactflow.cells.node import Computed, Node

if TYPE_CHECKING:
    from reactflow.cells.effect import Effect


class ColdInput(BaseException):
    """Leaves a user's function that read an input which has to be computed first; never leaves the engine."""

    def __init__(self, node: Computed) -> None:
        super().__init__(node)
        self.node = node


class LeaveRegion(BaseException):
    """Leaves a user's function that reads a derived cell while its region runs: only the engine knows it is current."""


class _Doing:
    """What the thread that holds the lock is doing: the reads being tracked, the node computed, the effect run.

    There is one, since nothing is done without the lock; for every other thread (``mine()`` is false) it says nothing.
    """

    __slots__ = ("computing", "depth", "owner", "reads")

    def __init__(self) -> None:
        self.reads: dict[Node, int] | None = None
        self.computing: Node | None = None
        self.owner: Effect | None = None
        self.depth = 0


DOING = _Doing()
LOCK = threading.RLock()
mine: Callable[[], bool] = LOCK._is_owned  # type: ignore[attr-defined]  # what threading.Condition uses


class Untracked:
    """A block whose reads subscribe nothing."""

    __slots__ = ("_reads",)

    def __enter__(self) -> None:
        self._reads = DOING.reads if DOING.reads is not None and mine() else None
        if self._reads is not None:
            DOING.reads = None

    def __exit__(self, *_: object) -> None:
        if self._reads is not None:
            DOING.reads = self._reads
