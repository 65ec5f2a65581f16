"""A system is the union of its services: who causes whom, its picture, and cycles that are meant or not."""

from __future__ import annotations

from typing import Any

import pytest

from reactflow import Flow, Service, System, cell
from reactflow.aws import Kinesis
from reactflow.errors import BindingError


class Thing(Flow):
    size = cell(0.0)


def service(name: str, reads: str, *writes: str) -> Service:
    inputs = [Kinesis(reads, partition="id")]
    outputs = [Thing.size >> Kinesis(stream, partition="id") for stream in writes]
    return Service(Thing, name=name, key="id", inputs=inputs, outputs=outputs)


ROOMS = service("rooms", "measurements", "areas")
FLOORS = service("floors", "areas", "floors")
HOUSES = service("houses", "floors", "houses")


def test_causes_and_effects_are_found_from_what_is_shared() -> None:
    system = System(ROOMS, FLOORS, HOUSES)
    assert system.causes("houses") == ["floors", "rooms"]
    assert system.effects("rooms") == ["floors", "houses"]
    assert [(edge.cause, edge.effect, edge.resource) for edge in system.edges] == [
        ("rooms", "floors", "kinesis/areas"), ("floors", "houses", "kinesis/floors")
    ]  # fmt: skip
    with pytest.raises(
        BindingError, match="no service has the name 'walls': there are 'rooms', 'floors', 'houses'"
    ):
        system.causes("walls")


def test_picture_shows_services_and_what_they_share() -> None:
    view = System(ROOMS, FLOORS).graph()
    names = {node.id: (node.kind, node.name) for node in view.nodes}
    assert [(names[one], names[other]) for one, other in view.edges] == [
        (("source", "kinesis/measurements"), ("service", "rooms")),
        (("service", "rooms"), ("sink", "kinesis/areas")),
        (("sink", "kinesis/areas"), ("service", "floors")),
        (("service", "floors"), ("sink", "kinesis/floors")),
    ]


def test_two_services_of_one_name_are_refused() -> None:
    with pytest.raises(BindingError, match="2 services have the name 'rooms': give each its own with name="):
        System(ROOMS, service("rooms", "other"))


A, B = service("a", "x", "y"), service("b", "y", "x")
B_AND_C, C = service("b", "y", "x", "z"), service("c", "z", "y")
RING = [service("a", "x", "y"), service("b", "y", "z"), service("c", "z", "x")]


@pytest.mark.parametrize(
    ("services", "declared"),
    [
        ([A, B], [("a", "b")]),
        ([A, B], [(B, A)]),
        ([A, B_AND_C, C], [("a", "b"), ("b", "c")]),
        ([A, B_AND_C, C], [("a", "b", "c")]),
        (RING, [("a", "b", "c")]),
    ],
)
def test_cycle_that_is_declared_is_allowed(services: list[Service], declared: Any) -> None:
    assert System(*services, cycles=declared).edges


@pytest.mark.parametrize(
    ("services", "declared", "says"),
    [
        ([A, B], [], r"a -> b -> a\. .* cycles=\[\('a', 'b'\)\]"),
        ([A, B_AND_C, C], [("a", "b")], r"a -> b -> c -> a\. .* cycles=\[\('a', 'b', 'c'\)\]"),
        (RING, [("a", "b")], r"a -> b -> c -> a"),
        ([A, B], [("a", "z")], "cycles= speaks of 'z', which is no service of this system: it has a, b"),
    ],
)
def test_cycle_that_is_not_declared_is_refused_with_its_way(
    services: list[Service], declared: Any, says: str
) -> None:
    with pytest.raises(BindingError, match=says):
        System(*services, cycles=declared)
