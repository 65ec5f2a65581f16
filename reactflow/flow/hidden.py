"""Hidden inputs: live cells that a function of a flow reaches through a global, a closure or a default.

A flow is a template: what a function of it reads has to be an input, or the instances share a cell and the step cannot
see it. The search reads code objects and never runs the function. It follows attributes of modules and classes, what is
imported inside, and plain functions and methods of the same module; it makes no promise for what is reached in other
ways (a registry, a file).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dis import Instruction
from functools import partial
from itertools import pairwise
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from reactflow.cells import Readable
from reactflow.flow.methods import Method, instructions, line_of, nested, place

_MISSING = object()


class Hidden(NamedTuple):
    """A live cell that a function reaches: by which name, and where.

    ``given`` is the number of arguments that it is called with there, None where that is not plain to see.

    >>> Hidden("rate", "rooms.py:12").place
    'rooms.py:12'
    """

    name: str
    place: str
    given: int | None = None


class _Read(NamedTuple):
    is_global: bool
    path: tuple[str, ...]
    place: str
    given: int | None = None
    module: str = ""  # that it was imported from, inside of the function


def hidden_cells(fn: Callable[..., Any]) -> tuple[Hidden, ...]:
    """The live cells that ``fn`` could read without naming them as inputs.

    >>> from reactflow.cells import cell
    >>> def make():
    ...     rate = cell(2.0)
    ...     return lambda area: area * rate.value
    >>> [found.name for found in hidden_cells(make())]
    ['rate']
    """
    found = (hidden for hidden, value in hidden_values(fn) if _is_live(value))
    return tuple(dict.fromkeys(Hidden(one.name, one.place) for one in found))


def hidden_values(fn: Callable[..., Any], *, imports: bool = False) -> Iterator[tuple[Hidden, object]]:
    """Every value that ``fn`` could read without being given it, by which name and where.

    With ``imports`` also what is imported inside of a function, as far as it was imported already.

    >>> def make():
    ...     rates = {"day": 2.0}
    ...     return lambda area: area * rates["day"]
    >>> [(found.name, value) for found, value in hidden_values(make())]
    [('rates', {'day': 2.0})]
    """
    for part in _reached_from(fn, imports):
        if not isinstance(part, FunctionType):
            yield part


def hidden_functions(fn: Callable[..., Any]) -> Iterator[FunctionType]:
    """The function itself, and those of the same module that it could call.

    >>> def helper(area):
    ...     return area
    >>> def priced(area):
    ...     return helper(area)
    >>> [one.__name__ for one in hidden_functions(priced)]
    ['priced', 'helper']
    """
    return (part for part in _reached_from(fn, False) if isinstance(part, FunctionType))


def _reached_from(fn: Callable[..., Any], imports: bool) -> Iterator[FunctionType | tuple[Hidden, object]]:
    """Each function that is gone through, and the values that it refers to."""
    seen: set[int] = set()
    waiting: list[object] = [fn]
    home = getattr(fn.function if isinstance(fn, Method) else fn, "__module__", None)
    while waiting:
        here = waiting.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        if isinstance(here, partial):
            waiting.append(here.func)
            for name, value in (
                *((str(place), one) for place, one in enumerate(here.args)),
                *here.keywords.items(),
            ):
                yield Hidden(name, "a partial's arguments"), value
        elif isinstance(here, MethodType):
            waiting.append(here.__func__)
            yield Hidden("self", _place(here.__func__)), here.__self__
        elif isinstance(here, Method):
            waiting.append(here.function)
            waiting.extend(_functions(vars(here.view).values()))
        elif isinstance(here, FunctionType):
            yield here
            for hidden, value in reached_by(here, imports):
                yield hidden, value
                if isinstance(value, (FunctionType, partial)) and getattr(value, "__module__", home) == home:
                    waiting.append(value)
        elif isinstance(call := vars(type(here)).get("__call__"), FunctionType) and call.__module__ == home:
            waiting.append(call)


def reached_by(fn: FunctionType, imports: bool = False) -> Iterator[tuple[Hidden, object]]:
    """Every value that a function refers to by a global, a closure or a default, with the name and place.

    >>> [(found.name, value) for found, value in reached_by(lambda area, rate=2.0: area * rate)]
    [('rate', 2.0)]
    """
    closure = dict(zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True))
    for read in _reads(fn.__code__):
        name, *attributes = read.path
        if read.module:
            if not imports:
                continue
            value = sys.modules.get(read.module, _MISSING)
        elif read.is_global:
            value = fn.__globals__.get(name, _MISSING)
        elif name in closure:
            value = _contents(closure[name])
        else:
            continue
        path = name
        while attributes and isinstance(value, (ModuleType, type)):
            attribute = attributes.pop(0)
            path = f"{path}.{attribute}"
            value = _static(value, attribute)
        if value is not _MISSING:
            yield Hidden(path, read.place, None if attributes else read.given), value
        if attributes and getattr(type(value), "__module__", None) == fn.__module__:
            method = _static(type(value), attributes[0])
            if isinstance(method, FunctionType):
                yield Hidden(f"{path}.{attributes[0]}", read.place), method
    code = fn.__code__
    defaults = fn.__defaults__ or ()
    positional = code.co_varnames[: code.co_argcount]
    for name, value in zip(positional[len(positional) - len(defaults) :], defaults, strict=True):
        yield Hidden(name, place(code)), value
    for name, value in (fn.__kwdefaults__ or {}).items():
        yield Hidden(name, place(code)), value


def _reads(code: CodeType) -> Iterator[_Read]:
    """The names that a code object, or one nested in it, takes from outside, each with the attributes read of it."""
    listing = instructions(code)
    imported = _imported(listing)
    for at, instruction in enumerate(listing):
        op, name = instruction.opname, instruction.argval
        if op == "IMPORT_FROM" or (op.startswith("LOAD_FAST") and name in imported):
            module, path = imported[str(listing[at + 1].argval if op == "IMPORT_FROM" else name)]
            attributes, given = _followed(listing[at + 1 :])
            yield _Read(
                True, (module, *path, *attributes), place(code, line_of(instruction, code)), given, module
            )
            continue
        is_global = op in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
        if not is_global and not (op.startswith("LOAD_") and "DEREF" in op):
            continue
        attributes, given = _followed(listing[at + 1 :])
        yield _Read(is_global, (str(name), *attributes), place(code, line_of(instruction, code)), given)
    for inner in nested(code):
        yield from _reads(inner)


def _followed(listing: list[Instruction]) -> tuple[list[str], int | None]:
    """The attributes that are read of what was loaded, and the arguments that it is called with, if that is plain."""
    attributes: list[str] = []
    given = 0
    for one in listing:
        if one.opname in ("LOAD_ATTR", "LOAD_METHOD") and not given:
            attributes.append(str(one.argval))
        elif one.opname in ("PRECALL", "CALL"):
            return attributes, given if one.argval == given else None
        elif one.opname in ("LOAD_CONST", "LOAD_FAST", "LOAD_FAST_BORROW", "LOAD_SMALL_INT"):
            given += 1
        elif one.opname != "PUSH_NULL":
            break
    return attributes, None


def _imported(listing: list[Instruction]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """What is imported inside of a function, by the name that it has there: its module, and its name in that."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    module = ""
    for one, following in pairwise(listing):
        if one.opname == "IMPORT_NAME":
            module = str(one.argval)
            if following.opname.startswith("STORE_"):  # import a.b binds a
                found[str(following.argval)] = module.partition(".")[0], ()
        elif one.opname == "IMPORT_FROM":
            found[str(following.argval)] = module, (str(one.argval),)
    return found


