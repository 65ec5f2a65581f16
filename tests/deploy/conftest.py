"""A second set of clients of the embedded cloud, which Lambda's part is played with."""

from __future__ import annotations

import pytest

from reactflow.local import Cloud


@pytest.fixture(scope="session")
def lambda_cloud(cloud: Cloud) -> Cloud:
    """The same cloud, with clients of its own."""
    return Cloud.at(cloud.endpoint)
