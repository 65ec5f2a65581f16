"""Whatever a value does to an encoder, it is an error that names the place."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from reactflow.errors import ConfigurationError, MissingExtra, RecordError, Transient
from reactflow.service.writable import encoding, json_bytes, refusing


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"a": "x\ud800"}, "the row holds half of a surrogate pair"),
        ({"a": float("nan")}, "the row: nan at a has no form in JSON"),
        ({"a": 10**5000}, "the row cannot be written (Exceeds the limit"),
        ({"a": Decimal("sNaN")}, "the row cannot be written"),
        ({"a": nested(20_000)}, "the row is nested too deep to be written: publish it flatter"),
        ({"a": object()}, "the row: object at a has no form in JSON"),
    ],
)
def test_what_has_no_form_in_json_is_named(value: Any, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        json_bytes(value, "the row")
    assert says in str(caught.value)
    with pytest.raises(RecordError) as refused, refusing():
        json_bytes(value, "the row")
    assert str(refused.value) == str(caught.value)


@pytest.mark.parametrize("error", [Transient("later"), RecordError("no"), MissingExtra("x", "y", "z")])
def test_other_errors_of_ours_pass_through(error: Exception) -> None:
    def fail() -> None:
        raise error

    contexts: list[Callable[[], Any]] = [refusing, lambda: encoding("it")]
    for context in contexts:
        with pytest.raises(type(error)) as caught, context():
            fail()
        assert caught.value is error
