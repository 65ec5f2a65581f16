"""The fast path of reads: generated code for what an unobserved cell is computed from.

How a derived cell is read when it may not be up to date is a function in its slot ``get``: first ``cold``, which goes
through the engine a few times, then one of its own that runs the generated code of its *cone*, all unobserved cells
that it is computed from. Where the engine is needed (a tracked function with branches looks at its inputs in order, and
may not need all of them) the cell is left to it.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import TYPE_CHECKING, Any

from reactflow.cells.code import chunks_of
from reactflow.cells.doing import DOING, HAS_GIL, LOCK
from reactflow.cells.engine import ENGINE
from reactflow.cells.fast import HELPERS, Program
from reactflow.cells.node import LAZY
from reactflow.cells.regions import cone_of

if TYPE_CHECKING:
    from reactflow.cells.derived import Derived

WARM = 4  # reads that had to look, before the cone gets its code


def by_engine(node: Derived[Any]) -> object:
    """Read a cell for which there is no code."""
    return ENGINE.current(node)


def _counting(count: int) -> Callable[[Any], object]:
    """The reading functions before there is code: each puts the next one in its place."""

    def cold(node: Derived[Any]) -> object:
        if node.state == LAZY and ENGINE.fast and DOING.running is None:
            if count + 1 < WARM:
                node.get = COLD[count + 1]
                return ENGINE.current(node)
            node.get = by_engine
            outcome = ENGINE.current(node)
            if node.get is by_engine:
                _warm_up(node)
            return outcome
        return ENGINE.current(node)

    return cold


COLD = [_counting(count) for count in range(WARM)]


def _warm_up(node: Derived[Any]) -> None:
    with LOCK:
        if DOING.claim is not None or not ENGINE.is_idle():
            node.get = COLD[0]
            return
        cone = cone_of(node)
        if cone:
            program = Program((), cone, ())
            program.is_pulling = True
            program.chunks = chunks_of(cone, None, lambda _: "list", HELPERS)
            node.get = _reading(node, program)


def _reading(target: Derived[Any], program: Program) -> Callable[[Any], object]:
    """The function that reads a cell whose cone has a program."""
    chunks, foreign, doing = program.chunks, HELPERS[0], DOING

    def get(node: Any) -> object:
        me = get_ident()
        if not doing.rest:
            return ENGINE.current(node)
        doing.rest = False
        doing.claim = me
        doing.track = doing.base = foreign
        doing.running = program
        doing.last_version = now = doing.last_version + 1
        epoch = doing.epoch
        for chunk in chunks:
            left = chunk(now, epoch)
            if left is not None:
                if node.get is get:
                    node.get = COLD[0]
                program.leave(chunk, *left)
                return ENGINE.current(node)
        doing.running = doing.track = doing.base = None
        doing.claim = None
        doing.rest = HAS_GIL
        if doing.waiting:
            doing.end_claim()
        return node.outcome

    return get
