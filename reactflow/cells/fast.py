"""The fast path of writes: generated code for a region, its effects, and the way back to the engine.

A source that is written again and again gets a ``Program`` for its region: the write is stored, the generated code
runs, then the effects whose inputs moved. It does what ``engine`` and ``event`` would do, to the same outcomes, order
and subscriptions, and only while nothing else is going on (``DOING.rest``). At the first thing that is out of the
ordinary (a function that raises, a value that is taken away, a tracked function that reads something new) the event is
handed over as it stands: what ran keeps its outcome, all that is behind is marked stale, and the engine ends the event.

How a source is written is a function in its slot ``put``: first ``cold``, which counts and goes through the engine,
then the program's own, or nothing while nobody observes it (see ``Cell.value``). Whatever changes the region puts
``cold`` back.
"""

from __future__ import annotations

import sys
from collections import deque
from threading import get_ident
from typing import TYPE_CHECKING, Any

from reactflow.cells.compiled import FILE, MISSING, Helpers, entry_of
from reactflow.cells.doing import DOING, LOCK, SWITCHED_OFF, ColdInput, LeaveRegion, foreign, mine, note
from reactflow.cells.engine import ENGINE
from reactflow.cells.event import close, conclude, refuse_cell, write
from reactflow.cells.naming import here
from reactflow.cells.node import CLEAN, STALE, Formers, Node
from reactflow.cells.regions import region_of
from reactflow.cells.semantics import UNSET, Failure, raised
from reactflow.cells.versions import begin_event

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reactflow.cells.cell import Cell
    from reactflow.cells.effect import Effect

WARM_WRITES = 32  # writes before a region gets its code, which costs about as much as 30 writes in the engine
KNOWN = 32  # ways to read that are remembered of a node that goes to and fro
REST = 1024  # writes before the next attempt, when there could be none


class Program:
    """The generated code of some nodes, and what to do when it has to stop."""

    __slots__ = ("chunks", "effects", "is_pulling", "nodes", "sources", "watched")

    def __init__(self, sources: tuple[Any, ...], nodes: list[Any], effects: tuple[Effect, ...]) -> None:
        self.sources, self.nodes, self.effects = sources, nodes, effects
        self.is_pulling = False
        self.watched: set[Any] = set()
        self.chunks: list[Callable[..., Any]] = []

    def made_of(self) -> tuple[Any, ...]:
        """What the code is made of, see `code`."""
        return self.nodes, self.sources, self._how_read, helpers_of(self, self.leave, slow)

    def _how_read(self, node: Any) -> str:
        return "watch" if node in self.watched else "list"

    def node_running(self) -> Any:
        """The node whose function is running, found from the frame of the generated code."""
        if DOING.computing is not None:
            return DOING.computing
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_code.co_filename != FILE:
            frame = frame.f_back
        return frame.f_locals[f"n{frame.f_locals['at']}"]

    def run(self, now: int) -> None:
        """Bring what the sources feed up to date after a write that gave them version ``now``; the graph is claimed."""
        DOING.track = foreign
        DOING.running = self
        for chunk in self.chunks:
            left = chunk(now)
            if left is not None:
                self.leave(*left)
                return
        DOING.running = DOING.track = None
        tell(self.effects, now)

    # --- leaving ---------------------------------------------------------------------------------------------------

    def mark_from(self, node: Any) -> None:
        """Mark what is behind as stale, when ``node`` and what comes after it in the order have not run."""
        if self.is_pulling:
            return
        ENGINE.levels.append({})
        for source in self.sources:
            ENGINE.mark(source)
        if node is None:  # between two chunks: the engine finds out what has run
            return
        for done in self.nodes:
            if done is node:
                return
            done.state = CLEAN

    def leave_inside(self, read: Node) -> None:
        """Hand over while the function of a tracked node runs, which reads what may not be up to date."""
        node, track = self.node_running(), DOING.track
        reads = track.reads if isinstance(track, _Watcher) else getattr(track, "__self__", None)
        if not node.tracked or reads is None:
            raise LeaveRegion
        LOCK.acquire()  # until the event has ended, see `leave`
        DOING.running = None
        self.mark_from(node)
        node.seen = None
        DOING.reads = {one: one.version for one in reads if one is not read}
        reads.append(None)  # so that the code finds other reads than it knows, and stops there
        DOING.track, DOING.computing, DOING.depth = note, node, 1
        ENGINE.path[node] = None
        note(read)  # with the version that it comes to, which the list of reads could not know

    def leave(self, node: Any, error: BaseException | None, value: Any, reads: Any) -> None:
        """Hand the event over to the engine: the nodes before ``node`` are done."""
        doing = DOING
        is_inside = doing.running is None  # the engine took over while its function ran
        noted, doing.running = doing.reads, None
        doing.track = doing.reads = doing.computing = None
        doing.depth = 0
        if is_inside:
            ENGINE.path.pop(node, None)
        else:
            LOCK.acquire()
        try:
            if not is_inside:
                self.mark_from(node)
            if error is not None and not isinstance(error, (Exception, LeaveRegion, ColdInput)):
                # an interrupt: it has to run in any case
                if node is not None:
                    node.seen = None
                close()
                raise error
            if isinstance(error, LeaveRegion):
                self.give_up()
            elif node is None or isinstance(error, ColdInput) or (value is MISSING and error is None):
                pass  # it runs when the event is concluded
            elif not is_inside and reads and any(one.state == STALE for one in reads):
                pass  # it read what depends on it: the engine has to see that
            else:
                if not is_inside:
                    # one that runs untracked, since it always reads its inputs, has noted none
                    noted = {one: one.version for one in (node.inputs if reads is None else reads)}
                outcome = value if value is not MISSING else raised(error)  # type: ignore[arg-type]  # an Exception
                keeps = not self.is_pulling and "former inputs" not in SWITCHED_OFF
                ENGINE.ran(node, outcome, (noted or {}) if node.tracked else None, keep=keeps)
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


