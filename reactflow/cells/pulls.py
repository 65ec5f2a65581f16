"""The fast path of reads: generated code for what an unobserved cell is computed from.

How a derived cell is read when it may not be up to date is a function in its slot ``get``: first ``look``, which goes
through the engine a few times, then one of its own that runs the generated code of its *cone*, all unobserved cells
that it is computed from. Where the engine is needed (a tracked function with branches looks at its inputs in order, and
may not need all of them) the cell is left to it.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import TYPE_CHECKING, Any

from reactflow.cells.compiled import MISSING, entry_of
from reactflow.cells.doing import DOING, LOCK, SWITCHED_OFF, foreign
from reactflow.cells.engine import ENGINE
from reactflow.cells.fast import Program, helpers_of
from reactflow.cells.node import CLEAN, LAZY, Node, now_seen, versions_seen
from reactflow.cells.regions import cone_of
from reactflow.cells.semantics import UNSET, Failure, same

if TYPE_CHECKING:
    from reactflow.cells.derived import Derived

WARM_READS = 4  # reads that had to look, before the cone gets its code


def by_engine(node: Derived[Any]) -> object:
    """Read a cell for which there is no code."""
    return ENGINE.current(node)


def _counting(count: int) -> Callable[[Any], object]:
    """The reading functions before there is code: each puts the next one in its place."""

    def look(node: Derived[Any]) -> object:
        if node.state != LAZY or not DOING.rest or "reads" in SWITCHED_OFF:
            return ENGINE.current(node)
        if count + 1 < WARM_READS:
            node.get = LOOKS[count + 1]
            return _looked_up(node)
        node.get = by_engine
        outcome = _looked_up(node)
        if node.get is by_engine:
            _warm_up(node)
        return outcome

    return look


LOOKS = [_counting(count) for count in range(WARM_READS)]


def _looked_up(node: Derived[Any]) -> object:
    """Read an unobserved cell without code of its own: what its code would do, if its inputs are up to date."""
    doing = DOING
    inputs = node.inputs
    me = get_ident()
    if node.tracked or node.is_pulse or not inputs or not doing.rest:
        return ENGINE.current(node)
    doing.rest = False
    doing.claim = me
    doing.track, doing.running, doing.computing = foreign, PULLING, node
    epoch = doing.epoch
    value = MISSING
    arguments: list[Any] = []
    is_left = False  # to the engine, which has to look
    try:
        for one in node.arguments:
            if isinstance(one, Node):
                is_current = one.is_source or one.state == CLEAN or one.checked is epoch
                one = one.outcome
                if not is_current or one is UNSET or one.__class__ is Failure:
                    is_left = True
                    break
            arguments.append(one)
        if not is_left:
            seen = versions_seen(inputs, node.seen)
            if seen is None or [one.version for one in inputs] != [*seen]:
                value = node.fn(*arguments)
                if value is UNSET:
                    return _leave_alone(node, None, value, None)
                node.seen = now_seen(inputs)
                if not same(node.equal, node.outcome, value):
                    node.outcome = value
                    node.version = inputs[0].version if len(inputs) == 1 else doing.last_version
            node.checked = epoch
    except BaseException as error:
        if doing.claim != me:  # it comes from what follows
            raise
        return _leave_alone(node, error, value, None)
    doing.track = doing.running = doing.computing = None
    doing.end_claim()
    return ENGINE.current(node) if is_left else node.outcome


def _warm_up(node: Derived[Any]) -> None:
    with LOCK:
        if DOING.claim is not None or not ENGINE.is_idle():
            node.get = LOOKS[0]
            return
        cone = cone_of(node)
        if cone:
            node.get = _reading(node, cone)


PULLING = Program((), [], ())  # needs to know nothing of the nodes: what is not observed is not marked
PULLING.is_pulling = True


def _leave_alone(node: Any, *left: Any) -> object:
    """Have the engine read a cell that needs no other, when its code has to stop."""
    node.get = LOOKS[0]
    PULLING.leave(node, *left)
    return ENGINE.current(node)


ALONE = helpers_of(PULLING, _leave_alone, by_engine)


def _reading(target: Derived[Any], cone: list[Any]) -> Callable[[Any], object]:
    """The function that reads a cell, for which the code of its cone runs."""
    if len(cone) == 1:
        return entry_of(cone, None, lambda _: "list", ALONE)

    def leave(*left: Any) -> object:
        if target.get is get:
            target.get = LOOKS[0]
        PULLING.leave(*left)
        return ENGINE.current(target)

    get = entry_of(cone, None, lambda _: "list", helpers_of(PULLING, leave, by_engine))
    return get
