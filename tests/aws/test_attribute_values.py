"""DynamoDB's typed values and plain ones are the same, both ways, to the last digit."""

from __future__ import annotations

import base64
import datetime as dt
import enum
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow.aws.attribute_values import read_item, read_number, write_item, write_value
from reactflow.errors import ConfigurationError, RecordError

text = st.text(st.characters(codec="utf-8"), max_size=8)
whole = st.integers(-(10**38) + 1, 10**38 - 1)
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**30), max_value=10**30)
values = st.recursive(
    st.none()
    | st.booleans()
    | text
    | whole
    | decimals
    | st.binary(max_size=8)
    | st.frozensets(text, min_size=1, max_size=4)
    | st.frozensets(whole, min_size=1, max_size=4)
    | st.frozensets(st.binary(max_size=4), min_size=1, max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=12,
)


def delivered(typed: Any) -> Any:
    """As a trigger delivers it: binary values in base64."""
    if isinstance(typed, bytes):
        return base64.b64encode(typed).decode()
    if isinstance(typed, dict):
        return {name: delivered(value) for name, value in typed.items()}
    return [delivered(value) for value in typed] if isinstance(typed, list) else typed


@given(st.dictionaries(text, values, max_size=4))
def test_what_is_written_is_read_back_exactly(item: dict[str, Any]) -> None:
    typed = write_item(item, "an item")
    assert read_item(typed, "an item") == item
    assert read_item(delivered(typed), "an item") == item


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=1e-100, max_value=1e100))
def test_a_float_is_the_same_float_again(value: float) -> None:
    read = read_item(write_item({"a": value}, "an item"), "an item")["a"]
    assert float(read) == value


def test_numbers_are_int_when_integral_and_decimal_else() -> None:
    assert read_number("12345678901234567890123456789012345678") == 12345678901234567890123456789012345678
    assert type(read_number("3")) is int
    assert read_number("1.50") == Decimal("1.50")
    assert str(read_number("1E+20")) == "1E+20"
    for wrong in ("", "1.2.3", "NaN", "Infinity", "0x10", " 1", "1e9999", None, 1, "1" * 600):
        with pytest.raises(ValueError, match="is not a number"):
            read_number(wrong)


def test_every_type_of_dynamodb_is_read() -> None:
    item = {
        "S": {"S": "x"}, "N": {"N": "-7"}, "B": {"B": "AP8Q"}, "BOOL": {"BOOL": False}, "NULL": {"NULL": True},
        "L": {"L": [{"S": "x"}, {"N": "1"}]}, "M": {"M": {"city": {"S": "Ulm"}}},
        "SS": {"SS": ["a", "b"]}, "NS": {"NS": ["1", "2.5"]}, "BS": {"BS": ["AQ==", "Ag=="]},
    }  # fmt: skip
    assert read_item(item, "an item") == {
        "S": "x", "N": -7, "B": b"\x00\xff\x10", "BOOL": False, "NULL": None, "L": ["x", 1], "M": {"city": "Ulm"},
        "SS": {"a", "b"}, "NS": {1, Decimal("2.5")}, "BS": {b"\x01", b"\x02"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"S": 1}, "attribute 'a' has 1 as 'S': no such typed value"),
        ({"X": "1"}, "attribute 'a' has '1' as 'X'"),
        ({"N": "one"}, "attribute 'a': 'one' is not a number"),
        ({"B": "%"}, "attribute 'a': "),
        ({"M": {"b": {"L": [{"N": "x"}]}}}, "attribute 'a.b[0]': 'x' is not a number"),
        ({"S": "x", "N": "1"}, "is {'N': '1', 'S': 'x'}, not one typed value"),
        ("x", "attribute 'a' is 'x', not one typed value"),
        ({"SS": [1]}, "1 is not text"),
    ],
)
def test_what_is_no_typed_value_is_refused_with_its_place(typed: object, says: str) -> None:
    with pytest.raises(RecordError) as caught:
        read_item({"a": typed}, "dynamodb/t, record 1")
    assert says in str(caught.value)
    assert str(caught.value).startswith("dynamodb/t, record 1, attribute 'a")


def test_depth_is_limited() -> None:
    typed: dict[str, Any] = {"S": "x"}
    for _ in range(70):
        typed = {"L": [typed]}
    with pytest.raises(RecordError, match="nested deeper than 64"):
        read_item({"a": typed}, "an item")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (float("nan"), "is nan, and DynamoDB has no such number"),
        (Decimal("Infinity"), "is Infinity, and DynamoDB has no such number"),
        (10**38 + 1, "is a number of 39 digits"),
        (Decimal("1.00000000000000000000000000000000000001"), "is a number of 39 digits"),
        (1e200, "is 1E\\+200, and DynamoDB keeps 1E-130 to 9.99E\\+125"),
        (1e-200, "is 1E-200, and DynamoDB keeps"),
        (object(), "object has no form in DynamoDB"),
        ({"b": [float("inf")]}, "attribute 'a'.b\\[0\\] is inf"),
    ],
)
def test_what_dynamodb_cannot_keep_is_refused_with_its_attribute(value: object, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        write_item({"a": value}, "dynamodb/areas, row x")
    assert "dynamodb/areas, row x, attribute 'a'" in str(caught.value)


def test_other_values_take_the_form_that_readers_read() -> None:
    class Colour(enum.Enum):
        RED = "red"

    assert write_value(dt.date(2026, 11, 23), "x") == {"S": "2026-11-23"}
    assert write_value(Colour.RED, "x") == {"S": "red"}
    assert write_value(frozenset(), "x") == {"L": []}
    assert write_value({1, "a"}, "x") == {"L": [{"N": "1"}, {"S": "a"}]}
    assert write_value(10**40, "x") == {"N": str(10**40)}
    assert write_value(-0.0, "x") == {"N": "0"}


def test_an_item_over_400_kb_is_refused_before_it_is_sent() -> None:
    assert write_item({"a": "x" * 400_000}, "an item")
    with pytest.raises(
        ConfigurationError, match=r"the item has 41\d+ bytes, and 409600 are the most \('big' has 41"
    ):
        write_item({"big": b"x" * 410_000, "small": 1}, "an item")


def test_numbers_of_numpy_are_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    assert write_value(numpy.float64(0.1), "x") == {"N": "0.1"}
    assert write_value(numpy.int32(7), "x") == {"N": "7"}
    assert write_value(numpy.array([1.5, 2.0]), "x") == {"L": [{"N": "1.5"}, {"N": "2.0"}]}
