"""What a function says and reaches, as text by which one version of it is told from another.

A function is known by its name and, where its source is there, by its body (``body``); with it come the functions of
the same module that it calls, by name or as attributes of a class, and the constants and plain containers that it
reads, also as attributes of classes and modules. An object that is called counts by what its fields hold and its
methods say. Nothing is run. What is reached in a way that code does not show (a registry, a file) is not seen.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from types import CodeType, FunctionType, MethodType
from typing import Any

from reactflow.errors import StateError
from reactflow.flow.body import body_of, is_of_users
from reactflow.flow.codec import Codec
from reactflow.flow.equality import Wider, field_names
from reactflow.flow.hidden import reached_by
from reactflow.flow.methods import Method, is_constant, nested

_REDUCED = (operator.itemgetter, operator.attrgetter, operator.methodcaller)
_CONTAINERS = (list, dict, set, tuple, frozenset)


def said_of(value: object, codec: Codec) -> str:
    """A value as text: as it would be stored, else by the name of its type.

    >>> said_of([1.5], Codec({})), said_of(object(), Codec({}))
    ('[1.5]', 'object')
    """
    try:
        return codec.encode_value(value).decode()
    except StateError:
        return said_by(value, codec) if isinstance(value, FunctionType) else _type_of(value)


def said_by(fn: Callable[..., Any] | None, codec: Codec) -> str:
    """What a function is called and says, and what the functions say that it reaches; each of them once.

    >>> from math import hypot
    >>> said_by(hypot, Codec({})), said_by(None, Codec({}))
    ('math.hypot ', '')
    """
    if fn is None:
        return ""
    said: dict[str, None] = {}
    seen: dict[int, object] = {}  # kept, so that an id stays one
    waiting: list[Any] = [fn]
    while waiting:
        here = waiting.pop()
        if id(here) in seen:
            continue
        seen[id(here)] = here
        if isinstance(here, partial):
            given = [said_of(one, codec) for one in here.args] + [
                f"{key}={said_of(here.keywords[key], codec)}" for key in sorted(here.keywords)
            ]
            said[f"{name_of(here.func)}({', '.join(given)})"] = None
            waiting.append(here.func)
            continue
        if isinstance(here, Wider):
            waiting.append(here.equal)
        if isinstance(here, Method):
            waiting.extend(reversed(list(_members(here))))
            here = here.function
        if not callable(here):
            said[said_of(here, codec)] = None
            continue
        owner = getattr(here, "__self__", None)
        bound = f" of {said_of(owner, codec)}" if owner is not None and is_constant(owner) else ""
        body = body_of(here)
        said[f"{name_of(here)}{bound} {body}"] = None
        if isinstance(here, _REDUCED):
            said[repr(here.__reduce__()[1])] = None
        elif isinstance(here, MethodType):
            waiting.append(here.__func__)
            _look_at(owner, codec, said, waiting)
        elif isinstance(here, FunctionType):
            if body:
                _look_into(here, codec, said, waiting)
        elif (wrapped := getattr(here, "__wrapped__", None)) is not None:  # as of functools.lru_cache
            waiting.append(wrapped)
        elif not isinstance(here, type):
            _look_at(here, codec, said, waiting)
    return "\n".join(said)


def name_of(fn: Any) -> str:
    """``module.function``; a function that is written where it is used has no name that stays.

    >>> name_of(len), name_of(partial(len))
    ('builtins.len', 'functools.partial')
    """
    name = getattr(fn, "__qualname__", None) or type(fn).__qualname__
    return f"{getattr(fn, '__module__', None) or ''}.{name}"


def functions_in(kind: type) -> Iterator[FunctionType]:
    """The functions that a class of the user's has in its body, by name; not those that were made for it."""
    for base in reversed(kind.__mro__):
        if not is_of_users(base.__module__):
            continue
        for _, one in sorted(vars(base).items()):
            fn = one.fget if isinstance(one, property) else getattr(one, "__func__", one)
            if isinstance(fn, FunctionType) and not fn.__code__.co_filename.startswith("<"):
                yield fn


def _look_into(fn: FunctionType, codec: Codec, said: dict[str, None], waiting: list[Any]) -> None:
    """Note the constants that a function reads, and have its helpers looked at; in one order on every Python."""
    constants: dict[str, str] = {}
    helpers: dict[str, Any] = {}
    objects: dict[str, object] = {}
    for hidden, found in reached_by(fn):
        value = getattr(found, "__func__", found)  # of a static method
        if _is_plain(value):
            constants[f"{hidden.name}: {said_of(value, codec)}"] = ""
        elif getattr(value, "__module__", None) != fn.__module__:
            continue
        elif isinstance(value, FunctionType) or getattr(value, "__wrapped__", None) is not None:
            helpers[hidden.name] = value
        elif not isinstance(value, type):
            objects[hidden.name] = value
    said.update((one, None) for one in sorted(constants))
    for name in sorted(objects):
        _look_at(objects[name], codec, said, waiting)
    waiting.extend(helpers[name] for name in sorted(helpers, reverse=True))


def _look_at(owner: object, codec: Codec, said: dict[str, None], waiting: list[Any]) -> None:
    """Note what an object of the user's holds, and have the functions of its class looked at."""
    kind = owner if isinstance(owner, type) else type(owner)
    if not is_of_users(kind.__module__):
        return
    held = {name: one for base in kind.__mro__[:-1] for name, one in vars(base).items()}
    lazy = {name for name, one in held.items() if isinstance(one, cached_property)}
    if owner is not kind:
        held |= {name: getattr(owner, name) for name in _fields(owner, kind) if hasattr(owner, name)}
    for name in sorted(held.keys() - lazy):
        if not name.startswith("__") and _is_plain(held[name]):
            said[f"{kind.__qualname__}.{name}: {said_of(held[name], codec)}"] = None
    waiting.extend(reversed(list(functions_in(kind))))


def _fields(owner: object, kind: type) -> list[str]:
    """The names of what an object holds; of a record only its fields: what else it keeps, it can compute."""
    names = field_names(kind)
    if names is not None:
        return list(names)
    slots = [vars(base).get("__slots__", ()) for base in kind.__mro__]
    inner = [name for some in slots for name in ((some,) if isinstance(some, str) else some)]
    return [*inner, *getattr(owner, "__dict__", {})]


def _is_plain(value: object) -> bool:
    """Whether a value is plain data, or a container of it: such as a table of prices."""
    if type(value) not in _CONTAINERS:
        return is_constant(value)
    inner = [*value, *value.values()] if isinstance(value, dict) else value
    return all(map(_is_plain, inner))  # type: ignore[call-overload]  # one of _CONTAINERS


def _type_of(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _members(method: Method) -> Iterator[object]:
    """The helpers and constants of its class that a method reaches, those that its helpers reach included."""
    found: dict[str, object] = {}
    waiting = [method.function.__code__]
    while waiting:
        for name in sorted(_names(waiting.pop())):
            one = vars(method.view).get(name)
            if name in found or one is None or name.startswith("__"):
                continue
            found[name] = one = one.fget if isinstance(one, property) else getattr(one, "__func__", one)
            if isinstance(one, FunctionType):
                waiting.append(one.__code__)
    return iter(found.values())


def _names(code: CodeType) -> set[str]:
    found = set(code.co_names)
    for inner in nested(code):
        found |= _names(inner)
    return found
