"""An item is written canonically, read strictly, and refused when it is too large."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from reactflow.errors import StateError
from reactflow.service.item import HARD_LIMIT, Item, Pending, check_size, number_name

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
MEMBERS = st.dictionaries(TEXTS, PLAIN, max_size=3)
COUNTS = st.integers(0, 2**70)
PENDING = st.builds(
    Pending,
    id=TEXTS, output=TEXTS, destination=TEXTS, n=COUNTS, kind=st.sampled_from(["row", "removal", "occurrence"]),
    key=MEMBERS, values=MEMBERS, recompute=st.booleans(), envelope=MEMBERS, bare=TEXTS,
    until=COUNTS,
)  # fmt: skip
ITEMS = st.builds(
    Item,
    v=COUNTS, gv=TEXTS, cells=st.binary(max_size=30) | TEXTS.map(str.encode),
    marks=st.dictionaries(TEXTS, TEXTS), versions=st.dictionaries(TEXTS, TEXTS), out=st.lists(PENDING, max_size=2),
    numbers=st.dictionaries(TEXTS, COUNTS), open_cases=st.lists(TEXTS), held=st.booleans(), seen=st.lists(TEXTS),
    past=st.lists(TEXTS), waiting=st.lists(TEXTS), turns=st.lists(COUNTS),
    overtaken=st.dictionaries(TEXTS, COUNTS), ages=st.dictionaries(TEXTS, COUNTS),
)  # fmt: skip


@given(ITEMS)
def test_item_comes_back_as_it_was(item: Item) -> None:
    data = item.to_bytes()
    assert Item.from_bytes(data) == item
    assert Item.from_bytes(data).to_bytes() == data


@given(ITEMS)
def test_equal_items_give_equal_bytes_whatever_the_order_they_were_filled_in(item: Item) -> None:
    turned = Item.from_bytes(json.dumps(json.loads(item.to_bytes()), sort_keys=False).encode())
    assert turned.to_bytes() == item.to_bytes()
    backwards = dict(reversed(list(item.marks.items())))
    assert Item(marks=backwards).to_bytes() == Item(marks=item.marks).to_bytes()


@given(st.binary(max_size=40) | PLAIN.map(lambda plain: json.dumps(plain).encode()))
def test_foreign_bytes_are_a_state_error(data: bytes) -> None:
    with pytest.raises(StateError, match="the item of unit 'room=r1' cannot be read: "):
        Item.from_bytes(data, "room=r1")


@pytest.mark.parametrize("name", ["format", "v", "gv", "c", "m", "w", "out", "on", "q", "held", "ids"])
@pytest.mark.parametrize("bad", [None, -1, 1.5, True, {"a": None}, [None], {"b64": "?"}, "absent"])
def test_member_that_is_wrong_is_a_state_error(name: str, bad: Any) -> None:
    plain = json.loads(Item(v=1).to_bytes())
    is_right_here = (name, bad) in (("gv", -1), ("held", True)) or (
        name in ("m", "w") and bad == {"b64": "?"}
    )
    plain[name] = 1.25 if is_right_here or name == "format" else bad
    if bad == "absent":
        del plain[name]
    with pytest.raises(StateError):
        Item.from_bytes(json.dumps(plain).encode())


def test_newer_format_says_to_upgrade() -> None:
    plain = {**json.loads(Item(v=1).to_bytes()), "format": 9, "more": 1}
    with pytest.raises(StateError, match="its format 9 is newer than 1: upgrade reactflow"):
        Item.from_bytes(json.dumps(plain).encode())


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"a": {1: 2}}, "pending p/1: values.a has the name 1, which is not text"),
        (
            {"a": [b"x"]},
            "pending p/1: values.a[0] is bytes, which is not plain data: encode it with the codec",
        ),
        ({"a": float("nan")}, "values.a is float"),
        ({"a": "\ud800"}, "the item cannot be encoded"),
    ],
)
def test_values_that_json_would_change_are_refused(values: dict[str, Any], says: str) -> None:
    with pytest.raises(StateError) as caught:
        Item(out=(Pending(id="p/1", output="p", destination="d", n=1, values=values),)).to_bytes()
    assert says in str(caught.value)


def test_too_large_an_item_says_what_is_large_in_it() -> None:
    item = Item(v=1, cells=b"x" * HARD_LIMIT, marks={"lane": "1"})
    with pytest.raises(
        StateError, match=r"unit 'room=r1' has 400\d+ bytes, and 400000 are the most \(cells 400000, "
    ):
        check_size(item, item.to_bytes(), "room=r1")
    small = Item(v=1)
    check_size(small, small.to_bytes(), "room=r1")


def test_next_item_has_the_next_version_and_leaves_this_one_alone() -> None:
    item = Item(v=3, marks={"a": "1"})
    assert item.next(marks={"a": "2"}) == Item(v=4, marks={"a": "2"})
    assert item == Item(v=3, marks={"a": "1"})


@given(st.tuples(TEXTS, TEXTS), st.tuples(TEXTS, TEXTS))
def test_names_of_numbers_never_run_together(first: tuple[str, str], second: tuple[str, str]) -> None:
    assert (number_name(*first) == number_name(*second)) == (first == second)


def test_a_settled_item_owes_nothing_and_keeps_all_else() -> None:
    owing = Item(
        v=4,
        gv="b",
        past=("a",),
        written={"total": "sum"},
        out=(Pending(id="i", output="o", destination="d", n=1),),
    )
    assert owing.settled() == evolve(owing, out=())
