"""The demo: it is right as a whole, says so, and can fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from examples import demo

ROOT = Path(__file__).parents[2]


def start(folder: Path) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.Popen(
        [sys.executable, "-m", "examples.demo"],
        cwd=ROOT,
        env=environment | {"TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
def test_the_demo_comes_to_what_was_computed_from_its_input(tmp_path: Path) -> None:
    with start(tmp_path) as running:
        told, _ = running.communicate(timeout=100)
    assert running.returncode == 0, told
    for table in ("thumbnails: 6 rows", "staff: 13 rows", "climate: 24 rows"):
        assert f"✓ {table}, all as computed from the input" in told
    assert "all results are right" in told
    assert "\x1b" not in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_leaves_nothing_when_it_is_ended(tmp_path: Path, number: int) -> None:
    with start(tmp_path) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if "photographs into" in line:
                break
        running.send_signal(number)
        told = running.stdout.read()
    assert running.returncode == 130, told
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []


def test_a_row_that_differs_is_told_and_counts_as_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    wanted = {("a",): {"n": 1}, ("b",): {"n": 2}}
    assert demo.compare("rows", wanted, wanted)
    assert not demo.compare("rows", {("a",): {"n": 1}, ("b",): {"n": 3}}, wanted)
    told = capsys.readouterr().out
    assert "('b',): found {'n': 3}, and it should be {'n': 2}" in told
    assert "✗ rows: 1 of 2 rows differ" in told


@pytest.mark.parametrize("found", [{}, {("a",): {"n": 1}, ("x",): {"n": 1}}])
def test_a_row_that_is_missing_or_too_many_counts_as_wrong(found: dict[tuple[str], dict[str, int]]) -> None:
    assert not demo.compare("rows", found, {("a",): {"n": 1}})


def test_each_drain_is_told_with_its_own_counts() -> None:
    watch = demo.Watch()
    watch.fates, watch.lost = {"applied": 2, "duplicate": 1}, 1
    assert watch.since_last() == "2 applied, 1 duplicate; 1 answer lost on purpose"
    watch.fates, watch.lost = {"applied": 3, "duplicate": 1}, 3
    assert watch.since_last() == "1 applied; 2 answers lost on purpose"
    assert watch.since_last() == "nothing"


def test_in_a_pipe_a_long_step_is_told_before_it_begins(capsys: pytest.CaptureFixture[str]) -> None:
    with demo.steps("readings into kinesis/readings", 5838) as advance:
        assert capsys.readouterr().out == "  putting 5838 readings into kinesis/readings, one by one ...\n"
        advance()
    assert "  put 5838 readings into kinesis/readings in 0.0 s" in capsys.readouterr().out


def test_one_wrong_table_makes_the_demo_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for work in ("make_thumbnails", "sync_staff"):
        monkeypatch.setattr(demo, work, lambda *_: True)
    monkeypatch.setattr(demo, "follow_climate", lambda _: demo.compare("climate", {}, {("a",): {"n": 1}}))
    assert demo.main() == 1
    assert "SOMETHING IS WRONG" in capsys.readouterr().out
