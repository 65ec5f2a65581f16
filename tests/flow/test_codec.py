"""State as canonical bytes."""

from __future__ import annotations

import enum
import json
import sys
from collections import Counter, OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Literal, NamedTuple, NewType, TypedDict
from zoneinfo import ZoneInfo

import pytest
from attrs import field, frozen
from hypothesis import given

from reactflow.errors import StateError
from reactflow.flow.codec import Codec
from reactflow.flow.equality import same_value
from tests.flow.values import CLASSES, Box, Color, Hashed, Point, values

CODEC = Codec(CLASSES)


@given(values)
def test_every_value_of_the_closed_set_comes_back_by_type_and_value(value: object) -> None:
    data = CODEC.encode({"cell": value})
    back = CODEC.decode(data)
    assert same_value(back, {"cell": value})
    assert CODEC.encode(back) == data
    assert same_value(CODEC.decode_value(CODEC.encode_value(value)), value)


@given(values)
def test_encoded_state_is_json_text(value: object) -> None:
    json.loads(CODEC.encode({"cell": value}))


def test_the_text_of_plain_state_is_plain_json() -> None:
    state = {"width": 4.0, "label": "12.0 m²", "n": 3, "on": True, "none": None, "list": [1, 2.5]}
    text = '{"label":"12.0 m²","list":[1,2.5],"n":3,"none":null,"on":true,"width":4.0}'
    assert Codec({}).encode(state) == text.encode()


def test_the_order_of_keys_and_members_does_not_show() -> None:
    one = {"b": {"x": 1, "y": 2}, "a": {3, 1, 2}}
    other = {"a": {2, 3, 1}, "b": {"y": 2, "x": 1}}
    assert CODEC.encode(one) == CODEC.encode(other)


@pytest.mark.parametrize(
    "value", [{"$": "tuple", "v": [1]}, {"$": "$"}, {"$": {"$": 1}}, {"v": 1}, {1: "$"}, {"$": None}]
)
def test_a_users_dict_that_looks_like_a_tag_stays_a_dict(value: dict[object, object]) -> None:
    assert CODEC.decode(CODEC.encode({"cell": value})) == {"cell": value}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "cell 'c' cannot be stored: nan is not a number that can be compared"),
        ([1, {"x": float("inf")}], r"cell 'c' cannot be stored at c\[1\]\['x'\]: inf is not a number"),
        (Point(Decimal("NaN")), r"cannot be stored at c\.x: Decimal\('NaN'\) is not a number"),
        (Box([float("-inf")]), r"cannot be stored at c\.size\[0\]: -inf is not"),
        ("a\ud800b", "the text has a lone surrogate at 1; decode it with errors='replace'"),
        ({"\ud800": 1}, "lone surrogate"),
        (object(), "class builtins.object is not plain data; use numbers, text"),
        (
            OrderedDict(a=1),
            r"collections.OrderedDict is a kind of dict, which would come back as another; convert it: dict\(",
        ),
        (Counter("a"), "convert it: dict"),
        (lambda: 1, "class builtins.function is not plain data"),
        (3 + 4j, "class builtins.complex is not plain data"),
        (range(3), "class builtins.range is not plain data"),
        (bytearray(b"x"), "class builtins.bytearray is not plain data"),
    ],
)
def test_what_cannot_be_stored_is_named_with_its_cell_its_place_and_the_remedy(
    value: object, message: str
) -> None:
    with pytest.raises(StateError, match=message) as caught:
        CODEC.encode({"ok": 1, "c": value})
    assert caught.value.cell == "c"


def test_a_subclass_of_float_is_refused_with_the_conversion() -> None:
    class Metres(float):
        pass

    with pytest.raises(StateError, match=r"Metres is a kind of float, .* convert it: float\("):
        CODEC.encode({"c": Metres(1.0)})


def test_a_class_that_no_type_names_is_refused_in_both_directions() -> None:
    with pytest.raises(
        StateError, match=r"class tests.flow.values.Point is not named .*; annotate the cell: Cell\[Point\]"
    ):
        Codec({"c": int}).encode({"c": Point(1)})
    with pytest.raises(
        StateError, match=r"cell 'c' cannot be read: it is of class tests.flow.values.Point, which no type"
    ):
        Codec({"c": int}).decode(CODEC.encode({"c": Point(1)}))


def test_reading_runs_no_constructor_converter_or_validator() -> None:
    ran: list[str] = []

    def convert(value: int) -> int:
        ran.append("converter")
        return value

    @frozen
    class Loud:
        x: int = field(converter=convert)

        def __attrs_post_init__(self) -> None:
            ran.append("init")

    codec = Codec({"c": Loud})
    data = codec.encode({"c": Loud(1)})
    ran.clear()
    assert isinstance(codec.decode(data)["c"], Loud)
    assert ran == []


def test_a_value_with_a_cached_hash_can_be_hashed_again() -> None:
    back = CODEC.decode(CODEC.encode({"c": Hashed(1)}))["c"]
    assert hash(back) == hash(Hashed(1))


def _nest(depth: int) -> object:
    value: object = 0
    for _ in range(depth):
        value = [value]
    return value