def agree(node: Any, reads: list[Any]) -> bool:
    """Whether a tracked node that ran can go on in its code, with other reads than the last time."""
    if DOING.running is None:
        return False
    read = tuple(reads)
    formers = node.formers
    if formers is not None:
        known = formers.get(read)
        if known is not None:
            node.reads, node.inputs = known
            return True
    inputs = tuple(dict.fromkeys(reads))
    if inputs != node.inputs:
        if DOING.running.is_pulling or "former inputs" in SWITCHED_OFF:
            return False
        for one in inputs:
            if node not in (one.observers or ()):
                return False
        if formers is None:
            formers = node.formers = Formers(node.inputs)
        if len(formers) < KNOWN:
            formers[read] = reads, inputs
        node.inputs = inputs
    node.reads = reads
    return True


def moved(node: Any, now: int) -> bool:
    """Whether one of a node's present inputs moved in this event."""
    for one in node.inputs:  # noqa: SIM110  # faster than any()
        if one.version is now:
            return True
    return False


class _Watcher:
    """Notes the reads of a tracked node that may read what is not up to date yet."""

    __slots__ = ("node", "reads")

    def __init__(self, node: Any, reads: list[Any]) -> None:
        self.node, self.reads = node, reads

    def __call__(self, read: Any) -> None:
        if (
            not (read.is_source or self.node in (read.observers or ()))
            and DOING.running is not None
            and mine()
        ):
            DOING.running.leave_inside(read)
        else:
            self.reads.append(read)


def _watcher(node: Any) -> Callable[[list[Any]], _Watcher]:
    return lambda reads: _Watcher(node, reads)


def helpers_of(program: Program, leave: Any, slow: Any) -> Helpers:
    """What the code of a program needs."""
    equal = program.sources[0].equal if program.sources else None
    return Helpers(
        program,
        leave,
        foreign,
        agree,
        moved,
        _watcher,
        slow,
        tell if program.effects else None,
        program.effects,
        equal,
    )


# --- effects -------------------------------------------------------------------------------------------------------


