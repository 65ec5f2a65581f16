"""Functions in Lambda's runtime, which end with their test and leave nothing behind."""

from __future__ import annotations

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


def lives(process: int) -> bool:
    """Whether a process is there and has not ended; one that nobody has waited for yet has."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
