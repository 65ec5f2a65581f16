"""The rules: what a node makes of its inputs, and when a value counts as changed.

An *outcome* is what a node has at a moment: a value, ``UNSET``, or a ``Failure``. Both back ends of the plan, the live
graph and the step, ask these functions; neither has a rule of its own. Nothing here knows of cells, graphs or state
kept between calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Final, NoReturn, final

from reactflow.errors import Unset

Equal = Callable[[Any, Any], object]


@final
class _Unset:
    """The type of ``UNSET``; there is one instance."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset()


@final
class Failure:
    """The outcome of a node whose function raised: keeps the exception, and raises it to every reader."""

    __slots__ = ("error", "_traceback")

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self._traceback: TracebackType | None = error.__traceback__

    @property
    def says(self) -> tuple[type, str]:
        """What failures are compared by: exceptions themselves are never equal."""
        return type(self.error), str(self.error)

    @property
    def traceback(self) -> TracebackType | None:
        """Where it was raised, without the readers to whom it was raised again."""
        return self._traceback

    def throw(self) -> NoReturn:
        """Raise the stored exception, with the traceback of its origin (not that of earlier readers)."""
        raise self.error.with_traceback(self._traceback)

    def note(self, where: str) -> None:
        """Say in the exception where it comes from, as Python shows it under the traceback."""
        if where not in getattr(self.error, "__notes__", ()):
            self.error.add_note(where)

    def __repr__(self) -> str:
        return f"Failure({self.error!r})"


def blocked(inputs: Sequence[object]) -> object:
    """The outcome that inputs force without running anything, or None when the function may run.

    An unset input makes the node unset, and wins over a failed one, whatever their order; a failed input is passed on
    as it is, so that a failure keeps its origin.

    >>> blocked([1, UNSET]), blocked([1, 2])
    (UNSET, None)
    """
    failure = None
    for outcome in inputs:
        if outcome is UNSET:
            return UNSET
        if failure is None and type(outcome) is Failure:
            failure = outcome
    return failure


def run(fn: Callable[..., Any], arguments: Sequence[object]) -> object:
    """Run a user's function to an outcome: what it raises is its failure, reading something unset makes it unset.

    >>> run(max, [1, 2])
    2
    """
    try:
        return fn(*arguments)
    except Exception as error:  # a failure is a value of its cell: the reader decides what to do about it
        return raised(error)


def raised(error: Exception) -> object:
    """The outcome of a node whose function raised: reading something unset makes it unset, all else is its failure."""
    return UNSET if isinstance(error, Unset) else Failure(error)


def evaluate(fn: Callable[..., Any], arguments: Sequence[object]) -> object:
    """The outcome of a derived node from those of its arguments."""
    forced = blocked(arguments)
    return run(fn, arguments) if forced is None else forced


def occurrence(outcome: object, pulses: Iterable[object]) -> object:
    """The outcome of a function that found its inputs by reading them, some of which are pulses.

    It is a pulse too: when none of them occurred it does not occur, whatever it made of their absence.

    >>> occurrence("none yet", [UNSET]), occurrence("one of two", [UNSET, 5.0])
    (UNSET, 'one of two')
    """
    return outcome if any(one is not UNSET for one in pulses) else UNSET


def same(equal: Equal | None, old: object, new: object) -> bool:
    """Whether a new outcome counts as no change.

    The same object is the same, and so are failures of one type with the same words; else ``equal`` or ``==`` decides,
    and only a plain True does (see ``says_same``): a comparison that raises counts as a change.

    >>> same(None, 1, 1.0), same(None, 1, UNSET), same(lambda a, b: abs(a - b) < 0.1, 1.0, 1.05)
    (True, False, True)
    """
    if old is new:
        return True
    if old is UNSET or new is UNSET:
        return False
    try:
        if type(old) is Failure or type(new) is Failure:
            return type(old) is type(new) and old.says == new.says  # type: ignore[attr-defined]  # both are failures
        verdict = old == new if equal is None else equal(old, new)
    except Exception:
        return False
    return verdict is True or says_same(verdict)


def says_same(verdict: Any) -> bool:
    """Whether a comparison came to a plain True, or to a scalar that holds one, as numbers of numpy do.

    All else is no verdict: an array of them, a number, an expression. Never raises.

    >>> says_same(True), says_same(1), says_same([True])
    (True, False, False)
    """
    if type(verdict) is bool:
        return verdict
    try:
        shape = verdict.shape
        return isinstance(shape, tuple) and not shape and verdict.item() is True
    except Exception:  # it is no scalar
        return False


def changed_value(before: object, after: object, is_change: bool) -> object:
    """The occurrence of a cell's ``changes()`` in one event: its new value, if it has one and it is a change."""
    return after if is_change and type(after) is not Failure else UNSET


def accumulate(
    add: Callable[[Any, Any], Any], result: Callable[[Any], Any], state: Any, occurrence: object
) -> tuple[Any, object]:
    """One step of a fold: its state and outcome after an event in which its pulse had this outcome.

    A pulse that fails, or an ``add`` or ``result`` that raises, leaves the state as it was and makes the outcome a
    failure until the next occurrence; the caller does not come here when the pulse did not occur. A ``result`` of UNSET
    means that the fold has no value yet.

    >>> accumulate(lambda total, value: total + value, lambda total: total, 10, 5)
    (15, 15)
    """
    if type(occurrence) is Failure:
        return state, occurrence
    try:
        new = add(state, occurrence)
    except Exception as error:
        return state, Failure(error)
    outcome = run(result, (new,))
    return (state if type(outcome) is Failure else new), outcome
