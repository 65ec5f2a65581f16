"""What all tests share: one embedded cloud a test session (one a worker, when tests run on several)."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from reactflow.flow import step
from reactflow.service import quick

if TYPE_CHECKING:
    from reactflow.local.cloud import Cloud


# A process makes code only when it has taken some events: tests are short, and try that code from the first one on.
# `tests/service/test_cold.py` holds what comes before to what comes then; processes of their own begin as they would.
COLD = {"events": step.WORTH, "records": quick.WORTH}
step.WORTH = quick.WORTH = 0


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """The embedded cloud, which boto3 finds through the environment. Shared: take names from ``unique``."""
    pytest.importorskip("ministack")
    from reactflow.local.cloud import Cloud

    with Cloud.start() as running, running.exported():
        yield running


_numbers = itertools.count(1)


@pytest.fixture
def unique(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Names that no other test of the session uses: ``unique("rooms")`` gives ``rooms-12-late-write``."""

    def name(stem: str) -> str:
        test = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_"))
        return f"{stem}-{next(_numbers)}-{test[:20]}".strip("-")[:60]

    return name


@pytest.fixture(autouse=True, scope="session")
def _nothing_reaches_aws() -> Iterator[None]:
    """A client made without the embedded cloud finds a closed port, not the real AWS."""
    with pytest.MonkeyPatch.context() as patch:
        for variable in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(variable)
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        patch.setenv("AWS_ACCESS_KEY_ID", "local")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "local")
        patch.setenv("AWS_REGION", "us-east-1")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield
