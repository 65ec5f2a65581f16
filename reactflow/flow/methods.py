"""Methods of a flow as plain functions: their inputs are found from the code object, nothing is run.

A ``@derived`` method reads its inputs as ``self.<name>``. This module finds every such read, also in nested code and in
the helper methods and properties of the class that are reached, and refuses any other use of ``self``: what is passed
on, stored or looked up by a computed name could read a cell that nobody sees. It promises that the inputs found are a
superset of what a run can read. What it does not know (a new opcode) it refuses rather than guesses.

``Method`` is the result: a plain function of explicit inputs, shared by both executions. In place of ``self`` the
user's function gets a *view*, an object that has the inputs' values and the helpers and constants, nothing else.
"""

from __future__ import annotations

import dis
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, CO_VARARGS
from os.path import basename
from types import CodeType, FunctionType
from typing import Any, NoReturn
from uuid import UUID

from reactflow.cells.nearest import nearest
from reactflow.errors import DeclarationError

_CONSTANTS = (bool, int, float, str, bytes, type(None), Decimal, Enum, date, time, timedelta, UUID)
_LOOKS_AROUND = frozenset({"locals", "vars", "eval", "exec", "globals"})
_SKIPPED = frozenset({"EXTENDED_ARG", "CACHE", "NOP"})
READS = ("LOAD_ATTR", "LOAD_METHOD")


def place(code: CodeType, line: int | None = None) -> str:
    """``rooms.py:12``: where something is written."""
    return f"{basename(code.co_filename)}:{line or code.co_firstlineno}"


def instructions(code: CodeType) -> list[dis.Instruction]:
    """The instructions that mean something, without the padding of any version."""
    return [one for one in dis.get_instructions(code) if one.opname not in _SKIPPED]


def line_of(instruction: dis.Instruction, code: CodeType) -> int:
    """The line an instruction comes from."""
    positions = instruction.positions
    return (positions.lineno if positions is not None else None) or code.co_firstlineno


def nested(code: CodeType) -> Iterator[CodeType]:
    """The code objects directly inside one."""
    return (constant for constant in code.co_consts if isinstance(constant, CodeType))


def is_constant(value: object) -> bool:
    """Whether a class attribute is plain and unchangeable, so that a method may read it."""
    if type(value) in (tuple, frozenset):
        return all(is_constant(member) for member in value)  # type: ignore[attr-defined]  # a tuple or frozenset
    return isinstance(value, _CONSTANTS)


class Method:
    """A method of a flow as a function of explicit inputs: ``method(*values)`` in the order of ``inputs``.

    >>> def label(self):
    ...     return f"{self.area:.1f} m2"
    >>> method = Method(label, ("area",), type("RoomView", (), {}))
    >>> method(12.0)
    '12.0 m2'
    """

    __slots__ = ("__name__", "__qualname__", "function", "inputs", "view")

    def __init__(self, function: Callable[[Any], Any], inputs: tuple[str, ...], view: type) -> None:
        self.function = function
        self.inputs = inputs
        self.view = view
        self.__name__ = function.__name__
        self.__qualname__ = function.__qualname__

    def __call__(self, *values: object) -> Any:
        view: Any = object.__new__(self.view)
        view.__dict__ = dict(zip(self.inputs, values, strict=True))
        return self.function(view)

    @property
    def __code__(self) -> CodeType:
        """The user's code, so that tools show the user's line."""
        return self.function.__code__

    def __repr__(self) -> str:
        return f"<method {self.__qualname__} of {', '.join(self.inputs) or 'nothing'}>"


