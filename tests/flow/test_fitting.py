"""Whether a value is of a declared type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    Protocol,
    TypedDict,
    TypeVar,
    Union,
)

import pytest
from attrs import frozen

from reactflow.flow.fitting import fits, type_name, widened

T = TypeVar("T", bound=int)
U = TypeVar("U")
ANY: Any = "no number"
Metres = NewType("Metres", float)


class Color(Enum):
    RED = 1


@frozen
class Point:
    x: float
    color: Color | None = None


@dataclass
class Line:
    points: list[Point]


class Pair(NamedTuple):
    left: int
    right: str


class Row(TypedDict):
    n: int
    note: NotRequired[str]


class Sized(Protocol):
    def size(self) -> int: ...


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, int), (1, float), (True, bool), ("x", str), (None, None), (object(), Any), (None, Optional[int]),  # noqa: UP045  # both ways to write it
        ([1, 2.5], list[float]), ((1, "x"), tuple[int, str]), ((1, 2, 3), tuple[int, ...]), ((), tuple[int, ...]),
        ({"a": [1]}, dict[str, list[int]]), ({"a": 1}, Mapping[str, int]), ([1], Sequence), ({1}, set[int]),
        (frozenset("a"), frozenset[str]), (Color.RED, Color), (Color.RED, Literal[Color.RED]), (2, Literal[1, 2]),
        (Point(1.0), Point), (Point(1, Color.RED), Point), (Line([Point(1.0)]), Line), (Pair(1, "x"), Pair),
        ({"n": 1}, Row), ({"n": 1, "note": "x"}, Row), (1.5, Metres), (1.5, Annotated[float, "m"]), (1, T), ("x", U),
        (3, Sized), (1, Union[int, str]),  # noqa: UP007  # as above
    ],
)  # fmt: skip
def test_a_value_of_a_type_fits(value: object, kind: Any) -> None:
    assert fits(value, kind)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1.0, int), (True, int), (True, float), (1, bool), (2**53 + 1, float), (1, str), (None, int), (b"x", str),
        ([1, "x"], list[int]), ((1, 2), tuple[int, str]), ((1,), tuple[int, str]), ([1], tuple[int, ...]),
        ({"a": 1}, dict[str, str]), ({1: 1}, dict[str, int]), ({"x"}, set[int]), (1, Color), (3, Literal[1, 2]),
        (True, Literal[1]), (Point(ANY), Point), (Line([Point(ANY)]), Line), (Pair(ANY, "x"), Pair),
        ({}, Row), ({"n": "x"}, Row), ({"n": 1, "more": 1}, Row), ([("n", 1)], Row), ("x", Metres), ("x", T),
        (1, str | None), (1, None.__class__),
    ],
)  # fmt: skip
def test_a_value_of_another_type_does_not(value: object, kind: Any) -> None:
    assert not fits(value, kind)


def test_only_an_int_in_a_cell_of_floats_is_made_one() -> None:
    found = [widened(3, float), widened(3, int), widened(3, None), widened(True, float), widened("3", float)]
    assert list(map(repr, found)) == ["3.0", "3", "3", "True", "'3'"]


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        (3, Optional[float], "3.0"),  # noqa: UP045  # as above
        (3, float | int, "3"), (3, float | Literal[3], "3"), (4, float | Literal[3], "4.0"), (3, Metres, "3.0"),
        (3, Annotated[float, "m"], "3.0"), ([1, 2.5], list[float], "[1.0, 2.5]"),
        ({"a": {1: [2]}}, dict[str, dict[int, list[float]]], "{'a': {1: [2.0]}}"),
        ((1, 2), tuple[float, int], "(1.0, 2)"), ((1, 2), tuple[float, ...], "(1.0, 2.0)"), ({1}, set[float], "{1.0}"),
        ([1], list[float] | None, "[1.0]"), (Point(1), Point, "Point(x=1.0, color=None)"),
        (Line([Point(2)]), Line, "Line(points=[Point(x=2.0, color=None)])"),
        (Pair(1, "x"), Pair, "Pair(left=1, right='x')"),
        ({"n": 1}, Row, "{'n': 1}"), (Color.RED, Color, "<Color.RED: 1>"), ([1], Sequence, "[1]"), (3, Any, "3"),
    ],
)  # fmt: skip
def test_so_are_those_inside_of_containers_and_records(value: object, kind: Any, shown: str) -> None:
    assert repr(widened(value, kind)) == shown


def test_a_record_that_has_no_int_where_a_float_belongs_is_the_same_object() -> None:
    point = Point(1.0)
    assert widened(point, Point) is point


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (int, "int"), (Optional[int], "int | None"), (Union[int, str], "int | str"), (int | str, "int | str"),  # noqa: UP007, UP045  # as above
        (list[Optional[float]], "list[float | None]"), (tuple[int, ...], "tuple[int, ...]"),  # noqa: UP045  # both ways to write it
        (Point, "tests.flow.test_fitting.Point"), (Literal[1, "ü"], r"Literal[1, '\xfc']"), (Annotated[int, 1], "int"),
        (Metres, "Metres"), (None, ""), (type(None), "None"), (Any, "Any"),
    ],
)  # fmt: skip
def test_a_type_has_one_name_however_it_is_written_and_on_every_python(kind: Any, name: str) -> None:
    assert type_name(kind).removeprefix("typing.") == name
