"""What a function says, as text that is the same on every Python: its syntax tree without places and comments.

A code object differs from one Python to the next, and source text with every blank; a tree says what is computed. Only
functions that people wrote for their flows are read: the standard library's say something else in each version of
Python, and are known by name, as are those whose source is not there (typed at a prompt, or installed without it).
"""

from __future__ import annotations

import ast
import linecache
import sys
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any, TypeAlias

_Function: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda"
_NEVER_SHOWN = frozenset(
    {"ctx", "kind", "type_comment", "type_params", "decorator_list", "returns", "annotation"}
)


def body_of(fn: object) -> str:
    """The parameters and the body of a Python function in one form; empty if its source is not to be had.

    Blanks, comments, line breaks, annotations, decorators and the docstring do not show.

    >>> from reactflow.flow.body import normal
    >>> normal("lambda a,b: a*b # area") == normal("lambda a, b: (a * b)") != normal("lambda a, b: a + b")
    True
    """
    if not isinstance(fn, FunctionType) or not is_of_users(fn.__module__) or _is_ours(fn):
        return ""
    found = _source_of(fn.__code__, fn.__globals__)
    return "" if found is None else _text(found)


def normal(source: str) -> str:
    """The text of an expression, as ``body_of`` gives that of a function.

    >>> normal("a  + 1")
    "BinOp(left=Name(id='a') op=Add() right=Constant(value=1))"
    """
    return _text(ast.parse(source.strip(), mode="eval").body)


def is_of_users(module: str | None) -> bool:
    """Whether people wrote a module for their flows: it is neither the standard library's nor this package's.

    >>> is_of_users("rooms.areas"), is_of_users("math"), is_of_users("reactflow.cells")
    (True, False, False)
    """
    home = str(module or "").split(".")[0]
    return home not in sys.stdlib_module_names and home != "reactflow"


def _is_ours(fn: FunctionType) -> bool:
    return fn.__code__.co_filename.startswith(_HOME)


_HOME = __file__[: -len("flow/body.py")]


def _source_of(code: CodeType, scope: dict[str, Any]) -> _Function | None:
    """The part of a file that a code object was compiled from."""
    lines = linecache.getlines(code.co_filename, scope)
    if not lines:
        return None
    near = [one for one in _functions("".join(lines)) if _first_line(one) == code.co_firstlineno]
    named = [one for one in near if getattr(one, "name", "<lambda>") == code.co_name]
    if len(named) > 1:
        named = [one for one in named if _holds(one, code)]
    return named[0] if len(named) == 1 else None


@lru_cache(maxsize=16)
def _functions(source: str) -> tuple[_Function, ...]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    return tuple(
        one for one in ast.walk(tree) if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    )


def _first_line(one: _Function) -> int:
    decorators = [] if isinstance(one, ast.Lambda) else one.decorator_list
    return min([one.lineno, *(each.lineno for each in decorators)])


def _holds(one: _Function, code: CodeType) -> bool:
    """Whether the code comes from within a function's body, for several on one line; the innermost such has it all."""
    if not isinstance(one, ast.Lambda):
        return False
    body = one.body
    spans = [
        (line, column, end, last)
        for line, end, column, last in code.co_positions()
        if line is not None and end is not None and column is not None and last is not None and last > column
    ]
    wanted = (body.lineno, body.col_offset, body.end_lineno, body.end_col_offset)
    return wanted in spans


def _text(node: object) -> str:
    """One form for a tree: fields that are empty are left out, since later Pythons have more of them."""
    if isinstance(node, ast.AST):
        body = _said(node)
        fields = [
            f"{name}={_text(value)}"
            for name, value in body
            if value is not None and value != [] and name not in _NEVER_SHOWN
        ]
        is_lambda = isinstance(node, ast.Lambda)
        return f"{'Lambda' if is_lambda else type(node).__name__}({' '.join(fields)})"
    if isinstance(node, list):
        return f"[{' '.join(map(_text, node))}]"
    return ascii(node)  # what repr shows of text differs with the Unicode that a Python knows


def _said(node: ast.AST) -> list[tuple[str, Any]]:
    fields = list(ast.iter_fields(node))
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return fields
    body = node.body
    is_text = (
        isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    )
    return [(name, value[1:] if name == "body" and is_text else value) for name, value in fields]
