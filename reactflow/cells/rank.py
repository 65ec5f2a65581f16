"""Ranks: text that compares as the values do that it stands for, exactly, so that any store can keep them in order.

Numbers of all kinds share one order, by what they are worth; then come texts, then dates and times. The rank of a
number is its sign, its decimal exponent and its digits; of a negative one, the nines' complements of these.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Final, TypeAlias

Rankable: TypeAlias = int | float | Decimal | str | date

_BIAS: Final = 50_000  # above and below it there is room for every exponent that is taken
_LARGEST: Final = (
    40_000  # of an exponent: integers have at most about 4,300 digits as text, decimals are smaller
)
_NINES: Final = str.maketrans("0123456789", "9876543210")


def rank_of(value: object) -> str:
    """The rank of a number, text, date or time with a zone; raises TypeError for anything else, ValueError for NaN,
    infinities, numbers of more digits than can be kept, and times that are outside of the calendar in UTC.

    >>> sorted([1.5, -2, 10, 0.25, -2.5, 0], key=rank_of)
    [-2.5, -2, 0, 0.25, 1.5, 10]
    >>> rank_of(1) == rank_of(1.0), rank_of("a") < rank_of("b")
    (True, True)
    """
    if isinstance(value, (int, float, Decimal)):
        return _of_number(value)
    if isinstance(value, str):
        value.encode()  # half of a surrogate pair cannot be kept
        return f"t{value}"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError(
                f"{value!r} has no time zone, so that its place in time is not known: give it one"
            )
        try:
            return f"z{value.astimezone(UTC).isoformat(timespec='microseconds')}"
        except OverflowError:
            raise ValueError(
                f"{value!r} is before the year 1 or after 9999 at Greenwich, where times are compared"
            ) from None
    if isinstance(value, date):
        return f"d{value.isoformat()}"
    raise TypeError(
        f"{value!r} ({type(value).__name__}) is no number, text or date, which are what is kept in order"
    )


def _of_number(value: int | float | Decimal) -> str:
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{value!r} has no place in the order of numbers")
    if isinstance(value, int) and value.bit_length() > 4096:
        raise ValueError(
            f"an integer of {value.bit_length()} bits is too long: at most 4096 are kept in order"
        )
    number = value if isinstance(value, Decimal) else Decimal(value)
    if not number.is_finite():
        raise ValueError(f"{value!r} has no place in the order of numbers")
    if not number:
        return "n2"
    sign, digits, exponent = number.as_tuple()
    shown = "".join(map(str, digits)).lstrip("0")
    scale = len(shown) + int(exponent)  # the number is 0.digits * 10 ** scale
    if abs(scale) > _LARGEST or len(shown) > _LARGEST:
        raise ValueError(
            f"{value!r} is too large or too small: numbers from 1e-{_LARGEST} to 1e{_LARGEST} are kept"
        )
    text = f"{scale + _BIAS:05d}{shown.rstrip('0')}"
    return f"n1{text.translate(_NINES)}~" if sign else f"n3{text}"
