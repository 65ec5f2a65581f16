"""Batches: several writes that become visible at once, and savepoints.

A batch that begins while the graph rests is on the fast path: it claims the graph and notes what each source had before
its write, nothing more. When it ends, the sources that moved get one version, and if the same sources are written in
one batch again and again, their common region has a ``Program`` as that of a single source has. At the first thing
that is more than writing sources and reading them (a derived cell is read, an effect made, a pulse emitted, a batch
opened inside) it becomes a batch of the engine, with a journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

from reactflow.cells.compiled import chunks_of
from reactflow.cells.doing import DOING, EVENT, LOCK, SWITCHED_OFF, read_in_batch
from reactflow.cells.engine import ENGINE
from reactflow.cells.event import PENDING, PENDING_SINCE, conclude, write_in_event
from reactflow.cells.fast import SITES, WARM_WRITES, Program, program_of
from reactflow.cells.journal import merge_level, restore_level
from reactflow.cells.parentheses import makes_block
from reactflow.cells.semantics import UNSET, says_same
from reactflow.cells.versions import begin_event
from reactflow.errors import CellsError, DeclarationError, ReadOnlyError


class _BatchType(type):
    """The type of ``Batch``: ``with batch:``, without parentheses, asks it to enter."""

    if not TYPE_CHECKING:

        def __enter__(cls) -> NoReturn:
            raise DeclarationError("'with batch:' lacks its parentheses: write 'with batch():'")

        def __exit__(cls, *_: object) -> None: ...


class Batch(metaclass=_BatchType):
    """Make several writes visible at once: ``with batch(): ...``.

    Inside, the batch's own reads see its writes; effects see none of them before it ends, and another thread that reads
    in ``snapshot()`` sees all or none. A body that raises undoes them all. A batch inside a batch is a savepoint.
    Effects run once, at the end of the outermost one; those that fail arrive together as one ExceptionGroup. Other
    threads that write wait until the batch has ended.

    >>> from reactflow import cell
    >>> length, width = cell(3.0), cell(4.0)
    >>> stop = (length * width).subscribe(print)
    12.0
    >>> with batch():
    ...     length.value, width.value = 1.0, 2.0
    2.0
    """

    __slots__ = ("_level",)

    def __enter__(self) -> None:
        quick: dict[Any, object] = {}
        me = get_ident()
        doing = DOING
        if doing.rest:  # no call from here on: nobody else gets a turn
            doing.rest = False
            doing.claim = me
            doing.track = read_in_batch
            doing.quick = quick
            self._level = 1
            return
        self._enter_by_engine()

    def _enter_by_engine(self) -> None:
        if getattr(self, "_level", 0):
            raise CellsError(
                "this batch is open already, and a batch is entered once at a time: "
                "write 'with batch():' for each one, which makes a new one"
            )
        computing = ENGINE.computing()
        if computing:
            raise ReadOnlyError(f"{computing!r} is derived and opens a batch: it only computes")
        LOCK.acquire()
        if not ENGINE.levels:
            begin_event()
        ENGINE.levels.append({})
        self._level = len(ENGINE.levels)
        if ENGINE.in_effects:
            PENDING_SINCE.append(len(PENDING))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        engine = ENGINE
        level, self._level = self._level, 0
        if DOING.quick is not None and DOING.claim == get_ident():
            _end(error)
            return
        try:
            if len(engine.levels) != level:
                self._refuse_overlap(level)
            if error is not None:
                restore_level(engine)
            if engine.in_effects:
                since = PENDING_SINCE.pop()
                if error is not None:
                    del PENDING[since:]
            if level > 1:
                merge_level(engine)
            elif error is None:
                conclude()
            else:
                try:
                    conclude()  # nothing changed, but effects made inside saw what is now undone
                except ExceptionGroup as group:
                    error.add_note(f"after the roll-back, effects failed too: {group!r}")
        finally:
            if level == 1:
                DOING.drop_claim()  # it began on the fast path
            LOCK.release()

    if not TYPE_CHECKING:

        def __call__(self, *_: object) -> NoReturn:
            raise DeclarationError("batch() is no decorator: write 'with batch():' inside the function")

        async def __aenter__(self) -> NoReturn:
            raise DeclarationError(
                "'async with batch():' would await inside, while others wait to write: write 'with batch():', "
                "and await before or after it"
            )

        async def __aexit__(self, *_: object) -> None: ...

    @staticmethod
    def _refuse_overlap(level: int) -> NoReturn:
        """Two batches that overlap, as those of two tasks that await inside: end all that the first has begun."""
        engine = ENGINE
        while len(engine.levels) > max(level, 1):
            merge_level(engine)
        if len(engine.levels) == level == 1:
            conclude()
        raise CellsError(
            "a batch was left while another one, opened after it, was still open; both have ended now. "
            "Do not await or yield inside a batch."
        )


@makes_block
@contextmanager
def snapshot() -> Iterator[None]:
    """Read several cells as of one moment, whatever other threads write: ``with snapshot(): ...``.

    >>> from reactflow import cell
    >>> length, width = cell(3.0), cell(4.0)
    >>> with snapshot():
    ...     length.value, width.value
    (3.0, 4.0)
    """
    with LOCK:
        yield


batch = Batch

enter_quickly, enter_by_engine = Batch.__enter__, Batch._enter_by_engine


# --- on the fast path ----------------------------------------------------------------------------------------------


class Joint:
    """Sources that are written in one batch again and again: how often, and their program once it has one."""

    __slots__ = ("heat", "program", "sources")

    def __init__(self, sources: list[Any]) -> None:
        self.sources, self.heat = sources, 0
        self.program: Program | None = None


def _end(error: BaseException | None) -> None:
    """End a batch on the fast path."""
    doing = DOING
    written, doing.quick = doing.quick or {}, None
    doing.track = None
    if error is not None:
        for cell, old in written.items():
            cell.outcome = old
        SITES.clear()
        doing.end_claim()
        return
    now = doing.epoch
    first = None  # of those that moved
    is_observed = False
    try:
        for cell, old in written.items():
            new = cell.outcome
            if new is old:
                continue
            try:
                if (same := old == new) is not False and old is not UNSET and says_same(same):
                    cell.outcome = old  # no change: it keeps the object that it had, as it does everywhere
                    continue
            except Exception:  # a comparison that raises counts as a change
                pass
            cell.version = now
            if cell.observers:
                is_observed = True
            if first is None:
                first = cell
    except BaseException:  # an interrupt in a comparison
        _stand(written, now)
        raise
    if first is None:
        SITES.clear()
        doing.end_claim()
        return
    doing.last_version = now
    doing.epoch = now + EVENT
    if SITES:
        for cell, site in SITES:
            if cell.version == now:
                cell.written_at = now, site
        SITES.clear()
    if not is_observed:
        doing.end_claim()
        return
    joint = first.joint
    if joint is not None and joint.program is not None and joint.sources == [*written]:
        joint.program.run(now)
        return
    with LOCK:
        ENGINE.levels.append({})
        try:
            for cell in written:
                if cell.version is now:
                    ENGINE.mark(cell)
            conclude()
        finally:
            doing.drop_claim()
        _warm_up([*written], first)


def _stand(written: dict[Any, object], now: int) -> None:
    """Keep what a batch wrote, and leave all that follows from it to the next event."""
    with LOCK:
        DOING.last_version = now
        DOING.epoch = now + EVENT
        for cell, old in written.items():
            if cell.outcome is not old:
                cell.version = now
                ENGINE.mark(cell)
        SITES.clear()
        DOING.drop_claim()


def _warm_up(sources: list[Any], first: Any) -> None:
    """Count the batches of the same sources; often enough, their common region gets its code."""
    joint = first.joint
    if joint is None or joint.sources != sources:
        joint = Joint(sources)
    for cell in sources:
        if cell.joint is not joint:
            if cell.joint is not None:
                cell.joint.program = None  # nothing would tell it when the region changes
            cell.joint = joint
    joint.heat += 1
    if (
        joint.heat >= WARM_WRITES
        and ENGINE.is_idle()
        and SWITCHED_OFF.isdisjoint(("writes", "joint programs"))
    ):
        joint.heat = 0
        joint.program = program_of(tuple(sources))
        if joint.program is not None:
            joint.program.chunks = chunks_of(*joint.program.made_of())


def _leave() -> None:
    """Make the batch of the fast path one of the engine: its writes are written again, with a journal."""
    written, DOING.quick = DOING.quick or {}, None
    DOING.track = None
    sites = dict(SITES)
    SITES.clear()
    LOCK.acquire()  # until the batch ends
    begin_event()
    ENGINE.levels.append({})
    new = [(cell, cell.outcome) for cell in written]
    for cell, old in written.items():
        cell.outcome = old
    for cell, value in new:
        write_in_event(cell, value, sites.get(cell))


LOCK.leave_quick = _leave
