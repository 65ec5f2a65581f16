"""The installation script: what it says when there is nothing to install with."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("number", "said"), [("3.8.10", "/old/python is 3.8.10)"), ("", "/old/python is none)")]
)
def test_the_version_of_a_python_that_is_too_old_is_told(tmp_path: Path, number: str, said: str) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "install", tmp_path / "scripts" / "install")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    python = tmp_path / "old" / "python"
    if number:
        python.parent.mkdir()
        python.write_text(f'#!/bin/sh\ncase "$2" in *python_version*) echo {number};; *) exit 1;; esac\n')
        python.chmod(0o755)
    done = subprocess.run(
        [tmp_path / "scripts" / "install"],
        env={**os.environ, "PYTHON": str(python)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert "found no Python 3.11 or newer" in done.stderr
    assert not (tmp_path / ".venv").exists()
