"""What decoding takes, what it refuses, and what its errors say: a table, and laws where there are some."""

from __future__ import annotations

import dataclasses
import enum
import math
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, NewType, NotRequired, Protocol, TypedDict, TypeVar

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow.errors import BindingError, RecordError
from reactflow.service.decoding import ABSENT, check_type, decode_value, read_path, short


class Colour(enum.Enum):
    RED = "red"
    ONE = 1


@attrs.frozen
class Point:
    x: float
    label: str | None = None
    tags: tuple[str, ...] = ()


@attrs.frozen
class Tree:
    name: str
    below: list[Tree] = attrs.field(factory=list)


@attrs.frozen
class Share:
    part: float = attrs.field(validator=attrs.validators.le(1.0))


@dataclasses.dataclass
class Size:
    width: Decimal
    parts: list[int] = dataclasses.field(default_factory=list)


class Pair(NamedTuple):
    first: int
    second: float = 0.5


class Loose(TypedDict):
    a: int
    b: NotRequired[float]


class Shape(Protocol):
    area: float


Metres = NewType("Metres", float)
T = TypeVar("T")
UID = "6fa459ea-ee8a-3ca4-894e-db77e160355e"


@pytest.mark.parametrize(
    ("value", "wanted", "made"),
    [
        (5, float, 5.0), (1.5, float, 1.5), (Decimal("1.5"), float, 1.5),
        (Decimal("0.1000000000000000000000"), float, 0.1),
        (Decimal("3.0"), float, 3.0), (10**22, float, 1e22), (2**70, float, float(2**70)),
        (Decimal.from_float(0.1), float, 0.1),
        (Decimal("-0.0"), float, -0.0),
        (5, int, 5), (2**200, int, 2**200), (True, bool, True), ("x", str, "x"), (b"x", bytes, b"x"),
        (5, Decimal, Decimal(5)), (Decimal("1.50"), Decimal, Decimal("1.50")), (None, int | None, None),
        (5, int | None, 5),
        ("2026-01-01T10:00:00Z", datetime, datetime(2026, 1, 1, 10, tzinfo=UTC)),
        ("2026-01-01T10:00:00+02:00", datetime, datetime(2026, 1, 1, 8, tzinfo=UTC)),
        ("2026-01-01", date, date(2026, 1, 1)),
        ("10:00:00", time, time(10)), ("PT90S", timedelta, timedelta(seconds=90)),
        (UID, uuid.UUID, uuid.UUID(UID)), (date(2026, 1, 1), date, date(2026, 1, 1)),
        ("red", Colour, Colour.RED), (1, Colour, Colour.ONE), (Colour.RED, Colour, Colour.RED),
        ("a", Literal["a", 1], "a"), (1, Literal["a", 1], 1),
        ([1, 2], list[float], [1.0, 2.0]),
        ([1, 2], tuple[float, ...], (1.0, 2.0)), ([1, "x"], tuple[int, str], (1, "x")),
        ([1, 1], set[int], {1}), ({1}, frozenset[int], frozenset({1})), ([1], list, [1]), ([1], Sequence[int], [1]),
        ({"a": 1}, dict[str, float], {"a": 1.0}), ({"1": 1}, dict[int, int], {1: 1}),
        ({"a": [1]}, Mapping[str, list[int]], {"a": [1]}),
        ({"x": 1}, Point, Point(1.0)), ({"x": 1, "tags": ["a"], "more": 1}, Point, Point(1.0, tags=("a",))),
        ({"name": "a", "below": [{"name": "b"}]}, Tree, Tree("a", [Tree("b")])), (Point(2.0), Point, Point(2.0)),
        ({"width": 1, "parts": [1]}, Size, Size(Decimal(1), [1])),
        ({"first": 1}, Pair, Pair(1)), ([1, 2], Pair, Pair(1, 2.0)),
        ({"a": 1, "b": 2, "c": 3}, Loose, {"a": 1, "b": 2.0}), ({"a": 1}, Loose, {"a": 1}),
        (5, Metres, 5.0), (5, Annotated[float, "m"], 5.0), ("x", int | str, "x"), (1, bool | float, 1.0),
        (Decimal("1.5"), float | Decimal, Decimal("1.5")), (5, float | int, 5),
        ("2026-01-01", date | str, "2026-01-01"),
        ({"x": 1}, Tree | Point, Point(1.0)),
        (Decimal("1.5"), None, 1.5), (Decimal("0.1234567890123456789"), Any, Decimal("0.1234567890123456789")),
        ({"a": [Decimal("2.5"), 1, None, "x"]}, object, {"a": [2.5, 1, None, "x"]}), (2**100, Any, 2**100),
    ],
)  # fmt: skip
def test_value_becomes_one_of_exactly_the_type(value: object, wanted: object, made: object) -> None:
    result = decode_value(value, wanted, "field 'f'")
    assert result == made
    assert type(result) is type(made)


