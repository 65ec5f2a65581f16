"""Where a cell was made and what it is called: found out only when somebody asks.

Making a cell keeps two words, the code object that made it and the place in it. The name is the variable that the
next instruction stores to, the line is the code object's own record. No frame is kept alive. A code object is taken
apart once and for all the cells that it made.
"""

from __future__ import annotations

import dis
import re
import sys
from array import array
from bisect import bisect_right
from functools import lru_cache
from os.path import basename, dirname, sep
from types import CodeType, FrameType
from typing import NamedTuple

_STORES = {"STORE_NAME", "STORE_FAST", "STORE_FAST_MAYBE_NULL", "STORE_GLOBAL", "STORE_DEREF"}
_TAKES_TWO = {"BINARY_OP", "COMPARE_OP", "BINARY_SUBSCR"}
_CALLS = {"CALL", "CALL_KW", "PRECALL", "KW_NAMES", "PUSH_NULL"}
_SKIPPED = {"CACHE", "NOP", "EXTENDED_ARG", "NOT_TAKEN"}
_NEEDED = {"LOAD_ATTR": 1, "LOAD_METHOD": 1}  # these look into the value on top
# Two instructions in one (Python 3.13 and later); their value is a pair of names.
_FUSED = re.compile(r"(STORE_FAST|LOAD_FAST(?:_BORROW)?)_(STORE_FAST|LOAD_FAST(?:_BORROW)?)")
_KEPT = 64  # code objects whose listings are kept: those that a picture is likely to ask for again


class _Step(NamedTuple):
    """One instruction as far as it matters here: the name that it stores to, and what it does to the stack."""

    operation: str
    argument: int
    name: str
    effect: int


class _ById:
    """A code object as a key: its own hash would read all of it each time."""

    __slots__ = ("code",)

    def __init__(self, code: CodeType) -> None:
        self.code = code

    def __hash__(self) -> int:
        return id(self.code)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and self.code is other.code


class _Listing:
    """A code object taken apart once, however many cells were made in it."""

    __slots__ = ("line_starts", "lines", "offsets", "steps")

    def __init__(self, code: CodeType) -> None:
        known = [(start, line or 0) for start, _, line in code.co_lines()]
        self.line_starts = array("L", (start for start, _ in known))
        self.lines = array("L", (line for _, line in known))
        self.offsets = array("L")
        self.steps: list[_Step] = []
        same: dict[_Step, _Step] = {}  # most instructions are like another: each is kept once
        for one in dis.get_instructions(code):
            for step in _steps(one):
                self.offsets.append(one.offset)
                self.steps.append(same.setdefault(step, step))


def _steps(one: dis.Instruction) -> tuple[_Step, ...]:
    operation = one.opname
    if operation in _SKIPPED:
        return ()
    fused = _FUSED.fullmatch(operation)
    if fused is not None:
        names = one.argval if isinstance(one.argval, tuple) else ("", "")
        return tuple(
            _Step(part, 0, str(name), -1 if part in _STORES else 1)
            for part, name in zip(fused.groups(), names, strict=True)
        )
    name = str(one.argval) if operation in _STORES or operation == "STORE_ATTR" else ""
    effect = 0
    if operation in _CALLS or operation.startswith("LOAD_"):
        effect = dis.stack_effect(one.opcode, one.arg)
    return (_Step(operation, one.arg or 0, name, effect),)


@lru_cache(_KEPT)
def _listing(key: _ById) -> _Listing:
    return _Listing(key.code)


class Site(NamedTuple):
    """A place in a program: a code object and the offset of an instruction in it."""

    code: CodeType
    offset: int

    @property
    def line(self) -> int:
        """The line number, 0 when the code object does not tell."""
        listing = _listing(_ById(self.code))
        at = bisect_right(listing.line_starts, self.offset) - 1
        return listing.lines[at] if at >= 0 else 0

    @property
    def name(self) -> str | None:
        """The variable or attribute that the value made here is stored to, also in a tuple; None if there is none."""
        listing = _listing(_ById(self.code))
        above = 0  # how many values lie above ours on the stack
        unpacked = False  # the next instruction takes apart the tuple in which ours is
        # the offset may lie in the caches behind a call
        for at in range(bisect_right(listing.offsets, self.offset), len(listing.steps)):
            operation, count, name, effect = listing.steps[at]
            if operation == "UNPACK_SEQUENCE" and unpacked:
                unpacked = False
            elif unpacked:
                return None
            elif operation == "STORE_ATTR":  # the object lies above the value
                if above == 1:
                    return name
                above -= 2
            elif operation in _STORES:
                if above == 0:
                    return name or None
                above -= 1
            elif operation == "SWAP":
                above = 0 if above == count - 1 else count - 1 if above == 0 else above
            elif operation == "COPY":
                above += count - 1 != above  # a copy of ours is ours
            elif operation == "BUILD_TUPLE" and above < count:  # a, b, c = ...: the first is taken out first
                above, unpacked = count - 1 - above, True
            elif operation in _TAKES_TWO:
                if above < 2:
                    return None
                above -= 1
            elif operation in _CALLS or (
                operation.startswith("LOAD_") and above >= _NEEDED.get(operation, 0)
            ):
                above += effect
            else:
                return None
            if above < 0:  # an argument of a call
                return None
        return None

    def __str__(self) -> str:
        return f"{file_name(self.code)}:{self.line}"


_HOME = dirname(dirname(__file__)) + sep
_OURS: dict[str, bool] = {}  # by file name, whether it belongs to reactflow


def file_name(code: CodeType) -> str:
    """The file of a code object as a person knows it: in a notebook the number of the cell, ``In[3]``."""
    name = basename(code.co_filename)
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    number = getattr(getattr(shell, "compile", None), "_filename_map", {}).get(code.co_filename)
    return name if number is None else f"In[{number}]"


def is_ours(frame: FrameType) -> bool:
    """Whether a frame runs reactflow's own code (an example in a docstring of ours is not)."""
    return in_package(frame.f_code)


def in_package(code: CodeType) -> bool:
    """Whether a code object is of reactflow itself, or generated by it."""
    name = code.co_filename
    known = _OURS.get(name)
    if known is None:
        known = _OURS[name] = name.startswith((_HOME, "<reactflow"))
    return known


def calling_frame(depth: int = 1) -> FrameType | None:
    """The innermost frame outside reactflow that led to this call; ``depth`` frames are known to be of reactflow."""
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None:
        known = _OURS.get(frame.f_code.co_filename)
        if not (is_ours(frame) if known is None else known):
            return frame
        frame = frame.f_back
    return None


def here() -> Site | None:
    """The innermost place outside reactflow that led to this call."""
    frame = calling_frame()
    return None if frame is None else Site(frame.f_code, frame.f_lasti)


def function_line(fn: object) -> str:
    """``file:line`` of a function, empty for one that is not written in Python."""
    code = getattr(fn, "__code__", None)
    return f"{file_name(code)}:{code.co_firstlineno}" if isinstance(code, CodeType) else ""
