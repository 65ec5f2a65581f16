"""`reactflow doctor`: what is there, what is missing and what to do; never a secret."""

from __future__ import annotations

import importlib.metadata
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from reactflow.local import Cloud

SECRET = "a-secret-that-nobody-shows"


def states(reactflow: Any, *arguments: str) -> dict[str, str]:
    told = json.loads(reactflow("doctor", *arguments, "--json").out)
    return {one["name"]: one["state"] for one in told["findings"]}


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))


def sam(folder: Path, said: str, code: int = 0) -> None:
    """A program `sam` that says its version."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "sam"
    program.write_text(f"#!/bin/sh\necho '{said}'\nexit {code}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def test_where_nothing_is_deployed_neither_sam_nor_an_account_is_missed(reactflow: Any) -> None:
    called = reactflow("doctor")
    assert (called.code, called.err) == (0, "")
    assert "none     sam" in called.out
    assert "none     credentials" in called.out


def test_for_a_deployment_they_are_missing_and_each_has_its_remedy(reactflow: Any) -> None:
    called = reactflow("doctor", "--for", "deploy")
    assert called.code == 1
    assert called.err == "reactflow doctor: sam, region, credentials missing: do what stands behind it\n"
    lines = [line for line in called.out.splitlines() if line.startswith("missing")]
    assert len(lines) == 3
    assert all(": " in line for line in lines)


def test_a_package_that_is_too_old_is_missing(reactflow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from reactflow.cli import doctor

    def version(name: str) -> str:
        return "1.35.99" if name == "boto3" else importlib.metadata.version(name)

    monkeypatch.setattr(doctor, "version", version)
    called = reactflow("doctor")
    assert called.code == 1
    assert "1.35.99, older than 1.36: pip install 'boto3>=1.36'" in called.out


@pytest.mark.parametrize(
    ("said", "code", "state"),
    [("SAM CLI, version 1.170.0", 0, "ok"), ("SAM CLI, version 0.9.0", 0, "missing"), ("no", 3, "missing")],
)
def test_sam_is_asked_for_its_version(
    reactflow: Any, tmp_path: Path, said: str, code: int, state: str
) -> None:
    sam(tmp_path, said, code)
    assert states(reactflow, "--for", "deploy")["sam"] == state


def test_settings_of_every_stage_are_read(reactflow: Any, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.reactflow.stages.prod]\nmemry = 512\n")
    called = reactflow("doctor")
    assert called.code == 1
    assert "has no setting 'memry' (did you mean 'memory'?)" in called.out


def test_targets_are_loaded(reactflow: Any, tmp_path: Path) -> None:
    (module,) = tmp_path.glob("rooms_*.py")
    (tmp_path / "pyproject.toml").write_text(f'[tool.reactflow]\ntargets = ["{module.stem}:house"]\n')
    assert f"{module.stem}:house: services rooms, items" in reactflow("doctor").out
    (tmp_path / "pyproject.toml").write_text(f'[tool.reactflow]\ntargets = ["{module.stem}:hous"]\n')
    called = reactflow("doctor")
    assert called.code == 1
    assert "has no 'hous' (did you mean 'house'?)" in called.out


def test_the_account_and_the_clock_are_asked_for_and_no_secret_is_shown(
    reactflow: Any, monkeypatch: pytest.MonkeyPatch, cloud: Cloud
) -> None:
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    called = reactflow("doctor")
    assert (called.code, SECRET in called.out + called.err) == (0, False)
    found = states(reactflow)
    assert {name: found[name] for name in ("credentials", "region", "account", "clock")} == dict.fromkeys(
        ("credentials", "region", "account", "clock"), "ok"
    )


def test_an_account_that_does_not_answer_is_told(reactflow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in Cloud.at("http://127.0.0.1:9").environment().items():
        monkeypatch.setenv(name, value)
    called = reactflow("doctor", "--for", "deploy")
    assert called.code == 1
    assert "missing  account" in called.out


def test_a_profile_that_there_is_not_is_missing(reactflow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    called = reactflow("doctor")
    assert called.code == 1
    assert "missing  profile" in called.out
    assert "The config profile (nobody) could not be found: correct or unset AWS_PROFILE" in called.out
