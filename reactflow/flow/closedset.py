"""Which classes may be in a flow's state: those that its cells' types and defaults name, and no others.

State is read back from a store that others may write to, so that no name in it may lead to a class which the flow does
not know already. ``classes_in`` walks annotations and values; it imports nothing and runs no code of the classes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import Enum
from typing import Any, NewType, TypeVar, get_args, get_origin, get_type_hints

from reactflow.flow.equality import field_names


def tag_of(kind: type) -> str:
    """The name under which values of a class are stored."""
    return f"{kind.__module__}.{kind.__qualname__}"


def is_value_class(kind: object) -> bool:
    """Whether values of a class are plain data: Enum, attrs, dataclass or NamedTuple."""
    if not isinstance(kind, type):
        return False
    return (issubclass(kind, Enum) and kind is not Enum) or field_names(kind) is not None


def classes_in(annotations: Iterable[object], values: Iterable[object] = ()) -> dict[str, type]:
    """The value classes that annotations and values name, by tag; those of their fields included.

    >>> from fractions import Fraction
    >>> classes_in([list[int], Fraction | None])
    {}
    """
    found: dict[str, type] = {}
    seen: set[int] = set()
    # annotations are made anew by get_args: an id stays one only while its object lives
    kept: list[object] = []
    waiting: list[Any] = [*annotations, *_types_of(values)]
    while waiting:
        here = waiting.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        kept.append(here)
        if is_value_class(here):
            found[tag_of(here)] = here
            if not issubclass(here, Enum):
                waiting.extend(_hints(here))
        elif isinstance(here, type) and hasattr(here, "__total__") and issubclass(here, dict):
            waiting.extend(_hints(here))
        elif isinstance(here, NewType):
            waiting.append(here.__supertype__)
        elif isinstance(here, TypeVar):
            waiting.extend([here.__bound__, *here.__constraints__])
        elif type(here).__name__ == "TypeAliasType":
            waiting.append(here.__value__)
        elif isinstance(here, Enum):  # of a Literal
            waiting.append(type(here))
        waiting.extend(get_args(here))
        origin = get_origin(here)
        if isinstance(origin, type) and is_value_class(origin):
            waiting.append(origin)
    return found


def _hints(kind: type) -> list[object]:
    """The annotations of a class, resolved as far as they can be."""
    try:
        return list(get_type_hints(kind, include_extras=True).values())
    except Exception:  # a name that only a type checker sees: take the others one by one
        return [
            hint for name, text in _own_annotations(kind) if (hint := resolve(text, kind, name)) is not None
        ]


def _own_annotations(kind: type) -> list[tuple[str, object]]:
    return [pair for base in kind.__mro__ for pair in (getattr(base, "__annotations__", None) or {}).items()]


def resolve(annotation: object, owner: type, name: str = "") -> object:
    """One annotation, evaluated if it is text; None when it names what is not there at run time."""
    if not isinstance(annotation, str):
        return annotation
    module = sys.modules.get(owner.__module__)
    holder = type(
        "holder", (), {"__annotations__": {name or "it": annotation}, "__module__": owner.__module__}
    )
    try:
        found = get_type_hints(
            holder, vars(module) if module else None, dict(vars(owner)), include_extras=True
        )
        return found[name or "it"]
    except Exception:
        return None


def _types_of(values: Iterable[object]) -> list[object]:
    """The classes of values, those inside containers and fields included."""
    found: list[object] = []
    seen: set[int] = set()
    waiting = list(values)
    while waiting:
        value: Any = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        kind = type(value)
        if isinstance(value, dict):
            waiting.extend([*value, *value.values()])
        elif isinstance(value, (list, tuple, set, frozenset)):
            waiting.extend(value)
        if is_value_class(kind):
            found.append(kind)
            names = field_names(kind)
            waiting.extend(getattr(value, name, None) for name in names or ())
    return found
