"""A system is the union of its services: who causes whom, its picture, and cycles that are meant or not."""

from __future__ import annotations

from typing import Any

import pytest

from reactflow import Flow, Members, Pulse, Service, System, cell, fold, folds, members, pulse, row
from reactflow.aws import DynamoDB, Kinesis
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


class Room(Flow):
    length = cell(0.0)
    area = length * 2.0
    measured: Pulse[float] = pulse()
    doubled = measured.map(lambda length: length * 2.0)


class Floor(Flow):
    area = cell(0.0)
    peak = fold(area.changes(), folds.max)


class Areas(Flow):
    area: Pulse[float] = pulse()
    peak = fold(area, folds.max)


def rooms(*outputs: Any) -> Service:
    return Service(
        Room, name="rooms", key="room", inputs=[Kinesis("lengths", partition="room")], outputs=outputs
    )


def floors(flow: type[Flow], source: Any) -> Service:
    return Service(flow, name="floors", key="room", inputs=[source])


AREAS = Kinesis("areas", partition="room")


@pytest.mark.parametrize(
    ("output", "source"),
    [
        (Room.area >> AREAS, AREAS),
        (row(Room.area, Room.length) >> DynamoDB("areas"), DynamoDB("areas")),
        (row(size=Room.area) >> AREAS, Kinesis("areas", partition="room", fields={"area": "size"})),
    ],
)
def test_a_fold_over_changes_of_what_a_cell_output_feeds_is_refused(output: Any, source: Any) -> None:
    alone = floors(Floor, source)
    with pytest.raises(
        BindingError,
        match=r"the fold 'peak' \(max\) adds up changes of what 'area' feeds, and the cell output '(area|size)' of "
        r"service 'rooms' to (kinesis|dynamodb)/areas may skip values in between: its result would depend on chance "
        r"\(area=1\.0, area=3\.0, area=2\.0 give 3\.0, and area=1\.0, area=2\.0 give 2\.0\)\. Have .*: let the",
    ):
        System(rooms(output), alone)


@pytest.mark.parametrize(
    ("outputs", "floor"),
    [
        ([row(area=Room.doubled) >> AREAS], floors(Floor, AREAS)),
        ([Room.area >> AREAS], floors(Areas, AREAS)),
        ([row(size=Room.area, name="row") >> AREAS, row(area=Room.doubled) >> AREAS], floors(Floor, AREAS)),
        ([Room.area >> AREAS], floors(Floor, Kinesis("others", partition="room"))),
    ],
    ids=["pulse output", "fold of one event's field", "another field of one stream", "another stream"],
)
def test_what_skips_nothing_that_a_fold_counts_is_taken(outputs: list[Any], floor: Service) -> None:
    assert System(rooms(*outputs), floor).services.keys() == {"rooms", "floors"}


class Building(Flow):
    rooms: Members[float] = members("room", "area")
    total = rooms.sum()
    most = fold(total.changes(), folds.max)


def test_a_fold_over_changes_of_what_a_cell_output_contributes_is_refused() -> None:
    buildings = Service(
        Building, name="buildings", key="building", inputs=[Kinesis("areas", partition="building")]
    )
    with pytest.raises(
        BindingError,
        match=r"'most' \(max\) adds up changes of what 'rooms' feeds, and the cell output 'area' of service 'rooms' "
        r".*\(rooms=x1:1\.0, rooms=x1:3\.0, rooms=x1:2\.0 give 3\.0, and rooms=x1:1\.0, rooms=x1:2\.0 give 2\.0\)\. H",
    ):
        System(rooms(Room.area >> Kinesis("areas", partition="building")), buildings)


class Newest(Flow):
    area: Pulse[float] = pulse()
    doubled: Pulse[float] = pulse()
    factor = cell(1.0)
    newest = fold(area, folds.last)
    total = fold(doubled, folds.sum)


class Both(Newest):
    scaled = fold(Newest.doubled * Newest.factor, folds.sum)


@pytest.mark.parametrize(
    ("flow", "outputs", "says"),
    [
        (
            Newest,
            [row(area=Room.measured) >> AREAS, row(area=Room.doubled, name="again") >> AREAS],
            (
                r"the fold 'newest' \(last\) is not commutative, and kinesis/areas brings it the output 'area' of "
                r"service 'rooms' and the output 'again' of service 'rooms', which have no order among each other: .* "
                r"\(area=1\.0, area=3\.0 give 3\.0, and area=3\.0, area=1\.0 give 1\.0\)\. Use folds\.last_by"
            ),
        ),
        (
            Both,
            [Room.doubled >> AREAS, row(factor=Room.length) >> AREAS],
            (
                r"the fold 'scaled' depends on the cell 'factor', and kinesis/areas brings it the output 'doubled' .* "
                r"give .* Fold a pulse that is computed from one record alone, have it fed by one output alone, or say"
            ),
        ),
    ],
)
def test_a_fold_that_needs_one_order_is_fed_by_one_output(flow: Any, outputs: Any, says: str) -> None:
    made = rooms(*outputs)
    with pytest.raises(BindingError, match=says):
        System(made, floors(flow, AREAS))
    assert System(made, floors(flow, Kinesis("areas", partition="room", order="arrival"))).edges
    assert System(rooms(outputs[0]), floors(flow, AREAS)).edges
