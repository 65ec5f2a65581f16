"""What the code of a function says that no function of a flow may do, and what an object holds that it could change.

Clocks, randomness, what differs from one process or machine to the next, and variables that are assigned outside of
the function: each with the line. Nothing is run here; the probe (``purity``) does that.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from types import CodeType, ModuleType
from typing import Any, Literal, TypeAlias

from reactflow.cells.content import fingerprint, kind_of_mutable
from reactflow.flow import Method
from reactflow.flow.body import is_of_users
from reactflow.flow.hidden import Hidden, hidden_functions, hidden_values
from reactflow.flow.methods import instructions, is_constant, line_of, nested, place

Trouble: TypeAlias = Literal["clock", "randomness", "global", "input", "result", "order"]

_CLOCKS = (
    time.time, time.time_ns, time.monotonic, time.monotonic_ns, time.perf_counter, time.perf_counter_ns,
    time.process_time, time.process_time_ns,
)  # fmt: skip
_MOMENTS = frozenset({"now", "today", "utcnow"})
# what asks for the time when it is given no more than so many arguments, and else for the zone of the machine
_FORMS = ((time.gmtime, 0), (time.asctime, 0), (time.localtime, 0), (time.ctime, 0), (time.strftime, 1))
_ZONED = (time.localtime, time.ctime, time.mktime)
_DRAWS = (uuid.uuid1, uuid.uuid4, os.urandom)
_MACHINE = (os.environ, os.getenv, os.getpid, os.getcwd)
_BUILTINS = {
    "hash": "calls hash, which differs from one process to the next; use hashlib",
    "id": "calls id, which differs from one process to the next; compare by value",
    "open": "opens a file, which may be another one next time; let the record bring what is in it",
    "input": "asks somebody; let the record bring the answer",
}


def seen_in_code(fn: Callable[..., Any]) -> Iterator[tuple[Trouble, str, str]]:
    """What kind of trouble, in words, and where.

    >>> [(kind, what) for kind, what, _ in seen_in_code(lambda length: length + time.time())]
    [('clock', 'asks time.time for the time; let the record bring it')]
    """
    for hidden, value in hidden_values(fn, imports=True):
        if _is_clock(hidden, value):
            yield "clock", f"asks {hidden.name} for the time; let the record bring it", hidden.place
        elif _is_random(value):
            yield "randomness", f"draws from {hidden.name}; let the record bring the number", hidden.place
        elif _is_zoned(hidden, value):
            what = f"asks {hidden.name} for the time zone of this machine; name the zone"
            yield "global", what, hidden.place
        elif any(value is one for one in _MACHINE):
            yield "global", f"reads {hidden.name}; make it a constant, or a cell", hidden.place
    while isinstance(fn, (partial, Method)):
        fn = fn.func if isinstance(fn, partial) else fn.function
    for one in hidden_functions(fn):
        for name, where in _assigned(one.__code__, frozenset(one.__code__.co_freevars)):
            yield "global", f"assigns {name}, which outlives the event; fold a pulse instead", where
        for name, where in _called(one.__code__):
            if name not in one.__globals__:
                yield "randomness" if name in ("hash", "id") else "global", _BUILTINS[name], where


def content(value: object) -> object:
    """What a value holds that could be changed, as a number; None for what cannot be, as far as is seen.

    >>> content([1]) == content([1]) != content([2]), content(1)
    (True, None)
    """
    if kind_of_mutable(value):
        return fingerprint(value)
    is_class = isinstance(value, type) and is_of_users(value.__module__)
    return fingerprint(_held(value)) if is_class or is_object(value) else None


def is_object(value: object) -> bool:
    """Whether a value is an object of its own: no plain data, function, class or module."""
    return not (is_constant(value) or isinstance(value, (type, ModuleType)) or callable(value)) or (
        callable(value) and not isinstance(value, type) and is_of_users(type(value).__module__)
    )


def _held(value: object) -> dict[str, object]:
    if isinstance(value, type):
        return {
            name: one
            for base in value.__mro__[:-1]
            for name, one in vars(base).items()
            if not name.startswith("__") and (is_constant(one) or kind_of_mutable(one))
        }
    slots = [vars(base).get("__slots__", ()) for base in type(value).__mro__]
    names = [name for some in slots for name in ((some,) if isinstance(some, str) else some)]
    held = {name: getattr(value, name) for name in names if name != "__weakref__" and hasattr(value, name)}
    return held | getattr(value, "__dict__", {})


def _assigned(code: CodeType, outside: frozenset[str]) -> Iterator[tuple[str, str]]:
    for one in instructions(code):
        name = str(one.argval)
        if one.opname in ("STORE_GLOBAL", "DELETE_GLOBAL") or (
            one.opname == "STORE_DEREF" and name in outside
        ):
            yield name, place(code, line_of(one, code))
    for inner in nested(code):
        yield from _assigned(inner, outside)


def _called(code: CodeType) -> Iterator[tuple[str, str]]:
    """The functions of Python's own that are no functions of their arguments alone, and where they are used."""
    for one in instructions(code):
        if one.opname == "LOAD_GLOBAL" and one.argval in _BUILTINS:
            yield str(one.argval), place(code, line_of(one, code))
    for inner in nested(code):
        yield from _called(inner)


def _is_clock(hidden: Hidden, value: object) -> bool:
    owner = getattr(value, "__objclass__", None) or getattr(value, "__self__", None)
    is_moment = (
        isinstance(owner, type) and issubclass(owner, dt.date) and getattr(value, "__name__", "") in _MOMENTS
    )
    given = hidden.given
    return (
        is_moment
        or any(value is one for one in _CLOCKS)
        or (given is not None and any(value is one and given <= most for one, most in _FORMS))
    )


def _is_zoned(hidden: Hidden, value: object) -> bool:
    """Whether a function goes by the time zone of the machine: ``fromtimestamp`` does when it is given none."""
    owner = getattr(value, "__objclass__", None)
    if owner in (dt.date, dt.datetime) and getattr(value, "__name__", "") == "fromtimestamp":
        return hidden.given == 1
    return any(value is one for one in _ZONED)


def _is_random(value: object) -> bool:
    owner = getattr(value, "__self__", None)
    homes = [str(getattr(one, "__module__", "")) for one in (value, type(value), type(owner))]
    return (
        isinstance(value, random.Random)
        or isinstance(owner, random.Random)
        or any(value is one for one in _DRAWS)
        or any(home == "secrets" or home.startswith("numpy.random") for home in homes)
    )
