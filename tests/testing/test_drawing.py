"""Values are made up by type: few and plain ones, and unusual ones from a seeded source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from random import Random
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import attrs
import pytest
from attrs import frozen

from reactflow.testing.drawing import MOST, friendly, wild


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@frozen
class Point:
    x: int
    _y: float = 0.5


@dataclass
class Order:
    id: str
    note: object = None


class Pair(NamedTuple):
    one: int
    other: int = 0


class Row(TypedDict):
    at: int
    level: float


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        (int, 1),
        (Decimal, Decimal("0.1")),
        (datetime, datetime(2026, 1, 1, tzinfo=UTC)),
        (date, date(2026, 1, 1)),
        (timedelta, timedelta(seconds=1)),
        (int | None, 1),
        (Annotated[int, ["positive"]], 1),
        (Literal["x", "y"], "x"),
        (Colour, Colour.RED),
        (list[str], ["a"]),
        (set[int], {1}),
        (frozenset[int], frozenset({1})),
        (tuple[int, str], (1, "a")),
        (tuple[int, ...], (1,)),
        (dict[str, float], {"a": 0.1}),
        (Point, Point(1, 0.1)),
        (Order, Order("a")),
        (Pair, Pair(1, 1)),
        (Row, {"at": 1, "level": 0.1}),
    ],
)
def test_friendly_values_are_plain_few_and_of_the_type(kind: Any, first: Any) -> None:
    found = friendly(kind)
    assert found[0] == first
    assert type(found[0]) is type(first)
    assert 2 <= len(found) <= MOST
    assert not any(one == other for place, one in enumerate(found) for other in found[:place])
    assert isinstance(wild(kind, Random(1)), (type(first), str))


@frozen
class Opaque:
    what: object


@pytest.mark.parametrize("kind", [object, Opaque, Any, None])
def test_a_type_of_which_nothing_can_be_made_up_has_no_values(kind: Any) -> None:
    assert friendly(kind) == []
    with pytest.raises(LookupError, match=r"no value of .* can be made up"):
        wild(kind, Random(1))


def test_wild_values_are_those_that_sums_and_comparisons_trip_over() -> None:
    chance = Random(0)
    seen = {repr(wild(float, chance)) for _ in range(200)}
    assert {"0.0", "-0.0", "1e+16"} <= seen
    assert "" in {wild(str, chance) for _ in range(50)}


@frozen
class Wide:
    one: int
    two: int
    three: float
    four: str
    five: int


def test_every_field_of_a_record_differs_among_its_friendly_values() -> None:
    found = friendly(Wide)
    for name in ("one", "two", "three", "four", "five"):
        assert len({getattr(one, name) for one in found}) == 3
    assert any(one.one == found[0].one and one.five != found[0].five for one in found), "one field alone"


@frozen
class Tree:
    size: int
    parent: Tree | None = None


@frozen
class Positive:
    size: int = attrs.field(validator=attrs.validators.ge(2))


def test_a_record_of_its_own_kind_ends_and_one_whose_class_refuses_a_value_is_left_out() -> None:
    assert friendly(Tree)[0].size == 1
    assert wild(Tree, Random(1)).size is not None
    assert friendly(Positive) == [Positive(2), Positive(3)]


def test_a_class_whose_names_are_known_only_where_it_was_made_has_no_values() -> None:
    class Here:
        pass

    @frozen
    class Local:
        here: Here

    assert friendly(Local) == []
