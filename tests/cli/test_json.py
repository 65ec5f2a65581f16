"""`--json`: one documented shape a command, and plain text when it is piped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_main import commands

ROOT = Path(__file__).parents[2]
EVENT = '{"room": "a", "length": 3}'
STATE = "--state sqlite:state.db"
REPORT = {"service", "records", "fates", "units", "published", "cases", "again", "ignored"}

# A call that goes well, and the names that its answer has; of a list, those of its first.
SHAPES: list[tuple[str, set[str]]] = [
    ("new hello", {"name", "folder", "files", "next"}),
    ("graph rooms:rooms", {"title", "nodes", "edges"}),
    ("check rooms:rooms", {"ok", "targets", "checks", "policies"}),
    ("sim rooms:rooms --seed 0 --faults none", {"ok", "runs", "seed", "faults", "text"}),
    ("sim --list-faults", {"number", "name", "rate", "what"}),
    (f"event kinesis measurements {EVENT}", {"Records"}),
    (f"event dynamodb rooms {EVENT}", {"Records"}),
    ("event s3 photos a.jpg", {"Records"}),
    ("invoke rooms:rooms -e event.json", {"service", "answer", "deliveries"}),
    (
        "replay rows.jsonl rooms:rooms",
        {"service", "deliveries", "records", "fates", "published", "cases", "seconds"},
    ),
    ("doctor", {"ok", "for", "findings"}),
    (
        f"quarantine list rooms:rooms {STATE}",
        {"case", "id", "unit", "kind", "cell", "message", "line", "time", "holds", "waiting"},
    ),
    (
        f"units show rooms:rooms a {STATE}",
        {
            "service", "unit", "v", "flow", "cells", "unset", "failed", "marks", "numbers", "owes", "cases", "held",
            "waiting",
        },
    ),
]  # fmt: skip
# What needs a cloud, or a build: in test_dev, test_put, test_logs, test_quarantine and test_deploying.
ELSEWHERE = {
    "dev",
    "put",
    "build",
    "deploy",
    "logs",
    "quarantine show",
    "quarantine redrive",
    "quarantine skip",
}


@pytest.fixture(autouse=True)
def _files(reactflow: Any, tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text(reactflow("event", "kinesis", "measurements", EVENT).out)
    (tmp_path / "rows.jsonl").write_text(f'{EVENT}\n{{"room": "b", "length": "x"}}\n')
    reactflow("replay", "rows.jsonl", "rooms:rooms", *STATE.split(), "--quiet")


def test_every_command_has_a_shape() -> None:
    known = {" ".join(words[:2]) for words in (line.split() for line, _ in SHAPES)} | ELSEWHERE
    known |= {line.split()[0] for line, _ in SHAPES}
    assert set(commands()) - known == set()


@pytest.mark.parametrize(("line", "names"), SHAPES, ids=[line for line, _ in SHAPES])
def test_the_answer_is_json_of_a_known_shape(reactflow: Any, line: str, names: set[str]) -> None:
    from tests.cli.test_wrong_use import words

    called = reactflow(*words(line), "--json")
    assert called.code == 0, called.err
    told = json.loads(called.out)
    assert set(told[0] if isinstance(told, list) else told) == names


def test_a_delivery_is_told_with_its_changes_and_cases(reactflow: Any) -> None:
    told = json.loads(reactflow("invoke", "rooms:rooms", "-e", "event.json", "--json").out)
    (delivery,) = told["deliveries"]
    assert set(delivery) == REPORT
    assert (told["answer"], delivery["fates"], delivery["units"]) == (
        {"batchItemFailures": []}, {"applied": 1}, ["room=a"],
    )  # fmt: skip


def test_a_graph_in_json_is_the_same_by_both_ways(reactflow: Any) -> None:
    drawn = reactflow("graph", "rooms:Room", "--format", "json").out
    assert drawn == reactflow("graph", "rooms:Room", "--json").out
    told = json.loads(drawn)
    names = {one["id"]: one["name"] for one in told["nodes"]}
    assert {(names[one["from"]], names[one["to"]]) for one in told["edges"]} == {
        ("length", "area"), ("width", "area"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "line", ["--help", "check MODULE:rooms", "invoke MODULE:rooms -e event.json", "doctor", "dev"]
)
def test_what_is_piped_has_no_colour(tmp_path: Path, line: str) -> None:
    (module,) = tmp_path.glob("rooms_*.py")
    done = subprocess.run(
        [sys.executable, "-m", "reactflow", *line.replace("MODULE", module.stem).split()],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"},
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 2)
    assert b"\x1b" not in done.stdout + done.stderr
