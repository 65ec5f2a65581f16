"""The README says what is true: its example runs and prints what it shows, its picture is the example's."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def _run(folder: Path, code: str) -> str:
    (folder / "rooms.py").write_text(_blocks("python")[0], encoding="utf-8")
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_example_prints_what_the_readme_shows(tmp_path: Path) -> None:
    shown = README.split("```python\n")[1].split("```")[2].strip("`\n")
    assert _run(tmp_path, "import rooms").strip() == shown.strip() == "12.0\n20.0"


def test_the_picture_is_that_of_the_example(tmp_path: Path) -> None:
    drawn = _run(tmp_path, "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()): import rooms\n"
                           "print(rooms.rooms.show().svg())")  # fmt: skip
    kept = (ROOT / "docs" / "rooms.svg").read_text(encoding="utf-8")
    assert drawn.strip() == kept.strip(), (
        "draw it anew: reactflow graph rooms:rooms --format svg > docs/rooms.svg"
    )


def test_the_two_commands_are_the_scripts_that_set_themselves_up() -> None:
    commands = re.findall(r"^scripts/\w+", README, re.MULTILINE)
    assert commands == ["scripts/demo", "scripts/test"]
    assert all((ROOT / command).stat().st_mode & 0o100 for command in commands)


def test_every_file_and_folder_that_the_documents_name_is_there() -> None:
    for document in ("README.md", "docs/design.md", "CHANGELOG.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        linked = re.findall(r"\]\(([^)#:]+)\)", text)
        named = re.findall(r"`((?:tests|docs|examples|notebooks|scripts|benchmarks)/[\w./]*)`", text)
        for path in linked:
            assert ((ROOT / document).parent / path).exists(), f"{document} links to {path}"
        for path in named:
            assert (ROOT / path).exists(), f"{document} names {path}"


def test_each_promise_names_a_test_that_is_there() -> None:
    table = README.split("## What is promised")[1].split("\n\n")[1].splitlines()[2:]
    assert len(table) == 7
    for row in table:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert named, row
        for path, test in named:
            text = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^def {test}\(", text, re.MULTILINE), f"{path} has no {test}"
