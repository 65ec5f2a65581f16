"""The fast path of writes: generated code for a region, its effects, and the way back to the engine.

A source that is written again and again gets a ``Program`` for its region: the write is stored, the generated code runs,
then the effects whose inputs moved. It does what ``engine`` and ``event`` would do, to the same outcomes, order and
subscriptions, and only while nothing else is going on (``DOING.rest``). At the first thing that is out of the ordinary
(a function that raises, a value that is taken away, a tracked function that reads something new) the event is handed
over as it stands: what ran keeps its outcome, all that is behind is marked stale, and the engine ends the event.

How a source is written is a function in its slot ``put``: first ``cold``, which counts and goes through the engine,
then ``free`` while nobody observes it, or the program's own. Whatever changes the region puts ``cold`` back.
"""

from __future__ import annotations

import sys
from collections import deque
from threading import get_ident
from typing import TYPE_CHECKING, Any

from reactflow.cells.code import FILE, MISSING, chunks_of
from reactflow.cells.doing import DOING, HAS_GIL, LOCK, ColdInput, mine, note
from reactflow.cells.engine import ENGINE, IN_EVENT
from reactflow.cells.event import close, conclude, is_pending, write
from reactflow.cells.naming import here
from reactflow.cells.node import CLEAN, STALE, Computed, Node
from reactflow.cells.regions import may_branch, region_of
from reactflow.cells.semantics import UNSET, Failure, raised

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactflow.cells.cell import Cell
    from reactflow.cells.effect import Effect

WARM = 32  # writes before a region gets its code, which costs about as much as 30 writes in the engine
REST = 1024  # writes before the next attempt, when there could be none


class LeaveRegion(BaseException):
    """Leaves an explicit function that reads a derived cell it was not given: only the engine knows it is current."""


class Program:
    """The generated code of some nodes, and what to do when it has to stop."""

    __slots__ = ("chunks", "effects", "is_pulling", "nodes", "sources")

    def __init__(self, sources: tuple[Any, ...], nodes: list[Any], effects: tuple[Effect, ...]) -> None:
        self.sources, self.nodes, self.effects = sources, nodes, effects
        self.is_pulling = False
        self.chunks: list[Callable[..., Any]] = []

    def node_running(self) -> Any:
        """The node whose function is running, found from the frame of the generated code."""
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_code.co_filename != FILE:
            frame = frame.f_back
        return frame.f_locals[f"n{frame.f_locals['at']}"]

    def run(self, now: int) -> None:
        """Bring what the sources feed up to date after a write that gave them version ``now``; the graph is claimed."""
        DOING.track = DOING.base = _foreign
        DOING.running = self
        for chunk in self.chunks:
            left = chunk(now)
            if left is not None:
                self.leave(chunk, *left)
                return
        DOING.running = DOING.track = DOING.base = None
        if self.effects:
            tell(self.effects, now)
        else:
            DOING.end_claim()

    # --- leaving ---------------------------------------------------------------------------------------------------

    def mark_from(self, node: Any) -> None:
        """Mark what is behind as stale, when ``node`` and what comes after it in the order have not run."""
        if self.is_pulling:
            return
        ENGINE.levels.append({})
        for source in self.sources:
            ENGINE.mark(source)
        for done in self.nodes:
            if done is node:
                return
            done.state = CLEAN

    def leave_inside(self, _: Node) -> None:
        """Hand over while the function of a tracked node runs, which reads what may not be up to date."""
        node, track = self.node_running(), DOING.track
        reads = track.reads if type(track) is _Watcher else getattr(track, "__self__", None)
        if not node.tracked or reads is None:
            raise LeaveRegion
        LOCK.acquire()  # until the event has ended, see `leave`
        DOING.running = DOING.base = None
        self.mark_from(node)
        node.seen = None
        DOING.reads = {one: one.version for one in reads}
        reads.append(None)  # so that the code finds other reads than it knows, and stops there
        DOING.track, DOING.computing, DOING.depth = note, node, 1
        ENGINE.path[node] = None

    def leave(self, chunk: Any, at: int, error: BaseException | None, value: Any, reads: Any) -> None:
        """Hand the event over to the engine: the nodes before the one at ``at`` of a chunk are done."""
        doing = DOING
        node = chunk.__defaults__[chunk.__code__.co_varnames.index(f"n{at}") - _parameters(chunk)]
        is_inside = doing.running is None  # the engine took over while its function ran
        noted, doing.running = doing.reads, None
        doing.track = doing.base = doing.reads = doing.computing = None
        doing.depth = 0
        if is_inside:
            ENGINE.path.pop(node, None)
        else:
            LOCK.acquire()
        try:
            if not is_inside:
                self.mark_from(node)
            if error is not None and not isinstance(error, (Exception, LeaveRegion, ColdInput)):  # an interrupt
                node.seen = None  # it has to run in any case
                close()
                raise error
            if isinstance(error, LeaveRegion):
                self.give_up()
            elif isinstance(error, ColdInput) or (value is MISSING and error is None):
                pass  # it runs when the event is concluded
            else:
                if not is_inside:
                    noted = None if reads is None else dict.fromkeys(reads)
                    noted = noted and {one: one.version for one in noted}
                outcome = value if value is not MISSING else raised(error)  # type: ignore[arg-type]  # an Exception
                ENGINE.ran(node, outcome, (noted or {}) if node.tracked else None, keep=not self.is_pulling)
            if not self.is_pulling:
                conclude()
        finally:
            doing.drop_claim()
            LOCK.release()

    def give_up(self) -> None:
        """Do without code here: a function reads what it was not given, and will do so again."""
        for source in self.sources:
            source.unplan()
            source.heat = -sys.maxsize


