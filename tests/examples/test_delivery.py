"""The examples' own code under the faults of the protocol: nothing is lost, nothing is doubled."""

from __future__ import annotations

import pytest

from examples.buildings import system
from examples.climate import climate
from examples.payments import orders
from examples.sensors import sensors
from examples.staff import staff
from examples.thumbnails import thumbnails
from reactflow import Service, System
from reactflow.testing import check_delivery

ALL: dict[str, Service | System] = {
    "buildings": system,
    "climate": climate,
    "payments": orders,
    "sensors": sensors,
    "staff": staff,
    "thumbnails": thumbnails,
}


@pytest.mark.parametrize("name", ALL)
def test_an_example_loses_and_doubles_nothing(name: str) -> None:
    check_delivery(ALL[name], seeds=3)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_forty_seeds_of_an_example_lose_and_double_nothing(name: str) -> None:
    assert check_delivery(ALL[name], seeds=40).seeds == 40
