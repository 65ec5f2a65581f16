"""A case keeps any record, comes back as it was, and reads in two lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow.errors import CellError, RecordError, StateError
from reactflow.service.caseid import case_id
from reactflow.service.quarantine import Case, Reason, plain

CASE = Case(
    service="rooms",
    unit="room=r1",
    lane="kinesis/measurements/shard-1",
    position="0042",
    resource="kinesis/measurements",
    record={"kinesis": {"data": "eyJ4IjogMX0="}},
    reason=Reason(
        kind="cell", cell="area", type="ZeroDivisionError", message="division by zero", line="rooms.py:12"
    ),
    time="2026-11-23T06:00:00Z",
    v=3,
    gv="1a2b",
)


def test_case_is_its_lane_and_position() -> None:
    assert CASE.id == "kinesis/measurements/shard-1@0042"


def test_case_comes_back_as_it_was() -> None:
    assert Case.from_bytes(CASE.to_bytes()) == CASE
    assert json.loads(CASE.to_bytes())["reason"] == {
        "kind": "cell",
        "cell": "area",
        "type": "ZeroDivisionError",
        "message": "division by zero",
        "line": "rooms.py:12",
    }


def test_case_reads_in_two_lines_and_does_not_show_the_record() -> None:
    assert str(CASE) == (
        "rooms, unit room=r1: ZeroDivisionError: division by zero\n"
        "  case kinesis/measurements/shard-1@0042, cell area, line rooms.py:12, "
        "at 2026-11-23T06:00:00Z, after commit 3"
    )
    nameless = Case(
        service="rooms", lane="l", position="1", reason=Reason(kind="record", message="not JSON:\n  line 1")
    )
    assert str(nameless) == "rooms, no unit (its key could not be read): not JSON: line 1\n  case l@1"


def test_reason_tells_the_users_own_error_from_ours() -> None:
    failed = CellError(
        "area failed: division by zero", cell="area", error=ZeroDivisionError("x"), line="rooms.py:12"
    )
    assert Reason.of(failed) == Reason(
        kind="cell",
        cell="area",
        type="ZeroDivisionError",
        message="area failed: division by zero",
        line="rooms.py:12",
    )
    assert Reason.of(RecordError("bad", field="a.b")) == Reason(
        kind="record", type="RecordError", message="bad", field="a.b"
    )
    assert Reason.of(StateError("too large", cell="area")).kind == "state"
    assert Reason.of(OSError("x")).type == "OSError"


ANY_CHARACTER = st.characters(codec=None) | st.sampled_from("@%\ud800")
ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.decimals()
    | st.dates(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), ANY))
def test_any_record_can_be_kept(record: dict[str, Any]) -> None:
    case = Case(service="s", lane="l", position="1", reason=Reason(kind="record", message="m"), record=record)
    assert Case.from_bytes(case.to_bytes()) == case


def test_record_of_any_depth_and_any_object_can_be_kept() -> None:
    class Silent:
        def __str__(self) -> str:
            raise ValueError("no")

    deep: Any = {}
    for _ in range(100_000):
        deep = {"a": deep}
    case = Case(
        service="s",
        lane="l",
        position="1",
        reason=Reason(kind="record", message="m"),
        record={"a": Silent(), "b": {1}},
    )
    assert case.record == {"a": {"$Silent": "(cannot be shown: ValueError)"}, "b": {"$set": [1]}}
    assert case.to_bytes()
    assert json.dumps(plain(deep))


def test_values_that_json_lacks_are_told_apart() -> None:
    odd = {
        "a": b"hi",
        "b": Decimal("1.50"),
        "c": datetime(2026, 1, 1, tzinfo=UTC),
        "d": float("nan"),
        1: (1,),
    }
    assert plain(odd) == {
        "a": {"$bytes": "aGk="},
        "b": {"$Decimal": "1.50"},
        "c": "2026-01-01T00:00:00+00:00",
        "d": {"$float": "nan"},
        "1": [1],
    }


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", CASE.to_bytes().replace(b"0042", b"0043", 1)])
def test_foreign_data_is_no_case(data: bytes) -> None:
    with pytest.raises(StateError, match="this is not a case"):
        Case.from_bytes(data)


IDS = st.tuples(st.text(ANY_CHARACTER), st.text(ANY_CHARACTER))


@given(IDS, IDS)
def test_ids_of_cases_never_run_together(first: tuple[str, str], second: tuple[str, str]) -> None:
    assert (case_id(*first) == case_id(*second)) == (first == second)
