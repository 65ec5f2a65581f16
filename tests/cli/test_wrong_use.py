"""Each command's wrong use: how it ends, and what it says. One table; every command is in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_main import commands

HERE = Path(__file__).with_name("wrong_use.txt")


def table() -> list[tuple[str, int, str]]:
    """The calls, their exit codes and what is said; "..." stands for any text."""
    lines = [line for line in HERE.read_text(encoding="utf-8").splitlines()[1:] if line]
    found = []
    for asked, answered in zip(lines[::2], lines[1::2], strict=True):
        code, _, said = answered.partition(" ")
        found.append((asked.removeprefix("$ reactflow "), int(code), said))
    return found


TABLE = table()


@pytest.fixture(autouse=True)
def _files(reactflow: Any, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "list.json").write_text("[1]\n")
    (tmp_path / "rows.jsonl").write_text('{"room": "a", "length": 3}\n')
    (tmp_path / "pyproject.toml").write_text("[tool.reactflow.stages.prod]\nmemory = 1024\n")
    from reactflow import SQLiteStore

    SQLiteStore(tmp_path / "empty.db").close()


def words(line: str) -> list[str]:
    """The words of a call; JSON in it is one word."""
    found: list[str] = []
    for word in line.split(" "):
        if found and found[-1].count("{") != found[-1].count("}"):
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found


def holds(said: str, pattern: str) -> bool:
    """Whether what was said is the pattern, in which "..." stands for any text."""
    place = 0
    *parts, last = pattern.split("...")
    for number, part in enumerate(parts):
        found = said.find(part, place)
        if found < 0 or (number == 0 and found):
            return False
        place = found + len(part)
    return said == last if not parts else said.endswith(last) and len(said) - len(last) >= place


def test_every_command_is_in_the_table() -> None:
    assert [one for one in commands() if not any(line.startswith(one) for line, _, _ in TABLE)] == []


@pytest.mark.parametrize(("line", "code", "said"), TABLE, ids=[line for line, _, _ in TABLE])
def test_wrong_use_is_told_in_one_line_with_the_remedy(
    reactflow: Any, line: str, code: int, said: str
) -> None:
    called = reactflow(*words(line))
    assert (called.code, called.out) == (code, "")
    assert called.err.count("\n") == 1
    assert holds(called.err.rstrip("\n"), said), called.err


@pytest.mark.parametrize("line", ["nosuch", "new taken", "dev", "graph math:pi", "check rooms:NAIVE"])
def test_with_json_an_error_is_an_object_on_standard_output(reactflow: Any, line: str) -> None:
    plain = reactflow(*words(line))
    called = reactflow(*words(line), "--json")
    told = json.loads(called.out)
    assert (called.code, called.err) == (plain.code, "")
    assert told == {"error": {"message": told["error"]["message"], "code": plain.code}}
    assert plain.err.endswith(f": {told['error']['message']}\n")
