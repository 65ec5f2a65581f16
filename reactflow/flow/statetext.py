"""Code of its own for the text of a flow's state: what the codec finds out value by value, written out once.

``state_writer`` makes a function for state that has certain cells, ``record_writer`` and ``record_maker`` for a class
of records. They know numbers, text, truth values, small tuples and records of them; for all else they ask the codec.
The text is the same to the byte: names in order, floats as ``repr`` shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from json.encoder import encode_basestring
from typing import Any, TypeAlias, get_type_hints

from reactflow.flow.equality import field_names

Text: TypeAlias = Callable[[Any], str]
"""The text of one value; raises Refused for one that cannot be stored."""

_INF, _LOW, _HIGH = float("inf"), -(1 << 62), 1 << 62

LEAVES = frozenset({float, int, str, bool, type(None)})
"""The types whose values are in JSON what they are in Python, once the text was read by a strict reader."""


def state_writer(
    cells: Collection[str],
    types: Mapping[str, object],
    records: Mapping[type, Text],
    other: Callable[[Any, str], str],
) -> Callable[[Mapping[str, Any]], bytes]:
    """A function that writes state which has exactly these cells; ``other(value, cell)`` writes what it does not know.

    >>> write = state_writer(["width", "label"], {"width": float}, {}, lambda value, cell: repr(value))
    >>> write({"width": 4.0, "label": 12})
    b'{"label":12,"width":4.0}'
    """
    scope: dict[str, Any] = {"other": other}
    lines: list[str] = []
    shown: list[str] = []
    for place, name in enumerate(sorted(cells)):
        value = f"v{place}"
        scope[f"name{place}"] = name
        lines.append(f"    {value} = state[name{place}]")
        lines.append(f"    {_choice(value, types.get(name), f'other({value}, name{place})', records, scope)}")
        shown.append(f"{_quoted(encode_basestring(name))}:{{{value}}}")
    text = "def write(state):\n" + "\n".join(lines) + f"\n    return f'{{{{{','.join(shown)}}}}}'.encode()\n"
    made: Callable[[Mapping[str, Any]], bytes] = _made(text, "write", scope)
    return made


def record_writer(kind: type, tag: str, records: Mapping[type, Text], other: Text) -> Text | None:
    """A function that writes records of a class; None for a class whose fields are not known.

    >>> from typing import NamedTuple
    >>> class Point(NamedTuple):
    ...     x: float
    ...     y: object
    >>> record_writer(Point, "app.Point", {}, repr)(Point(1.0, 2))
    '{"$":"app.Point","v":{"x":1.0,"y":2}}'
    """
    try:
        names, hints = field_names(kind), get_type_hints(kind)
    except Exception:  # a name that only a type checker sees
        return None
    if not names:
        return None
    scope: dict[str, Any] = {"other": other}
    lines: list[str] = []
    shown: list[str] = []
    for place, name in enumerate(sorted(names)):
        value = f"v{place}"
        lines.append(f"    {value} = value.{name}")
        lines.append(f"    {_choice(value, hints.get(name), f'other({value})', records, scope)}")
        shown.append(f"{_quoted(encode_basestring(name))}:{{{value}}}")
    head = f'{{{{"$":{_quoted(encode_basestring(tag))},"v":{{{{'
    text = "def write(value):\n" + "\n".join(lines) + f"\n    return f'{head}{','.join(shown)}}}}}}}}}'\n"
    made: Text = _made(text, "write", scope)
    return made


def record_maker(kind: type) -> Callable[[Mapping[str, Any]], Any]:
    """A function that makes a record of its fields' values, all of them and no others, and runs no constructor.

    Raises KeyError when a field is not there.

    >>> from attrs import frozen
    >>> @frozen
    ... class Point:
    ...     x: float
    >>> record_maker(Point)({"x": 1.0})
    Point(x=1.0)
    """
    names = field_names(kind) or ()
    scope: dict[str, Any] = {"kind": kind, "new": object.__new__, "put": object.__setattr__}
    if issubclass(kind, tuple):
        scope["new"] = tuple.__new__
        fields = "".join(f"fields[{name!r}], " for name in names)
        of_tuple: Callable[[Any], Any] = _made(
            f"def make(fields):\n    return new(kind, ({fields}))\n", "make", scope
        )
        return of_tuple
    lines = ["    made = new(kind)"]
    for place, name in enumerate(names):
        slot = kind.__dict__.get(name)
        if type(slot).__name__ == "member_descriptor":
            scope[f"set{place}"] = slot.__set__  # type: ignore[union-attr]  # a slot can be set
            lines.append(f"    set{place}(made, fields[{name!r}])")
        else:
            lines.append(f"    put(made, {name!r}, fields[{name!r}])")
    if "_attrs_cached_hash" in getattr(getattr(kind.__hash__, "__code__", None), "co_names", ()):
        lines.append("    put(made, '_attrs_cached_hash', None)")
    make: Callable[[Any], Any] = _made(
        "def make(fields):\n" + "\n".join(lines) + "\n    return made\n", "make", scope
    )
    return make


def _choice(value: str, kind: object, other: str, records: Mapping[type, Text], scope: dict[str, Any]) -> str:
    """The line that makes text of a value: at once if it is of the type that it should have."""
    if kind is float:
        return f"{value} = repr({value}) if {value}.__class__ is float and -inf < {value} < inf else {other}"
    if kind is int:
        return f"{value} = repr({value}) if {value}.__class__ is int and low < {value} < high else {other}"
    if kind is str:
        return f"{value} = quote({value}) if {value}.__class__ is str and {value}.isascii() else {other}"
    if kind is bool:
        return f"{value} = 'true' if {value} is True else 'false' if {value} is False else {other}"
    if isinstance(kind, type) and kind in records:
        scope[f"write_{value}"], scope[f"kind_{value}"] = records[kind], kind
        return f"{value} = write_{value}({value}) if {value}.__class__ is kind_{value} else {other}"
    plainly = f"repr({value}) if {value}.__class__ is float and -inf < {value} < inf"
    return f"{value} = {plainly} else quick({value}) or {other}"


def quick(value: Any, depth: int = 0) -> str | None:
    """The text of a number, text, truth value or None, or of a small tuple of them, as folds keep; None for all else.

    >>> quick(("float", 25, -1)), quick([1])
    ('{"$":"tuple","v":["float",25,-1]}', None)
    """
    kind = value.__class__
    if kind is float:
        return repr(value) if -_INF < value < _INF else None
    if kind is int:
        return repr(value) if _LOW < value < _HIGH else None
    if kind is str:
        return encode_basestring(value) if value.isascii() else None
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is not tuple or depth > 2:
        return None
    parts = []
    for one in value:
        part = quick(one, depth + 1)
        if part is None:
            return None
        parts.append(part)
    return f'{{"$":"tuple","v":[{",".join(parts)}]}}'


def _quoted(text: str) -> str:
    """Text as it stands inside the single quotes of an f-string."""
    plain = text.encode("unicode_escape").decode().replace("'", "\\'")
    return plain.replace("{", "{{").replace("}", "}}")


def _made(text: str, name: str, scope: dict[str, Any]) -> Any:
    scope |= {"inf": _INF, "low": _LOW, "high": _HIGH, "quote": encode_basestring, "quick": quick}
    exec(compile(text, "<state>", "exec"), scope)  # the names in it are those of cells and fields
    return scope[name]
