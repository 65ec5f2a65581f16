from __future__ import annotations

import pytest

from reactflow import UNSET, Cell, cell, derived, fold, folds, pulse
from reactflow.cells import Constant, Kind, Plan, instantiate
from reactflow.errors import DeclarationError


def test_a_plan_has_inputs_before_what_is_made_of_them_and_each_once() -> None:
    length: Cell[float] = cell()
    area = length * length * 2.0
    peak = fold(area.changes(), folds.max)
    plan = Plan.of({"peak": peak, "area": area, "length": length}, types={"length": float})
    kinds = [(node.kind, node.name, node.inputs) for node in plan]
    assert kinds == [
        (Kind.SOURCE, "length", ()),
        (Kind.DERIVED, None, (0,)),
        (Kind.DERIVED, "area", (1,)),
        (Kind.CHANGES, None, (2,)),
        (Kind.FOLD, "peak", (3,)),
    ]
    assert plan["area"].arguments == (1, Constant(2.0))
    assert (plan["length"].default, plan["length"].type) == (UNSET, float)
    assert [node.is_pulse for node in plan] == [False, False, False, True, False]


def test_a_plan_refuses_tracked_unnamed_and_twice_named_cells() -> None:
    length, reading = cell(1.0), pulse()
    tracked = derived(lambda: length.value)
    with pytest.raises(DeclarationError, match=r"'tracked' is tracked \(test_plan.py:\d+\)"):
        Plan.of({"tracked": tracked})
    with pytest.raises(DeclarationError, match=r"the source cell 'length'.*has no name"):
        Plan.of({"area": length * 2})
    with pytest.raises(DeclarationError, match=r"the fold of 'reading'.*has no name"):
        Plan.of({"reading": reading, "double": fold(reading, folds.sum) * 2})
    with pytest.raises(DeclarationError, match="'a' and 'b' are the same cell"):
        Plan.of({"a": length, "b": length})


def test_a_plan_of_a_deep_chain_needs_no_recursion() -> None:
    source = cell(0)
    last = source.map(lambda v: v + 1)
    for _ in range(20_000):
        last = last.map(lambda v: v + 1)
    assert len(Plan.of({"source": source, "last": last}).nodes) == 20_002


def test_instances_of_a_plan_share_nothing() -> None:
    rows: Cell[list[int]] = cell([1])
    reading = pulse()
    count = fold(reading, folds.count)
    plan = Plan.of({"rows": rows, "size": rows.map(len), "reading": reading, "count": count})
    first, second = ({one.name: one for one in instantiate(plan)} for _ in range(2))
    first["reading"].emit(1)  # type: ignore[attr-defined]  # a pulse
    first["rows"].peek().append(2)
    assert [first["count"].peek(), second["count"].peek(), count.value] == [1, 0, 0]
    assert [len(one["rows"].peek()) for one in (first, second)] == [2, 1]
    assert instantiate(plan, {"rows": [1, 2, 3]})[1].peek() == 3
