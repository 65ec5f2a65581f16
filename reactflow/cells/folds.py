"""Folds: how a pulse's occurrences add up.

A fold is an algebra: a zero, a way to add an occurrence, a way to merge two states, and what to show of a state. Laws
are what a source may do to the occurrences without changing the result. States are plain data that can be stored, and
``add`` returns a new state, never a changed one. Sums are exact, so that their laws are true of floats too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from math import frexp, inf, isfinite
from typing import Any, Generic, Literal, TypeVar

from reactflow.cells.given import called, runs_later, takes_other
from reactflow.cells.semantics import UNSET
from reactflow.errors import DeclarationError

T = TypeVar("T")
R = TypeVar("R")
Law = Literal["associative", "commutative", "idempotent"]


def _show(state: Any) -> Any:
    return state


@dataclass(frozen=True)  # without slots, which Fold[int, int](...) could not be called with in Python 3.11
class Fold(Generic[T, R]):
    """An algebra for ``fold(pulse, ...)``: occurrences of type T become a value of type R.

    ``add(state, occurrence)`` returns the next state, ``merge(one, other)`` joins two states, ``result(state)`` is what
    readers see (return UNSET to have no value yet). ``laws`` names those that hold: they are declared here and can be
    tested, they are not assumed. Raises DeclarationError for a function that cannot be called so, or an unknown law.

    >>> longest = Fold("", lambda kept, word: word if len(word) > len(kept) else kept, name="longest")
    >>> longest.add("ab", "abc")
    'abc'
    """

    zero: Any
    add: Callable[[Any, T], Any]
    merge: Callable[[Any, Any], Any] | None = None
    result: Callable[[Any], R] = _show
    laws: frozenset[Law] = frozenset()
    name: str = "fold"

    def __post_init__(self) -> None:
        for fn, part, takes in (
            (self.add, "add", ("the state", "the occurrence")),
            (self.merge, "merge", ("one state", "the other")),
            (self.result, "result", ("the state",)),
        ):
            if fn is None and part == "merge":
                continue
            what = f"Fold({part}={called(fn)})"
            if not callable(fn):
                raise DeclarationError(
                    f"{what}: give a function, as in Fold(0, lambda state, value: state + value)"
                )
            if fault := runs_later(fn):
                raise DeclarationError(f"{what}: {fault}; give a plain function")
            if fault := takes_other(fn, len(takes)):
                raise DeclarationError(f"{what}: {fault}, and is called with {' and '.join(takes)}")
        laws: Any = self.laws
        said = [laws] if isinstance(laws, str) else laws
        if not isinstance(said, Iterable) or not {*said} <= _LATTICE:
            raise DeclarationError(
                f"Fold(laws={self.laws!r}): the laws are associative, commutative and idempotent; give those that "
                'hold, as in laws=frozenset({"associative"})'
            )
        object.__setattr__(self, "laws", frozenset(said))  # a frozen value is completed once, here


class SameTypeFold(Fold[Any, Any]):
    """A fold whose result has the type of its occurrences."""

    __slots__ = ()


# the folds below take the names of these built-in functions
_lower = min

_LATTICE: frozenset[Law] = frozenset({"associative", "commutative", "idempotent"})
_COMMUTATIVE: frozenset[Law] = frozenset({"associative", "commutative"})

# --- one kept value: () or (value,), so that None is a value like any other --------------------------------


def _kept(state: tuple[Any, ...]) -> Any:
    return state[0] if state else UNSET


def _text(value: Any) -> str:
    """What tells values apart that are equal and not the same (1 and 1.0, 0.0 and -0.0), whichever came first."""
    if isinstance(value, (set, frozenset)):
        return f"{type(value).__name__} {sorted(map(_text, value))}"
    if isinstance(value, dict):
        return f"dict {sorted((_text(key), _text(one)) for key, one in value.items())}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__} {list(map(_text, value))}"
    return f"{type(value).__name__} {value!r}"


def _better(
    name: str, prefer: Callable[[Any, Any], bool]
) -> Callable[[tuple[Any, ...], Any], tuple[Any, ...]]:
    def add(state: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
        if value != value:
            raise ValueError(
                f"{name} has no place for {value!r}, which is neither more nor less than any number"
            )
        if not state:
            if isinstance(value, Set):  # whether two of them fail would depend on which came before
                raise TypeError(
                    f"{name} has no place for {value!r}: of two sets, neither need be more. Use folds.union, or fold "
                    "what is counted of them, as in .map(len)"
                )
            prefer(value, value)  # raises for what has no order
            return (value,)
        if prefer(value, state[0]):
            return (value,)
        if value != state[0] and not prefer(state[0], value):
            raise ValueError(f"{name} has no answer for {value!r} and {state[0]!r}, neither of which is more")
        # equal values need not be the same: a fixed choice keeps the fold commutative
        if value == state[0] and _text(value) > _text(state[0]):
            return (value,)
        return state

    return add


def _merging(
    add: Callable[[tuple[Any, ...], Any], tuple[Any, ...]],
) -> Callable[[tuple[Any, ...], tuple[Any, ...]], tuple[Any, ...]]:
    return lambda one, other: add(one, other[0]) if other else one


_add_max = _better("max", lambda new, old: new > old)
_add_min = _better("min", lambda new, old: new < old)

# --- exact sums: (kind, mantissa, exponent) stands for mantissa * base ** exponent, base 2 of floats, 10 of decimals

_Sum = tuple[str, int, int]
_ZERO: _Sum = ("int", 0, 0)
_BITS = float(1 << 53)
_FARTHEST = 6144  # the largest power of ten of the 128-bit decimals, and more than any source delivers
# of its own, since a result must not depend on what a thread has set
_DIVISION = Context(
    prec=28, rounding=ROUND_HALF_EVEN, Emin=MIN_EMIN, Emax=MAX_EMAX, capitals=1, clamp=0, flags=[], traps=[]
)


def _exact(value: Any) -> _Sum:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise TypeError(
            f"a sum takes int, float or Decimal, not {value!r} ({type(value).__name__}): {_as_number(value)}"
        )
    if isinstance(value, int):
        return ("int", value, 0)
    if not (value.is_finite() if isinstance(value, Decimal) else isfinite(value)):
        raise ValueError(f"a sum takes finite numbers, not {value!r}")
    if isinstance(value, float):
        mantissa, denominator = value.as_integer_ratio()
        return _normal("float", mantissa, 1 - denominator.bit_length())
    if value and abs(value.adjusted()) > _FARTHEST:
        raise ValueError(
            f"a sum takes Decimals from 1E-{_FARTHEST} to 1E+{_FARTHEST}, not {value!r}: it is kept exactly, and each "
            "digit between the largest and the smallest takes room"
        )
    sign, digits, exponent = value.as_tuple()
    mantissa = int(Decimal((sign, digits, 0)))  # not by way of text, whose length Python limits
    return _normal("decimal", mantissa, int(exponent))


def _as_number(value: Any) -> str:
    """What to do about a value that no sum takes."""
    if isinstance(value, bool):
        return "fold .map(int), or count those that are true"
    if isinstance(value, str):
        return "send numbers, or make them of the text, as in .map(Decimal)"
    if hasattr(value, "item"):  # a number of an array
        return "make it a number of Python's own, as in .map(lambda one: one.item())"
    return "fold a number that is computed from it, as in .map(...)"


def _normal(kind: str, mantissa: int, exponent: int) -> _Sum:
    """One form for one number, so that equal sums are equal states whatever the order of their parts."""
    if mantissa == 0:
        return (kind, 0, 0)
    if kind == "float":
        twos = (mantissa & -mantissa).bit_length() - 1
        return (kind, mantissa >> twos, exponent + twos)
    while kind == "decimal" and mantissa % 10 == 0:
        mantissa, exponent = mantissa // 10, exponent + 1
    return (kind, mantissa, exponent)


def _merge_sums(one: _Sum, other: _Sum) -> _Sum:
    kinds = {one[0], other[0]} - {"int"}
    if len(kinds) > 1:
        raise TypeError("a sum of floats and Decimals has no exact type: make them one or the other")
    kind = kinds.pop() if kinds else "int"
    base = 10 if kind == "decimal" else 2
    exponent = _lower(one[2], other[2])
    mantissa = one[1] * base ** (one[2] - exponent) + other[1] * base ** (other[2] - exponent)
    return _normal(kind, mantissa, exponent) if kind != "int" else (kind, mantissa, 0)


def _add_sum(state: _Sum, value: Any) -> _Sum:
    kind, mantissa, exponent = state
    if type(value) is int and kind == "int":
        return ("int", mantissa + value, 0)
    if type(value) is float and kind == "float" and -inf < value < inf:
        fraction, power = frexp(value)  # value = fraction * 2**power, and 53 bits hold the fraction
        number, power = int(fraction * _BITS), power - 53
        if power >= exponent:
            return _normal("float", mantissa + (number << (power - exponent)), exponent)
        return _normal("float", (mantissa << (exponent - power)) + number, power)
    return _merge_sums(tuple(state), _exact(value))  # type: ignore[arg-type]  # a stored state may come back as a list


def _show_sum(state: _Sum) -> Any:
    kind, mantissa, exponent = state
    if kind == "int":
        return mantissa
    if kind == "decimal":
        sign, digits, _ = Decimal(mantissa).as_tuple()
        return Decimal((sign, digits, exponent))
    return _rounded(mantissa, exponent, 1)


def _rounded(mantissa: int, exponent: int, number: int) -> float:
    """mantissa * 2 ** exponent / number as a float, rounded once, as the division of two ints is."""
    try:
        return (mantissa << exponent) / number if exponent >= 0 else mantissa / (number << -exponent)
    except OverflowError:
        raise OverflowError(
            "the sum is exact, and too large to be shown as a float: fold Decimals, or numbers of a larger unit"
        ) from None


def _show_mean(state: tuple[_Sum, int]) -> Any:
    (kind, mantissa, exponent), number = state
    if number == 0:
        return UNSET
    if kind == "decimal":
        return _DIVISION.divide(_show_sum((kind, mantissa, exponent)), Decimal(number))
    return _rounded(mantissa, exponent, number)


sum = SameTypeFold(_ZERO, _add_sum, _merge_sums, _show_sum, _COMMUTATIVE, "sum")
"""The exact sum; 0 before the first occurrence. int stays int, Decimal stays Decimal, floats are rounded once."""

count: Fold[Any, int] = Fold(
    0, lambda state, _: state + 1, lambda one, other: one + other, _show, _COMMUTATIVE, "count"
)
"""How many occurrences there were."""

mean: Fold[float, float] = Fold(
    (_ZERO, 0),
    lambda state, value: (_add_sum(state[0], value), state[1] + 1),
    lambda one, other: (_merge_sums(one[0], other[0]), one[1] + other[1]),
    _show_mean,
    _COMMUTATIVE,
    "mean",
)
"""The mean, from an exact sum; unset before the first occurrence."""

max = SameTypeFold((), _add_max, _merging(_add_max), _kept, _LATTICE, "max")
"""The largest occurrence; unset before the first."""

min = SameTypeFold((), _add_min, _merging(_add_min), _kept, _LATTICE, "min")
"""The smallest occurrence; unset before the first."""

_IN_ORDER: frozenset[Law] = frozenset({"associative", "idempotent"})

last = SameTypeFold(
    (), lambda state, value: (value,), lambda one, other: other or one, _kept, _IN_ORDER, "last"
)
"""The latest occurrence in order of arrival; unset before the first. ``last_by`` goes by a version instead."""

first = SameTypeFold(
    (), lambda state, value: state or (value,), lambda one, other: one or other, _kept, _IN_ORDER, "first"
)
"""The first occurrence in order of arrival; unset before the first. ``first_by`` goes by a version instead."""


def last_by(version: str | Callable[[Any], Any]) -> SameTypeFold:
    """The occurrence with the highest version, in whatever order they come and however often: a lattice.

    ``version`` is a function of the occurrence, or the name of its field or attribute. Versions are compared with
    ``<``, and text as text: make a datetime of times whose texts differ in digits or offset. Of two with one
    version, a fixed one is kept. Raises DeclarationError for neither; the fold refuses (TypeError, ValueError) an
    occurrence without a version, or with one that has no order, also if it is the first, and versions of two types.

    >>> latest = last_by("at")
    >>> newer, older = {"at": 2, "level": 7.0}, {"at": 1, "level": 9.0}
    >>> latest.result(latest.add(latest.add(latest.zero, newer), older))
    {'at': 2, 'level': 7.0}
    """
    return _by(version, "last_by", lambda new, old: new > old)


def first_by(version: str | Callable[[Any], Any]) -> SameTypeFold:
    """The occurrence with the lowest version, else as ``last_by``.

    >>> earliest = first_by("at")
    >>> earliest.result(earliest.add(earliest.add(earliest.zero, {"at": 2}), {"at": 1}))
    {'at': 1}
    """
    return _by(version, "first_by", lambda new, old: new < old)


def _by(version: str | Callable[[Any], Any], name: str, prefer: Callable[[Any, Any], bool]) -> SameTypeFold:
    if not (isinstance(version, str) or callable(version)):
        raise DeclarationError(
            f'folds.{name}({version!r}): name the field that orders occurrences, as in folds.{name}("at"), or give a '
            "function of the occurrence"
        )
    said = f"{name}({version!r})" if isinstance(version, str) else name  # no address of a function

    def version_of(value: Any) -> Any:
        if not isinstance(version, str):
            found = version(value)
        elif isinstance(value, Mapping):
            found = value.get(version)
        else:
            found = getattr(value, version, None)
        if found is None:
            raise TypeError(
                f"{said} finds no version in {value!r}: send it in every record, or name another field"
            )
        if found != found:
            raise ValueError(f"{said} has no order for {found!r}: use a number, a text or a time")
        return found

    def merge(one: tuple[Any, ...], other: tuple[Any, ...]) -> tuple[Any, ...]:
        if not one or not other:
            return tuple(one or other)
        if prefer(other[0], one[0]):
            return tuple(other)
        if prefer(one[0], other[0]) or _text(tuple(one)) >= _text(tuple(other)):
            return tuple(one)
        return tuple(other)

    def add(state: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
        found = version_of(value)
        if not state:  # what has no order would, as the first, have all others fail
            if isinstance(found, Set):
                raise TypeError(f"{said} has no order for {found!r}: use a number, a text or a time")
            prefer(found, found)
        return merge(state, (found, value))

    return SameTypeFold((), add, merge, _kept_last, _LATTICE, name)


def _kept_last(state: tuple[Any, ...]) -> Any:
    return state[1] if state else UNSET


def _add_union(state: frozenset[Any], value: Iterable[Any]) -> frozenset[Any]:
    if isinstance(value, (str, bytes, dict)):  # whose letters or names are hardly meant
        raise TypeError(
            f"a union takes sets, lists or tuples of members, not {value!r} ({type(value).__name__}): fold "
            ".map(lambda one: {one}) to add it as a member"
        )
    old, new = frozenset(state), frozenset(value)
    if not any(type(one) is not str and one in old for one in new):
        return old | new
    members = {one: one for one in old}  # equal members need not be the same: a fixed one is kept
    for one in new:
        kept = members.pop(one, one)
        chosen = one if _text(one) > _text(kept) else kept
        members[chosen] = chosen
    return frozenset(members)


union: Fold[Iterable[Any], frozenset[Any]] = Fold(
    frozenset(), _add_union, _add_union, _show, _LATTICE, "union"
)
"""The union of the occurrences, each a set, list or tuple of members; text is one member, not many, and refused."""

__all__ = [
    "Fold",
    "Law",
    "SameTypeFold",
    "count",
    "first",
    "first_by",
    "last",
    "last_by",
    "max",
    "mean",
    "min",
    "sum",
    "union",
]
