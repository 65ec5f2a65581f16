"""Straight-line code: the events of one unit applied by Python that was written for them.

From a plan, and the names that events give, a function ``(state, events) -> (state, changes)`` is made: sources are
read from each event, what they reach (``reach``) is computed in the plan's order, operators are written out, functions
are called directly (``writer`` writes the text). What cannot fail and is seen by no fold and no pulse is computed once,
after the last event. A cell that was not reached is not even looked at.

The code knows the ordinary case alone. At anything else (a value that is taken away, one that cannot be stored, a
function that raises, a cell that has had no value before) it raises, nothing has happened, and the events are applied
in the general way (``general``). So no rule of semantics is stated here: what this code leaves undone, the other does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any

from reactflow.cells.semantics import UNSET, Failure, same
from reactflow.flow.equality import same_value
from reactflow.flow.events import DEFAULT, Event
from reactflow.flow.outcomes import Packed, Result, Run, Shape
from reactflow.flow.ranges import LARGE
from reactflow.flow.reach import Reach
from reactflow.flow.writer import Writer

if TYPE_CHECKING:
    from reactflow.flow.codec import Codec

LARGEST = 2_000
"""Nodes of a plan that code is written for: a larger function takes Python longer to compile than it saves."""


class Unusual(Exception):  # no error: it says that the general way has to be taken
    """Leaves straight-line code."""


def straight(
    shape: Shape, given: frozenset[str], exact: bool, otherwise: Callable[[Packed, Sequence[Event]], Result]
) -> tuple[Run | None, str]:
    """The function for events that give these cells, and its text; None where it cannot be written.

    ``exact`` says that each event gives all of them, else any. ``otherwise`` is called when it does not know how.
    """
    if len(shape.nodes) > LARGEST:
        return None, ""
    reach = Reach(shape, given, exact)
    if not reach.is_possible:
        return None, ""
    words = {
        "DEFAULT": DEFAULT, "UNSET": UNSET, "Unusual": Unusual, "same": same_value, "is_same": same,
        "new_self": object.__new__, "default": partial(_default, reach), "otherwise": otherwise, **_checks(shape.codec),
    }  # fmt: skip
    text, scope = Writer(reach, words).text()
    exec(
        compile(text, "<step>", "exec"), scope
    )  # our own text: names in it are identifiers, values are bound to words
    run: Run = scope["step"]
    return run, text


# --- what the code calls -------------------------------------------------------------------------------------------


def _default(reach: Reach, place: int, value: object) -> object:
    """What a source gets that is written otherwise than its type says: its default, or else the general way."""
    node = reach.nodes[place]
    if value is not DEFAULT or node.default is UNSET:
        raise Unusual
    known = reach.range[place]
    if known is not None and type(node.default).__name__ != known.kind:
        raise Unusual
    if known is not None and known.kind in ("int", "float") and not -LARGE < node.default < LARGE:
        raise Unusual
    return deepcopy(node.default)


def _checks(codec: Codec) -> dict[str, Callable[[Any], None]]:
    """``check`` raises for a value that cannot be stored; ``check_simple`` also for one that is no plain scalar."""

    def check_simple(value: Any) -> None:
        kind = value.__class__
        if kind is float:
            if value - value != 0:
                raise Unusual
        elif kind is str:
            value.encode()
        elif kind is not int and kind is not bool and value is not None:
            raise Unusual

    def check(value: Any) -> None:
        kind = value.__class__
        if kind is str or kind is float or kind is int:
            check_simple(value)
        elif value is UNSET or kind is Failure:
            raise Unusual
        else:
            codec.to_plain(value)

    return {"check": check, "check_simple": check_simple}
