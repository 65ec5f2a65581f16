"""The feed: never waits, never fails, forgets the oldest and says how many."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reactflow.dashboard.feed import DEEPEST, LONGEST, MEMBERS, Feed, dumps, plain

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def feed(**options: int) -> Feed:
    return Feed(**options, now=lambda: NOON)


def nothing() -> None:
    pass


def test_an_entry_is_numbered_timed_and_counted() -> None:
    mine = feed()
    mine.add(
        {"source": "kinesis/m", "records": 3, "counts": {"applied": 2, "duplicate": 1}, "outcome": "done"}
    )
    mine.add({"records": 1, "counts": {"applied": 1}, "time": "then"})
    state = mine.state()
    assert state["counts"] == {"applied": 3, "duplicate": 1}
    assert (state["entries"], state["records"], state["failed"]) == (2, 4, 0)
    assert [(one["n"], one["time"]) for one in state["last"]] == [
        (2, "then"),
        (1, "2026-11-23T12:00:00.000Z"),
    ]


def test_the_ring_forgets_the_oldest_and_the_counts_do_not() -> None:
    mine = feed(keep=3)
    for _ in range(10):
        mine.add({"counts": {"applied": 1}})
    assert [one["n"] for one in mine.state()["last"]] == [10, 9, 8]
    assert mine.state()["counts"] == {"applied": 10}


def test_failures_and_cases_outlast_healthy_entries() -> None:
    mine = feed(keep=2)
    mine.add({"outcome": "failed", "message": "the table is locked"})
    mine.add({"outcome": "done", "cases": [{"id": "lane@1", "message": "expected float"}]})
    for _ in range(10):
        mine.add({"outcome": "done"})
    state = mine.state()
    assert [one["message"] for one in state["failures"]] == ["the table is locked"]
    assert [one["id"] for one in state["cases"]] == ["lane@1"]
    assert (state["failed"], state["quarantined"]) == (1, 1)


def test_a_slow_reader_loses_its_oldest_entries_and_is_told_how_many() -> None:
    mine = feed(queue=3)
    slow, quick = mine.follow(nothing), mine.follow(nothing)
    taken = []
    for _ in range(10):
        mine.add({})
        taken += quick.take()[0]
    entries, dropped = slow.take()
    assert [one["n"] for one in entries] == [8, 9, 10]
    assert dropped == 7
    assert [one["n"] for one in taken] == [*range(1, 11)]
    assert slow.take() == ([], 0)


def test_a_reader_that_comes_back_goes_on_where_it_was() -> None:
    mine = feed(keep=4)
    for _ in range(10):
        mine.add({})
    entries, dropped = mine.follow(nothing, after=8).take()
    assert ([one["n"] for one in entries], dropped) == ([9, 10], 0)
    entries, dropped = mine.follow(nothing, after=2).take()
    assert ([one["n"] for one in entries], dropped) == ([7, 8, 9, 10], 4)
    entries, dropped = mine.follow(nothing, after=1_000).take()  # of a feed before a restart
    assert [one["n"] for one in entries] == [7, 8, 9, 10]


def test_who_left_is_not_queued_for_and_the_end_is_told_to_who_is_there() -> None:
    mine = feed()
    gone, here = mine.follow(nothing), mine.follow(nothing)
    mine.leave(gone)
    mine.leave(gone)
    mine.add({})
    mine.end()
    assert (gone.take()[0], gone.is_ended, here.is_ended, mine.followers) == ([], False, True, 0)


def test_threads_lose_no_entry() -> None:
    mine = feed(keep=10_000, queue=10_000)
    woken: list[None] = []
    reader = mine.follow(lambda: woken.append(None))

    def write() -> None:
        for _ in range(500):
            mine.add({"counts": {"applied": 1}})

    threads = [threading.Thread(target=write) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [one["n"] for one in reader.take()[0]] == [*range(1, 4_001)]
    assert mine.state()["counts"] == {"applied": 4_000}
    assert len(woken) == 4_000


class Hostile:
    def __str__(self) -> str:
        raise OSError("no")


def test_what_is_no_plain_data_is_told_as_text_and_bounded() -> None:
    assert plain({"a": Hostile()}) == {"a": "<Hostile, its str raises OSError>"}
    assert plain(2**60) == str(2**60)
    assert plain(float("-inf")) == "-inf"
    assert len(plain("x" * 10_000)) == LONGEST
    assert len(plain(list(range(10_000)))) == MEMBERS
    circle: list[Any] = []
    circle.append(circle)
    depth, inner = 0, plain(circle)
    while isinstance(inner, list):
        depth, inner = depth + 1, inner[0]
    assert depth == DEEPEST


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.just(Hostile()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
)


@given(
    st.dictionaries(st.sampled_from(["counts", "cases", "records", "outcome", "time", "n", "x"]), anything)
)
def test_no_entry_can_break_the_feed(entry: dict[str, Any]) -> None:
    mine = feed()
    mine.add(entry)
    line = dumps(mine.state())
    assert "\n" not in line
    assert line.isascii()
    assert json.loads(line)["entries"] == 1