@pytest.mark.parametrize(
    ("value", "wanted", "says"),
    [
        ("abc", float, "expected float, got 'abc' (str)"),
        (True, float, "expected float, got True (bool)"),
        (True, int, "expected int, got True (bool)"),
        (1, bool, "expected bool, got 1 (int)"),
        (1.0, int, "expected int, got 1.0 (float)"),
        (Decimal("3.0"), int, "expected int, got 3.0 (Decimal)"),
        ("5", int, "expected int, got '5' (str)"),
        (5, str, "expected str, got 5 (int)"),
        ("1.5", Decimal, "expected Decimal, got '1.5' (str)"),
        ("NaN", Decimal, "expected Decimal, got 'NaN' (str)"),
        (1.5, Decimal, "expected Decimal, got 1.5 (float)"),
        (math.nan, float, "expected a finite float, got nan (float)"),
        (-math.inf, Any, "expected a finite float, got -inf (float)"),
        (Decimal("Infinity"), float, "expected a finite float, got Infinity (Decimal)"),
        (Decimal("sNaN"), Decimal, "expected a finite Decimal, got sNaN (Decimal)"),
        (Decimal("NaN"), Any, "expected a finite Decimal, got NaN (Decimal)"),
        (
            Decimal("0.1234567890123456789"),
            float,
            "got 0.1234567890123456789 (Decimal); a float cannot hold this number: annotate the cell as Decimal",
        ),
        (123456789012345678901, float, "annotate the cell as Decimal"),
        (Decimal("1e400"), float, "annotate the cell as Decimal"),
        (Decimal("1e-400"), float, "annotate the cell as Decimal"),
        (None, float, "expected float, got null; annotate the cell as 'float | None' if null is a value"),
        ("aGk=", bytes, "expected bytes, got 'aGk=' (str); text is never read as bytes"),
        (b"x", str, "expected str, got b'x' (bytes)"),
        ("\ud800", str, "expected text, got '\\ud800' (str); it holds half of a surrogate pair"),
        (["\ud800"], Any, "at [0]: expected text"),
        (
            "2026-01-01T10:00:00",
            datetime,
            "expected a datetime with an offset, got '2026-01-01T10:00:00' (str); it has no offset",
        ),
        ("yesterday", datetime, "expected datetime, got 'yesterday' (str)"),
        (1700000000, datetime, "expected datetime, got 1700000000 (int)"),
        ("2026-01-01T00:00:00Z", date, "expected date, got"),
        (datetime(2026, 1, 1, tzinfo=UTC), date, "expected date, got"),
        ("not-a-uuid", uuid.UUID, "expected UUID, got 'not-a-uuid' (str)"),
        ("blue", Colour, "expected Colour (one of 'red', 1), got 'blue' (str)"),
        (True, Colour, "expected Colour"),
        (True, Literal[1], "expected Literal[1], got True (bool)"),
        ([1], Literal[1], "expected Literal[1], got [1] (list)"),
        ("x", list[int], "expected list[int], got 'x' (str)"),
        ([1, "x"], list[int], "at [1]: expected int, got 'x' (str)"),
        ({1}, list[int], "expected list[int], got {1} (set); a set has no order: annotate the cell as set"),
        ([[1]], set[list[int]], "unhashable"),
        ([1], tuple[int, str], "it has 1 items, not 2"),
        (
            {"a": {"b": ["x"]}},
            dict[str, dict[str, list[int]]],
            "at ['a']['b'][0]: expected int, got 'x' (str)",
        ),
        ({"01": 1}, dict[int, int], "at ['01']: expected int, got '01' (str)"),
        ({"1": 1, 1: 2}, dict[int, int], "two of its names mean 1"),
        (
            {"points": [{"x": "far"}]},
            dict[str, list[Point]],
            "at ['points'][0].x: expected float, got 'far' (str)",
        ),
        ({}, Point, "expected Point, got {} (dict); 'x' is missing"),
        (5, Point, "expected Point, got 5 (int)"),
        ({"part": 2}, Share, "Share refused it: ValueError"),
        ({"b": 1}, Loose, "'a' is missing"),
        ([1, 2, 3], Pair, "expected Pair, got [1, 2, 3] (list)"),
        ("x", int | float, "expected int | float, got 'x' (str)"),
    ],
)
def test_other_values_are_refused_with_place_type_and_value(value: object, wanted: object, says: str) -> None:
    with pytest.raises(RecordError) as caught:
        decode_value(value, wanted, "field 'f' of kinesis/m", field="f")
    assert str(caught.value).startswith("field 'f' of kinesis/m")
    assert says in str(caught.value)
    assert caught.value.field.startswith("f")


