"""Where a cell was made and what it is called: found out only when somebody asks.

Making a cell keeps two words, the code object that made it and the place in it. The name is the variable that the
next instruction stores to, the line is the code object's own record. No frame is kept alive.
"""

from __future__ import annotations

import dis
import sys
from os.path import basename, dirname, sep
from types import CodeType, FrameType
from typing import NamedTuple

_STORES = {"STORE_NAME", "STORE_FAST", "STORE_GLOBAL", "STORE_DEREF"}
_TAKES_TWO = {"BINARY_OP", "COMPARE_OP", "BINARY_SUBSCR"}
_CALLS = {"CALL", "CALL_KW", "PRECALL", "KW_NAMES", "PUSH_NULL", "CACHE", "NOP", "EXTENDED_ARG", "NOT_TAKEN"}
_NEEDED = {"LOAD_ATTR": 1, "LOAD_METHOD": 1}  # these look into the value on top


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
        """The variable or attribute that the value made here is stored to, also in a tuple; None if there is none."""
        above = 0  # how many values lie above ours on the stack
        unpacked = False  # the next instruction takes apart the tuple in which ours is
        for one in dis.get_instructions(self.code):
            if one.offset <= self.offset:  # the offset may lie in the caches behind a call
                continue
            operation, count = one.opname, one.arg or 0
            if operation == "UNPACK_SEQUENCE" and unpacked:
                unpacked = False
            elif unpacked:
                return None
            elif operation == "STORE_ATTR":  # the object lies above the value
                if above == 1:
                    return str(one.argval)
                above -= 2
            elif operation.startswith("STORE_") and operation in _STORES:
                if above == 0:
                    return str(one.argval)
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
                above += dis.stack_effect(one.opcode, one.arg)
            else:
                return None
            if above < 0:  # an argument of a call
                return None
        return None

    def __str__(self) -> str:
        return f"{file_name(self.code)}:{self.line}"


_HOME = dirname(dirname(__file__)) + sep


def file_name(code: CodeType) -> str:
    """The file of a code object as a person knows it: in a notebook the number of the cell, ``In[3]``."""
    name = basename(code.co_filename)
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    number = getattr(getattr(shell, "compile", None), "_filename_map", {}).get(code.co_filename)
    return name if number is None else f"In[{number}]"


def is_ours(frame: FrameType) -> bool:
    """Whether a frame runs reactflow's own code (an example in a docstring of ours is not)."""
    return frame.f_code.co_filename.startswith(_HOME)


def here() -> Site | None:
    """The innermost place outside reactflow that led to this call."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_ours(frame):
        frame = frame.f_back
    return None if frame is None else Site(frame.f_code, frame.f_lasti)


def function_line(fn: object) -> str:
    """``file:line`` of a function, empty for one that is not written in Python."""
    code = getattr(fn, "__code__", None)
    return f"{file_name(code)}:{code.co_firstlineno}" if isinstance(code, CodeType) else ""
