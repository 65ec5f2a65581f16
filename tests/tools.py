"""The command lines of AWS that `scripts/tools` installs beside the project, for tests that run the real thing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parent.parent / ".tools"


def tool(name: str) -> Path:
    """The path of `.tools/bin/<name>`: the test is skipped without it, or fails where REACTFLOW_NEEDS_TOOLS is set."""
    found = TOOLS / "bin" / name
    if not found.is_file():
        missing = f"there is no {found}: scripts/tools installs it"
        if os.environ.get("REACTFLOW_NEEDS_TOOLS"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found
