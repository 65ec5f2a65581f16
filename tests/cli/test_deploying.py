"""`reactflow build` and `deploy`: from a new project to a function that answers and away again, on a cloud here."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reactflow.local import Cloud
from tests.tools import tool

ROOT = Path(__file__).parents[2]


pytestmark = pytest.mark.slow  # dependencies are fetched once, and compiled each time


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project that was built once: it has its lock file and its wheels."""
    folder = tmp_path_factory.mktemp("made")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for command in ("new hello-me", "build"):
        subprocess.run(
            [sys.executable, "-m", "reactflow", *command.split()], cwd=folder, env=environment, check=True,
            capture_output=True,
        )  # fmt: skip
        folder = folder / "hello-me"
    return folder.parent


@pytest.fixture
def project(
    made: Path, reactflow: Any, tmp_path: Path, cloud: Cloud, unique: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> Path:  # fmt: skip
    """A copy of it, where AWS is the embedded cloud; the stack and all that it has are named after the test."""
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("REACTFLOW_SAM", str(tool("sam")))
    folder = tmp_path / "hello-me"
    shutil.copytree(made, folder)
    settings = folder / "pyproject.toml"
    name = unique("me")
    own = f'application = "{name}"\nprefix = "{name[:20].rstrip("-")}-"'
    settings.write_text(settings.read_text().replace('application = "hello-me"', own))
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "hello_me", raising=False)
    return folder


def test_a_build_is_told_as_json_and_is_the_same_again(reactflow: Any, project: Path) -> None:
    told = json.loads(reactflow("build", "--json").out)
    assert set(told) == {
        "stack", "stage", "template", "package", "sha256", "bytes", "dependencies", "resources",
    }  # fmt: skip
    assert Path(told["template"]) == project / ".reactflow" / "build" / "dev" / "template.json"
    assert json.loads(reactflow("build", "--json").out) == told
    assert "function " in reactflow("build", "--resources").out


def test_a_plan_changes_nothing_and_nobody_is_asked(
    reactflow: Any, project: Path, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        for name in cloud.environment():
            patch.delenv(name)
        plain = reactflow("deploy", "--plan", "--endpoint", cloud.endpoint)
    assert plain.code == 0
    assert "-greetings\n" in plain.out
    told = json.loads(reactflow("deploy", "--plan", "--json").out)
    assert set(told) == {"stack", "is_new", "changes"}
    assert told["is_new"] is True


def test_without_a_terminal_nothing_is_deployed_unless_yes_is_said(reactflow: Any, project: Path) -> None:
    called = reactflow("deploy")
    assert (called.code, called.out) == (2, "")
    assert called.err.endswith(
        "reactflow deploy: Nobody is at a terminal to be asked: say --yes, or --plan to look only; "
        "see `reactflow deploy --help`\n"
    )
    assert json.loads(reactflow("deploy", "--plan", "--json").out)["is_new"] is True


def test_somebody_at_a_terminal_is_asked_and_may_say_no(project: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "reactflow", "deploy"],
        cwd=project, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=theirs,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        os.write(ours, b"n\n")
        out, err = process.communicate(timeout=100)
    os.close(ours)
    os.close(theirs)
    assert (process.returncode, out) == (1, "")
    assert "\naccount 123456789012 in us-east-1 at http://127.0.0.1:" in err
    assert "? [y/N] " in err
    assert err.endswith("reactflow: nothing was changed\n")


def test_a_project_is_deployed_changed_and_deleted(reactflow: Any, project: Path, cloud: Cloud) -> None:
    called = reactflow("deploy", "--yes", "--json")
    assert called.code == 0, called.err
    told = json.loads(called.out)
    assert set(told) == {"stack", "plan", "outputs"}
    function = next(value for name, value in told["outputs"].items() if name.startswith("HelloMe"))
    answer = cloud.client("lambda").invoke(FunctionName=function, Payload=b'{"reactflow": "sweep"}')
    assert json.loads(answer["Payload"].read())["units"] == 0
    assert "REPORT RequestId" in reactflow("logs").out
    assert "nothing changes" in reactflow("deploy", "--plan").out
    put = reactflow("put", "kinesis", told["outputs"]["KinesisVisitsOutput"], '{"name": "Ana", "at": 7}')
    assert put.code == 0
    assert _listed(reactflow, cloud).startswith("1 open case of hello_me\n")
    file = project / "hello_me.py"
    file.write_text(file.read_text().replace('"greetings"', '"welcomes"'))
    del sys.modules["hello_me"]
    refused = reactflow("deploy", "--yes")
    assert refused.code == 1
    assert "-greetings deleted: its items are lost" in refused.err
    planned = reactflow("deploy", "--delete", "--plan", "--yes")
    assert planned.code == 0
    assert "-greetings deleted: its items are lost\n" in planned.out
    assert planned.err == f"account 123456789012 in us-east-1 at {cloud.endpoint}\n"
    refused = reactflow("deploy", "--delete", "--yes")
    assert refused.code == 1
    assert refused.err.endswith("or allow the loss if that is meant (--allow-loss)\n")
    assert "nothing changes" not in reactflow("deploy", "--plan").out  # it is there as it was
    deleted = json.loads(reactflow("deploy", "--delete", "--yes", "--allow-loss", "--json").out)
    assert deleted == {"stack": told["stack"], "deleted": True, "kept": []}
    assert json.loads(reactflow("deploy", "--plan", "--json").out)["is_new"] is True


def _listed(reactflow: Any, cloud: Cloud) -> str:
    """The open cases of the deployed stage, once there is one."""
    until = time.monotonic() + 60.0
    while True:
        out: str = reactflow("quarantine", "list", "--stage", "dev", "--endpoint", cloud.endpoint).out
        if "no open case" not in out or time.monotonic() > until:
            return out
        time.sleep(0.5)  # the emulator's event source mapping reads when it likes
