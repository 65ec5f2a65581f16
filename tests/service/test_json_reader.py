"""Outside JSON becomes a value or a RecordError, whatever it is."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow.errors import ConfigurationError, RecordError
from reactflow.service.json_reader import MEMBERS, NESTING, SIZE, read_json, read_object, read_quickly
from reactflow.service.json_writer import as_text, write_json

text = st.text(st.characters(codec="utf-8"))
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | text
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(plain)
def test_what_is_written_is_read_back_exactly(value: object) -> None:
    def by_value(one: object) -> object:
        if isinstance(one, Decimal) and one == one.to_integral_value() and "." not in (text := str(one)):
            # a Decimal without a point or exponent is an integer in JSON
            return one if "E" in text else int(one)
        if isinstance(one, list):
            return [by_value(each) for each in one]
        return {name: by_value(each) for name, each in one.items()} if isinstance(one, dict) else one

    assert read_json(write_json(value), "a record") == by_value(value)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    refused = ""
    try:
        read_object(data, "a record")
    except RecordError as error:
        refused = str(error)
    assert not refused or refused.startswith("a record")


def test_decimals_stay_exact() -> None:
    assert read_object('{"a": 0.1, "b": 12345678901234567890.123456789}', "a record") == {
        "a": Decimal("0.1"),
        "b": Decimal("12345678901234567890.123456789"),
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("length=3", "a record is not JSON: Expecting value at character 0, near 'length=3'"),
        ("[1]", "a record is JSON, but an array and not an object: send an object with named fields"),
        (
            "12",
            "a record is JSON, but a bare value (int) and not an object: send an object with named fields",
        ),
        ('{"a": 1, "a": 2}', "a record is refused: the name 'a' stands twice in one object"),
        ('{"a": NaN}', "a record is refused: NaN is no JSON"),
        ('{"a": -Infinity}', "a record is refused: -Infinity is no JSON"),
        ('{"a": 1e999999999}', "a record is refused: the number 1e999999999 has more than 4300 digits"),
        ('{"a": ' + "9" * 5000 + "}", "has more than 4300 digits"),
        ('{"a": "\\ud800"}', "holds half of a surrogate pair"),
        ("", "a record is not JSON"),
    ],
)
def test_what_is_refused_is_said(text: str, says: str) -> None:
    with pytest.raises(RecordError) as caught:
        read_object(text, "a record")
    assert says in str(caught.value)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(RecordError, match=r"a record is not JSON: it is not text in UTF-8 \(byte 0"):
        read_object(b"\xff\xfe{}", "a record")


def test_a_surrogate_pair_is_one_character() -> None:
    assert read_object('{"a": "\\ud83d\\ude00"}', "a record") == {"a": "😀"}


def test_depth_is_limited_before_parsing() -> None:
    deep = '{"a":' * NESTING + "1" + "}" * NESTING
    assert read_object(deep, "a record")
    with pytest.raises(RecordError, match="nested deeper than 64"):
        read_object('{"a":' * (NESTING + 1) + "1" + "}" * (NESTING + 1), "a record")
    with pytest.raises(RecordError, match="nested deeper than 64"):
        read_object("[" * 500_000, "a record")


def test_brackets_and_commas_inside_text_are_no_members() -> None:
    text = '{"a": "' + "[{," * 20_000 + '\\""}'
    assert len(read_object(text, "a record")["a"]) == 60_001


def test_members_and_size_are_limited_before_parsing() -> None:
    assert len(read_json("[" + ",".join("1" * MEMBERS) + "]", "a record")) == MEMBERS
    with pytest.raises(RecordError, match="more than 10000 members"):
        read_json("[" + ",".join("1" * (MEMBERS + 1)) + "]", "a record")
    with pytest.raises(RecordError, match="1048577 bytes"):
        read_json("1" * (SIZE + 1), "a record")


def test_writing_is_canonical_and_refuses_what_no_reader_agrees_on() -> None:
    assert (
        write_json({"b": 1, "a": {"z", "y"}})
        == write_json({"a": {"y", "z"}, "b": 1})
        == '{"a":["y","z"],"b":1}'
    )
    assert json.loads(write_json({1: b"\x00\xff"})) == {"1": "AP8="}
    with pytest.raises(ConfigurationError, match=r"nan at a\.b has no form in JSON"):
        write_json({"a": {"b": float("nan")}})
    with pytest.raises(ConfigurationError, match="object at the top has no form in JSON"):
        write_json(object())
    assert as_text("é") == "é"


_names = st.sampled_from(["a", "b", "a:b", "e5", '"', "\\ud800", "\ud83d"])
_numbers = st.sampled_from(
    ["1", "-0.0", "3.10", "1e5", "1E400", "NaN", "Infinity", "01", "9" * 30, '"1e5"', "[]", "{}"]
)


@given(
    st.lists(st.tuples(_names, _numbers | plain.map(write_json)), max_size=4).map(
        lambda pairs: "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in pairs) + "}"
    )
    | st.sampled_from(["[1]", "1", "", " {}", "{} ", "{}x", "{", '{"a":1,}', "{\x00}"]).map(str)
)
def test_what_is_read_quickly_is_what_is_read_with_care(said: str) -> None:
    raw = said.encode("utf-8", "surrogatepass")
    found = read_quickly(raw)
    if found is not None:
        careful = json.loads(raw, parse_float=Decimal)
        assert repr(found) == repr(careful) == repr(read_object(raw, "a record"))
        assert len(json.loads(raw, object_pairs_hook=list)) == len(found)


@pytest.mark.parametrize(
    "said", ['{"a":1,"a":2}', '{"a":1e5}', '{"a":NaN}', '{"a":{"b":1}}', '{"a":"\\ud800"}', b"\xff"]
)
def test_what_is_unusual_is_not_read_quickly(said: str | bytes) -> None:
    assert read_quickly(said.encode() if isinstance(said, str) else said) is None


def test_an_ordinary_record_is_read_quickly() -> None:
    assert read_quickly(b'{"room":"r1","length":3.10,"tags":["x",1]}') == {
        "room": "r1",
        "length": Decimal("3.10"),
        "tags": ["x", 1],
    }
