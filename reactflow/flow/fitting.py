"""Whether a value is of a declared type: asked when state that another version of a flow wrote is read.

Types are compared exactly, as the codec keeps them apart: True is no int. What an annotation says that cannot be seen
in a value (a protocol, a type variable without a bound) fits. Nothing of the user's is run.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import Enum
from types import UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NewType,
    NotRequired,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from reactflow.flow.equality import field_names, same_value
from reactflow.flow.statetext import record_maker

_EXACT = 1 << 53  # whole numbers up to here are floats of the same value


def fits(value: object, kind: Any) -> bool:
    """Whether a value is of a type, all the way down; an int fits float where it loses nothing.

    >>> (
    ...     fits([1, 2], list[int]),
    ...     fits([1, "x"], list[int]),
    ...     fits(None, float | None),
    ...     fits(3, float),
    ...     fits(True, int),
    ... )
    (True, False, True, True, False)
    """
    if kind is None or kind is Any or kind is object:
        return True
    origin = get_origin(kind)
    if origin is not None:
        return _fits_generic(value, kind, origin)
    if isinstance(kind, NewType):
        return fits(value, kind.__supertype__)
    if isinstance(kind, TypeVar):
        return fits(value, kind.__bound__)
    if type(kind).__name__ == "TypeAliasType":
        return fits(value, kind.__value__)
    if is_typeddict(kind):
        return _fits_keys(value, kind)
    if not isinstance(kind, type):
        return True
    if kind is type(None):
        return value is None
    if kind is float and type(value) is int:
        return -_EXACT <= value <= _EXACT
    if type(value) is bool and kind is not bool:
        return False
    try:
        return isinstance(value, kind) and _fits_fields(value, kind)
    except TypeError:  # a protocol
        return True


def widened(value: Any, kind: Any) -> Any:
    """A value that fits, as its cell would have it: an int where only a float can be is a float, all the way down.

    >>> widened(3, float), widened(3, float | int), widened("x", float)
    (3.0, 3, 'x')
    >>> widened({"a": [1, None]}, dict[str, list[float | None]])
    {'a': [1.0, None]}
    """
    while kind is not None and (under := _under(kind)) is not None:
        kind = under
    if type(value) is int:
        return float(value) if _is_float_in(kind, value) else value
    arguments, origin = get_args(kind), get_origin(kind)
    if origin in (Union, UnionType):
        fitting = [one for one in arguments if fits(value, one)]
        return widened(value, fitting[0]) if fitting else value
    of = type(value)
    if of is tuple and origin is tuple:
        kinds = arguments[:1] * len(value) if arguments[1:] == (Ellipsis,) else arguments
        return tuple(map(widened, value, kinds))
    if of is dict and len(arguments) == 2:
        return {widened(key, arguments[0]): widened(one, arguments[1]) for key, one in value.items()}
    if of in (list, set, frozenset) and len(arguments) == 1:
        return of(widened(one, arguments[0]) for one in value)
    if of is dict and kind is not None and is_typeddict(kind):
        hints = _hints(kind)
        return {name: widened(one, hints.get(name)) for name, one in value.items()}
    names = None if isinstance(value, Enum) else field_names(of)
    if not names:
        return value
    hints = _hints(of)
    fields = {name: getattr(value, name) for name in names}
    made = {name: widened(one, hints.get(name)) for name, one in fields.items()}
    return record_maker(of)(made) if any(made[name] is not fields[name] for name in names) else value


def _under(kind: Any) -> Any:
    """The type that another name, or an annotated form, of it stands for; None for a type itself."""
    if isinstance(kind, NewType):
        return kind.__supertype__
    if type(kind).__name__ == "TypeAliasType":
        return kind.__value__
    return get_args(kind)[0] if get_origin(kind) is Annotated else None


def _is_float_in(kind: Any, value: int) -> bool:
    """Whether a whole number is a float in a place of this type."""
    if get_origin(kind) in (Union, UnionType):
        kinds = get_args(kind)
        return float in kinds and not any(one is not float and fits(value, one) for one in kinds)
    return kind is float


def type_name(kind: Any) -> str:
    """A type in one form, as one would write it; with its module where it is somebody's own.

    >>> from typing import Optional
    >>> type_name(Optional[float]), type_name(dict[str, list[int]]), type_name(None)
    ('float | None', 'dict[str, list[int]]', '')
    """
    if kind is None:
        return ""
    if kind is type(None):
        return "None"
    origin = get_origin(kind)
    if origin is Annotated:
        return type_name(get_args(kind)[0])
    if origin in (Union, UnionType):
        return " | ".join(map(type_name, get_args(kind)))
    if origin is Literal:
        return f"Literal[{', '.join(map(ascii, get_args(kind)))}]"
    if origin is not None:
        return f"{type_name(origin)}[{', '.join(map(type_name, get_args(kind)))}]"
    if kind is Ellipsis:
        return "..."
    if isinstance(kind, type):
        return (
            kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        )
    return str(getattr(kind, "__name__", kind))


def _fits_generic(value: Any, kind: Any, origin: Any) -> bool:
    arguments = get_args(kind)
    if origin in (Union, UnionType):
        return any(fits(value, one) for one in arguments)
    if origin is Annotated:
        return fits(value, arguments[0])
    if origin is Literal:
        return any(same_value(value, one) for one in arguments)
    if not isinstance(origin, type):
        return True
    if not fits(value, origin):
        return False
    if isinstance(value, tuple) and origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return all(fits(one, arguments[0]) for one in value)
        return len(value) == len(arguments) and all(map(fits, value, arguments))
    if isinstance(value, Mapping) and len(arguments) == 2:
        return all(fits(key, arguments[0]) and fits(one, arguments[1]) for key, one in value.items())
    if isinstance(value, (list, set, frozenset)) and len(arguments) == 1:
        return all(fits(one, arguments[0]) for one in value)
    return True


def _fits_keys(value: object, kind: Any) -> bool:
    if type(value) is not dict:
        return False
    hints, written = _hints(kind), _hints(kind, True)
    # of annotations that are text the class itself does not know which are NotRequired
    needed = (name for name in kind.__required_keys__ if get_origin(written.get(name)) is not NotRequired)
    return all(name in value for name in needed) and all(
        name in hints and fits(one, hints[name]) for name, one in value.items()
    )


def _fits_fields(value: object, kind: type) -> bool:
    names = None if isinstance(value, Enum) else field_names(type(value))
    if names is None:
        return True
    hints = _hints(type(value))
    return all(fits(getattr(value, name, None), hints.get(name)) for name in names)


def _hints(kind: type, include_extras: bool = False) -> Mapping[str, Any]:
    try:
        scope = vars(sys.modules[kind.__module__]) if kind.__module__ in sys.modules else {}
        return get_type_hints(kind, scope, include_extras=include_extras)
    except Exception:  # a name that only a type checker sees
        return {}
