"""The benchmark of state runs and compares like with like."""

from __future__ import annotations

from benchmarks.state import measure


def test_every_work_has_a_ratio_to_both() -> None:
    found = measure(rounds=1, calls=400)
    assert [one.work for one in found] == [
        "write three floats", "write two folds", "read three floats", "write a record", "read a record",
    ]  # fmt: skip
    assert all(one.to_json > 0 and one.to_msgspec > 0 for one in found)
