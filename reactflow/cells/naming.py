"""Where a cell was made and what it is called: found out only when somebody asks.

Making a cell keeps two words, the code object that made it and the place in it. The name is the variable that the
next instruction stores to, the line is the code object's own record. No frame is kept alive.
"""

from __future__ import annotations

import dis
import sys
from os.path import basename
from types import CodeType, FrameType
from typing import NamedTuple


class Site(NamedTuple):
    """A place in a program: a code object and the offset of an instruction in it."""

    code: CodeType
    offset: int

    @property
    def line(self) -> int:
        """The line number, 0 when the code object does not tell."""
        for start, end, line in self.code.co_lines():
            if start <= self.offset < end and line is not None:
                return line
        return 0

    @property
    def name(self) -> str | None:
        """The variable or attribute that the value made here was stored to, if it was stored directly."""
        for instruction in dis.get_instructions(self.code):
            if instruction.offset > self.offset:  # the offset may lie in the caches behind a call
                if not instruction.opname.startswith("STORE_"):
                    return None
                target = instruction.argval
                return str(target[0] if isinstance(target, tuple) else target)
        return None

    def __str__(self) -> str:
        return f"{basename(self.code.co_filename)}:{self.line}"


def is_ours(frame: FrameType) -> bool:
    """Whether a frame runs reactflow's own code."""
    module = str(frame.f_globals.get("__name__", ""))
    return module == "reactflow" or module.startswith("reactflow.")


def here() -> Site | None:
    """The innermost place outside reactflow that led to this call."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_ours(frame):
        frame = frame.f_back
    return None if frame is None else Site(frame.f_code, frame.f_lasti)


def function_line(fn: object) -> str:
    """``file:line`` of a function, empty for one that is not written in Python."""
    code = getattr(fn, "__code__", None)
    return f"{basename(code.co_filename)}:{code.co_firstlineno}" if isinstance(code, CodeType) else ""