def test_negative_zero_keeps_its_sign() -> None:
    assert math.copysign(1.0, decode_value(Decimal("-0.0"), float, "f")) == -1.0


def test_order_of_a_union_is_that_of_its_author_even_inside_a_list() -> None:
    item = {"x": 1, "name": "n"}
    assert decode_value([item], list[Point | Tree], "f") == [Point(1.0)]
    assert decode_value([item], list[Tree | Point], "f") == [Tree("n")]


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (Shape, "Shape is a protocol"),
        (T, "T is no type that data can be read into"),
        (5, "5 is no type"),
        (list[Shape], "Shape is a protocol"),
        (type[int], "has parameters"),
    ],
)
def test_type_that_no_data_fits_is_refused_when_it_is_bound(wanted: object, says: str) -> None:
    with pytest.raises(BindingError) as caught:
        check_type(wanted, "points")
    assert str(caught.value).startswith("the cell 'points' cannot be fed: ")
    assert says in str(caught.value)


def test_path_tells_absent_from_null() -> None:
    fields = {"a": {"b": None, "c": {"d": 1}}, "n": None, "s": "x"}
    assert [read_path(fields, path) for path in ("a.b", "a.c.d", "n")] == [None, 1, None]
    assert [read_path(fields, path) for path in ("x", "a.x", "a.c.x", "n.x", "a.b.c")] == [ABSENT] * 5
    with pytest.raises(
        RecordError, match=r"the field 's.t' cannot be read: 's' is 'x' \(str\), not an object"
    ) as caught:
        read_path(fields, "s.t")
    assert caught.value.field == "s.t"


def test_large_values_are_shown_short() -> None:
    for value in ("x" * 10**6, b"x" * 10**6, list(range(10**5)), 10**5000, {"k" * 500: "v" * 500}, None):
        assert len(short(value)) <= 80


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_comes_back_from_its_text_and_from_its_exact_decimal(number: float) -> None:
    assert decode_value(Decimal(repr(number)), float, "f") == number
    assert decode_value(Decimal(number), float, "f") == number


@given(st.decimals(allow_nan=False, allow_infinity=False), st.sampled_from([float, Any]))
def test_decimal_is_never_rounded_beyond_17_digits(number: Decimal, wanted: object) -> None:
    try:
        made = decode_value(number, wanted, "f")
    except RecordError:
        assert wanted is float
        return
    assert (
        isinstance(made, Decimal)
        or Decimal(made) == number
        or math.isclose(Decimal(made), number, rel_tol=1e-15)
    )
    if isinstance(made, Decimal):
        assert made == number


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(PLAIN)
def test_plain_data_is_taken_as_it_is_by_a_cell_without_a_type(value: object) -> None:
    assert decode_value(value, Any, "f") == value


@given(
    PLAIN,
    st.sampled_from([int, str, float, bool, Decimal, list[int], dict[str, float], Point, Colour, int | None]),
)
def test_any_data_gives_a_value_of_the_type_or_a_record_error(value: object, wanted: Any) -> None:
    try:
        made = decode_value(value, wanted, "f")
    except RecordError:
        return
    assert decode_value(made, wanted, "f") == made


def test_decoding_numbers_loads_no_library_for_dates() -> None:
    use = "from reactflow.service.decoding import decode_value; decode_value(1, float, 'f')"
    code = f"import sys; {use}; print('msgspec' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
