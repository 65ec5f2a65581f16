"""What a key accepts, how strictly it is read, and that its text is injective and stable."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow.errors import BindingError, RecordError, StateError
from reactflow.service.key import LONGEST, Key, KeyValue, UnitKey

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
VALUES: dict[Any, st.SearchStrategy[Any]] = {str: TEXTS, int: st.integers(), date: st.dates()}


@pytest.mark.parametrize(
    ("spec", "names", "types"),
    [
        ("room", ("room",), (str,)),
        (("dept", "emp"), ("dept", "emp"), (str, str)),
        (["dept"], ("dept",), (str,)),
        ({"day": date, "line": int}, ("day", "line"), (date, int)),
        ((), (), ()),
        (Key.of("room"), ("room",), (str,)),
    ],
)
def test_key_is_made_from_each_form(spec: object, names: tuple[str, ...], types: tuple[type, ...]) -> None:
    key = Key.of(spec)
    assert (key.names, key.types) == (names, types)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (5, 'key=5 is not a key: write key="room"'),
        (None, "key=null is not a key"),
        ("", "without a name"),
        (("a", ""), "without a name"),
        (("a", "a"), "the key has the field 'a' twice: name each once"),
        ("_n", "the key's field '_n' is reserved: choose a name that does not start with '_'"),
        ((5,), "the key has 5 for a field's name"),
        ({"a": float}, "the key's field 'a' cannot be float: its type is str, int or date"),
        ({"a": bool}, "cannot be bool"),
        ({"a": datetime}, "cannot be datetime"),
        ({"a": "str"}, "cannot be 'str'"),
        ("user.id", "name it 'id', and say where it is with key={'id': 'user.id'} on the input"),
        ("a\nb", "cannot be shown"),
        ("\ud800", "cannot be shown"),
    ],
)
def test_other_keys_are_refused_with_a_remedy(spec: object, says: str) -> None:
    with pytest.raises(BindingError) as caught:
        Key.of(spec)
    assert says in str(caught.value)


def test_key_is_read_from_its_own_names_or_from_paths() -> None:
    key = Key.of({"dept": str, "day": date, "line": int})
    unit = key.read({"dept": "d1", "meta": {"on": "2026-11-23"}, "line": 7}, {"day": "meta.on"})
    assert unit == UnitKey(
        ("dept", "day", "line"), ("d1", date(2026, 11, 23), 7), "dept=d1,day=2026-11-23,line=7"
    )
    assert unit.fields() == {"dept": "d1", "day": date(2026, 11, 23), "line": 7}
    assert {unit: 1}[key.unit("d1", date(2026, 11, 23), 7)] == 1


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (str, 5), (str, True), (str, b"x"), (str, "\ud800"), (str, Decimal(1)),
        (int, "5"), (int, True), (int, 5.0), (int, Decimal("5")), (int, 10**1030),
        (date, "20261123"), (date, "2026-W48-1"), (date, "2026-11-23T00:00:00"), (date, "2026-13-01"), (date, 5),
        (date, datetime(2026, 11, 23, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_key_of_another_type_is_refused(kind: type, value: object) -> None:
    with pytest.raises(RecordError, match=r"the key's field 'k' is .* not ") as caught:
        Key.of({"k": kind}).read({"k": value}, {})
    assert caught.value.field == "k"


def test_missing_and_null_keys_are_refused_with_a_remedy() -> None:
    key = Key.of("room")
    with pytest.raises(RecordError) as missing:
        key.read({}, {})
    remedy = "send it in every record, or say where it is with key={'room': path} on the input"
    assert str(missing.value) == f"the key's field 'room' is missing: {remedy}"
    with pytest.raises(RecordError, match=r"the key's field 'room' \(at 'a.b'\) is null") as null:
        key.read({"a": {"b": None}}, {"room": "a.b"})
    assert null.value.field == "a.b"


def test_key_of_a_kilobyte_is_the_longest() -> None:
    key = Key.of("k")
    assert len(key.encode(["x" * (LONGEST - 2)])) == LONGEST
    with pytest.raises(RecordError, match="1025 characters when encoded, and 1024 are the most"):
        key.encode(["x" * (LONGEST - 1)])


@pytest.mark.parametrize(
    ("spec", "values", "text"),
    [
        ("room", ("r1",), "room=r1"),
        ("room", ("",), "room="),
        ("room", ("a,b=c/d%",), "room=a%2Cb%3Dc%2Fd%25"),
        ("user", ("ada@example.org",), "user=ada@example.org"),
        ("room", ("b\u00fc",), "room=b%C3%BC"),
        (("dept", "emp"), ("d1", "e1"), "dept=d1,emp=e1"),
        ({"day": date, "line": int}, (date(2026, 1, 2), -4), "day=2026-01-02,line=-4"),
        ((), (), "()"),
    ],
)
def test_text_of_a_key_stays_as_it_is(spec: object, values: tuple[KeyValue, ...], text: str) -> None:
    key = Key.of(spec)
    assert key.encode(values) == text
    assert key.decode(text) == values


@given(st.data())
def test_text_of_a_key_is_injective_and_comes_back(data: st.DataObject) -> None:
    kinds = data.draw(st.dictionaries(TEXTS.filter(_is_name), st.sampled_from([str, int, date]), max_size=3))
    key = Key.of(kinds)
    first, second = ([data.draw(VALUES[kind]) for kind in key.types] for _ in range(2))
    text = key.encode(first)
    assert key.decode(text) == tuple(first)
    assert text.isascii()
    assert "/" not in text
    assert (key.encode(second) == text) == (first == second)


@given(st.lists(TEXTS, min_size=2, max_size=2), st.lists(TEXTS, min_size=2, max_size=2))
def test_separators_in_values_never_run_together(first: list[str], second: list[str]) -> None:
    key = Key.of(("a", "b"))
    assert (key.encode(first) == key.encode(second)) == (first == second)


@pytest.mark.parametrize(
    "text", ["", "()", "a=1", "a=x,b=1", "a=%31,b=1", "a=1,b=01", "a=1,b=1,c=1", "b=1,a=1", "a=%FF,b=1"]
)
def test_text_that_no_key_has_is_refused(text: str) -> None:
    key: Any = Key.of({"a": int, "b": int})
    with pytest.raises(StateError):
        key.decode(text)


def _is_name(text: str) -> bool:
    return bool(text) and not text.startswith("_") and "." not in text and text.isprintable()
