"""``reactflow sim``: what it says, and how it ends."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reactflow.cli import main

ROOMS = """
from reactflow import Flow, Pulse, Service, cell, fold, folds, pulse, row
from reactflow.aws import DynamoDB, Kinesis

seen = []


class Room(Flow):
    length = cell(0.0)
    reading: Pulse[int] = pulse()
    total = fold(reading, folds.sum)
    drifting = length.map(lambda length: seen.append(length) or len(seen))


class Sound(Flow):
    reading: Pulse[int] = pulse()
    total = fold(reading, folds.sum)


inputs = [Kinesis("measurements", partition="room")]
rooms = Service(Room, name="rooms", key="room", inputs=inputs)
sound = Service(Sound, name="sound", key="room", inputs=inputs, outputs=[row(Sound.total) >> DynamoDB("totals")])
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "simulated_rooms.py").write_text(ROOMS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "simulated_rooms", raising=False)
    return tmp_path


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["reactflow", "sim", *arguments])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_service_that_is_sound_ends_well(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "simulated_rooms:sound", "--seeds", "3", "--records", "10") == 0
    said = capsys.readouterr().out
    assert said.startswith("3 seeds, 30 records, ")
    assert "nothing lost, nothing doubled" in said


def test_service_that_is_not_shows_the_shrunk_run_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "simulated_rooms:rooms", "--seed", "4", "--faults", "none") == 1
    said = capsys.readouterr().out
    assert said.startswith("seed 4: I2: rooms, unit ")
    assert "VIOLATION" in said
    assert said.endswith("reactflow sim simulated_rooms:rooms --seed 4 --faults none --records 30\n")


def test_faults_are_listed_with_those_that_are_not_modelled(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "--list-faults") == 0
    said = capsys.readouterr().out
    assert "21  crash" in said
    assert "not modelled" in said


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        ((), "Name a service: write MODULE:NAME", 2),
        (("simulated_rooms:sound", "--seeds", "0"), "greater than or equal to 1", 2),
        (("simulated_rooms:sound", "--faults", "crush"), "did you mean 'crash'?", 1),
        (("simulated_rooms:nobody",), "simulated_rooms has no 'nobody'", 1),
    ],
)
def test_what_cannot_be_run_is_one_line(
    arguments: tuple[str, ...],
    words: str,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call(monkeypatch, *arguments) == code
    said = capsys.readouterr().err.strip()
    assert words in said
    assert "\n" not in said
