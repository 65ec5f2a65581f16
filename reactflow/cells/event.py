"""An event: one outermost batch, from its writes to its effects.

A bare write is a batch of one. When the outermost batch ends, folds and eagerly observed cells are brought up to date,
then the effects whose inputs changed run, in the order in which they were made. What the effects write belongs to the
next event, which follows at once; an occurrence that they emit is applied there. A pulse has its value until the
effects of its event are through.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from reactflow.cells.doing import DOING, EVENT, LOCK
from reactflow.cells.engine import ENGINE, ROUNDS, inputs_changed
from reactflow.cells.journal import restore_level, touch
from reactflow.cells.naming import Site, here
from reactflow.cells.node import CLEAN, STALE, Node
from reactflow.cells.semantics import UNSET
from reactflow.cells.versions import begin_event
from reactflow.errors import CycleError, DeclarationError, OccurrenceError, ReadOnlyError

if TYPE_CHECKING:
    from reactflow.cells.effect import Effect

# occurrences that effects emitted, for the events to come
PENDING: list[tuple[Node, object, Site | None]] = []
# for each open batch inside an effect, where its own occurrences begin in PENDING
PENDING_SINCE: list[int] = []


def refuse_in_derived(node: Node) -> None:
    """Raise ReadOnlyError if a derived cell is being computed by this thread."""
    computing = ENGINE.computing()
    if computing:
        raise ReadOnlyError(
            f"{computing!r} is derived and writes {str(node.name)!r}: a derived cell only computes. "
            "Write in an effect, or before reading."
        )


def refuse_cell(node: Node, given: Node) -> None:
    """Raise DeclarationError for a cell that is given where its value is meant.

    An effect's handle may be a value; so may a cell, to one that is unset or holds a cell already: it chooses.
    """
    if given.is_effect or (not node.is_pulse and (node.outcome is UNSET or isinstance(node.outcome, Node))):
        return
    name, other = str(node.name), str(given.name)
    if node.is_pulse:
        written, follow = f"{name}.emit({other})", f"let it occur with each new one, {name}.bind({other})"
    else:
        written, follow = f"{name}.value = {other}", f"follow it, {name}.bind({other})"
    raise DeclarationError(f"{written}: {other!r} is a cell, not a value: give its .value, or {follow}")


def write(node: Node, outcome: object) -> None:
    """Write a source cell, as an event of its own if no batch is open.

    Raises ReadOnlyError inside a derived cell, and DeclarationError for a cell in place of its value.
    """
    refuse_in_derived(node)
    if isinstance(outcome, Node):
        refuse_cell(node, outcome)
    engine = ENGINE
    with LOCK:
        if engine.levels:
            write_in_event(node, outcome, here())
            return
        begin_event()
        engine.levels.append({})
        try:
            write_in_event(node, outcome, here())
        except BaseException:
            # an interrupt in a comparison, or an instrument that fails: nothing was written
            restore_level(engine)
            close()
            raise
        conclude()


def write_in_event(node: Any, outcome: object, site: Site | None) -> None:
    """Write a source as part of the open event; ``site`` is the line that does."""
    engine = ENGINE
    if engine.retired:
        engine.drain_retired()
    touch(engine, node)
    if engine.assign(node, outcome):
        DOING.epoch += EVENT
        before = engine.base(node)
        # back to what it was before the event: then it is what that earlier write made it
        is_back = before is not None and before.version == node.version
        node.written_at = before.memory if before is not None and is_back else (node.version, site)
        if engine.instrument is not None:
            engine.instrument.written(node)
        engine.mark(node)
    elif engine.instrument is not None:
        engine.instrument.ignored(node)


def emit(node: Node, value: object) -> None:
    """Let a pulse occur. Raises OccurrenceError when it has occurred in this event, else what ``write`` raises."""
    refuse_in_derived(node)
    if isinstance(value, Node):
        refuse_cell(node, value)
    engine = ENGINE
    with LOCK:
        if engine.in_effects:
            since = PENDING_SINCE[0] if PENDING_SINCE else len(PENDING)
            if any(one is node for one, _, _ in PENDING[since:]):
                raise _second(node)
            PENDING.append((node, value, here()))
        elif node.outcome is not UNSET:
            raise _second(node)
        else:
            write(node, value)


def _second(node: Node) -> OccurrenceError:
    return OccurrenceError(
        f"{str(node.name)!r} has already occurred in this batch, and an event has one occurrence of a pulse: "
        "emit in two batches, or emit a list."
    )


# --- the end of an event -----------------------------------------------------------------------------------


def is_pending() -> bool:
    """Whether there is an event to follow: an effect emitted, or marked something."""
    return bool(PENDING or ENGINE.queue or ENGINE.eager)


def conclude(waiting: deque[Effect] | None = None, failed: list[Exception] | None = None) -> None:
    """Bring the open event to its end, and those that its effects begin.

    A fast path hands over the effects that have still to run, and what those before raised.
    """
    engine = ENGINE
    errors = [] if failed is None else failed
    runs: Counter[Effect] = Counter()
    is_first = True
    try:
        while True:
            if waiting is None:
                waiting = _settle()
                if waiting:
                    begin_event()  # what effects write belongs to the next event
            if not is_first:  # what effects cause
                runs.update(waiting)
            is_first = False
            if runs and max(runs.values()) > ROUNDS:
                engine.queue.update(dict.fromkeys(waiting))
                waiting = None
                raise _endless(errors)
            engine.levels[0] = {}  # the event stands; what effects write belongs to the next one
            engine.in_effects = True
            while waiting:  # an effect is taken off when it is through: an interrupt leaves it and the others
                _run(waiting[0], errors)
                waiting.popleft()
            engine.in_effects = False
            if not _turn():
                break
            waiting = None
    finally:
        for effect in waiting or ():  # left by an interrupt: they run with the next event
            if effect.state == STALE:
                engine.queue[effect] = None
        close()
    if errors:
        raise ExceptionGroup(f"{len(errors)} effect{'s' * (len(errors) > 1)} failed", errors)


def close() -> None:
    """Leave no trace of an event, however it ended."""
    ENGINE.in_effects = False
    ENGINE.levels.clear()
    _clear_pulses()
    if PENDING or PENDING_SINCE:
        PENDING.clear()
        PENDING_SINCE.clear()
    if ENGINE.instrument is not None:
        ENGINE.instrument.event_ended()


def first_run(effect: Effect) -> None:
    """Run an effect that was just made: in the open batch, if there is one, else as the effect of an empty event."""
    engine = ENGINE
    if engine.levels:
        effect.run()
        return
    failure: Exception | None = None
    begin_event()
    engine.levels.append({})
    engine.in_effects = True
    try:
        effect.run()
    except Exception as error:
        failure = error
    except BaseException:
        close()
        raise
    engine.in_effects = False
    _turn()
    try:
        conclude()
    except ExceptionGroup as group:
        if failure is None:
            raise
        failure.add_note(f"the effects that followed failed too: {group!r}")
    if failure is not None:
        raise failure


def _settle() -> deque[Effect]:
    """Step the folds, bring eager cells up to date, and find the effects that have to run, in order of their making."""
    engine = ENGINE
    while engine.eager:
        node = next(iter(engine.eager))
        node.settle()
        engine.eager.pop(node, None)
    for pulse in [*engine.occurred]:  # read in the batch, which went on: from here on they stay as they are
        engine.refresh(pulse)
    stale = deque(sorted(engine.queue, key=lambda effect: effect.order))
    engine.queue.clear()
    runs: dict[Effect, None] = {}
    try:
        while stale:
            effect = stale[0]
            # who made it will run first and stop it: what it reads may not be reached any more, so leave that alone
            if effect.owner in runs or _has_to_run(effect):
                runs[effect] = None
            stale.popleft()
    finally:
        if stale:  # interrupted
            engine.queue.update(dict.fromkeys((*runs, *stale)))
    return deque(runs)


def _has_to_run(effect: Effect) -> bool:
    if effect.state != STALE:
        return False
    if effect.seen is None or inputs_changed(ENGINE, effect.inputs, effect.seen):
        return True
    effect.state = CLEAN
    return False


def _run(effect: Effect, errors: list[Exception]) -> None:
    if effect.state == STALE and _has_to_run(effect):  # neither stopped nor run meanwhile
        try:
            effect.run()
        except Exception as error:
            error.add_note(f"in the effect {effect.name!r}, made at {effect.where}")
            errors.append(error)


def _turn() -> bool:
    """From one event to the next: pulses lose their value, then the occurrences that effects emitted are applied.

    Returns whether there is a next event.
    """
    _clear_pulses()
    DOING.epoch += EVENT  # what was read while effects ran may have been behind
    if not PENDING:
        return is_pending()
    kept: list[tuple[Node, object, Site | None]] = []
    emitted = False
    for node, value, site in PENDING:
        if node.outcome is UNSET:
            write_in_event(node, value, site)
            emitted = True
        else:  # one occurrence an event: the second one waits for the event after
            kept.append((node, value, site))
    PENDING[:] = kept
    return emitted or bool(ENGINE.queue or ENGINE.eager)


def _clear_pulses() -> None:
    engine = ENGINE
    if not engine.occurred and not engine.compared:
        return
    for node in engine.occurred:
        if node.is_pulse:  # a tracked cell may have been one only until it ran again
            node.outcome = UNSET
    engine.occurred.clear()
    for changes in engine.compared:
        changes.rebase()
    engine.compared.clear()


def _endless(errors: list[Exception]) -> CycleError:
    engine = ENGINE
    stuck = list(engine.queue)
    for effect in stuck:  # they rest now, and run again when the next write marks them
        for one in effect.inputs:
            engine.refresh(one)
        effect.state = CLEAN
    engine.queue.clear()
    names: list[str] = []
    for effect in stuck:
        changed = [str(one.name) for one in effect.inputs]
        names += [str(effect.name), *changed[:3]]
    path = (*names, names[0]) if names else ()
    error = CycleError(
        f"{' -> '.join(path)}; effects feed themselves: one has run more than {ROUNDS} times. "
        f"Effect {names[0] if names else '?'!r} was made at {stuck[0].where if stuck else '?'}: "
        "read with peek() what it writes, or write only what differs.",
        path,
    )
    for one in errors:
        error.add_note(f"an effect failed before: {one!r}")
    return error
