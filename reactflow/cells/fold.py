"""Folds in the live graph: a cell that accumulates a pulse, one step for each event in which it occurred."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, TypeVar, overload
from weakref import ref

from reactflow.cells.derived import EXPLICIT, Derived, may_be_pulse
from reactflow.cells.doing import LOCK
from reactflow.cells.engine import ENGINE
from reactflow.cells.folds import Fold, SameTypeFold
from reactflow.cells.node import CLEAN, Link
from reactflow.cells.readable import Readable
from reactflow.cells.semantics import UNSET, Equal, accumulate, run
from reactflow.errors import DeclarationError

T = TypeVar("T")
R = TypeVar("R")


class FoldCell(Derived[R]):
    """A fold: eager, so it counts what nobody reads; it lives as long as somebody can read it."""

    __slots__ = ("fold", "link", "memory")  # memory: the state after the events so far
    kind = "fold"
    is_root = is_eager = True

    def __init__(
        self, source: Readable[Any], algebra: Fold[Any, Any], equal: Equal | None, name: str | None
    ) -> None:
        super().__init__(algebra.add, (source,), EXPLICIT, equal, name)
        self.fold = algebra
        zero = algebra.zero
        # an add that changes its state in place changes that of this fold only
        self.memory = deepcopy(zero) if isinstance(zero, (list, dict, set, bytearray)) else zero
        self.is_pulse = False
        self.kind_is_known = True
        self.outcome = run(algebra.result, (self.memory,))
        with LOCK:
            ENGINE.drain_retired()
            ENGINE.refresh(source)
            self.seen = source.version
            self.state = CLEAN  # from now on: what occurs in the event that is open was before its time
            self.link: Link = Link(self, ENGINE.retired.append)
            self.link.source = ref(source)
            ENGINE.observe(source, self.link)

    def settle(self) -> None:
        """Take this event's step, if the pulse occurred."""
        ENGINE.refresh(self)

    def compute(self) -> object:
        """The outcome after this event: always from the state before it, however often the event is looked at."""
        base = ENGINE.base(self)
        state, outcome = (self.memory, self.outcome) if base is None else (base.memory, base.outcome)
        (source,) = self.inputs
        if source.is_pulse and source.outcome is not UNSET:  # what tracks may have ceased to be a pulse
            state, outcome = accumulate(self.fold.add, self.fold.result, state, source.outcome)
        self.memory = state
        return outcome


@overload
def fold(
    source: Readable[T], algebra: SameTypeFold, *, equal: Equal | None = None, name: str | None = None
) -> Derived[T]: ...
@overload
def fold(
    source: Readable[T], algebra: Fold[T, R], *, equal: Equal | None = None, name: str | None = None
) -> Derived[R]: ...
def fold(
    source: Readable[Any], algebra: Fold[Any, Any], *, equal: Equal | None = None, name: str | None = None
) -> Derived[Any]:
    """Accumulate a pulse: one step for each event in which it occurs, none is ever cut off.

    Raises DeclarationError when ``source`` is a cell, whose intermediate values may be skipped, or ``algebra`` no Fold.

    >>> from reactflow import cell, folds
    >>> length = cell(3.0)
    >>> peak = fold(length.changes(), folds.max)
    >>> length.value, length.value = 9.0, 4.0
    >>> peak.value
    9.0
    """
    if not isinstance(source, Readable):
        raise DeclarationError(
            f"fold({_shown(source)}, ...): the first argument is the pulse to accumulate, the second says how, as in "
            "fold(pulse, folds.sum)"
        )
    if source.kind == "members":
        raise DeclarationError(
            f"fold({source.name}, ...): {source.name!r} are members, whose changes depend on what was there before: "
            f"use {source.name}.sum(), .count(), .mean(), .min(), .max() or .top(n)"
        )
    if not isinstance(algebra, Fold):
        raise DeclarationError(
            f"fold({source.name}, {algebra!r}): give one of folds.sum, folds.max ... or a Fold(...)"
        )
    if not may_be_pulse(source):
        raise DeclarationError(
            f"fold({source.name}, folds.{algebra.name}): {source.name!r} is a cell, whose intermediate values may be "
            f"skipped. Write fold({source.name}.changes(), folds.{algebra.name}), or make it a pulse."
        )
    return FoldCell(source, algebra, equal, name)


def _shown(given: object) -> str:
    return f"folds.{given.name}" if isinstance(given, Fold) else repr(given)


def hold_of(source: Readable[Any], default: object, name: str | None) -> Derived[Any]:
    """The cell that keeps a pulse's latest occurrence; raises DeclarationError for a cell, which keeps its own."""
    if not may_be_pulse(source):
        raise DeclarationError(
            f"{source.name!r} is a cell: it holds its latest value already, use it without .hold()"
        )
    zero = () if default is UNSET else (default,)
    algebra: Fold[Any, Any] = Fold(zero, _replace, None, _kept, name="hold")
    return FoldCell(source, algebra, None, name)


def _replace(_: Any, value: Any) -> Any:
    return (value,)


def _kept(state: tuple[Any, ...]) -> Any:
    return state[0] if state else UNSET