def _parameters(chunk: Any) -> int:
    code = chunk.__code__
    return int(code.co_argcount - len(chunk.__defaults__))


def _foreign(node: Node) -> None:
    """What is read by a function that does not track, or in an untracked block: sources only are surely current."""
    if isinstance(node, Computed) and DOING.running is not None and mine():
        raise LeaveRegion


def agree(node: Any, reads: list[Any]) -> bool:
    """Whether a tracked node that ran can go on in its code, with other reads than the last time."""
    if DOING.running is None:
        return False
    inputs = tuple(dict.fromkeys(reads))
    if inputs != node.inputs:
        if DOING.running.is_pulling or any(node not in (one.observers or ()) for one in inputs):
            return False
        former = ENGINE.followed(node)
        node.inputs = inputs
        ENGINE.formers[node] = tuple(one for one in former if one not in inputs)
    node.arguments = reads
    return True


def moved(node: Any, now: int) -> bool:
    """Whether one of a node's present inputs moved in this event."""
    for one in node.inputs:
        if one.version >= now:
            return True
    return False


class _Watcher:
    """Notes the reads of a tracked node that may read what is not up to date yet."""

    __slots__ = ("node", "reads")

    def __init__(self, node: Any, reads: list[Any]) -> None:
        self.node, self.reads = node, reads

    def __call__(self, read: Any) -> None:
        if not (read.is_source or self.node in (read.observers or ())) and DOING.running is not None and mine():
            DOING.running.leave_inside(read)
            note(read)
        else:
            self.reads.append(read)


def _watcher(node: Any) -> Callable[[list[Any]], _Watcher]:
    return lambda reads: _Watcher(node, reads)


HELPERS = (_foreign, agree, moved, _watcher)


# --- effects -------------------------------------------------------------------------------------------------------


def tell(effects: tuple[Effect, ...], now: int) -> None:
    """Run the effects of which an input moved, in their order; end the claim, or hand over to the engine."""
    due = []
    for effect in effects:
        for one in effect.inputs:
            if one.version >= now:
                effect.state = STALE
                due.append(effect)
                break
    DOING.last_version |= IN_EVENT  # what effects write belongs to the next event
    engine = ENGINE
    engine.levels.append({})
    engine.in_effects = True
    errors: list[Exception] = []
    at = 0
    try:
        for effect in due:
            at += 1
            if effect.state == STALE and not effect.run_again(errors):
                break
        else:
            if not is_pending():
                engine.in_effects = False
                engine.levels.clear()
                DOING.end_claim()
                return
    except BaseException:  # an interrupt: those left run with the next event
        with LOCK:
            engine.queue.update((one, None) for one in due[at:] if one.state == STALE)
            close()
            DOING.drop_claim()
        raise
    with LOCK:
        try:
            conclude(deque(due[at:]), errors)
        finally:
            DOING.drop_claim()


