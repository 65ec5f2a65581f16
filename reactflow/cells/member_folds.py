"""What is kept of members: folds of their changes, which add what comes and take off what goes.

An occurrence says which contributions came, changed or went, with what they were before. The lowest and highest few are
the only thing that this alone does not tell, when one of them goes: then the change brings those that follow, as looked
up by whoever keeps the contributions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

from reactflow.cells.folds import Fold
from reactflow.cells.folds import mean as mean_of
from reactflow.cells.folds import sum as sum_of
from reactflow.cells.rank import rank_of
from reactflow.cells.semantics import UNSET
from reactflow.errors import InternalError

End = Literal["lowest", "highest"]
Ranked: TypeAlias = tuple[str, str, Any]
"""One contribution in order: the rank of its value, its key, and its value."""

MOST = 100  # entries of top(n), which are part of the state


class MemberChange(NamedTuple):
    """One contribution that came (``old`` is None), changed, or went (``new`` is None).

    ``key`` tells it from all others: what it comes in by, a ``|``, and its id. ``lowest`` and ``highest`` are the first
    few contributions from either end after the change, where they had to be looked up.
    """

    key: str
    old: Any
    new: Any
    lowest: tuple[Ranked, ...] | None = None
    highest: tuple[Ranked, ...] | None = None


@dataclass(frozen=True)
class MemberFold(Fold[Any, Any]):
    """A fold of the changes of members. ``end`` and ``n`` are there for one that keeps the ``n`` lowest or highest."""

    is_empty: Callable[[Any], bool] = field(default=lambda state: not state)
    end: End | None = None
    n: int = 0

    def must_look(self, state: Any, change: MemberChange) -> bool:
        """Whether the change alone does not tell the next state: one of those that are kept gives way to another."""
        if self.end is None or len(state) < self.n or all(key != change.key for _, key, _ in state):
            return False
        return change.new is None or _is_before(state[-1], _entry(change), self.end)


def _entry(change: MemberChange) -> Ranked:
    return rank_of(change.new), change.key, change.new


def _is_before(one: Ranked, other: Ranked, end: End) -> bool:
    return one[:2] < other[:2] if end == "lowest" else one[:2] > other[:2]


# --- folds of changes -----------------------------------------------------------------------------------------------

_Total: TypeAlias = tuple[
    str, int, int, int
]  # the sum of one kind of numbers, as folds.sum keeps it, and how many


def _kind(value: Any) -> str:
    return "decimal" if isinstance(value, Decimal) else "float" if isinstance(value, float) else "int"


def _add_totals(state: tuple[_Total, ...], changes: Sequence[MemberChange]) -> tuple[_Total, ...]:
    """Each kind of numbers has a sum of its own: what is left when a float goes again is what was there before it."""
    totals = {kind: ((kind, mantissa, exponent), number) for kind, mantissa, exponent, number in state}
    for change in changes:
        for value, sign in ((change.old, -1), (change.new, 1)):
            if value is None:
                continue
            total, number = totals.get(_kind(value), (sum_of.zero, 0))
            signed = value if sign > 0 else value.copy_negate() if isinstance(value, Decimal) else -value
            totals[_kind(value)] = sum_of.add(total, signed), number + sign
    return tuple((*total[:1], *total[1:], number) for _, (total, number) in sorted(totals.items()) if number)


def _total(state: tuple[_Total, ...]) -> tuple[Any, int]:
    total: Any = sum_of.zero
    for kind, mantissa, exponent, _ in state:
        total = sum_of.merge(total, (kind, mantissa, exponent))  # type: ignore[misc]  # a sum can be merged
    return total, sum(number for *_, number in state)


def _show_sum(state: tuple[_Total, ...]) -> Any:
    return sum_of.result(_total(state)[0])


def _show_mean(state: tuple[_Total, ...]) -> Any:
    return mean_of.result(_total(state))


def _add_count(state: int, changes: Sequence[MemberChange]) -> int:
    return state + sum((change.old is None) - (change.new is None) for change in changes)


def _show(state: Any) -> Any:
    return state


def _add_extremes(
    end: End, n: int, state: Sequence[Ranked], changes: Sequence[MemberChange]
) -> tuple[Ranked, ...]:
    for change in changes:
        found: tuple[Ranked, ...] | None = getattr(change, end)
        state = found[:n] if found is not None else _without_looking(end, n, state, change)
    return tuple(state)


def _without_looking(end: End, n: int, state: Sequence[Ranked], change: MemberChange) -> Sequence[Ranked]:
    rest = [one for one in state if one[1] != change.key]
    if len(rest) < len(state) == n and (change.new is None or _is_before(state[-1], _entry(change), end)):
        raise InternalError(
            f"{change.key!r} was among the {n} {end}, and what follows them was not looked up"
        )
    if change.new is not None:
        rest.append(_entry(change))
        rest.sort(key=lambda one: one[:2], reverse=end == "highest")
    return rest[:n]


def _show_first(state: Sequence[Ranked]) -> Any:
    return state[0][2] if state else UNSET


def _show_top(state: Sequence[Ranked]) -> Any:
    return tuple((key.partition("|")[2], value) for _, key, value in state)


_LAWS: frozenset[Any] = frozenset({"commutative"})
"""Of changes of different contributions; those of one are in order, by the contributor's own number. None has a merge,
so that none is associative."""

SUM = MemberFold((), _add_totals, None, _show_sum, _LAWS, "members.sum")
MEAN = MemberFold((), _add_totals, None, _show_mean, _LAWS, "members.mean")
COUNT = MemberFold(0, _add_count, None, _show, _LAWS, "members.count")


def _extremes(end: End, n: int, show: Callable[[Any], Any], name: str) -> MemberFold:
    return MemberFold((), partial(_add_extremes, end, n), None, show, _LAWS, f"members.{name}", end=end, n=n)


MIN = _extremes("lowest", 1, _show_first, "min")
MAX = _extremes("highest", 1, _show_first, "max")


def top(n: int) -> MemberFold:
    """The ``n`` highest as pairs of id and value, the highest first.

    >>> best = top(1)
    >>> best.result(best.add(best.zero, [MemberChange("|r1", None, 3.0), MemberChange("|r2", None, 5.0)]))
    (('r2', 5.0),)
    """
    return _extremes("highest", n, _show_top, f"top({n})")
