"""State as canonical bytes."""

from __future__ import annotations

import enum
import json
import subprocess
import sys
from collections import Counter, OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple, NewType, TypedDict
from zoneinfo import ZoneInfo

import numpy
import pytest
from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st

from reactflow.errors import StateError
from reactflow.flow.codec import WRITERS, Codec
from reactflow.flow.equality import same_value
from tests.flow.values import CLASSES, Box, Color, Hashed, Point, numbers, texts, values

CODEC = Codec(CLASSES)
ROOT = Path(__file__).parent.parent.parent


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


# --- code of its own ----------------------------------------------------------------------------------------


@frozen
class Order:
    id: str
    price: float
    n: int
    is_paid: bool
    note: str | None = None
    when: datetime | None = None


leaves = st.one_of(
    values, numbers, texts, st.sampled_from(["{", "}", "'", '"', "\\", "\n", "{x}", "ü", "\u2028"])
)


@given(st.dictionaries(st.sampled_from(["f", "n", "t", "on", "any", "{'\"\\ü\n"]), leaves))
def test_state_is_written_as_it_would_be_value_by_value_whatever_the_types_say(
    state: dict[str, object],
) -> None:
    codec = Codec({**CLASSES, "f": float, "n": int, "t": str, "on": bool, "any": object})
    general = {cell: codec.to_plain(value, cell) for cell, value in state.items()}
    text = json.dumps(general, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert codec.encode(state) == text.encode()
    assert same_value(codec.decode(text.encode()), state)


@given(st.builds(Order, *[st.one_of(texts, numbers, st.none(), st.datetimes())] * 6))
def test_records_are_written_and_read_by_code_of_their_class_as_value_by_value(order: Order) -> None:
    codec = Codec({"order": Order, "orders": list[Order]})
    state = {"order": order, "orders": [order]}
    general = {cell: codec.to_plain(value, cell) for cell, value in state.items()}
    data = json.dumps(general, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert codec.encode(state) == data
    assert same_value(codec.decode(data), state)


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (
            Order("a", float("nan"), 1, True),
            r"cell 'order' cannot be stored at order\.price: nan is not a number",
        ),
        (Order("\ud800", 1.0, 1, True), r"at order\.id: the text has a lone surrogate"),
        (Order("a", 1.0, 1, True, [object()]), r"at order\.note\[0\]: class builtins.object is not plain"),  # type: ignore[arg-type]
    ],
)
def test_what_code_of_a_class_cannot_write_is_named_with_its_place(order: Order, message: str) -> None:
    with pytest.raises(StateError, match=message):
        Codec({"order": Order}).encode({"order": order})


def test_a_subclass_of_a_cells_class_is_not_taken_for_it() -> None:
    @frozen
    class Special(Order):
        more: int = 1

    codec = Codec({"order": Order, "special": Special})
    special = Special("a", 1.0, 1, True)
    assert codec.decode(codec.encode({"order": special})) == {"order": special}


def test_state_with_ever_other_cells_is_written_too() -> None:
    codec = Codec({})
    for number in range(3 * WRITERS):
        assert codec.encode({f"c{number}": number, "a": "x"}) == f'{{"a":"x","c{number}":{number}}}'.encode()


def test_typed_dicts_are_dicts_and_bring_the_classes_that_they_name() -> None:
    row: Row = {"outer": Outer([Inner(Color.RED)], Later(1))}
    codec = Codec({"row": Row})
    back = codec.decode(codec.encode({"row": row}))
    assert back == {"row": row}
    assert type(back["row"]) is dict


# --- arrays -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "array",
    [
        numpy.array([1.0, float("nan"), -0.0]),
        numpy.arange(6, dtype="<i2").reshape(2, 3),
        numpy.asfortranarray(numpy.arange(6.0).reshape(2, 3)),
        numpy.arange(4, dtype=">u4")[::2],
        numpy.zeros((0, 3), dtype=bool),
        numpy.array(7 + 1j),
        numpy.array(["a", "ü"]),
        numpy.array(["2024-01-01"], dtype="M8[D]"),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_an_array_comes_back_with_its_dtype_shape_and_bytes(array: Any) -> None:
    codec = Codec({})
    data = codec.encode({"a": [array]})
    back: Any = codec.decode(data)["a"]
    back = back[0]
    assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert back.flags.writeable
    assert same_value(back, array)
    assert codec.encode({"a": [back]}) == data


@pytest.mark.parametrize(
    "array", [numpy.array([object()]), numpy.array([(1, 2)], dtype=[("x", int), ("y", int)])]
)
def test_an_array_of_more_than_plain_values_is_refused(array: Any) -> None:
    with pytest.raises(
        StateError, match=r"cell 'a' cannot be stored: an array of .* store a list of records"
    ):
        Codec({}).encode({"a": array})


@pytest.mark.parametrize(
    "text",
    ['["|O",[1],"AAAA"]', '["<f8",[2],"AAAA"]', '["<f8",[1]]', '["no",[1],"AAAA"]', "3", '["<f8",[9],""]'],
)
def test_what_is_no_array_is_a_state_error(text: str) -> None:
    with pytest.raises(StateError, match="cell 'a' cannot be read"):
        Codec({}).decode(f'{{"a":{{"$":"array","v":{text}}}}}'.encode())


def test_a_number_of_numpy_is_refused_with_the_conversion() -> None:
    with pytest.raises(StateError, match=r"numpy.float64 is a kind of float, .* convert it: float\("):
        Codec({}).encode({"a": numpy.float64(1.0)})


def test_numpy_is_imported_for_the_first_array_that_is_read_and_its_lack_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['numpy'] = None\n"
        "from reactflow.flow import Codec\n"
        "from reactflow.errors import MissingExtra\n"
        "assert Codec({}).decode(b'{\"a\":1.0}') == {'a': 1.0}\n"
        'try: Codec({}).decode(b\'{"a":{"$":"array","v":["<f8",[0],""]}}\')\n'
        "except MissingExtra as error: print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout == "an array in the state needs numpy: pip install 'reactflow-py[arrays]'\n"