def test_a_hundred_levels_are_stored_and_a_hundred_thousand_are_an_error() -> None:
    assert CODEC.decode(CODEC.encode({"c": _nest(100)})) == {"c": _nest(100)}
    with pytest.raises(StateError, match="more than 150 containers deep"):
        CODEC.encode({"c": _nest(100_000)})
    with pytest.raises(StateError, match=r"150 containers deep|JSON text"):
        CODEC.decode(b'{"c":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
    with pytest.raises(StateError, match="150 containers deep"):
        CODEC.decode(b'{"c":' + b"[" * 200 + b"]" * 200 + b"}")


def test_a_value_that_contains_itself_is_an_error() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(StateError, match="does it contain itself"):
        CODEC.encode({"c": loop})


def test_depth_near_the_end_of_the_stack_is_an_error_of_the_state() -> None:
    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        else:
            CODEC.to_plain(_nest(120), "c")

    with pytest.raises((StateError, RecursionError)):
        deep(sys.getrecursionlimit() - 120)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b"nul",
        b'{"c":NaN}',
        b'{"c":Infinity}',
        b'{"c":1e999}',
        b'{"c":{"$":"tuple"}}',
        b'{"c":{"$":"bytes","v":"%"}}',
        b'{"c":{"$":"decimal","v":"x"}}',
        b'{"c":{"$":"datetime","v":"yesterday"}}',
        b'{"c":{"$":"datetime","v":["2024-01-01T00:00:00",[0,0,0],"No/Where"]}}',
        b'{"c":{"$":"os.system","v":"true"}}',
        b'{"c":{"$":["x"],"v":1}}',
        b'{"c":{"$":"set","v":[[1]]}}',
        b'{"c":{"$":"tests.flow.values.Color","v":"GREEN"}}',
        b'{"c":{"$":"tests.flow.values.Point","v":{"x":1}}}',
        b'{"c":{"$":"tests.flow.values.Point","v":{"x":1,"y":2,"z":3}}}',
        b'{"c":{"$":"tests.flow.values.Point","v":3}}',
    ],
)
def test_text_that_was_not_written_by_the_codec_is_a_state_error(data: bytes) -> None:
    with pytest.raises(StateError):
        CODEC.decode(data)


def test_integers_of_any_size_are_stored_whatever_the_interpreters_limit_is() -> None:
    huge = -(7**20_000)
    assert CODEC.decode(CODEC.encode({"c": huge})) == {"c": huge}


def test_a_named_zone_is_kept_through_both_passes_of_its_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    for fold in (0, 1):
        moment = datetime(2024, 10, 27, 2, 30, tzinfo=berlin, fold=fold)
        back = CODEC.decode(CODEC.encode({"c": moment}))["c"]
        assert isinstance(back, datetime)
        assert (back.tzinfo, back.utcoffset()) == (berlin, moment.utcoffset())


def test_a_foreign_zone_is_kept_as_its_offset() -> None:
    class Foreign(tzinfo):
        def utcoffset(self, _: datetime | None) -> timedelta:
            return timedelta(hours=2)

        def tzname(self, _: datetime | None) -> str:
            return "there"

        def dst(self, _: datetime | None) -> timedelta:
            return timedelta(0)

    moment = datetime(2024, 1, 1, tzinfo=Foreign())
    back = CODEC.decode(CODEC.encode({"c": moment}))["c"]
    assert isinstance(back, datetime)
    assert back == moment
    assert back.tzinfo == timezone(timedelta(hours=2))


# --- the closed set is read from annotations ----------------------------------------------------------------


class Inner(NamedTuple):
    color: Color


@dataclass
class Outer:
    inners: list[Inner]
    later: Later | None = None


@frozen
class Later:
    n: int


class Row(TypedDict):
    outer: Outer


Rows = NewType("Rows", list[Row])


def test_classes_are_found_through_fields_generics_aliases_and_text() -> None:
    found = {kind.__name__ for kind in Codec({"rows": Rows}).classes}
    assert found == {"Outer", "Inner", "Color", "Later"}
    assert {kind.__name__ for kind in Codec({"x": dict[str, Outer] | None}).classes} == found
    assert [kind.__name__ for kind in Codec({"x": Literal[Color.RED]}).classes] == ["Color"]


def test_classes_are_found_in_the_values_of_defaults() -> None:
    codec = Codec({"points": list}, values=[[Point(1, Color.RED)]])
    assert {kind.__name__ for kind in codec.classes} == {"Point", "Color"}


def test_an_annotation_that_cannot_be_resolved_hides_only_itself() -> None:
    @dataclass
    class Partly:
        one: "Nowhere"  # type: ignore[name-defined]  # noqa: F821, UP037
        two: "Point"  # noqa: UP037

    assert {kind.__name__ for kind in Codec({"c": Partly}).classes} == {"Partly", "Point"}


def test_state_of_a_class_that_moved_to_another_module_is_read() -> None:
    data = b'{"c":{"$":"__main__.Point","v":{"x":1,"y":2}}}'
    assert CODEC.decode(data) == {"c": Point(1, 2)}


def test_a_field_without_a_value_is_named() -> None:
    @dataclass
    class Late:
        x: int = 0

    made = Late()
    del made.__dict__["x"]
    made.__class__.x = property(lambda self: getattr(self, "nothing"))  # type: ignore[assignment]  # noqa: B009
    with pytest.raises(StateError, match=r"at c\.x: this .*Late has no value for it"):
        Codec({"c": Late}).encode({"c": made})


def test_flags_and_enums_are_stored_by_member() -> None:
    class Kind(enum.Enum):
        ONE = object()

    assert Codec({"c": Kind}).decode(Codec({"c": Kind}).encode({"c": Kind.ONE})) == {"c": Kind.ONE}


def test_typed_dicts_are_dicts_and_bring_the_classes_that_they_name() -> None:
    row: Row = {"outer": Outer([Inner(Color.RED)], Later(1))}
    codec = Codec({"row": Row})
    back = codec.decode(codec.encode({"row": row}))
    assert back == {"row": row}
    assert type(back["row"]) is dict