# --- how a source is written -----------------------------------------------------------------------------------------


def free(cell: Cell[Any], value: object) -> None:
    """Write a source that nobody observes."""
    old = cell.outcome
    if value is old:
        return
    try:
        if (old == value) is True and old is not UNSET:
            return
    except Exception:  # a comparison that raises counts as a change
        pass
    doing = DOING
    if doing.rest:  # no call from here on: nobody else gets a turn
        doing.epoch += 1
        doing.last_version = cell.version = (doing.last_version | IN_EVENT) + 1
        cell.outcome = value
    else:
        slow(cell, value)


def slow(cell: Cell[Any], value: object) -> None:
    """Write a source while something is under way: into the batch, if that is on the fast path too."""
    quick = DOING.quick
    if quick is not None and cell.equal is None and DOING.claim == get_ident():
        if cell not in quick:
            quick[cell] = cell.outcome
        cell.outcome = value
    else:
        write(cell, value)


def cold(cell: Cell[Any], value: object) -> None:
    """Write a source that is not written often, or not yet, and keep the place."""
    cell.heat += 1
    doing = DOING
    if doing.quick is not None:
        if doing.claim == get_ident():
            SITES.append((cell, here()))
        slow(cell, value)
    elif cell.observers or cell.equal is not None or not doing.rest:
        write(cell, value)
    else:
        site = here()
        version = cell.version
        free(cell, value)
        if cell.version != version:
            cell.written_at = cell.version, site
    if cell.heat >= WARM:
        warm_up(cell)


SITES: list[tuple[Any, Any]] = []  # where a batch on the fast path wrote


def warm_up(cell: Cell[Any]) -> None:
    """Give a source that has been written often the function that suits it."""
    with LOCK:
        if ENGINE.is_idle() and DOING.claim is None and DOING.quick is None:
            cell.heat = WARM - REST
            if cell.equal is None and not cell.observers and not _is_odd(cell.outcome):
                cell.put = free
            elif cell.observers:
                program = program_of((cell,))
                if program is not None:
                    cell.put = _writing(program)


def _is_odd(outcome: object) -> bool:
    return outcome is UNSET or type(outcome) is Failure


def program_of(sources: tuple[Any, ...]) -> Program | None:
    """The program of some sources, None when their region needs the engine."""
    if any(_is_odd(source.outcome) for source in sources):
        return None
    region = region_of(sources)
    if region is None:
        return None
    watched = region.watched

    def reads(node: Any) -> str:
        if not may_branch(node.fn):
            return "list"
        return "asked watch" if node in watched else "asked list"

    program = Program(sources, region.nodes, tuple(region.effects))
    program.chunks = chunks_of(region.nodes, sources, reads, HELPERS)
    for node in region.nodes:
        node.get = planned
    return program


def planned(node: Any) -> object:
    """How a derived cell that is in a region is read when it is not up to date."""
    return ENGINE.current(node)


def _writing(program: Program) -> Callable[[Any, Any], None]:
    """The function that writes a source whose region has a program."""
    (source,) = program.sources
    chunks, effects, foreign = program.chunks, program.effects, _foreign
    equal, doing = source.equal, DOING

    def put(cell: Any, value: Any) -> None:
        old = cell.outcome
        if value is old:
            return
        if not doing.rest or value is UNSET or value.__class__ is Failure:
            slow(cell, value)
            return
        try:
            if (old == value if equal is None else equal(old, value)) is True:
                return
        except Exception:  # a comparison that raises counts as a change
            pass
        me = get_ident()
        if not doing.rest or cell.put is not put:  # the comparison did something
            slow(cell, value)
            return
        doing.rest = False
        doing.claim = me
        doing.epoch += 1
        doing.last_version = cell.version = now = (doing.last_version | IN_EVENT) + 1
        cell.outcome = value
        doing.track = doing.base = foreign
        doing.running = program
        for chunk in chunks:
            left = chunk(now)
            if left is not None:
                program.leave(chunk, *left)
                return
        doing.running = doing.track = doing.base = None
        if effects:
            tell(effects, now)
        else:
            doing.claim = None
            doing.rest = HAS_GIL
            if doing.waiting:
                doing.end_claim()

    return put