def tell(effects: tuple[Effect, ...], now: int) -> None:
    """Run the effects of which an input moved, in their order; end the claim, or hand over to the engine.

    This is `Effect.run` and what `event` does around it, for an effect that reads what it read the last time and leaves
    nothing behind. At the first one that does more, or as soon as one needs the engine, the engine gets the rest.
    """
    doing = DOING
    due: Sequence[Effect]
    if len(effects) == 1:
        due = effects if moved(effects[0], now) else ()
    else:
        due = [one for one in effects if one.inputs[0].version is now or moved(one, now)]
    errors: list[Exception] = []
    at = 0
    try:
        for effect in due:
            if effect.owned:  # it has to clean up first
                doing.track = doing.listed = doing.owner = None  # of the one before it
                break
            at += 1
            reads: list[Any] = []
            doing.track = reads.append
            doing.listed, doing.owner = reads, effect
            left = effect.fn()
            if doing.noted is not None or left is not None or reads != effect.reads:
                effect.has_run(left, errors)
                break
            effect.seen = now if len(reads) == 1 else -now
        else:
            doing.track = doing.listed = doing.owner = None
            doing.claim = None
            doing.rest = True
            if doing.waiting:
                doing.end_claim()
            return
    except Exception as error:
        due[at - 1].has_raised(error, errors)
    except BaseException:  # an interrupt: it and those left run with the next event
        with LOCK:
            due[at - 1].has_raised(None, errors)
            for effect in due[at:]:
                if not effect.stopped:
                    effect.state = STALE
                    ENGINE.queue[effect] = None
            close()
            doing.drop_claim()
        raise
    with LOCK:
        try:
            _enter_effects()
            for effect in due[at:]:
                if not effect.stopped:
                    effect.state = STALE
            conclude(deque(due[at:]), errors)
        finally:
            doing.drop_claim()


def _enter_effects() -> None:
    """Have the engine know that effects run, and keep versions from now on: something is about to be written."""
    if not ENGINE.levels:
        ENGINE.levels.append({})
        begin_event()  # what effects write belongs to the next event
    ENGINE.in_effects = True
    listed, DOING.listed = DOING.listed, None
    if listed is not None:
        for one in listed:
            # the last one may be read for the first time just now: its version is the one it comes to
            if not one.is_source and not ENGINE.is_fresh(one):
                ENGINE.refresh(one)
        DOING.noted = {one: one.version for one in listed}
        if DOING.track is not None:
            DOING.track, DOING.reads = note, DOING.noted


LOCK.enter_effects = _enter_effects


# --- how a source is written -----------------------------------------------------------------------------------------


def slow(cell: Cell[Any], value: object) -> None:
    """Write a source while something is under way: into the batch, if that is on the fast path too."""
    quick = DOING.quick
    if quick is not None and cell.equal is None and value is not UNSET and DOING.claim == get_ident():
        if cell not in quick:
            quick[cell] = cell.outcome
        cell.outcome = value
    else:
        write(cell, value)


def cold(cell: Cell[Any], value: object) -> None:
    """Write a source that is not written often, or not yet, and keep the place.

    A cell in place of its value is refused here and in the engine: a line that does so does it from the first time on,
    and later writes are spared the look.
    """
    if isinstance(value, Node):
        refuse_cell(cell, value)
    doing = DOING
    quick = doing.quick
    if quick is not None and cell.equal is None and value is not UNSET and doing.claim == get_ident():
        if cell not in quick:
            quick[cell] = cell.outcome
            if 0 <= cell.heat < WARM_WRITES:
                cell.heat += 1
                SITES.append((cell, here()))
        cell.outcome = value
        return
    cell.heat += 1
    if cell.observers or cell.equal is not None or not doing.rest:
        write(cell, value)
    else:
        version, site = cell.version, here()
        cell.put = None
        cell.value = value  # as one that nobody observes
        cell.put = cold
        if cell.version is not version:
            cell.written_at = cell.version, site
    if cell.heat >= WARM_WRITES:
        warm_up(cell)


SITES: list[tuple[Any, Any]] = []  # where a batch on the fast path wrote


def warm_up(cell: Cell[Any]) -> None:
    """Give a source that has been written often the function that suits it."""
    with LOCK:
        if ENGINE.is_idle() and DOING.claim is None and DOING.quick is None:
            cell.heat = WARM_WRITES - REST
            if "writes" in SWITCHED_OFF:
                return
            if cell.equal is None and not cell.observers and not _is_odd(cell.outcome):
                cell.put = None
            elif cell.observers:
                program = program_of((cell,))
                if program is not None:
                    cell.put = entry_of(*program.made_of())


def _is_odd(outcome: object) -> bool:
    return outcome is UNSET or type(outcome) is Failure


def program_of(sources: tuple[Any, ...]) -> Program | None:
    """The program of some sources, None when their region needs the engine."""
    if any(_is_odd(source.outcome) for source in sources):
        return None
    region = region_of(sources)
    if region is None:
        return None
    program = Program(sources, region.nodes, tuple(region.effects))
    program.watched = region.watched
    for node in region.nodes:
        node.get = planned
    return program


def planned(node: Any) -> object:
    """How a derived cell that is in a region is read when it is not up to date."""
    return ENGINE.current(node)
