"""What can be known of a tracked function without running it: whether it always reads the same cells, and which.

It does when all that it reads is the ``value`` of variables that hold cells, or of a list of cells that it goes
through to the end, and it has no branch, catches nothing and calls only what reads no cells. ``plain_of`` finds that
out from the bytecode, and makes a function of the same code that reads the cells' outcomes directly. It is used by
generated code, which has seen to it that the outcomes are current and values, and which looks each time whether the
variables still hold the same cells. Operators of a cell's value are taken to read no cells.
"""

from __future__ import annotations

import dis
import functools
import inspect
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any, NamedTuple

from reactflow.cells.doing import SWITCHED_OFF
from reactflow.cells.node import Node

_SAFE = {abs, bool, divmod, float, int, len, max, min, pow, repr, round, str, tuple, list, set, dict}
_LEAPS = {*dis.hasjrel, *dis.hasjabs, *(dis.opmap.get(one, -1) for one in ("MAKE_FUNCTION", "YIELD_VALUE"))}
_SKIPPED = {"CACHE", "NOP", "RESUME", "EXTENDED_ARG", "COPY_FREE_VARS", "NOT_TAKEN", "PUSH_NULL"}
_LOADS = {"LOAD_DEREF", "LOAD_GLOBAL", "LOAD_FAST", "LOAD_FAST_BORROW"}
_ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD"}
# builtin functions that may read anything
_CALLING = {eval, exec, getattr, hasattr, next, vars, __import__, functools.reduce}
_CONSTANTS = (int, float, str, bytes, bool, complex, type(None))
_REFUSED = ("STORE_", "DELETE_", "LOAD_FAST_", "LOAD_NAME", "LOAD_CLASS", "IMPORT_")
_EXHAUSTING = (sum, max, min, sorted, list, tuple, set, frozenset)  # take all that a generator gives
_NO_PLAIN_FUNCTION = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_MISSING = object()


class Variable(NamedTuple):
    """A variable that holds a cell, a list of cells or a function: of a ``closure``, or among ``names``."""

    closure: CellType | None
    names: dict[str, Any]
    name: str
    held: Any


class Plain(NamedTuple):
    """A function that reads outcomes directly, the cells that it reads in order, and the variables that hold them."""

    fn: FunctionType
    reads: tuple[Any, ...]
    variables: tuple[Variable, ...]


def plain_of(fn: Any) -> Plain | None:
    """The function that reads the same cells' outcomes directly, None if it cannot be told which cells it reads.

    It may go through lists of cells, as in ``sum(one.value for one in cells)``.

    >>> from reactflow import cell
    >>> length, width = cell(3.0), cell(4.0)
    >>> plain = plain_of(lambda: length.value * width.value)
    >>> plain.fn(), [one.name for one in plain.reads]
    (12.0, ['length', 'width'])
    >>> plain_of(lambda: print(length)) is None
    True
    """
    if type(fn) is not FunctionType or fn.__code__.co_flags & _NO_PLAIN_FUNCTION:
        return None
    if "plain functions" in SWITCHED_OFF:
        return None
    if fn.__code__.co_exceptiontable:  # it catches: then it may go on elsewhere, without a jump
        return None
    finding = _Finding(fn)
    if not finding.goes_through(fn.__code__, None) or not finding.reads:
        return None
    plain = FunctionType(_direct(fn.__code__), fn.__globals__, fn.__name__, fn.__defaults__, fn.__closure__)
    plain.__kwdefaults__ = fn.__kwdefaults__
    return Plain(plain, tuple(finding.reads), tuple(finding.variables.values()))


def certain_of(fn: Any) -> set[Any]:
    """The cells that a function without jumps reads for certain, whatever else it may read in what it calls.

    >>> from reactflow import cell
    >>> length, width = cell(3.0), cell(4.0)
    >>> [one.name for one in certain_of(lambda: print(length.value, [width][0].value))]
    ['length']
    """
    if type(fn) is not FunctionType or fn.__code__.co_exceptiontable:
        return set()
    held, steps = _held(fn), _steps(fn.__code__)
    if any(step.opcode in _LEAPS and step.opname != "MAKE_FUNCTION" for step in steps):
        return set()
    found: set[Any] = set()
    for step, after in pairwise(steps):
        if step.opname in _LOADS and after.opname in _ATTRIBUTES and after.argval == "value":
            one = held.get(str(step.argval))
            if isinstance(one, Node):
                found.add(one)
    return found


def needed_by(fn: Any) -> tuple[str, ...]:
    """The parameters that a function written in Python has to be given, in order.

    >>> needed_by(lambda one, other=2, *more, key: None)
    ('one', 'key')
    """
    if isinstance(fn, MethodType):
        return needed_by(fn.__func__)[1:]
    if type(fn) is not FunctionType:
        return ()
    code, count, by_key = fn.__code__, fn.__code__.co_argcount, fn.__kwdefaults__ or {}
    keys = code.co_varnames[count : count + code.co_kwonlyargcount]
    return (
        *code.co_varnames[: count - len(fn.__defaults__ or ())],
        *(one for one in keys if one not in by_key),
    )


