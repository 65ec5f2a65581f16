"""Mutants: the production code with one fault in it, each found by the simulator; and the patches that make them.

A patch begins with what it breaks, the services that are run, the faults, and within how many seeds it has to be found.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PATCHES = sorted((ROOT / "tests" / "mutants").glob("*.patch"))


def settings(patch: Path) -> dict[str, str]:
    """The lines ``Name: value`` before the patch."""
    head = patch.read_text(encoding="utf-8").partition("diff --git")[0]
    pairs = (line.partition(": ") for line in head.splitlines() if ": " in line)
    return {name.lower(): value.strip() for name, _, value in pairs}


def test_there_is_a_mutant_for_each_fault_that_the_protocol_names() -> None:
    named = {
        "no-marks", "marks-after-state", "no-conditional-write", "publish-before-commit", "pending-dropped",
        "lane-too-coarse", "redrive-on-the-lane", "raw-positions", "one-number", "redrive-as-new", "redrive-closed",
        "unguarded-sink", "no-second-look", "no-sweeper",
    }  # fmt: skip
    assert named <= {patch.stem for patch in PATCHES}


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_patch_applies_to_the_code_as_it_is(patch: Path) -> None:
    done = subprocess.run(
        ["git", "apply", "--check", str(patch)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{patch.name} no longer applies; make it anew: {done.stderr}"
    assert settings(patch).keys() == {"mutant", "services", "faults", "seeds"}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_mutant_is_found(patch: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "reactflow", tmp_path / "reactflow", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(
        ["git", "apply", "--unsafe-paths", str(patch)], cwd=tmp_path, check=True, env=outside_of_git(tmp_path)
    )
    asked = settings(patch)
    command = [sys.executable, "-m", "tests.testing.sim.hunt", "--services", asked["services"]]
    command += ["--faults", asked["faults"], "--seeds", asked["seeds"]]
    paths = os.pathsep.join((str(tmp_path), str(ROOT)))
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, f"{patch.stem} was not found: {done.stdout}{done.stderr}"
    assert "seed" in done.stdout, done.stderr
    assert "the simulator: failed" not in done.stdout, done.stdout


def outside_of_git(folder: Path) -> dict[str, str]:
    """An environment in which git takes a folder as it is, wherever it lies."""
    return {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent), "GIT_DIR": str(folder / "none")}
