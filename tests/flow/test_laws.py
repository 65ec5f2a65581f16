"""Laws follow the path, and those that built-in folds declare are true of any values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow import Flow, Fold, Pulse, cell, fold, folds, pulse
from reactflow.flow import same_value
from reactflow.flow.laws import LATTICE, fold_laws

NUMBERS = st.integers(-3, 3) | st.floats(-1e9, 1e9)
DECIMALS = st.integers(-3, 3) | st.decimals(-1000, 1000, places=2)
VERSIONED = st.fixed_dictionaries({"at": st.integers(0, 3), "level": NUMBERS})
CASES: dict[str, tuple[Fold[Any, Any], st.SearchStrategy[Any]]] = {
    "sum": (folds.sum, NUMBERS),
    "sum of decimals": (folds.sum, DECIMALS),
    "count": (folds.count, NUMBERS),
    "mean": (folds.mean, NUMBERS),
    "max": (folds.max, NUMBERS),
    "min": (folds.min, NUMBERS),
    "union": (folds.union, st.lists(NUMBERS | st.text(max_size=1), max_size=3)),
    "last": (folds.last, NUMBERS),
    "first": (folds.first, NUMBERS),
    "last_by": (folds.last_by("at"), VERSIONED),
    "first_by": (folds.first_by("at"), VERSIONED),
}


def folded(algebra: Fold[Any, Any], values: list[Any]) -> Any:
    state = algebra.zero
    for value in values:
        state = algebra.add(state, value)
    return state


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
def test_the_declared_laws_of_a_built_in_fold_hold(name: str, data: st.DataObject) -> None:
    algebra, values = CASES[name]
    assert algebra.merge is not None
    assert "associative" in algebra.laws
    one, other, third = (data.draw(st.lists(values, max_size=4)) for _ in range(3))
    whole = folded(algebra, one + other + third)
    states = [folded(algebra, part) for part in (one, other, third)]
    assert same_value(whole, algebra.merge(algebra.merge(states[0], states[1]), states[2]))
    assert same_value(whole, algebra.merge(states[0], algebra.merge(states[1], states[2])))
    if "commutative" in algebra.laws:
        assert same_value(whole, folded(algebra, data.draw(st.permutations(one + other + third))))
        assert same_value(algebra.merge(states[0], states[1]), algebra.merge(states[1], states[0]))
    if "idempotent" in algebra.laws:
        assert same_value(algebra.merge(whole, whole), whole)
        assert same_value(folded(algebra, [twice for each in one for twice in (each, each)]), states[0])
    if algebra.laws >= LATTICE:
        assert same_value(folded(algebra, one + other + one), folded(algebra, one + other))


def test_a_number_that_is_none_has_no_maximum() -> None:
    for algebra in (folds.max, folds.min):
        with pytest.raises(ValueError, match="has no place for nan"):
            algebra.add((), float("nan"))
    assert folds.max.add((Decimal("1.0"),), 1) == (1,)


class Room(Flow):
    level = cell(0.0)
    reading: Pulse[float] = pulse()
    latest = fold(reading, folds.last)
    highest = fold(reading.map(abs), folds.max)
    total = fold(reading, folds.sum)
    scaled = fold(reading * level, folds.sum)
    peak = fold(level.changes(), folds.max)
    records = fold(highest.changes(), folds.count)


def test_a_fold_has_the_laws_of_its_function_only_if_it_sees_the_fields_of_one_event() -> None:
    found = {one.name: (len(one.laws), one.state, one.is_general) for one in fold_laws(Room.plan)}
    assert found == {
        "latest": (2, "", True), "highest": (3, "", False), "total": (2, "", False), "scaled": (0, "level", True),
        "peak": (0, "level", True), "records": (0, "highest", True),
    }  # fmt: skip
