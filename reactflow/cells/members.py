"""Members: what many units contribute to one, as an incremental map of which sums, means and extremes are kept.

``rooms = members("room", "area")`` is a pulse: each of its occurrences says which contributions came, changed or went,
with what they were before. What is kept of them are folds of these changes (``member_folds``), so that no cell of a
flow ever holds all of them: ``rooms.sum()`` adds the new value and takes the old one off. In a live graph the
contributions are kept here, in ordered maps that are never changed, so that batches can be gone back on; in a service
they are stored items. Either way a change takes O(log n) steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar, cast

from reactflow.cells.derived import Derived
from reactflow.cells.doing import LOCK
from reactflow.cells.engine import ENGINE
from reactflow.cells.event import PENDING, emit, write
from reactflow.cells.fold import FoldCell
from reactflow.cells.folds import Fold
from reactflow.cells.folds import sum as sum_of
from reactflow.cells.member_folds import (
    COUNT,
    MAX,
    MEAN,
    MIN,
    MOST,
    SUM,
    End,
    MemberChange,
    MemberFold,
    Ranked,
    top,
)
from reactflow.cells.ordered import OrderedMap
from reactflow.cells.pulse import Pulse
from reactflow.cells.rank import rank_of
from reactflow.cells.readable import Readable
from reactflow.cells.semantics import UNSET
from reactflow.errors import DeclarationError

V = TypeVar("V")


class Kept(NamedTuple):
    """The contributions of a live graph: rank and value by key, values in order, how many are floats and decimals."""

    by_key: OrderedMap[str, tuple[str, Any]] = OrderedMap()
    by_rank: OrderedMap[tuple[str, str], Any] = OrderedMap()
    floats: int = 0
    decimals: int = 0

    def with_(self, change: MemberChange) -> Kept:
        """After a change."""
        by_key, by_rank, floats, decimals = self
        if there := by_key.get(change.key):
            by_rank = by_rank.remove((there[0], change.key))
            floats -= isinstance(there[1], float)
            decimals -= isinstance(there[1], Decimal)
        if change.new is None:
            return Kept(by_key.remove(change.key), by_rank, floats, decimals)
        rank = rank_of(change.new)
        by_key = by_key.put(change.key, (rank, change.new))
        by_rank = by_rank.put((rank, change.key), change.new)
        floats += isinstance(change.new, float)
        decimals += isinstance(change.new, Decimal)
        return Kept(by_key, by_rank, floats, decimals)

    def first(self, end: End, n: int) -> tuple[Ranked, ...]:
        """The first ``n`` from one end."""
        found = self.by_rank.lowest(n) if end == "lowest" else self.by_rank.highest(n)
        return tuple((rank, key, value) for (rank, key), value in found)


def _keep(kept: Kept, changes: Sequence[MemberChange]) -> Kept:
    for change in changes:
        kept = kept.with_(change)
    return kept


def _itself(kept: Kept) -> Kept:
    return kept


KEEPING: Fold[Any, Kept] = Fold(Kept(), _keep, None, _itself, name="kept")


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

    __slots__ = ("adds", "ahead", "depths", "gathered", "kept")
    kind = "members"

    def __init__(self, gathered: Gathered, name: str | None) -> None:
        super().__init__(name)
        self.gathered = gathered
        self.adds = False  # a sum or mean is kept, so that values have to be numbers
        self.depths: dict[End, int] = {"lowest": 0, "highest": 0}
        self.ahead: tuple[object, Kept] = (UNSET, Kept())  # an outcome, and what is kept after it
        self.kept: Keeping | None = Keeping(self, KEEPING, None, None)

    def put(self, id: str, value: V) -> None:
        """Have a contribution with a value: a new one, or in place of the one that there is.

        Several in a batch are one event. Raises TypeError for what is no number, text or date, and, where there is a
        sum or mean, for what cannot be added; ValueError for a number that has no place in an order; OccurrenceError
        for a second one in a batch of an effect. Nothing has changed then.
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
        return self.fold(MIN)

    def max(self) -> Derived[V]:
        """The highest value; unset without contributions."""
        return self.fold(MAX)

    def top(self, n: int) -> Derived[tuple[tuple[str, V], ...]]:
        """The ``n`` highest as pairs of id and value, the highest first; of equal values, the later ids first.

        Raises DeclarationError for an ``n`` that is not from 1 to 100: they are part of the state.
        """
        if type(n) is not int or not 1 <= n <= MOST:
            raise DeclarationError(
                f"{self.name}.top({n!r}): give a number from 1 to {MOST}, as they are kept in the state"
            )
        return self.fold(top(n))

    def fold(self, algebra: MemberFold) -> Derived[Any]:
        """A cell that keeps what a fold makes of the changes."""
        self.look_for(algebra)
        return FoldCell(self, algebra, None, None)

    def look_for(self, algebra: Fold[Any, Any]) -> None:
        """Have changes bring as many of the lowest and highest as a fold may need."""
        self.adds = self.adds or algebra is SUM or algebra is MEAN
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
            if ENGINE.in_effects:  # what effects put comes in the events to follow, one after the other
                for _, changes, _ in [one for one in PENDING if one[0] is self]:
                    kept = _keep(kept, cast("tuple[MemberChange, ...]", changes))
            there = kept.by_key.get(key)
            old = None if there is None else there[1]
            if type(old) is type(new) and old == new and repr(old) == repr(new):
                return  # not so of 0.0 and -0.0, or Decimal 1.0 and 1.00, as in a flow
            kept = kept.with_(MemberChange(key, old, new))
            if self.adds:
                if new is not None:
                    sum_of.add(sum_of.zero, new)  # raises for what is no number
                if kept.floats and kept.decimals:
                    raise TypeError(
                        "a sum of floats and Decimals has no exact type: make them one or the other"
                    )
            lowest, highest = (kept.first(end, n) if n else None for end, n in self.depths.items())
            change = MemberChange(key, old, new, lowest, highest)
            if ENGINE.in_effects:
                emit(self, (change,))
                return
            is_first = self.outcome is UNSET
            said: tuple[MemberChange, ...] = (change,) if is_first else (*self.outcome, change)
            self.ahead = said, kept
            if is_first:
                emit(self, said)
            else:  # in the batch that is open
                write(self, said)
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
    given: list[Any] = [id, value]
    for one in given:
        if isinstance(one, Readable):
            raise DeclarationError(
                f'members({one.name}): what other units tell is named as they do, as in members("room", "area")'
            )
    fields = {id: str} if isinstance(id, str) else id if isinstance(id, Mapping) else dict.fromkeys(id, str)
    given = [*fields, value or "-"]
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