class _Finding:
    """Goes through a function's instructions, and finds the cells that it reads and the variables that hold them."""

    def __init__(self, fn: FunctionType) -> None:
        self.held = _held(fn)
        self.closures = dict(zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True))
        self.globals = fn.__globals__
        self.reads: list[Any] = []
        self.variables: dict[str, Variable] = {}

    def goes_through(self, code: CodeType, each: str | None) -> bool:
        """Whether all of the code is understood; ``each`` is the variable of a loop over cells."""
        steps = _steps(code)
        for at, step in enumerate(steps):
            operation, name = step.opname, step.argval
            after = steps[at + 1] if at + 1 < len(steps) else step
            if isinstance(name, CodeType):
                if each is not None or not self._is_loop(steps, at):
                    return False
            elif operation in _ATTRIBUTES:
                if at == 0 or not self._is_known(steps[at - 1], step, each):
                    return False
            elif name == "value" and operation != "LOAD_CONST":
                return False  # another thing of that name
            elif operation in _LOADS:
                if not self._may_load(operation, str(name), after, each):
                    return False
            elif (step.opcode in _LEAPS and not (each or operation == "MAKE_FUNCTION")) or (
                operation.startswith(_REFUSED) and name != each
            ):
                return False
        return True

    def _may_load(self, operation: str, name: str, after: dis.Instruction, each: str | None) -> bool:
        is_read = after.opname in _ATTRIBUTES and after.argval == "value"
        if name == each:
            return is_read
        if name == ".0":  # what a loop goes through
            return True
        one = self.held.get(name, _MISSING)
        if isinstance(one, Node):
            if each is not None or not is_read or one.is_pulse:
                return False
            self.reads.append(one)
            self._depends_on(operation, name, one)
            return True
        if after.opname == "GET_ITER" and _are_cells(one):
            self.reads.extend(one)
            self._depends_on(operation, name, one)
            return True
        if callable(one) and _is_harmless(one):
            if name in self.globals or name in self.closures:
                self._depends_on(operation, name, one)  # it may come to hold a function that reads cells
            return True
        return isinstance(one, _CONSTANTS) or _is_module(one, after)

    def _depends_on(self, operation: str, name: str, one: Any) -> None:
        if operation in ("LOAD_DEREF", "LOAD_GLOBAL"):
            self.variables[name] = Variable(self.closures.get(name), self.globals, name, one)
        elif isinstance(one, list):
            self.variables[name] = Variable(None, {name: one}, name, one)

    def _is_loop(self, steps: tuple[dis.Instruction, ...], at: int) -> bool:
        """Whether a nested code goes through all of a list of cells, and what it makes is used up at once."""
        code = steps[at].argval
        inner = _steps(code)
        loops = [step.opname for step in inner if step.opcode in _LEAPS and step.opname != "YIELD_VALUE"]
        variables = [step.argval for step in inner if step.opname == "STORE_FAST"]
        behind = [step.opname for step in steps[at + 1 : at + 5]]
        if loops != ["FOR_ITER", "JUMP_BACKWARD"] or len(variables) != 1 or "GET_ITER" not in behind:
            return False
        if code.co_name == "<genexpr>":
            called = next(
                (one for one in reversed(steps[:at]) if one.opname not in ("LOAD_CLOSURE", "BUILD_TUPLE")),
                None,
            )
            if (
                called is None
                or called.opname != "LOAD_GLOBAL"
                or self.held.get(called.argval) not in _EXHAUSTING
            ):
                return False
        iterated = steps[at + 1 + behind.index("GET_ITER") - 1]
        if iterated.opname not in _LOADS or not _are_cells(self.held.get(str(iterated.argval))):
            return False
        return self.goes_through(code, variables[0])

    def _is_known(self, before: dis.Instruction, step: dis.Instruction, each: str | None) -> bool:
        """Whether an attribute is a cell's value, or a harmless function of a module."""
        if before.opname not in _LOADS:
            return False
        one = self.held.get(str(before.argval), _MISSING)
        if before.argval == each or isinstance(one, Node):
            return step.argval == "value" and not _is_called(step)
        return _is_module(one, step)


def _is_called(step: dis.Instruction) -> bool:
    """Whether what an instruction loads is called: a function that is a cell's value may read cells."""
    return step.opname == "LOAD_METHOD" or "NULL" in step.argrepr


def _are_cells(one: object) -> bool:
    return isinstance(one, (list, tuple)) and all(
        isinstance(each, Node) and not each.is_pulse for each in one
    )


def _direct(code: CodeType) -> CodeType:
    """The code with outcomes read in place of values."""
    names = tuple("outcome" if name == "value" else name for name in code.co_names)
    constants = tuple(_direct(one) if isinstance(one, CodeType) else one for one in code.co_consts)
    return code.replace(co_names=names, co_consts=constants)


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


def _is_module(one: object, after: dis.Instruction) -> bool:
    if not isinstance(one, ModuleType) or after.opname not in _ATTRIBUTES:
        return False
    found = getattr(one, str(after.argval), _MISSING)
    return isinstance(found, _CONSTANTS) or (callable(found) and _is_harmless(found))


def _is_harmless(called: Any) -> bool:
    """Whether a callable reads no cells, whatever it is called with."""
    if isinstance(called, (BuiltinFunctionType, MethodDescriptorType)):
        owner = getattr(called, "__self__", None)
        return (owner is None or isinstance(owner, ModuleType)) and called not in _CALLING
    try:
        return called in _SAFE
    except TypeError:  # cannot be hashed
        return False


@lru_cache(maxsize=1024)
def _steps(code: CodeType) -> tuple[dis.Instruction, ...]:
    return tuple(one for one in dis.get_instructions(code) if one.opname not in _SKIPPED)
