"""When two values of a flow are the same: by type and by value, all the way down.

The law: over the values that a codec takes, ``same_value(a, b)`` exactly if both encode to the same bytes. So ``1``,
``1.0`` and ``True`` are three values, and so are ``0.0`` and ``-0.0``, ``Decimal("1.0")`` and ``Decimal("1.00")``,
and one instant in two time zones: a function can tell them apart, so a step may not take one for the other. What a
codec does not take is the same if it is of one type and ``==`` says True. Never raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import datetime, time, timezone, tzinfo
from decimal import Decimal
from enum import Enum
from typing import Any

from reactflow.cells.semantics import says_same

_PLAIN = frozenset({int, str, bytes, bool, type(None)})


def same_value(a: object, b: object) -> bool:
    """Whether two values are equal by type and value.

    >>> same_value([1, "x"], [1, "x"]), same_value(1, 1.0), same_value({1}, {True})
    (True, False, False)
    """
    if a is b:
        return True
    kind = type(a)
    if kind is not type(b):
        return False
    if kind in _PLAIN:
        return a == b
    try:
        return _same(a, b, kind)
    except Exception:  # a broken __eq__, or too deep: what cannot be compared counts as changed
        return False


class Wider:
    """A user's ``equal`` in a flow: what is the same is equal in any case, also after it was stored and read back.

    >>> equal = Wider(lambda old, new: abs(old - new) < 0.1)
    >>> equal(1.0, 1.05), equal("a", "a"), equal(1.0, 2.0)
    (True, True, False)
    """

    __slots__ = ("__name__", "__qualname__", "equal")

    def __init__(self, equal: Callable[[Any, Any], object]) -> None:
        self.equal = equal
        self.__name__ = str(getattr(equal, "__name__", "equal"))
        self.__qualname__ = str(getattr(equal, "__qualname__", "equal"))

    def __call__(self, old: object, new: object) -> object:
        return same_value(old, new) or self.equal(old, new)


def field_names(kind: type) -> tuple[str, ...] | None:
    """The fields that make up a value of a class: attrs, dataclass or NamedTuple; None for any other class."""
    attributes = getattr(kind, "__attrs_attrs__", None)
    if attributes is not None:
        return tuple(one.name for one in attributes)
    if "__dataclass_fields__" in kind.__dict__ or hasattr(kind, "__dataclass_fields__"):
        return tuple(one.name for one in fields(kind))
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return tuple(kind._fields)  # pyright: ignore[reportAttributeAccessIssue]  # a NamedTuple has them
    return None


def is_array(kind: type) -> bool:
    """Whether a class is numpy's array itself; numpy is not imported to find out."""
    return kind.__name__ == "ndarray" and kind.__module__ == "numpy"


def zone_name(zone: tzinfo | None) -> str:
    """The key of a named time zone, empty for a fixed offset: what is kept of a tzinfo besides the offset."""
    if zone is None or type(zone) is timezone:
        return ""
    from zoneinfo import ZoneInfo  # most times have no named zone

    return zone.key or "" if isinstance(zone, ZoneInfo) else ""


def _same(a: Any, b: Any, kind: type) -> bool:
    if kind is float:
        return bool(a == b) and (a != 0.0 or str(a) == str(b))  # -0.0 is another value
    if kind is list or kind is tuple:
        return len(a) == len(b) and all(map(same_value, a, b))
    if kind is dict:
        return (
            len(a) == len(b)
            and _same_keys(a, b)
            and all(same_value(value, b[key]) for key, value in a.items())
        )
    if kind is set or kind is frozenset:
        return len(a) == len(b) and _same_keys(a, b)
    if kind is Decimal:
        return bool(a.as_tuple() == b.as_tuple())
    if kind is datetime or kind is time:
        return (
            a.replace(tzinfo=None, fold=0) == b.replace(tzinfo=None, fold=0)
            and a.utcoffset() == b.utcoffset()
            and zone_name(a.tzinfo) == zone_name(b.tzinfo)
        )
    if is_array(kind):
        return bool(a.dtype.str == b.dtype.str and a.shape == b.shape and a.tobytes() == b.tobytes())
    if issubclass(kind, Enum):
        return False  # a member is one object
    names = field_names(kind)
    if names is not None:
        return all(same_value(getattr(a, name), getattr(b, name)) for name in names)
    return says_same(a == b)


def _same_keys(a: Iterable[Any], b: Iterable[Any]) -> bool:
    """Whether the members of two sets, or keys of two dicts, of one size are the same."""
    own = {key: key for key in b}
    return all(key in own and same_value(key, own[key]) for key in a)
