"""What the guide on delivery shows of Lambda's runtime does what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runtime.conftest import ROOT
from tests.tools import tool

ROOMS = """
from reactflow import Flow, Pulse, Service, cell, fold, folds, pulse, row
from reactflow.aws import DynamoDB, Kinesis

class Room(Flow):
    length = cell(1.0)
    width = cell(1.0)
    reading: Pulse[int] = pulse()
    area = length * width
    total = fold(reading, folds.sum)

rooms = Service(
    Room, name="rooms", key="room", inputs=[Kinesis("measurements", partition="room")],
    outputs=[row(Room.area, Room.total) >> DynamoDB("areas"), row(Room.reading) >> Kinesis("log")],
)
"""


@pytest.mark.slow
def test_the_program_in_the_guide_runs_as_it_stands(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "guides" / "delivery.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    (tmp_path / "rooms.py").write_text(ROOMS)
    (tmp_path / "program.py").write_text(program.replace("/tmp/rooms.db", str(tmp_path / "rooms.db")))
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        env={"PATH": f"{tool('sam').parent}:/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    first, *log = done.stdout.splitlines()
    assert first == "{'N': '3'}"
    assert any(line.startswith("START RequestId") for line in log)
