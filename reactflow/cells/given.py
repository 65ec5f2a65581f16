"""What a user's function has to be, looked at when it is given: what would go wrong on each run is told at once.

Nothing is run, and no words are made for a function that is right. Of one that is not written in Python, or wrapped,
nothing is known, and it is taken as it is.
"""

from __future__ import annotations

from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, CO_VARARGS
from types import CodeType, FunctionType, MethodType
from typing import Any

from reactflow.cells.functions import needed_by
from reactflow.cells.naming import function_line
from reactflow.errors import DeclarationError

_ASYNC = CO_COROUTINE | CO_ASYNC_GENERATOR


def called(fn: object) -> str:
    """What an error calls a function: its name, else how it is shown."""
    return str(getattr(fn, "__name__", fn))


def is_sound(fn: object, count: int) -> bool:
    """Whether a function written in Python takes just so many values, and runs when it is called: most are, and do.

    >>> is_sound(lambda old, new: True, 2), is_sound(max, 2)
    (True, False)
    """
    if type(fn) is not FunctionType:
        return False
    code = fn.__code__
    return (
        code.co_argcount == count
        and not code.co_kwonlyargcount
        and not code.co_flags & (_ASYNC | CO_GENERATOR)
    )


def runs_later(fn: Any) -> str:
    """What to say of a function that does not run when it is called, as with ``async def`` and ``yield``; else nothing.

    >>> async def saved(value): ...
    >>> runs_later(saved), runs_later(print)
    ('it is async (<doctest ...>:1), and nobody would await it', '')
    """
    code = getattr(getattr(fn, "__func__", fn), "__code__", None)
    if not isinstance(code, CodeType) or not code.co_flags & (_ASYNC | CO_GENERATOR):
        return ""
    if code.co_flags & _ASYNC:
        return f"it is async ({function_line(fn)}), and nobody would await it"
    return f"it yields ({function_line(fn)}), and nobody would go through what it yields"


def takes_other(fn: Any, count: int) -> str:
    """What to say of a function that cannot be called with so many values; nothing of one that can.

    >>> takes_other(max, 2), takes_other(lambda old, new=0: True, 2), takes_other(lambda *all: all, 2)
    ('', '', '')
    >>> takes_other(lambda old: True, 2)
    'it takes old (<doctest ...>:1)'
    """
    bound = fn.__func__ if isinstance(fn, MethodType) else fn
    if type(bound) is not FunctionType:
        return ""
    code, own = bound.__code__, 0 if bound is fn else 1
    needed = needed_by(bound)
    places = code.co_varnames[own : code.co_argcount]
    least = len([one for one in places if one in needed])
    by_key = [one for one in needed if one not in code.co_varnames[: code.co_argcount]]
    if not by_key and least <= count and (count <= len(places) or code.co_flags & CO_VARARGS):
        return ""
    line = function_line(bound)
    return f"it takes {', '.join([*places, *by_key]) or 'nothing'}" + f" ({line})" * bool(line)


def check_equal(equal: Any) -> None:
    """Refuse an ``equal=`` that cannot compare: each run of it would raise, which counts as a change."""
    if equal is None:
        return
    if not callable(equal):
        raise DeclarationError(
            f"equal={equal!r} cannot be called: give a function of the old and the new value"
        )
    if fault := runs_later(equal):
        raise DeclarationError(f"equal={called(equal)}: {fault}; give a plain function")
    if fault := takes_other(equal, 2):
        raise DeclarationError(
            f"equal={called(equal)}: {fault}, and is called with the old and the new value"
        )
