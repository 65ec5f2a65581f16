"""`reactflow replay`: lines of three kinds, in order, at a pace; what came of it, and where it ended."""

from __future__ import annotations

import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROWS = '{"room": "a", "length": 3, "width": 1}\n\n{"room": "b", "length": "x"}\n{"room": "a", "length": 5}\n'


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    file = tmp_path / "rows.jsonl"
    file.write_text(ROWS)
    return file


def test_plain_objects_are_records_of_the_one_input(reactflow: Any, rows: Path) -> None:
    called = reactflow("replay", str(rows), "rooms:rooms")
    assert called.code == 0
    assert called.out == "rooms: 3 records in 3 deliveries: 2 applied, 1 in quarantine; 0 changes published\n"
    assert "quarantine  room=b: " in called.err


def test_events_and_their_records_are_lines_too(reactflow: Any, tmp_path: Path) -> None:
    event = reactflow("event", "kinesis", "measurements", '{"room": "a"}', '{"room": "b"}', "--json").out
    record = json.dumps(
        json.loads(reactflow("event", "kinesis", "measurements", '{"room": "c"}', "--start", "2").out)[
            "Records"
        ][0]
    )
    (tmp_path / "events.jsonl").write_text(f"{event}{record}\n")
    told = json.loads(reactflow("replay", "events.jsonl", "rooms:rooms", "--json", "--quiet").out)
    assert (told["deliveries"], told["records"], told["fates"]) == (2, 3, {"applied": 3})


def test_items_of_a_table_have_the_units_key(reactflow: Any, rows: Path) -> None:
    told = json.loads(reactflow("replay", str(rows), "rooms:items", "--json").out)
    assert told["fates"] == {"applied": 2, "quarantined": 1}
    assert [one["unit"] for one in told["cases"]] == ["room=b"]


def test_a_second_replay_on_the_same_state_changes_nothing(reactflow: Any, rows: Path) -> None:
    state = ("--state", "sqlite:state.db", "--json")
    reactflow("replay", str(rows), "rooms:rooms", *state)
    again = json.loads(reactflow("replay", str(rows), "rooms:rooms", *state).out)
    assert again["fates"] == {"duplicate": 3} or again["fates"] == {"duplicate": 2, "quarantined": 1}


def test_lines_come_from_standard_input_and_are_told_on_request_only(
    reactflow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(ROWS))
    called = reactflow("replay", "-", "rooms:rooms", "--quiet")
    assert (called.code, called.err) == (0, "")
    assert called.out.startswith("rooms: 3 records")


def test_the_times_of_records_set_the_pace(reactflow: Any, tmp_path: Path) -> None:
    times = ("2026-11-23T12:00:00Z", "2026-11-23T12:00:30Z")
    (tmp_path / "timed.jsonl").write_text("".join(f'{{"room": "a", "at": "{one}"}}\n' for one in times))
    told = json.loads(
        reactflow("replay", "timed.jsonl", "rooms:rooms", "--on", "at", "--speed", "60", "--json").out
    )
    assert 0.5 <= told["seconds"] < 5.0
    began = time.monotonic()
    reactflow("replay", "timed.jsonl", "rooms:rooms", "--on", "at")
    assert time.monotonic() - began < 5.0


def test_a_bad_line_ends_it_with_its_number(reactflow: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"room": "a"}\n{"room": \n')
    called = reactflow("replay", "bad.jsonl", "rooms:rooms")
    assert (called.code, called.out) == (1, "")
    assert "reactflow: line 2: '{\"room\":' is not JSON" in called.err


def test_what_cannot_be_finished_ends_it_after_some_tries(
    reactflow: Any, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reactflow.cli import replay
    from reactflow.errors import Transient
    from reactflow.service import MemoryStore

    def away(*_: object) -> object:
        raise Transient("the store is away")

    monkeypatch.setattr(replay, "PAUSE", 0.0)
    monkeypatch.setattr(MemoryStore, "put", away)
    called = reactflow("replay", str(rows), "rooms:rooms", "--quiet")
    assert called.code == 1
    assert "reactflow: line 1: not finished after 4 tries: " in called.err
    assert "the store is away" in called.err
