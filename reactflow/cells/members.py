"""Members: what many units contribute to one, as an incremental map of which sums, means and extremes are kept.

``rooms = members("room", "area")`` is a pulse: each of its occurrences says which contributions came, changed or went,
with what they were before. What is kept of them are folds of these changes, so that no cell ever holds all of them:
``rooms.sum()`` adds the new value and takes the old one off. The lowest and highest few are the only thing that a
change alone does not tell, when one of them goes: then the change brings those that follow, looked up by whoever keeps
the contributions (here an ordered map, in a service a store that can be read in order). All of it takes O(log n) steps
a change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar

from reactflow.cells.derived import Derived
from reactflow.cells.doing import LOCK
from reactflow.cells.engine import ENGINE
from reactflow.cells.event import emit, write
from reactflow.cells.fold import FoldCell
from reactflow.cells.folds import Fold
from reactflow.cells.folds import mean as mean_of
from reactflow.cells.folds import sum as sum_of
from reactflow.cells.ordered import OrderedMap
from reactflow.cells.pulse import Pulse
from reactflow.cells.rank import rank_of
from reactflow.cells.semantics import UNSET
from reactflow.errors import DeclarationError, InternalError

V = TypeVar("V")
End = Literal["lowest", "highest"]
Ranked: TypeAlias = tuple[str, str, Any]
"""One contribution in order: the rank of its value, its key, and its value."""

MOST = 100  # entries of top(n), which are part of the state
SCALARS = (int, float, Decimal, str, date)  # what can be contributed: dates with a time too, but not bool


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


_LAWS: frozenset[Any] = frozenset({"associative", "commutative"})
"""Of changes of different contributions; those of one are in order, by the contributor's own number."""

SUM = MemberFold((), _add_totals, None, _show_sum, _LAWS, "members.sum")
MEAN = MemberFold((), _add_totals, None, _show_mean, _LAWS, "members.mean")
COUNT = MemberFold(0, _add_count, None, _show, _LAWS, "members.count")


def _extremes(end: End, n: int, show: Callable[[Any], Any], name: str) -> MemberFold:
    return MemberFold((), partial(_add_extremes, end, n), None, show, _LAWS, f"members.{name}", end=end, n=n)


# --- the live map ---------------------------------------------------------------------------------------------------


class Kept(NamedTuple):
    """The contributions of a live graph: rank and value by key, and values in order."""

    by_key: OrderedMap[str, tuple[str, Any]] = OrderedMap()
    by_rank: OrderedMap[tuple[str, str], Any] = OrderedMap()

    def with_(self, change: MemberChange) -> Kept:
        """After a change."""
        by_key, by_rank = self
        if there := by_key.get(change.key):
            by_rank = by_rank.remove((there[0], change.key))
        if change.new is None:
            return Kept(by_key.remove(change.key), by_rank)
        rank = rank_of(change.new)
        return Kept(by_key.put(change.key, (rank, change.new)), by_rank.put((rank, change.key), change.new))

    def first(self, end: End, n: int) -> tuple[Ranked, ...]:
        """The first ``n`` from one end."""
        found = self.by_rank.lowest(n) if end == "lowest" else self.by_rank.highest(n)
        return tuple((rank, key, value) for (rank, key), value in found)


def _keep(kept: Kept, changes: Sequence[MemberChange]) -> Kept:
    for change in changes:
        kept = kept.with_(change)
    return kept


KEEPING: Fold[Any, Kept] = Fold(Kept(), _keep, None, _show, name="kept")


class Keeping(FoldCell[Kept]):
    """The fold that keeps the contributions of live members; no picture shows it."""

    __slots__ = ()


class Gathered(NamedTuple):
    """What a plan says of members: the fields that tell a contributor, the path of its value, and the value's type."""

    id: Mapping[str, type]
    value: str
    type: Any = None


