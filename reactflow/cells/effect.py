"""Effects: code that runs when cells change.

An effect runs once when it is made and again after each event that changed what it read. It owns the effects that are
made while it runs: they are stopped before it runs again, and with it. Clean-ups run in reverse order, before the next
run and at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar

from reactflow.cells.engine import CLEAN, ENGINE, LAZY, STALE, THREAD, Computed, Node
from reactflow.cells.event import first_run
from reactflow.cells.naming import Site, function_line, here
from reactflow.cells.readable import Readable
from reactflow.cells.semantics import UNSET, Failure
from reactflow.errors import CellsError, ReadOnlyError, Unset

T = TypeVar("T")
_ORDER = count(1)


class Effect(Computed):
    """A running effect; call it (or ``stop()``) to end it."""

    __slots__ = (
        "checked", "children", "cleanups", "fn", "given_name", "inputs", "order", "owner", "seen", "site", "state",
        "stopped", "tracked",
    )  # fmt: skip
    kind = "effect"
    is_root = True
    is_effect = True

    def __init__(self, fn: Callable[[], object], name: str | None = None) -> None:
        self.outcome: Any = UNSET
        self.version = 0
        self.observers = None
        self.is_pulse = False
        self.equal = None
        self.fn = fn
        self.given_name = name
        self.site: Site | None = here()
        self.order = next(_ORDER)
        self.inputs: tuple[Node, ...] = ()
        self.seen: tuple[int, ...] | None = None
        self.state = CLEAN
        self.checked = -1
        self.tracked = True
        self.owner = THREAD.owner
        self.children: list[Effect] = []
        self.cleanups: list[Callable[[], object]] = []
        self.stopped = False
        if self.owner is not None:
            self.owner.children.append(self)

    @property
    def name(self) -> str:
        """What the effect is called: ``name=``, its function, or where that was written."""
        called = self.given_name or str(getattr(self.fn, "__name__", ""))
        return called if called and called != "<lambda>" else self.where

    @property
    def where(self) -> str:
        """The place that made the effect, as ``file:line``."""
        return str(self.site) if self.site else function_line(self.fn)

    def run(self) -> None:
        """Clean up after the last run, then run; whatever happens, the effect follows what it read."""
        engine, thread = ENGINE, THREAD
        if engine.instrument is not None:
            engine.instrument.effect_run(self)
        self.state = CLEAN
        before = thread.reads, thread.owner, thread.computing, thread.depth
        reads: dict[Node, int] = {}
        try:
            self._clean_up()
            thread.reads, thread.owner, thread.computing, thread.depth = reads, self, None, 0
            cleanup = self.fn()
            if callable(cleanup):
                self.cleanups.append(cleanup)
        except Unset:
            if not any(one.outcome is UNSET for one in reads):
                raise
            # it read a cell that has no value yet: it waits, and runs when there is one
        finally:
            thread.reads, thread.owner, thread.computing, thread.depth = before
            if self.stopped:  # it stopped itself: what it made meanwhile goes too
                self._clean_up()
            else:
                engine.rewire(self, tuple(reads), tuple(reads.values()))
                if any(one.version != version or not engine.is_fresh(one) for one, version in reads.items()):
                    self.state = STALE  # it wrote what it read
                    engine.queue[self] = None

    def _clean_up(self) -> None:
        errors: list[Exception] = []
        children, self.children = self.children, []
        for child in reversed(children):
            child._end(errors)
        cleanups, self.cleanups = self.cleanups, []
        before = THREAD.reads, THREAD.owner
        THREAD.reads, THREAD.owner = None, None
        try:
            for cleanup in reversed(cleanups):
                try:
                    cleanup()
                except Exception as error:
                    errors.append(error)
        finally:
            THREAD.reads, THREAD.owner = before
        if errors:
            raise errors[0] if len(errors) == 1 else ExceptionGroup("clean-ups failed", errors)

    def _end(self, errors: list[Exception]) -> None:
        self.stopped = True
        self.state = LAZY
        ENGINE.queue.pop(self, None)
        for one in self.inputs:
            ENGINE.unobserve(one, self)
        self.inputs, self.seen = (), None
        try:
            self._clean_up()
        except Exception as error:
            errors.append(error)

    def stop(self) -> None:
        """End the effect: stop what it made, clean up, and never run again. Stopping twice does nothing."""
        with ENGINE.lock:
            if self.stopped:
                return
            if self.owner is not None and self in self.owner.children:
                self.owner.children.remove(self)
            errors: list[Exception] = []
            self._end(errors)
        if errors:
            raise errors[0]

    dispose = stop  # the name that ReactiveX gives it

    def __call__(self) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<effect {self.name}{' (stopped)' * self.stopped}>"


def effect(fn: Callable[[], object], *, name: str | None = None) -> Effect:
    """Run a function now and after each change of what it read; call the result to stop. Also a decorator.

    The function may return a function, its clean-up. What it reads unset makes it wait. Raises what the first run
    raises (the effect stays, and follows what it read), and ReadOnlyError inside a derived cell.

    >>> from reactflow import cell
    >>> length = cell(3.0)
    >>> stop = effect(lambda: print("length", length.value))
    length 3.0
    >>> length.value = 5.0
    length 5.0
    >>> stop()
    """
    if THREAD.computing is not None:
        raise ReadOnlyError(
            f"{str(THREAD.computing.name)!r} is derived and makes an effect: a derived cell only computes"
        )
    with ENGINE.lock:
        made = Effect(fn, name)
        first_run(made)
    return made


def on_cleanup(fn: Callable[[], object]) -> None:
    """Have a function called before the running effect runs again, and when it ends.

    Raises CellsError outside an effect.
    """
    if THREAD.owner is None:
        raise CellsError("on_cleanup() is called in an effect, while it runs")
    THREAD.owner.cleanups.append(fn)


@contextmanager
def _untracked() -> Iterator[None]:
    reads, THREAD.reads = THREAD.reads, None
    try:
        yield
    finally:
        THREAD.reads = reads


def untracked(fn: Callable[[], T] | None = None) -> Any:
    """Read without subscribing: ``untracked(fn)`` returns what it returns, ``with untracked():`` does it for a block.

    >>> from reactflow import cell, derived
    >>> length = cell(3.0)
    >>> seldom = derived(lambda: untracked(lambda: length.value))
    >>> seldom.value
    3.0
    """
    if fn is None:
        return _untracked()
    with _untracked():
        return fn()


def watch(
    source: Readable[T], on_value: Callable[[T], object], on_error: Callable[[Exception], object] | None
) -> Effect:
    """An effect on one cell: calls a function with each value, and subscribes to nothing that the function reads."""

    def told() -> None:
        outcome = source._current()
        if type(outcome) is Failure and on_error is not None and isinstance(outcome.error, Exception):
            error = outcome.error
            untracked(lambda: on_error(error))
        else:
            value = source._read()
            untracked(lambda: on_value(value))

    return effect(told, name=f"subscription of {source.name}")


class Keeper(Computed):
    """Keeps cells up to date at the end of every event, as if an effect observed them; a flow's instance has one."""

    __slots__ = ("checked", "inputs", "seen", "state", "tracked")
    is_root = True
    name = "keeper"

    def __init__(self, nodes: tuple[Node, ...]) -> None:
        self.outcome: Any = UNSET
        self.version = 0
        self.observers = None
        self.is_pulse = self.tracked = False
        self.equal = None
        self.inputs: tuple[Node, ...] = nodes
        self.seen: tuple[int, ...] | None = None
        self.state = CLEAN
        self.checked = -1
        with ENGINE.lock:
            for node in nodes:
                ENGINE.refresh(node)
            for node in nodes:
                ENGINE.observe(node, self)

    def settle(self) -> None:
        """Bring every kept cell up to date."""
        for node in self.inputs:
            ENGINE.refresh(node)
        self.state = CLEAN
