"""What can be known of a tracked function without running it: does it branch, and which cells does it always read.

A function without branches, loops and calls of other functions reads the same cells each time, as long as its variables
hold the same cells. ``plain_of`` finds them in its bytecode, and makes a function of the same code that reads the cells'
outcomes directly. It is used by generated code, which has seen to it that the outcomes are current and values, and which
looks each time whether the variables still hold the same cells. Operators of a cell's value are taken to read no cells.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator
from functools import lru_cache
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodDescriptorType, ModuleType
from typing import Any, NamedTuple

from reactflow.cells.node import Node

_SAFE = {abs, bool, divmod, float, int, len, max, min, pow, repr, round, str, tuple, list, set, dict}
_LEAPS = {*dis.hasjrel, *dis.hasjabs, *(dis.opmap.get(one, -1) for one in ("MAKE_FUNCTION", "YIELD_VALUE"))}
_SKIPPED = {"CACHE", "NOP", "RESUME", "EXTENDED_ARG", "COPY_FREE_VARS", "NOT_TAKEN", "PUSH_NULL"}
_LOADS = {"LOAD_DEREF", "LOAD_GLOBAL", "LOAD_FAST", "LOAD_FAST_BORROW"}
_ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD"}
_CONSTANTS = (int, float, str, bytes, bool, complex, type(None))
_MISSING = object()


class Variable(NamedTuple):
    """A variable of a function that holds a cell: a closure's, by its ``closure``, or a global one by its ``name``."""

    closure: CellType | None
    names: dict[str, Any]
    name: str
    node: Any


class Plain(NamedTuple):
    """A function that reads outcomes directly, the cells that it reads in order, and the variables that hold them."""

    fn: FunctionType
    reads: tuple[Any, ...]
    variables: tuple[Variable, ...]


def may_branch(fn: Any) -> bool:
    """Whether a tracked function may read other cells the next time: it branches, or calls what might.

    >>> from reactflow import cell
    >>> length = cell(3.0)
    >>> may_branch(lambda: length.value * 2), may_branch(lambda: length.value or 1)
    (False, True)
    """
    if type(fn) is not FunctionType or _has_leaps(fn.__code__):
        return True
    return any(callable(one) and not _is_harmless(one) for one in _held(fn).values())


def plain_of(fn: Any) -> Plain | None:
    """The function that reads the same cells' outcomes directly, None if it cannot be told which cells it reads.

    >>> from reactflow import cell
    >>> length, width = cell(3.0), cell(4.0)
    >>> plain = plain_of(lambda: length.value * width.value)
    >>> plain.fn(), [one.name for one in plain.reads]
    (12.0, ['length', 'width'])
    >>> plain_of(lambda: print(length)) is None
    True
    """
    if may_branch(fn):
        return None
    code: CodeType = fn.__code__
    held = _held(fn)
    closures = dict(zip(code.co_freevars, fn.__closure__ or (), strict=True))
    reads: list[Any] = []
    variables: dict[str, Variable] = {}
    steps = [one for one in dis.get_instructions(code) if one.opname not in _SKIPPED]
    for at, step in enumerate(steps):
        after = steps[at + 1] if at + 1 < len(steps) else step
        if step.opname in _ATTRIBUTES:
            if at == 0 or not _is_known(steps[at - 1], step, held):
                return None
        elif step.argval == "value" and step.opname != "LOAD_CONST":
            return None  # another thing of that name
        elif step.opname in _LOADS:
            name = str(step.argval)
            one = held.get(name, _MISSING)
            if isinstance(one, Node):
                if after.opname not in _ATTRIBUTES or after.argval != "value" or one.is_pulse:
                    return None
                reads.append(one)
                if step.opname in ("LOAD_DEREF", "LOAD_GLOBAL"):
                    variables[name] = Variable(closures.get(name), fn.__globals__, name, one)
            elif not (isinstance(one, _CONSTANTS) or (callable(one) and _is_harmless(one)) or _is_module(one, after)):
                return None
        elif step.opname.startswith(("STORE_", "DELETE_", "LOAD_FAST_", "LOAD_NAME", "LOAD_CLASS", "IMPORT_")):
            return None
    if not reads:
        return None
    names = tuple("outcome" if name == "value" else name for name in code.co_names)
    plain = FunctionType(code.replace(co_names=names), fn.__globals__, fn.__name__, fn.__defaults__, fn.__closure__)
    plain.__kwdefaults__ = fn.__kwdefaults__
    return Plain(plain, tuple(reads), tuple(variables.values()))


def _held(fn: FunctionType) -> dict[str, Any]:
    """What the variables of a function hold now, by name: parameters with defaults, closures, globals, builtins."""
    code = fn.__code__
    builtins = fn.__globals__.get("__builtins__", {})
    builtins = vars(builtins) if isinstance(builtins, ModuleType) else builtins
    held: dict[str, Any] = {}
    for name in code.co_names:  # those of attributes are among them: they do no harm
        if name in fn.__globals__ or name in builtins:
            held[name] = fn.__globals__.get(name, builtins.get(name))
    for name, closure in zip(code.co_freevars, fn.__closure__ or (), strict=True):
        try:
            held[name] = closure.cell_contents
        except ValueError:  # not assigned yet
            held[name] = _held  # a function of ours, which counts as one that may read anything
    held.update(_parameters(fn))
    return held


def _parameters(fn: FunctionType) -> Iterator[tuple[str, Any]]:
    defaults = fn.__defaults__ or ()
    names = fn.__code__.co_varnames[: fn.__code__.co_argcount]
    yield from zip(names[len(names) - len(defaults) :], defaults, strict=True)
    yield from (fn.__kwdefaults__ or {}).items()


def _is_known(before: dis.Instruction, step: dis.Instruction, held: dict[str, Any]) -> bool:
    """Whether an attribute is a cell's value, or a harmless function of a module."""
    one = held.get(str(before.argval), _MISSING) if before.opname in _LOADS else _MISSING
    if isinstance(one, Node):
        return bool(step.argval == "value")
    return _is_module(one, step)


def _is_module(one: object, after: dis.Instruction) -> bool:
    if not isinstance(one, ModuleType) or after.opname not in _ATTRIBUTES:
        return False
    found = getattr(one, str(after.argval), _MISSING)
    return isinstance(found, _CONSTANTS) or (callable(found) and _is_harmless(found))


def _is_harmless(called: Any) -> bool:
    """Whether a callable reads no cells, whatever it is called with."""
    if isinstance(called, (BuiltinFunctionType, MethodDescriptorType)):
        return getattr(called, "__self__", None) is None or isinstance(called.__self__, ModuleType)
    try:
        return called in _SAFE
    except TypeError:  # cannot be hashed
        return False


@lru_cache(maxsize=4096)
def _has_leaps(code: CodeType) -> bool:
    has_code = any(isinstance(one, CodeType) for one in code.co_consts)
    return has_code or any(one.opcode in _LEAPS for one in dis.get_instructions(code))