class Members(Pulse[tuple[MemberChange, ...]], Generic[V]):
    """Contributions by id. In a live graph they are put and removed; in a service an input brings them."""

    __slots__ = ("ahead", "depths", "gathered", "kept")
    kind = "members"

    def __init__(self, gathered: Gathered, name: str | None) -> None:
        super().__init__(name)
        self.gathered = gathered
        self.depths: dict[End, int] = {"lowest": 0, "highest": 0}
        self.ahead: tuple[object, Kept] = (UNSET, Kept())  # an outcome, and what is kept after it
        self.kept: Keeping | None = Keeping(self, KEEPING, None, None)

    def put(self, id: str, value: V) -> None:
        """Have a contribution with a value: a new one, or in place of the one that there is.

        Several in a batch are one event. Raises TypeError for what is no number, text or date, ValueError for a number
        that has no place in an order, OccurrenceError for a second one in the same effect.
        """
        rank_of(value)
        self._change(id, value)

    def remove(self, id: str) -> None:
        """Take a contribution away; nothing happens when there is none."""
        self._change(id, None)

    def items(self) -> dict[str, V]:
        """The contributions now, by id; reading them subscribes to nothing.

        >>> from reactflow import members
        >>> rooms = members()
        >>> rooms.put("r1", 12.0)
        >>> rooms.items()
        {'r1': 12.0}
        """
        return {key.partition("|")[2]: value for key, (_, value) in self._kept().by_key}

    def sum(self) -> Derived[V]:
        """The exact sum, 0 without contributions; floats are rounded once."""
        return self.fold(SUM)

    def count(self) -> Derived[int]:
        """How many contributions there are."""
        return self.fold(COUNT)

    def mean(self) -> Derived[float]:
        """The mean, from the exact sum; unset without contributions."""
        return self.fold(MEAN)

    def min(self) -> Derived[V]:
        """The lowest value; unset without contributions."""
        return self.fold(_extremes("lowest", 1, _show_first, "min"))

    def max(self) -> Derived[V]:
        """The highest value; unset without contributions."""
        return self.fold(_extremes("highest", 1, _show_first, "max"))

    def top(self, n: int) -> Derived[tuple[tuple[str, V], ...]]:
        """The ``n`` highest as pairs of id and value, the highest first; of equal values, the later ids first.

        Raises DeclarationError for an ``n`` that is not from 1 to 100: they are part of the state.
        """
        if type(n) is not int or not 1 <= n <= MOST:
            raise DeclarationError(
                f"{self.name}.top({n!r}): give a number from 1 to {MOST}, as they are kept in the state"
            )
        return self.fold(_extremes("highest", n, _show_top, f"top({n})"))

    def fold(self, algebra: MemberFold) -> Derived[Any]:
        """A cell that keeps what a fold makes of the changes."""
        self.look_for(algebra)
        return FoldCell(self, algebra, None, None)

    def look_for(self, algebra: Fold[Any, Any]) -> None:
        """Have changes bring as many of the lowest and highest as a fold may need."""
        if isinstance(algebra, MemberFold) and algebra.end is not None:
            self.depths[algebra.end] = max(self.depths[algebra.end], algebra.n)

    def let_go(self) -> None:
        """Keep no contributions: a template has none."""
        if self.kept is not None:
            ENGINE.unobserve(self, self.kept.link)
            self.kept = None

    def _kept(self) -> Kept:
        if self.outcome is not UNSET and self.outcome is self.ahead[0]:
            return self.ahead[1]  # in a batch: nothing has to be gone through again
        return Kept() if self.kept is None else self.kept.peek()

    def _change(self, id: str, new: Any) -> None:
        if not isinstance(id, str):
            raise TypeError(
                f"{self.name}: the id of a contribution is text, not {id!r} ({type(id).__name__})"
            )
        with LOCK:
            kept, key = self._kept(), f"|{id}"
            there = kept.by_key.get(key)
            old = None if there is None else there[1]
            if type(old) is type(new) and old == new:
                return
            kept = kept.with_(MemberChange(key, old, new))
            lowest, highest = (kept.first(end, n) if n else None for end, n in self.depths.items())
            change = MemberChange(key, old, new, lowest, highest)
            if self.outcome is UNSET or ENGINE.in_effects:
                changes: tuple[MemberChange, ...] = (change,)
                self.ahead = changes, kept
                emit(self, changes)
            else:  # in the batch that is open
                changes = (*self.outcome, change)
                self.ahead = changes, kept
                write(self, changes)
            if self.outcome is UNSET:  # the event is over
                self.ahead = UNSET, Kept()


def members(
    id: str | Sequence[str] | Mapping[str, type] = (), value: str = "", *, name: str | None = None
) -> Members[Any]:
    """Collect what many units contribute to one: ``rooms = members("room", "area")``, then ``rooms.sum()``.

    ``id`` names the field (or fields, or fields with their types str, int or date) that tells one contributor from
    another in what a service is sent, ``value`` the path of what it contributes: a number, a text or a date. A live
    graph needs neither. The cells ``.sum() .count() .mean() .min() .max() .top(n)`` change with each contribution that
    comes, changes or goes, in O(log n) steps. Annotate it for the type of the values: ``rooms: Members[float]``.

    Raises DeclarationError for something else than names.

    >>> from reactflow import members
    >>> rooms = members()
    >>> total, largest = rooms.sum(), rooms.top(2)
    >>> rooms.put("r1", 12.0)
    >>> rooms.put("r2", 20.0)
    >>> rooms.put("r1", 30.0)
    >>> total.value, largest.value
    (50.0, (('r1', 30.0), ('r2', 20.0)))
    >>> rooms.remove("r1")
    >>> total.value, largest.value
    (20.0, (('r2', 20.0),))
    """
    fields = {id: str} if isinstance(id, str) else id if isinstance(id, Mapping) else dict.fromkeys(id, str)
    given: list[object] = [*fields, value or "-"]
    if not all(isinstance(one, str) and one for one in given):
        raise DeclarationError(
            f'members({id!r}, {value!r}): name the field of the id and that of the value, as in members("room", "area")'
        )
    if bool(fields) != bool(value):
        raise DeclarationError(
            f"members({id!r}, {value!r}): name both the field of the id and that of the value, as in "
            'members("room", "area")'
        )
    return Members(Gathered(dict(fields), value), name)