def _is_live(value: object) -> bool:
    """Whether a value is a cell or a flow's instance, or a plain container of one."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(isinstance(member, Readable) or _is_instance_of_a_flow(member) for member in value)
    if isinstance(value, dict):
        return any(
            isinstance(member, Readable) or _is_instance_of_a_flow(member) for member in value.values()
        )
    return isinstance(value, Readable) or _is_instance_of_a_flow(value)


def _is_instance_of_a_flow(value: object) -> bool:
    return any(
        base.__name__ == "Flow" and base.__module__ == "reactflow.flow.flow" for base in type(value).__mro__
    )


def _functions(values: Any) -> Iterator[object]:
    for value in values:
        if isinstance(value, property):
            yield value.fget
        elif isinstance(value, staticmethod):
            yield value.__func__
        elif isinstance(value, FunctionType):
            yield value


def _contents(closed: Any) -> object:
    try:
        return closed.cell_contents
    except ValueError:  # not filled yet
        return _MISSING


def _static(owner: ModuleType | type, name: str) -> object:
    for base in owner.__mro__ if isinstance(owner, type) else (owner,):
        if name in vars(base):
            return vars(base)[name]
    return _MISSING


def _place(fn: object) -> str:
    code = getattr(fn, "__code__", None)
    return place(code) if isinstance(code, CodeType) else ""
