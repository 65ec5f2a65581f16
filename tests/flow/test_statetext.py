"""Code of its own for the text of state: to the byte what the general way writes."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from reactflow.errors import StateError
from reactflow.flow.codec import WRITERS, Codec
from reactflow.flow.equality import same_value
from tests.flow.values import CLASSES, numbers, texts, values


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


def test_a_record_that_keeps_its_hash_can_be_hashed_after_it_was_read() -> None:
    @frozen(cache_hash=True)
    class Slotted:
        x: float

    @frozen(cache_hash=True, slots=False)
    class Open:
        x: float

    codec = Codec({"slotted": Slotted, "open": Open})
    for one in (Slotted(1.0), Open(1.0)):
        assert hash(codec.decode_value(codec.encode_value(one))) == hash(one)


def test_state_with_ever_other_cells_is_written_too() -> None:
    codec = Codec({})
    for number in range(3 * WRITERS):
        assert codec.encode({f"c{number}": number, "a": "x"}) == f'{{"a":"x","c{number}":{number}}}'.encode()
