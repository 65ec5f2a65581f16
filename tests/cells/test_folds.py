"""What the built-in folds take, what they refuse from the first occurrence on, and that they depend on nothing else."""

from __future__ import annotations

import decimal
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from reactflow import Fold, Pulse, fold, folds, pulse
from reactflow.cells import UNSET


def after(algebra: Fold[Any, Any], *values: Any) -> Any:
    """What readers see after these occurrences."""
    state = algebra.zero
    for value in values:
        state = algebra.add(state, value)
    return algebra.result(state)


class Scalar:
    """A number of an array, as far as it matters here."""

    def item(self) -> int:
        return 3

    def __repr__(self) -> str:
        return "int64(3)"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("ten", r"not 'ten' \(str\): send numbers, or make them of the text, as in \.map\(Decimal\)"),
        (True, r"not True \(bool\): fold \.map\(int\), or count those that are true"),
        (Scalar(), r"not int64\(3\) \(Scalar\): make it a number of Python's own, .* one\.item\(\)\)"),
        (None, r"not None \(NoneType\): fold a number that is computed from it"),
    ],
)
def test_what_is_no_number_has_no_sum_and_the_remedy_is_said(value: Any, says: str) -> None:
    for algebra in (folds.sum, folds.mean):
        with pytest.raises(TypeError, match=f"a sum takes int, float or Decimal, {says}"):
            after(algebra, value)


def test_a_sum_of_decimals_has_as_many_digits_as_it_needs_in_any_order() -> None:
    far = [Decimal("1E+4299"), Decimal("1E-4299"), Decimal(1)]
    found = {after(folds.sum, *order) for order in permutations(far)}
    (total,) = found
    assert total.as_tuple().exponent == -4299
    assert total > far[0]
    long = Decimal("1" * 5000)
    assert after(folds.sum, long, long.copy_negate(), Decimal("0.5")) == Decimal("0.5")


@pytest.mark.parametrize("text", ["1E+6145", "-1E+999999", "1E-999999"])
def test_a_decimal_that_is_too_far_from_one_is_refused_before_it_takes_all_memory(text: str) -> None:
    with pytest.raises(ValueError, match=r"a sum takes Decimals from 1E-6144 to 1E\+6144, not "):
        after(folds.sum, Decimal(1), Decimal(text))


def test_a_mean_of_decimals_does_not_depend_on_what_a_thread_has_set() -> None:
    values = [Decimal(1), Decimal(1), Decimal(0)]
    with decimal.localcontext() as context:
        context.prec, context.rounding = 3, decimal.ROUND_UP
        context.traps[decimal.Inexact] = True
        assert after(folds.mean, *values) == Decimal("0." + "6" * 27 + "7")


def test_a_sum_that_no_float_can_show_is_said_and_goes_on() -> None:
    for algebra in (folds.sum, folds.mean):
        state = algebra.zero
        for value in (1.5e308, 10**309, 10**309):
            state = algebra.add(state, value)
        with pytest.raises(OverflowError, match="the sum is exact, and too large to be shown as a float"):
            algebra.result(state)
        for _ in range(2):
            state = algebra.add(state, -(10**309))
        assert algebra.result(state) == (1.5e308 if algebra is folds.sum else 3e307)


@pytest.mark.parametrize("algebra", [folds.max, folds.min], ids=lambda one: one.name)
def test_sets_have_no_extremes_whichever_comes_first(algebra: Fold[Any, Any]) -> None:
    reading: Pulse[Any] = pulse()
    most = fold(reading, algebra)
    for value in ({1}, frozenset({1, 2})):
        reading.emit(value)
        with pytest.raises(TypeError, match=r"of two sets, neither need be more\. Use folds\.union"):
            _ = most.value


@pytest.mark.parametrize("value", ["ab", b"ab", {"a": 1}])
def test_text_is_no_collection_of_letters(value: Any) -> None:
    with pytest.raises(
        TypeError, match=r"a union takes sets, lists or tuples .* \.map\(lambda one: \{one\}\)"
    ):
        after(folds.union, value)
    assert after(folds.union, {"ab"}, ["ab", "c"]) == {"ab", "c"}


@pytest.mark.parametrize("by", [folds.last_by, folds.first_by])
@pytest.mark.parametrize(
    "value", [{"at": None}, {"on": 1}, {"at": float("nan")}, {"at": {1}}, {"at": {}}, "text"]
)
def test_an_occurrence_without_an_order_is_refused_and_does_not_stand_in_the_way_of_others(
    by: Any, value: Any
) -> None:
    algebra = by("at")
    with pytest.raises((TypeError, ValueError)):
        algebra.add(algebra.zero, value)
    assert after(algebra) is UNSET
    assert after(algebra, {"at": 2}) == {"at": 2}


def test_a_missing_version_is_named() -> None:
    with pytest.raises(
        TypeError, match=r"last_by\('at'\) finds no version in \{'on': 1\}: send it in every record"
    ):
        after(folds.last_by("at"), {"on": 1})
    with pytest.raises(TypeError, match=r"^first_by finds no version in 7: "):
        after(folds.first_by(lambda _: None), 7)
