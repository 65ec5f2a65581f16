"""Sameness by type and value."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow.flow.codec import Codec
from reactflow.flow.equality import same_value
from tests.flow.values import CLASSES, Box, Pair, Point, values

CODEC = Codec(CLASSES)


@given(values, values)
def test_two_values_are_the_same_exactly_if_they_encode_to_the_same_bytes(a: object, b: object) -> None:
    assert same_value(a, b) == (CODEC.encode_value(a) == CODEC.encode_value(b))


@given(st.data())
def test_a_value_is_the_same_as_its_copy_and_not_as_one_changed_inside(data: st.DataObject) -> None:
    value = data.draw(values)
    copy = CODEC.decode_value(CODEC.encode_value(value))
    other = data.draw(values)
    for wrap in (
        lambda x: [1, x],
        lambda x: {"k": x},
        lambda x: Point(x),
        lambda x: Box((x,)),
        lambda x: {1: {2: x}},
    ):
        assert same_value(wrap(value), wrap(copy))
        assert same_value(wrap(value), wrap(other)) == same_value(value, other)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, 1.0),
        (1, True),
        (0.0, -0.0),
        ([1], [True]),
        ([1], (1,)),
        ({1}, {1.0}),
        ({1: "x"}, {True: "x"}),
        ({1}, frozenset({1})),
        (Decimal("1.0"), Decimal("1.00")),
        (b"", ""),
        (Pair(1, 2), (1, 2)),
        (Point(1), Point(1.0)),
        (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=ZoneInfo("UTC"))),
        (datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)),  # noqa: DTZ001
        (None, 0),
    ],
)
def test_equal_and_yet_not_the_same(a: object, b: object) -> None:
    assert not same_value(a, b)


def test_a_comparison_that_raises_or_says_more_than_true_counts_as_changed() -> None:
    class Angry:
        def __eq__(self, other: object) -> bool:
            raise RuntimeError("no")

        __hash__ = object.__hash__

    class Vague:
        def __eq__(self, other: object) -> object:  # type: ignore[override]
            return [True]

        __hash__ = object.__hash__

    assert not same_value(Angry(), Angry())
    assert not same_value([Vague()], [Vague()])


def test_values_too_deep_to_compare_count_as_changed() -> None:
    def nest() -> object:
        value: object = 0
        for _ in range(100_000):
            value = [value]
        return value

    assert not same_value(nest(), nest())


def test_numbers_and_arrays_of_numpy_are_the_same_by_type_and_value() -> None:
    assert same_value([np.float64(1)], [np.float64(1)])
    assert not same_value(np.float64(1), np.float64(2))
    assert not same_value(np.float64(1), 1.0)
    assert same_value(np.array([1]), np.array([1]))
    assert not same_value(np.array([1]), np.array([1.0]))
