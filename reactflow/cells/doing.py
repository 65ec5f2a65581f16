"""What is going on right now: who may change the graph, what is being computed, which reads are noted.

One object holds it for all graphs, since cells of any origin may be combined. Nothing is computed, tracked or run by
two threads at once, so it describes the one thread that is at work; for every other thread (``mine()`` is false) it
says nothing.

Two ways lead in. The general engine takes ``LOCK``. A fast path *claims* the graph instead: it finds ``rest`` true,
sets it to false and puts its thread's number into ``claim``, and between the look and the setting there is no call and
no loop, so that no other thread can come between: CPython changes threads at calls and at backward jumps only. (Where
there is no global interpreter lock, ``rest`` is never true and everything takes ``LOCK``.) Whoever takes ``LOCK`` ends
the rest first, and waits while another thread has a claim. A claim may take ``LOCK`` on top, when it has to leave the
fast path. Nothing here propagates.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from threading import get_ident
from typing import TYPE_CHECKING, Any

from reactflow.cells.node import Computed, Node

if TYPE_CHECKING:
    from reactflow.cells.effect import Effect

HAS_GIL: bool = getattr(sys, "_is_gil_enabled", lambda: True)()
EVENT = 1 << 10  # versions of one event, see `versions`; small, so that versions are small numbers for long
SWITCHED_OFF: set[str] = set()  # fast paths that are left out, see `fast_paths`
# seconds after which a thread that waits for a claim looks again, should it have missed its end
PATIENCE = 0.05


class ColdInput(BaseException):
    """Leaves a user's function that read an input which has to be computed first; never leaves the engine."""

    def __init__(self, node: Computed) -> None:
        super().__init__(node)
        self.node = node


class LeaveRegion(BaseException):
    """Leaves an explicit function that reads a derived cell it was not given: only the engine knows it is current."""


class Doing:
    """What is going on. ``DOING`` is the only one.

    ``track`` is called with each node that is read, before its outcome is looked at; None while nobody wants to know.
    ``reads`` are the reads noted so far, with the versions read, when the general engine tracks; a fast path has a
    plain list instead, and ``track`` is its ``append``.
    """

    __slots__ = (
        "claim", "computing", "depth", "epoch", "last_version", "listed", "noted", "owner", "quick", "reads",
        "rest", "running", "track", "waiting",
    )  # fmt: skip

    def __init__(self) -> None:
        self.track: Callable[[Node], object] | None = None
        self.rest = HAS_GIL  # nothing is under way, and a fast path may claim the graph
        self.claim: int | None = None  # the thread in a fast path
        # the first version of the next event; also grows with every other write, so that what was checked at this
        # epoch is up to date
        self.epoch = EVENT
        self.last_version = 0
        self.quick: dict[Any, object] | None = None  # what a batch on the fast path wrote, see `batches`
        self.running: Any = None  # the nodes whose generated code is running
        self.reads: dict[Node, int] | None = None
        self.listed: list[Any] | None = None  # what an effect on the fast path has read so far
        self.noted: dict[Node, int] | None = None  # the same with versions, since it began to write
        self.computing: Node | None = None
        self.owner: Effect | None = None
        self.depth = 0
        self.waiting = False  # a thread waits for the end of a claim

    def untracked(self) -> Callable[[Node], object] | None:
        """What an untracked block has for ``track``."""
        if self.running is not None:
            return foreign
        return read_in_batch if self.quick is not None else None

    def end_claim(self) -> None:
        """Let others in again, after an event of a fast path."""
        self.claim = None
        self.rest = HAS_GIL  # without a call since the line above: nobody came between
        if self.waiting:
            self.waiting = False
            _FREED.set()

    def drop_claim(self) -> None:
        """End a claim without knowing whether the graph rests: that is found out when ``LOCK`` is given back."""
        self.claim = None
        if self.waiting:
            self.waiting = False
            _FREED.set()


DOING = Doing()
_LOCK = threading.RLock()
_FREED = threading.Event()
_owned: Callable[[], bool] = _LOCK._is_owned  # type: ignore[attr-defined]  # what threading.Condition uses


class GraphLock:
    """The lock of the general engine, re-entrant; a fast path is neither under way nor begun while it is held."""

    __slots__ = ("depth", "enter_effects", "is_idle", "leave_quick")

    def __init__(self) -> None:
        self.depth = 0
        self.is_idle: Callable[[], bool] = lambda: True  # whether the engine has nothing under way, set by it
        self.leave_quick: Callable[[], None] = lambda: None  # ends the fast path of a batch, set by `batch`
        self.enter_effects: Callable[[], None] = lambda: None  # the same for that of effects, set by `fast`

    def acquire(self) -> None:
        """Take the lock, and wait for the end of another thread's claim."""
        _LOCK.acquire()
        me = get_ident()
        while True:
            DOING.rest = False
            if DOING.claim is None or DOING.claim == me:
                # without a call since the line above: nobody came between
                self.depth += 1
                try:
                    if DOING.quick is not None:
                        self.leave_quick()
                    elif DOING.listed is not None:
                        self.enter_effects()
                except BaseException:  # an interrupt in a comparison
                    self.release()
                    raise
                return
            _LOCK.release()  # the claim may need it to get on
            _FREED.clear()
            DOING.waiting = True
            if DOING.claim is not None:
                _FREED.wait(PATIENCE)
            _LOCK.acquire()

    def release(self) -> None:
        """Give the lock back; the graph rests if nothing is under way."""
        self.depth -= 1
        if not self.depth and DOING.claim is None:
            DOING.rest = HAS_GIL and self.is_idle()
        _LOCK.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


LOCK = GraphLock()


def mine() -> bool:
    """Whether this thread is the one that ``DOING`` describes."""
    return _owned() or DOING.claim == get_ident()


def note(node: Any) -> None:
    """Note a read, with the version that is read: a computed node is brought up to date first."""
    if mine():
        if isinstance(node, Computed):
            node.bring_up_to_date()
        reads = DOING.reads
        if reads is not None:
            reads.setdefault(node, node.version)


def foreign(node: Node) -> None:
    """A read in generated code that is not tracked: sources only are surely current."""
    if isinstance(node, Computed) and DOING.running is not None and mine():
        raise LeaveRegion


def read_in_batch(node: Node) -> None:
    """A read in a batch on the fast path: a derived cell may be behind, the engine has to find out."""
    if isinstance(node, Computed) and DOING.quick is not None and mine():
        with LOCK:  # whoever takes it ends the fast path
            pass


class Untracked:
    """A block whose reads subscribe nothing."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before: tuple[Any, Any] | None = None
        track = DOING.track
        if track is not None and track is not foreign and track is not read_in_batch and mine():
            self._before = track, DOING.reads
            DOING.track, DOING.reads = DOING.untracked(), None

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            DOING.track, DOING.reads = self._before
            if DOING.noted is not None:  # an effect has begun to write inside
                DOING.track, DOING.reads = note, DOING.noted