class Reader:
    """Finds what one ``@derived`` method of a flow reads: ``inputs`` with their places, ``members`` by name.

    ``cells`` are the names that may be read as inputs, ``attributes`` all else that the class has (helpers, constants).
    """

    def __init__(
        self, flow: str, name: str, cells: Mapping[str, object], attributes: Mapping[str, object]
    ) -> None:
        self.flow, self.name = flow, name
        self.cells, self.attributes = cells, attributes
        self.inputs: dict[str, str] = {}
        """Input name -> where it is read first."""
        self.members: dict[str, object] = {}
        self._seen: set[CodeType] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs in the order of the flow's cells: that of the code differs from one Python to the next."""
        return tuple(name for name in self.cells if name in self.inputs)

    def read(self, function: FunctionType, *, takes_more: bool = False) -> None:
        """Follow a method; raises DeclarationError for any use of ``self`` but the read of a name."""
        code = function.__code__
        if code in self._seen:
            return
        self._seen.add(code)
        if not code.co_argcount:
            self._refuse(code, None, f"has no parameter for the flow; write def {function.__name__}(self)")
        if not takes_more and (code.co_argcount > 1 or code.co_kwonlyargcount or code.co_flags & CO_VARARGS):
            self._refuse(
                code,
                None,
                "takes more than self; a derived method has only self, its inputs are what it reads of it",
            )
        if not takes_more and code.co_flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR):
            self._refuse(
                code, None, "is a generator or a coroutine; return the value, a list or a tuple for many"
            )
        self._scan(code, code.co_varnames[0])

    # --- one code object ------------------------------------------------------------------------------------

    def _scan(self, code: CodeType, me: str) -> None:
        listing = instructions(code)
        is_shared = me in code.co_cellvars or me in code.co_freevars
        for at, instruction in enumerate(listing):
            op, target = instruction.opname, instruction.argval
            if op.startswith("LOAD_GLOBAL") or op == "LOAD_NAME":
                self._refuse_looking_around(code, instruction)
            if op.startswith("LOAD_SUPER") or (target == "__class__" and _is_variable(instruction)):
                self._refuse_super(code, instruction)
            names = target if isinstance(target, tuple) else (target,)
            if me not in names or not _is_variable(instruction):
                continue
            if op in ("MAKE_CELL", "COPY_FREE_VARS", "LOAD_CLOSURE") or (
                is_shared and op.startswith("LOAD_FAST")
            ):
                continue  # hands self to nested code, which is read below
            following = listing[at + 1] if at + 1 < len(listing) else None
            if not _only_loads(op, names, me) or following is None or following.opname not in READS:
                self._refuse_use(code, listing, at, me)
            self._resolve(str(following.argval), code, line_of(following, code))
        for inner in nested(code):
            if me in inner.co_freevars:
                self._scan(inner, me)
            elif "__class__" in inner.co_freevars:
                self._refuse_super(inner, None)

    def _resolve(self, name: str, code: CodeType, line: int) -> None:
        """Sort one name that is read of self: an input, a helper to follow, or a constant."""
        if name in self.cells:
            self.inputs.setdefault(name, place(code, line))
            return
        if name not in self.attributes:
            close = nearest(name, [*self.cells, *self.attributes])
            hint = f"did you mean self.{close}?" if close else f"declare it: {name} = cell(...)"
            self._refuse(code, line, f"reads self.{name}, which {self.flow} does not have; {hint}")
        value = self.attributes[name]
        if isinstance(value, FunctionType):
            self.members[name] = value
            self.read(value, takes_more=True)
        elif isinstance(value, staticmethod):
            self.members[name] = value
        elif isinstance(value, property) and isinstance(value.fget, FunctionType):
            self.members[name] = value
            self.read(value.fget, takes_more=True)
        elif isinstance(value, classmethod):
            self._refuse(
                code,
                line,
                f"calls the classmethod self.{name}; make it a staticmethod, or a plain method that reads self",
            )
        elif is_constant(value):
            self.members[name] = value
        else:
            kind = type(value).__name__
            self._refuse(
                code,
                line,
                f"reads self.{name}, a {kind}; a method may read cells, helper methods and plain constants"
                f" (numbers, text, bytes, tuples): make it a cell, or a module's constant",
            )

    # --- refusals -------------------------------------------------------------------------------------------

    def _refuse(self, code: CodeType, line: int | None, what: str) -> NoReturn:
        helper = (
            ""
            if code.co_name == self.name or code.co_name.startswith("<")
            else f", through {code.co_name}(),"
        )
        raise DeclarationError(f"{self.flow}.{self.name}{helper} {_at(what, place(code, line))}")

    def _refuse_super(self, code: CodeType, instruction: dis.Instruction | None) -> NoReturn:
        line = None if instruction is None else line_of(instruction, code)
        self._refuse(code, line, "uses super(); call the helper by its own name instead: self.<name>()")

    def _refuse_looking_around(self, code: CodeType, instruction: dis.Instruction) -> None:
        name = instruction.argval
        if name == "super":
            self._refuse_super(code, instruction)
        if name in _LOOKS_AROUND:
            what = f"calls {name}(), which hides what is read; read each cell as self.<name>"
            self._refuse(code, line_of(instruction, code), what)

    def _refuse_use(self, code: CodeType, listing: list[dis.Instruction], at: int, me: str) -> NoReturn:
        here = listing[at]
        op = listing[at + 1].opname if at + 1 < len(listing) else ""
        name = listing[at + 1].argval if at + 1 < len(listing) else None
        before = listing[at - 1].argval if at else None
        called = before[0] if isinstance(before, tuple) and before else before
        read = f"read cells as {me}.<name>"
        if here.opname.startswith(("STORE", "DELETE")) or "_AND_CLEAR" in here.opname:
            what = f"gives {me} another value; use another name for it"
        elif op == "STORE_ATTR":
            what = f"assigns {me}.{name}; a derived method only reads: return the value, or make it a cell of its own"
        elif op == "DELETE_ATTR":
            what = f"deletes {me}.{name}; a derived method only reads"
        elif called in ("getattr", "hasattr", "setattr", "delattr"):
            what = f"uses {called}({me}, ...), so that its inputs cannot be found; {read}"
        elif op.startswith(("RETURN", "YIELD")):
            what = f"returns {me}; return a value: {me}.<name>"
        elif op.startswith("STORE"):
            what = f"stores {me} in another place, so that its inputs cannot be found; {read}"
        elif op.startswith(("COMPARE_OP", "IS_OP", "CONTAINS_OP")):
            what = f"compares {me}; compare values: {me}.<name>"
        else:
            what = f"passes {me} on, so that its inputs cannot be found; {read}, and pass on the values"
        self._refuse(code, line_of(here, code), what)


def _at(what: str, where: str) -> str:
    """Put the place after what is done, before the reason and the remedy."""
    done = re.split(", so that |, which |, a |; ", what, maxsplit=1)[0]
    return f"{done} at {where}{what[len(done) :]}"


def _is_variable(instruction: dis.Instruction) -> bool:
    """Whether an instruction works on a local or closure variable (and not on a global or attribute of that name)."""
    op = instruction.opname
    return (
        instruction.opcode in dis.haslocal
        or instruction.opcode in dis.hasfree
        or "_FAST" in op
        or "DEREF" in op
    )


def _only_loads(op: str, names: tuple[Any, ...], me: str) -> bool:
    """Whether an instruction loads the variable once, on top of the stack, and does nothing else to it."""
    if "_AND_CLEAR" in op or names[-1] != me or names.count(me) != 1:
        return False
    if op.startswith("LOAD_FAST") or (op.startswith("LOAD_") and "DEREF" in op):
        return True
    return op.startswith("STORE_FAST_LOAD_FAST")


def make_view(flow: str, members: Mapping[str, object]) -> type:
    """The class of the objects that stand for ``self`` in a flow's methods: helpers and constants, no cells."""
    return type(f"{flow}View", (), {**members, "__module__": __name__})
