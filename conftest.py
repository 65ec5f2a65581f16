"""How far the property tests look, and the seed to look again. What only tests share is in `tests/conftest.py`.

The profile is chosen by HYPOTHESIS_PROFILE: `fast` (the default), `ci`, whose examples are always the same, or `soak`,
whose number of examples is REACTFLOW_SOAK_EXAMPLES. A test that sets `max_examples` itself is left
alone by all of them.
"""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import HealthCheck, settings

_COMMON = settings(
    deadline=None, derandomize=False, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fast", _COMMON, max_examples=50)
# What is said of a commit has to be the same tomorrow. New examples are for those who can look into what they find.
settings.register_profile("ci", _COMMON, max_examples=200, derandomize=True)
settings.register_profile(
    "soak", _COMMON, max_examples=int(os.environ.get("REACTFLOW_SOAK_EXAMPLES", "10000"))
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """A new seed for every run, handed to every process of it, unless one was asked for."""
    if getattr(config.option, "hypothesis_seed", "") is None:
        config.option.hypothesis_seed = str(random.getrandbits(32))


def pytest_report_header(config: pytest.Config) -> str:
    """Say how to run the property tests again just so."""
    profile = os.environ.get("HYPOTHESIS_PROFILE", "fast")
    drawn = (
        "always the same" if settings().derandomize else f"--hypothesis-seed={config.option.hypothesis_seed}"
    )
    return f"property tests: profile {profile}, {drawn}"
