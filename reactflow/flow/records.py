"""Functions for the values of one record class: whether a value can be stored, and whether two are the same.

What the codec and ``same_value`` find out field by field, for every value anew, is written out once for an attrs,
dataclass or NamedTuple class whose fields are numbers, text, truth values or such records themselves. The functions say
yes to what is certain, and leave all else to those.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, get_type_hints

from reactflow.flow.equality import field_names, same_value

_PLAIN = {float: "-inf < {0} < inf", int: "", bool: "", str: "{0}.isascii()"}


class Record(NamedTuple):
    """``fits(value)`` is true of what can be stored for certain; ``same(one, other)`` is ``same_value`` of them."""

    fits: Callable[[Any], bool]
    same: Callable[[Any, Any], bool]


@lru_cache(maxsize=1024)
def record_of(kind: type) -> Record | None:
    """The functions for a class; None for one that has other fields.

    >>> from attrs import frozen
    >>> @frozen
    ... class Order:
    ...     price: float
    ...     count: int = 1
    >>> order = record_of(Order)
    >>> order.fits(Order(2.0)), order.fits(Order(float("nan"))), order.same(Order(0.0), Order(-0.0))
    (True, False, False)
    """
    try:
        names, hints = field_names(kind), get_type_hints(kind)
    except Exception:  # a name that only a type checker sees
        return None
    if names is None or not names or not all(name in hints for name in names):
        return None
    scope: dict[str, Any] = {"kind": kind, "inf": float("inf"), "same_value": same_value}
    fits, differs = ["value.__class__ is kind"], ["one.__class__ is not other.__class__"]
    for name in names:
        hint = hints[name]
        if hint in _PLAIN:
            known = f"value.{name}.__class__ is {hint.__name__}"
            fits += [known, *([_PLAIN[hint].format(f"value.{name}")] if _PLAIN[hint] else [])]
            is_zero = f" or not one.{name} and not same_value(one.{name}, other.{name})"
            differs.append(
                f"one.{name} != other.{name} or one.{name}.__class__ is not other.{name}.__class__{is_zero}"
            )
        else:
            inner = record_of(hint) if isinstance(hint, type) and hint is not kind else None
            if inner is None:
                return None
            scope[f"fits_{name}"], scope[f"same_{name}"] = inner
            fits.append(f"fits_{name}(value.{name})")
            differs.append(f"not same_{name}(one.{name}, other.{name})")
    text = (
        f"def fits(value):\n    return {' and '.join(fits)}\n"
        f"def same(one, other):\n    return not ({' or '.join(differs)})\n"
    )
    exec(compile(text, "<record>", "exec"), scope)  # the names in it are those of fields
    return Record(scope["fits"], scope["same"])
