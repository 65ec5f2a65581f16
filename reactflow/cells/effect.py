"""Effects: code that runs when cells change.

An effect runs once when it is made and again after each event that changed what it read. It owns the effects that are
made while it runs: they are stopped before it runs again, and with it. Clean-ups run in reverse order, before the next
run and at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import count
from typing import Any, TypeVar, overload
from weakref import ref

from reactflow.cells.doing import DOING, LOCK, Untracked, mine, note
from reactflow.cells.engine import ENGINE
from reactflow.cells.event import first_run
from reactflow.cells.functions import needed_by
from reactflow.cells.given import called, runs_later
from reactflow.cells.naming import Site, function_line, here
from reactflow.cells.node import CLEAN, LAZY, STALE, Computed, Node
from reactflow.cells.parentheses import makes_block
from reactflow.cells.readable import Readable
from reactflow.cells.refusals import refuse_in_flow_body
from reactflow.cells.semantics import UNSET, Failure
from reactflow.errors import CellsError, DeclarationError, ReadOnlyError, Unset

T = TypeVar("T")
_ENDED: Callable[[], object] = lambda: None  # noqa: E731  # what a stopped effect has for a function: it has no name
_ORDER = count(1)


class Effect(Computed):
    """A running effect; call it (or ``stop()``) to end it."""

    __slots__ = (
        "checked", "fn", "given_name", "inputs", "order", "owned", "owner", "reads", "seen", "site", "state", "stopped",
        "tracked",
    )  # fmt: skip
    kind = "effect"
    is_root = True
    is_effect = True

    def __init__(self, fn: Callable[[], object], name: str | None = None) -> None:
        self.outcome: Any = UNSET
        self.version = DOING.last_version  # when it was made: it ran again if it saw a later one (see `why`)
        self.observers = None
        self.is_pulse = False
        self.equal = None
        self.fn = fn
        self.given_name = name
        self.site: Site | None = here()
        self.order = next(_ORDER)
        self.inputs: tuple[Node, ...] = ()
        self.reads: list[Node] = []
        self.seen: tuple[int, ...] | int | None = None
        self.state = CLEAN
        self.checked = -1
        self.tracked = True
        self.owner = DOING.owner if DOING.owner is not None and mine() else None
        self.owned: list[Effect | Callable[[], object]] = []  # effects made and clean-ups, in order
        self.stopped = False
        if self.owner is not None:
            self.owner.owned.append(self)

    @property
    def name(self) -> str:
        """What the effect is called: ``name=``, the variable it was stored to, its function, or ``file:line``."""
        if self.given_name is None:
            called = str(getattr(self.fn, "__name__", "<lambda>"))
            return (self.site and self.site.name) or (called if called != "<lambda>" else self.where)
        return self.given_name

    @property
    def where(self) -> str:
        """The place that made the effect, as ``file:line``."""
        return str(self.site) if self.site else function_line(self.fn)

    def run(self) -> None:
        """Clean up after the last run, then run; whatever happens, the effect follows what it read.

        Raises what the function raises; a clean-up that fails is told too, and does not keep the effect from running.
        """
        engine, thread = ENGINE, DOING
        if engine.instrument is not None:
            engine.instrument.effect_run(self)
        errors: list[Exception] = []
        self.state = CLEAN
        if self.owned and not self._clean_up(errors):
            _raise(errors)
            return
        reads: dict[Node, int] = {}
        through = False
        before = thread.track, thread.reads, thread.owner, thread.computing, thread.depth
        thread.track, thread.reads, thread.owner, thread.computing, thread.depth = note, reads, self, None, 0
        try:
            try:
                cleanup = self.fn()
                if callable(cleanup):
                    self.owned.append(cleanup)
            except Unset as error:
                if not any(one.outcome is UNSET for one in reads):
                    errors.append(error)
                # else it read a cell that has no value yet: it waits, and runs when there is one
            except Exception as error:
                errors.append(error)
            through = True
        finally:
            thread.track, thread.reads, thread.owner, thread.computing, thread.depth = before
            if self.stopped:  # it stopped itself: what it made meanwhile goes too
                self._clean_up(errors)
            else:
                self._follow(reads, through)
        if errors:
            _raise(errors)

    def has_run(self, cleanup: object, errors: list[Exception]) -> None:
        """Take what a run on the fast path leaves behind, when it is more than what the last one left."""
        if callable(cleanup):
            self.owned.append(cleanup)
        self._end_run(errors, through=True)

    def has_raised(self, error: Exception | None, errors: list[Exception]) -> None:
        """The same after a run that raised; None is an interrupt, after which it has to run again."""
        reads = DOING.noted or DOING.listed or ()
        if error is not None and not (
            isinstance(error, Unset) and any(one.outcome is UNSET for one in reads)
        ):
            error.add_note(f"in the effect {self.name!r}, made at {self.where}")
            errors.append(error)
        self._end_run(errors, through=error is not None)

    def _end_run(self, errors: list[Exception], *, through: bool) -> None:
        listed, noted = DOING.listed, DOING.noted
        DOING.track = DOING.listed = DOING.noted = DOING.reads = DOING.owner = None
        reads = noted if noted is not None else {one: one.version for one in listed or ()}
        with LOCK:
            if self.stopped:
                failed: list[Exception] = []
                self._clean_up(failed)
                errors += failed
            else:
                self._follow(reads, through)
                if listed is not None:
                    self.reads = listed

    def _follow(self, reads: dict[Node, int], through: bool) -> None:
        """Subscribe to what the run read; it runs again if it was interrupted, or if what it read has moved on."""
        ENGINE.rewire(self, tuple(reads), tuple(reads.values()) if through else None)
        for one, seen in reads.items():
            if one.version != seen or one.state == STALE:
                through = False
        if not through:
            self.state = STALE
            ENGINE.queue[self] = None

    def _clean_up(self, errors: list[Exception]) -> bool:
        """End what the last run left, in reverse order: the effects it made, and its clean-ups.

        Returns whether the effect goes on: a clean-up may stop it.
        """
        before = DOING.track, DOING.reads, DOING.owner
        DOING.track, DOING.reads, DOING.owner = None, None, None
        try:
            while self.owned:
                one = self.owned.pop()
                try:
                    if isinstance(one, Effect):
                        one._end(errors)
                    else:
                        one()
                except Exception as error:
                    errors.append(error)
        finally:
            DOING.track, DOING.reads, DOING.owner = before
        return not self.stopped

    def _end(self, errors: list[Exception]) -> None:
        self.stopped = True
        self.state = LAZY
        ENGINE.queue.pop(self, None)
        for one in self.inputs:
            ENGINE.unobserve(one, self)
        self.inputs, self.reads, self.seen = (), [], None
        self.fn = _ENDED  # a handle that is kept keeps nothing else alive
        self._clean_up(errors)

    def stop(self) -> None:
        """End the effect: stop what it made, clean up, and never run again. Stopping twice does nothing.

        Raises what a clean-up raises, after all of them have run.
        """
        with LOCK:
            if self.stopped:
                return
            if self.owner is not None and self in self.owner.owned:
                self.owner.owned.remove(self)
            errors: list[Exception] = []
            self._end(errors)
        _raise(errors)

    dispose = stop  # the name that ReactiveX gives it

    def __call__(self) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<effect {self.name}{' (stopped)' * self.stopped}>"


def _raise(errors: list[Exception]) -> None:
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ExceptionGroup("an effect and its clean-ups failed", errors)


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
    _refuse_in_derived()
    _check_function(fn)
    refuse_in_flow_body()
    return _started(Effect(fn, name))


def _check_function(fn: Any) -> None:
    """Refuse what cannot run as an effect, with the remedy."""
    if isinstance(fn, Readable):
        raise DeclarationError(
            f"effect({fn.name}): an effect is a function that reads cells; write {fn.name}.subscribe(print), or "
            f"effect(lambda: print({fn.name}.value))"
        )
    if not callable(fn):
        raise DeclarationError(f"effect({fn!r}): an effect is a function without arguments that reads cells")
    needed = needed_by(fn)
    if needed:
        raise DeclarationError(
            f"effect({getattr(fn, '__name__', '')}): it takes {', '.join(needed)} ({function_line(fn)}), and an effect "
            "is called without arguments. In a flow, subscribe on an instance: room.cells.area.subscribe(...)"
        )
    if fault := runs_later(fn):
        raise DeclarationError(
            f"effect({called(fn)}): {fault}; read the cells in a plain function, and start there what takes time"
        )


def _refuse_in_derived() -> None:
    computing = ENGINE.computing()
    if computing:
        raise ReadOnlyError(f"{computing!r} is derived and makes an effect: a derived cell only computes")


def _started(made: Effect) -> Effect:
    with LOCK:
        try:
            first_run(made)
        except Exception:
            raise  # it stays: what made it fail may change
        except BaseException:
            made.stop()  # interrupted before anybody had it
            raise
    return made


def on_cleanup(fn: Callable[[], object]) -> None:
    """Have a function called before the running effect runs again, and when it ends.

    Raises CellsError outside an effect.

    >>> from reactflow import cell
    >>> length = cell(3.0)
    >>> def shown() -> None:
    ...     print("length", length.value)
    ...     on_cleanup(lambda: print("not any more"))
    >>> stop = effect(shown)
    length 3.0
    >>> stop()
    not any more
    """
    if DOING.owner is None or not mine() or ENGINE.computing():
        raise CellsError("on_cleanup() is called in an effect, while it runs")
    with LOCK:  # which tells a fast path that there is something to see to
        DOING.owner.owned.append(fn)


@overload
def untracked() -> AbstractContextManager[None]: ...
@overload
def untracked(fn: Callable[[], T]) -> T: ...
@makes_block
def untracked(fn: Any = None) -> Any:
    """Read without subscribing: ``untracked(fn)`` returns what it returns, ``with untracked():`` does it for a block.

    Raises DeclarationError when ``fn`` is no function.

    >>> from reactflow import cell, derived
    >>> length = cell(3.0)
    >>> seldom = derived(lambda: untracked(lambda: length.value))
    >>> seldom.value
    3.0
    """
    if fn is None:
        return Untracked()
    if not callable(fn):
        shown = f"the cell {fn.name!r}" if isinstance(fn, Readable) else repr(fn)
        raise DeclarationError(
            f"untracked() takes a function, not {shown}: write area.peek(), or untracked(lambda: area.value)"
        )
    with Untracked():
        return fn()


class Subscription(Effect):
    """An effect on one cell: calls a function with each value, and subscribes to nothing that the function reads."""

    __slots__ = ("source",)

    def __init__(
        self,
        source: Readable[Any],
        on_value: Callable[[Any], object],
        on_error: Callable[[Exception], object] | None,
    ) -> None:
        def told() -> None:
            outcome = source._current()
            with Untracked():
                if on_error is not None and type(outcome) is Failure and isinstance(outcome.error, Exception):
                    on_error(outcome.error)
                else:
                    on_value(source._read())

        super().__init__(told, None)
        self.source = ref(source)  # its function holds the cell, until it is stopped

    @property
    def name(self) -> str:
        """What the effect is called: a subscription of its cell."""
        source = self.source()
        return "subscription" if source is None else f"subscription of {source.name}"


def watch(
    source: Readable[T], on_value: Callable[[T], object], on_error: Callable[[Exception], object] | None
) -> Effect:
    """Subscribe functions to one cell. Raises ReadOnlyError inside a derived cell."""
    _refuse_in_derived()
    refuse_in_flow_body()
    return _started(Subscription(source, on_value, on_error))


class Keeper(Computed):
    """Keeps cells up to date at the end of every event, as if an effect observed them; a flow's instance has one."""

    __slots__ = ("checked", "inputs", "seen", "state", "tracked")
    is_root = is_eager = True
    name = "keeper"

    def __init__(self, nodes: tuple[Node, ...]) -> None:
        self.outcome: Any = UNSET
        self.version = 0
        self.observers = None
        self.is_pulse = self.tracked = False
        self.equal = None
        self.inputs: tuple[Node, ...] = nodes
        self.seen: tuple[int, ...] | int | None = None
        self.state = CLEAN
        self.checked = -1
        with LOCK:
            for node in nodes:
                ENGINE.refresh(node)
            for node in nodes:
                ENGINE.observe(node, self)

    def settle(self) -> None:
        """Bring every kept cell up to date."""
        for node in self.inputs:
            ENGINE.refresh(node)
        self.state = CLEAN
