"""Versions compare as the counts and times that they tell, however these are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow import Cell, Flow, MemoryStore, Service, cell
from reactflow.aws import Kinesis
from reactflow.service.version import version_text
from reactflow.testing import kinesis_event
from tests.service.flows import values

COUNTS = st.integers(0, 10**60)
TIMES = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # bounds
OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(COUNTS, COUNTS, st.booleans(), st.booleans(), st.integers(0, 9))
def test_counts_compare_as_numbers_also_as_text(
    one: int, other: int, as_text: bool, other_as_text: bool, zeros: int
) -> None:
    texts = (
        version_text(f"{'0' * zeros}{one}" if as_text else one),
        version_text(str(other) if other_as_text else other),
    )
    assert (texts[0] < texts[1], texts[0] == texts[1]) == (one < other, one == other)


@given(TIMES, TIMES, OFFSETS, OFFSETS)
def test_times_compare_as_instants_whatever_their_offset_and_digits(
    one: datetime, other: datetime, here: timezone, there: timezone
) -> None:
    texts = version_text(one.astimezone(here).isoformat()), version_text(other.astimezone(there))
    assert (texts[0] < texts[1], texts[0] == texts[1]) == (one < other, one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2026-11-23T12:00:00Z", "2026-11-23T12:00:00.5Z"),
        ("2026-11-23T12:00:00.5Z", "2026-11-23T12:00:00.500000001Z"),
        ("2026-11-23T12:00:00.09Z", "2026-11-23T12:00:00,1Z"),
        ("2026-11-23T14:00:00+02:00", "2026-11-23T12:30:00Z"),
        ("a", "b"),
    ],
)
def test_an_older_version_is_less(one: Any, other: Any) -> None:
    assert version_text(one) < version_text(other)


@pytest.mark.parametrize("text", ["2026-13-23T12:00:00Z", "0001-01-01T00:00:00+01:00", "v10", "2026-11-23"])
def test_another_text_stays_as_it_is(text: str) -> None:
    assert version_text(text) == text


@pytest.mark.parametrize("value", [-1, True, 1.5, None, "", 10**1000, "1" * 1000, b"1"])
def test_what_orders_nothing_is_no_version(value: object) -> None:
    assert version_text(value) == ""


class Level(Flow):
    level: Cell[float] = cell()


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("9", "10"),
        ("2026-11-23T12:00:00Z", "2026-11-23T12:00:00.5Z"),
        ("2026-11-23T14:00:00+02:00", "2026-11-23T12:30:00Z"),
    ],
)
@pytest.mark.parametrize("is_swapped", [False, True])
def test_the_later_write_of_a_cell_counts(older: str, newer: str, is_swapped: bool) -> None:
    made = Service(Level, key="id", inputs=[Kinesis("levels", version="at")], store=MemoryStore())
    records = [{"id": "a", "level": 1.0, "at": older}, {"id": "a", "level": 2.0, "at": newer}]
    made.handler(kinesis_event(*(records[::-1] if is_swapped else records), stream="levels"))
    assert values(made, "id=a")["level"] == 2.0
