"""A case is replayed on live cells, compared, and saved as a test that fails until the flow is mended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from reactflow import Flow, OpenCase, cell, open_case, why
from reactflow.errors import CellError, ConfigurationError, RecordError, StateError
from reactflow.flow.alive import alive
from reactflow.service.telemetry import hashed
from reactflow.testing import kinesis_event

ROOMS = """
from reactflow import Cell, Flow, MemoryStore, Pulse, Service, cell, fold, folds, pulse
from reactflow.aws import Kinesis


class Room(Flow):
    width: Cell[float] = cell()
    divisor = cell(2)
    reading: Pulse[int] = pulse()
    share = width / divisor
    total = fold(reading, folds.sum)
    widest = fold(width.changes(), folds.max)


rooms = Service(Room, name="rooms", key="room", inputs=[Kinesis("measurements", partition="room")], store=MemoryStore())
"""
MENDED = ROOMS.replace("width / divisor", "width / divisor.map(lambda value: value or 1)")
EVENTS = ({"room": "r1", "width": 6, "reading": 5}, {"room": "r1", "divisor": 0, "width": 9, "reading": 1},
          {"room": "r1", "width": 7})  # fmt: skip


def module(text: str, name: str = "rooms_of_a_case") -> Any:
    """A module of a user's."""
    made = ModuleType(name)
    sys.modules[name] = made
    exec(compile(text, f"{name}.py", "exec"), vars(made))
    return made


@pytest.fixture
def failed() -> Any:
    found = module(ROOMS)
    found.rooms.handler(kinesis_event(*EVENTS, partition="room"))
    return found


def test_case_is_told_with_what_waits_behind_it(failed: Any) -> None:
    opened = open_case(failed.rooms)
    assert "division by zero" in repr(opened).splitlines()[0]
    assert repr(opened).endswith("it holds its key: 1 later record waits behind it")


def test_replay_fails_as_it_did_and_says_why(failed: Any) -> None:
    replay = open_case(failed.rooms).replay()
    assert isinstance(replay.error, CellError)
    assert replay.error.cell == "share"
    told = str(why(replay.live.cells.share))
    assert "divisor" in told
    assert "division by zero" in told
    assert repr(replay.diff()).splitlines() == [
        "width    6.0 -> 9.0",
        "divisor  2 -> 0",
        "share    3.0 -> ZeroDivisionError: float division by zero",
        "total    5 -> 6",
        "widest   6.0 -> 9.0",
    ]
    assert repr(replay).startswith("still fails: ")


def test_mended_flow_takes_it_and_nothing_is_written(failed: Any) -> None:
    opened = open_case(failed.rooms)
    stored = failed.rooms.host.store.get("rooms", "room=r1")
    replay = opened.replay(module(MENDED, "rooms_that_are_mended").Room)
    assert replay.error is None
    assert (replay.live.share, replay.live.total, replay.live.widest) == (9.0, 6, 9.0)
    assert replay.diff().cells["share"] == (3.0, 9.0)
    assert failed.rooms.host.store.get("rooms", "room=r1") == stored


def test_record_that_cannot_be_read_says_so(failed: Any) -> None:
    failed.rooms.handler(kinesis_event({"room": "r2", "width": "wide"}, partition="room", start=9))
    (id,) = (one.id for one in failed.rooms.host.open_cases() if one.unit == "room=r2")
    replay = open_case(failed.rooms, id[-20:]).replay()
    assert isinstance(replay.error, RecordError)
    assert replay.diff().cells == {}


def test_one_case_is_wanted(failed: Any) -> None:
    failed.rooms.handler(kinesis_event({"room": "r2", "width": "wide"}, partition="room", start=9))
    with pytest.raises(
        ConfigurationError,
        match=r"service 'rooms' has 2 open cases, and one is wanted: name one of these:\n\w{16}  rooms, unit",
    ):
        open_case(failed.rooms)
    with pytest.raises(
        ConfigurationError, match="has no open cases that fit 'x', and one is wanted: name one of these:\n"
    ):
        open_case(failed.rooms, "x")


def test_case_comes_back_from_plain_data(failed: Any) -> None:
    opened = open_case(failed.rooms)
    again = OpenCase.from_json(failed.rooms, opened.to_json())
    assert again.case == opened.case
    assert again.replay().diff().cells.keys() == opened.replay().diff().cells.keys()


def test_saved_test_fails_until_the_flow_is_mended(tmp_path: Path, failed: Any) -> None:
    file = open_case(failed.rooms).replay().save_test(tmp_path / "test_case.py")
    for text, passes in ((ROOMS, False), (MENDED, True)):
        (tmp_path / "rooms_of_a_case.py").write_text(text, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            str(file),
        ]
        path = f"{tmp_path}:{Path(__file__).parents[2]}"
        done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
                              capture_output=True, text=True)  # fmt: skip
        assert (done.returncode == 0) is passes, done.stdout + done.stderr
        assert passes or "division by zero" in done.stdout


def test_service_that_no_module_has_cannot_be_tested(failed: Any) -> None:
    opened = open_case(failed.rooms)
    del failed.rooms
    with pytest.raises(ConfigurationError, match="service 'rooms' is in no module that a test could import"):
        opened.replay().save_test("never.py")


def test_flow_lives_from_its_state_on(failed: Any) -> None:
    step = failed.Room.step()
    state = step.read(failed.rooms.host.store.get("rooms", "room=r1").cells)
    room = alive(failed.Room, state)
    room.cells.reading.emit(2)
    room.width = 5.0
    assert (room.total, room.widest, room.share) == (7, 6.0, 2.5)
    state.pop("divisor")
    assert alive(failed.Room, state).cells.share.is_set is False


def test_a_case_is_found_by_the_name_that_the_command_line_shows(failed: Any) -> None:
    (case,) = failed.rooms.host.open_cases()
    assert open_case(failed.rooms, hashed(case.id)[:6]).case == case


def test_what_is_no_service_flow_case_or_file_is_refused_with_the_remedy(tmp_path: Path, failed: Any) -> None:
    class Other(Flow):
        celsius = cell(0.0)

    opened = open_case(failed.rooms)
    wrongs: list[Any] = [failed.Room, 5]
    for wrong in wrongs:
        with pytest.raises(ConfigurationError, match="takes a service: give what Service"):
            open_case(wrong)
    with pytest.raises(
        ConfigurationError, match="Other has no cell of Room: replay a case with a mended Room"
    ):
        opened.replay(Other)
    plains: list[Any] = [{}, {"case": {}, "cells": "", "gv": "", "written": None}, 5]
    for plain in plains:
        with pytest.raises(StateError, match="case"):
            OpenCase.from_json(failed.rooms, plain)
    with pytest.raises(ConfigurationError, match=r"cannot be written .*: name a file for pytest"):
        opened.replay().save_test(tmp_path / "nowhere" / "test_case.py")
