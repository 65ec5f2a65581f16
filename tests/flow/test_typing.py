"""What type checkers see of a flow; run through mypy and pyright, and executed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import assert_type

import pytest

from reactflow.cells import Cell, Derived, Pulse, cell, derived, fold, folds, pulse
from reactflow.flow import Flow

ROOT = Path(__file__).parents[2]


class Room(Flow):
    length = cell(0.0)
    width = cell(0.0)
    height: Cell[float] = cell()
    name = cell("")
    floors = cell(1)
    area = length * width
    volume = area * height
    twice = floors * 2
    long = length > 10.0
    peak = fold(area.changes(), folds.max)
    reading: Pulse[float] = pulse()
    number = fold(reading, folds.count)

    @derived
    def label(self) -> str:
        assert_type(self.area, float)
        return f"{self.area:.1f} m2"

    @derived(stored=False)
    def picture(self) -> bytes:
        return self.label.encode()

    def helper(self) -> float:
        return self.area * 2


def test_an_instances_attributes_are_values() -> None:
    room = Room(length=3.0, width=4.0, height=2.0)
    assert_type(room.length, float)
    assert_type(room.height, float)
    assert_type(room.name, str)
    assert_type(room.area, float)
    assert_type(room.volume, float)
    assert_type(room.twice, int)
    assert_type(room.long, bool)
    assert_type(room.label, str)
    assert_type(room.picture, bytes)
    assert_type(room.number, int)
    assert_type(room.helper(), float)
    assert (room.area, room.volume, room.twice, room.long) == (12.0, 24.0, 2, False)


def test_a_classs_attributes_and_an_instances_cells_are_cells() -> None:
    room = Room()
    assert_type(Room.length, Cell[float])
    assert_type(Room.area, Derived[float])
    assert_type(Room.reading, Pulse[float])
    assert_type(room.cells.length, Cell[float])
    assert_type(room.cells.area, Derived[float])
    assert_type(room.cells.label, Derived[str])
    assert_type(room.cells.reading, Pulse[float])
    room.cells.reading.emit(3.0)
    assert_type(room.cells.area.value, float)
    assert room.cells.number.value == 1


def test_cells_outside_a_flow_are_cells() -> None:
    class Plain:
        length = cell(3.0)

    assert_type(Plain().length, Cell[float])
    assert Plain().length.value == 3.0


WRONG = """
from reactflow import Cell, Flow, cell, derived
class Room(Flow):
    length = cell(0.0)
    width = cell(0.0)
    area = length * width
    @derived
    def label(self) -> str:
        return f"{self.area:.1f} m2"
room = Room()
room.length = 5.0
room.length = 5
room.length = "x"  # error
room.area = 1.0  # error
room.label = "x"  # error
room.lenght = 1.0  # error
room.lenght  # error
room.cells.aera  # error
room.cells.area.value = 1.0  # error
room.cells.length.value = "x"  # error
"""

EXPECTED = [number for number, line in enumerate(WRONG.splitlines(), 1) if line.endswith("# error")]


def _checker(name: str) -> str:
    found = Path(sys.executable).with_name(name)
    if not found.exists():
        pytest.skip(f"{name} is not installed")
    return str(found)


@pytest.mark.slow
def test_mypy_refuses_wrong_writes_and_names(tmp_path: Path) -> None:
    path = tmp_path / "wrong.py"
    path.write_text(WRONG)
    done = subprocess.run(
        [_checker("mypy"), "--strict", "--no-error-summary", "--cache-dir", str(tmp_path / "cache"), str(path)],
        capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "MYPYPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith("wrong.py:") and ": error:" in line]
    assert sorted({int(line.split(":")[1]) for line in lines}) == EXPECTED, done.stdout


@pytest.mark.slow
def test_pyright_refuses_wrong_writes_and_names(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(WRONG)
    settings = {"include": ["wrong.py"], "extraPaths": [str(ROOT)], "reportUnusedExpression": False}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [_checker("pyright"), "--outputjson", "--pythonpath", sys.executable],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    found = json.loads(done.stdout)["generalDiagnostics"]
    lines = {one["range"]["start"]["line"] + 1 for one in found if one["severity"] == "error"}
    assert sorted(lines) == EXPECTED, found
