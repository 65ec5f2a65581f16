"""What the tests of stores share: a store of each kind, and its clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reactflow.service import Store
from tests.service.stores.kinds import KINDS, Clock, made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of store that a test is about."""
    if request.param == "dynamodb":
        request.getfixturevalue("cloud")
    return str(request.param)


@pytest.fixture
def store(kind: str, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    opened = made(kind, tmp_path, clock)
    yield opened
    opened.close()
