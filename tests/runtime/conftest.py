"""Functions in Lambda's runtime, which end with their test and leave nothing behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reactflow.local.runtime import LambdaRuntime
from tests.tools import tool

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def in_runtime() -> Iterator[Callable[..., LambdaRuntime]]:
    """Makes functions: ``in_runtime("app.handler", folder, timeout=1)``. Skipped without the emulator."""
    emulator = tool("sam")
    made: list[LambdaRuntime] = []

    def make(handler: str, folder: Path = ROOT, **settings: Any) -> LambdaRuntime:
        made.append(LambdaRuntime(handler, folder, emulator=emulator, **settings))
        return made[-1]

    yield make
    for runtime in made:
        runtime.close()


def has_ended(process: int, seconds: float = 20.0) -> bool:
    """Whether a process ends within so many seconds; one that nobody has waited for yet has."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] in "ZX":
                return True
        except OSError:
            return True
        time.sleep(0.01)  # it is not ours to be waited for
    return False
