"""`reactflow new`: a project that runs, passes its own tests, and writes over nothing."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from reactflow.cli.new import check_name
from reactflow.errors import ConfigurationError

ROOT = Path(__file__).parents[2]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def project(reactflow: Any, tmp_path: Path) -> Path:
    called = reactflow("new", "hello-you")
    assert called.code == 0
    assert called.out.splitlines()[-1] == "next: cd hello-you && reactflow dev"
    return tmp_path / "hello-you"


def test_it_has_a_service_its_tests_and_its_settings(project: Path) -> None:
    names = {one.name for one in project.iterdir()}
    assert names == {"hello_you.py", "test_hello_you.py", "pyproject.toml", "README.md", ".gitignore"}
    settings = tomllib.loads((project / "pyproject.toml").read_text())
    assert settings["tool"]["reactflow"]["targets"] == ["hello_you:hello_you"]
    assert not any("$" in one.read_text() for one in project.iterdir())
    assert project.stat().st_mode & 0o777 == 0o755
    assert [one for one in project.parent.iterdir() if one.name.startswith(".")] == []


def test_its_code_is_formatted_and_in_order(project: Path) -> None:
    for command in (["check"], ["format", "--check"]):
        done = run(project, "ruff", *command, "--isolated", ".")
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_it_runs_and_its_tests_pass(project: Path) -> None:
    dev = run(project, "reactflow", "dev", "--until-idle", "--port", "0", "--no-page")
    assert dev.returncode == 0, dev.stderr
    assert "service     hello_you: kinesis/visits -> dynamodb/greetings" in dev.stdout
    tests = run(project, "pytest", "-q", "-p", "no:cacheprovider")
    assert tests.returncode == 0, tests.stdout
    assert "2 passed" in tests.stdout


def test_a_folder_that_is_there_is_left_as_it_is(reactflow: Any, tmp_path: Path) -> None:
    (tmp_path / "hello").mkdir()
    (tmp_path / "hello" / "mine.txt").write_text("mine")
    called = reactflow("new", "hello")
    assert called.code == 1
    assert [one.name for one in (tmp_path / "hello").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "a--b", "1a", "Ä", "a" * 41, "a b", "..", "a_b", "reactflow", "pytest"]
)
def test_a_name_that_does_not_do_is_refused_with_one_that_does(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"as in [a-z]|such as my-"):
        check_name(name)
