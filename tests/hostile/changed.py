"""What nobody should send: odd values, real events with something changed, and bytes with something changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from hypothesis import strategies as st

Path = tuple[Any, ...]
T = TypeVar("T")
SILENT = "(nothing is said)"


def tried(
    read: Callable[[], T], declared: type[Exception] | tuple[type[Exception], ...]
) -> tuple[T | None, str]:
    """What a call gives, or what the error says that it declares; any other one passes through."""
    try:
        return read(), ""
    except declared as error:
        return None, str(error) or SILENT


def nested(levels: int, inner: object = 1) -> Any:
    """A value inside so many arrays and objects."""
    for level in range(levels):
        inner = [inner] if level % 2 else {"in": inner}
    return inner


TEXTS = st.sampled_from(
    [
        "", " ", "\x00", "a\x00b", "\ud800", "😀", "é" * 600, "x" * 1025, "x" * 5000, "../../etc/passwd",
        "..", "%2F%00", "%zz", "a+b", "a=b,c=d", "a/b", "a@b", "NaN", "1e5", "2026-02-30", "2026-11-23",
        "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-11-23T12:00:00", "$bytes", "null", "\n\r",
        "\u202eevil", "${AWS::Region}", "'; DROP TABLE rows; --", "__class__", "🎈" * 300,
    ]
)  # fmt: skip
NUMBERS: st.SearchStrategy[Any] = st.sampled_from(
    [0, -1, 1, 2**31, 2**63, -(2**63) - 1, 2**64, 10**40, 10**4299, -0.0, 0.1, 1e308, 5e-324, 1e16]
) | st.sampled_from([float("nan"), float("inf"), float("-inf")])
# made anew for each, since an event is changed in place
SHAPES: st.SearchStrategy[Any] = (
    st.builds(list) | st.builds(dict) | st.sampled_from([2, 63, 70, 400]).map(nested)
)
ODD: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | TEXTS | NUMBERS | SHAPES | st.text(max_size=20) | st.integers()
)
"""Any one value of JSON that a reader may trip over (with the constants that only some readers take)."""

PLAIN: st.SearchStrategy[Any] = st.recursive(
    ODD,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | TEXTS, inner, max_size=3)
    ),
    max_leaves=8,
)


def paths(value: object, at: Path = ()) -> list[Path]:
    """The way to every value inside a value of JSON."""
    found: list[Path] = []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in inner:
        found.append((*at, step))
        found += paths(each, (*at, step))
    return found


@st.composite
def changed(draw: st.DrawFn, event: Any, within: Path = ()) -> Any:
    """An event with up to three values replaced, taken away, doubled or renamed, at ``within`` or below it."""
    made = copy.deepcopy(event)
    for _ in range(draw(st.integers(1, 3))):
        here = made
        for step in within:
            here = here[step]
        if not (ways := paths(here)):
            break
        *way, last = draw(st.sampled_from(ways))
        for step in way:
            here = here[step]
        what = draw(st.sampled_from(["replace", "replace", "replace", "remove", "double", "rename"]))
        if what == "remove":
            del here[last]
        elif what == "double" and isinstance(here, list):
            here.insert(last, copy.deepcopy(here[last]))
        elif what == "rename" and isinstance(here, dict):
            here[draw(TEXTS)] = here.pop(last)
        else:
            here[last] = draw(PLAIN)
    return made


@st.composite
def changed_bytes(draw: st.DrawFn, data: bytes) -> bytes:
    """Bytes with a few of them replaced, inserted, taken away or doubled."""
    made = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        first = draw(st.integers(0, len(made)))
        last = draw(st.integers(first, min(len(made), first + 12)))
        piece = draw(st.binary(max_size=4) | st.sampled_from(PIECES))
        made[first:last] = draw(st.sampled_from([piece, b"", bytes(made[first:last]) * 2]))
    return bytes(made)


PIECES = [
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\\ud800",
    b"\xff",
    b"e999",
    b"NaN",
    b"\x1f\x8b\x08",
]


def as_delivered(event: Any) -> Any:
    """An event as the runtime of Lambda hands it over: read from JSON."""
    return json.loads(json.dumps(event))


def as_json(value: object) -> bytes:
    """The value as JSON, with constants and halves of pairs that only some readers take."""
    return json.dumps(value, default=str).encode("utf-8", "surrogatepass")


def any_data(real: Mapping[str, Any]) -> st.SearchStrategy[bytes]:
    """The data of a record: any bytes, a real record's with something changed, or JSON of any values."""
    text = as_json(dict(real))
    doubled = st.sampled_from([*real, "id"]).map(lambda name: b'{"' + name.encode() + b'": 1, ' + text[1:])
    return (
        st.binary(max_size=64)
        | changed_bytes(text)
        | changed(dict(real)).map(as_json)
        | st.dictionaries(st.sampled_from([*real]), PLAIN, max_size=5).map(as_json)
        | doubled
    )
