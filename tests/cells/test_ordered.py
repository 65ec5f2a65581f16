"""An ordered map that is never changed: what it holds, its order, and how few comparisons it makes."""

from __future__ import annotations

from functools import total_ordering
from math import log2
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow.cells.ordered import OrderedMap


@given(st.lists(st.tuples(st.integers(0, 30), st.none() | st.integers())))
def test_it_holds_what_a_dict_holds_in_the_order_of_the_keys(changes: list[tuple[int, int | None]]) -> None:
    kept: OrderedMap[int, int] = OrderedMap()
    plain: dict[int, int] = {}
    for key, value in changes:
        before, was = kept, dict(plain)
        if value is None:
            kept = kept.remove(key)
            plain.pop(key, None)
        else:
            kept = kept.put(key, value)
            plain[key] = value
        assert list(kept) == sorted(plain.items())
        assert list(before) == sorted(was.items()), "what it was made from stays as it was"
        assert (len(kept), kept.get(key)) == (len(plain), plain.get(key))
        assert list(kept.lowest(3)) == sorted(plain.items())[:3]
        assert list(kept.highest(3)) == sorted(plain.items(), reverse=True)[:3]


def test_removing_what_is_not_there_gives_the_same_map() -> None:
    kept = OrderedMap[int, int]().put(1, 1)
    assert kept.remove(2) is kept


@total_ordering
class Counted:
    """A number that counts how often it is compared."""

    compared = 0

    def __init__(self, number: int) -> None:
        self.number = number

    def __lt__(self, other: Counted) -> bool:
        Counted.compared += 1
        return self.number < other.number

    def __eq__(self, other: object) -> bool:
        raise AssertionError("keys are compared by < alone")

    __hash__ = None  # type: ignore[assignment]  # how Python says that it cannot be hashed


@pytest.mark.parametrize("size", [10, 1_000, pytest.param(100_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("order", ["rising", "falling", "mixed"])
def test_a_change_compares_a_number_of_keys_that_grows_with_the_logarithm(size: int, order: str) -> None:
    numbers = list(range(size))
    if order == "mixed":
        Random(7).shuffle(numbers)
    kept: OrderedMap[Any, int] = OrderedMap()
    works = []
    for number in reversed(numbers) if order == "falling" else numbers:
        before = Counted.compared
        kept = kept.put(Counted(number), number)
        works.append(Counted.compared - before)
    for number in numbers[: size // 2]:
        before = Counted.compared
        kept = kept.remove(Counted(number))
        works.append(Counted.compared - before)
    levels = 2.41 * log2(size + 1)  # no branch of a tree of the balance 3 is longer
    assert max(works) <= 2 * levels + 2
    before = Counted.compared
    assert len(list(kept.lowest(3))) == 3
    assert Counted.compared == before, "the lowest few are walked to, not searched for"
