"""Ranks compare as the values do that they stand for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow.cells.rank import rank_of

NUMBERS = (
    st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0, -0.0, 0.1, Decimal("0.1"), Decimal("1.10"), 1.1, 5e-324, -5e-324, 2**53 + 1, float(2**53)])
)  # fmt: skip


@given(NUMBERS, NUMBERS)
def test_ranks_of_numbers_compare_as_what_they_are_worth(one: Any, other: Any) -> None:
    a, b = Fraction(one), Fraction(other)
    assert (rank_of(one) < rank_of(other)) == (a < b)
    assert (rank_of(one) == rank_of(other)) == (a == b)


@given(st.text(), st.text())
def test_ranks_of_texts_compare_as_bytes_of_utf_8_too(one: str, other: str) -> None:
    assert (rank_of(one) < rank_of(other)) == (one < other)
    assert (rank_of(one).encode() < rank_of(other).encode()) == (one < other)


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(timezone(timedelta(hours=5)))))
def test_ranks_of_times_compare_as_instants(one: datetime, other: datetime) -> None:
    try:
        ranks = rank_of(one), rank_of(other)
    except ValueError:
        return  # before the year 1 or after 9999 in UTC
    assert (ranks[0] < ranks[1]) == (one < other)


def test_numbers_come_before_dates_and_texts() -> None:
    assert sorted(["a", date(2026, 1, 1), 7], key=rank_of) == [date(2026, 1, 1), 7, "a"]


@pytest.mark.parametrize(
    ("value", "error", "says"),
    [
        (float("nan"), ValueError, "nan has no place"),
        (Decimal("Infinity"), ValueError, "has no place"),
        (1 << 5000, ValueError, "an integer of 5001 bits is too long"),
        (Decimal("1e50000"), ValueError, "too large or too small"),
        (datetime(2026, 1, 1), TypeError, "has no time zone"),  # noqa: DTZ001  # what is refused
        (
            datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
            ValueError,
            "before the year 1 or after 9999",
        ),
        (
            datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-2))),
            ValueError,
            "before the year 1 or after 9999",
        ),
        ([1], TypeError, r"\[1\] \(list\) is no number, text or date"),
        (None, TypeError, "is no number"),
    ],
)
def test_what_has_no_rank_is_refused(value: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        rank_of(value)
