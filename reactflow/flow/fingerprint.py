"""A flow's version: a hash of the shape of its plan, the same in every process and on every Python.

It covers names, kinds, inputs, constants, defaults, types, and what the functions are called; not what a function's
body says, since its code object differs from one Python to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any

from reactflow.cells import UNSET, Constant, Node, Plan
from reactflow.errors import StateError
from reactflow.flow.codec import Codec
from reactflow.flow.methods import Method, is_constant


def fingerprint(plan: Plan, codec: Codec) -> str:
    """Sixteen hex digits that change when the plan's shape does.

    >>> from reactflow.cells import cell
    >>> length = cell(3.0)
    >>> one, other = (
    ...     Plan.of({"length": length, "double": length * 2}),
    ...     Plan.of({"length": length, "double": length * 3}),
    ... )
    >>> fingerprint(one, Codec({})) == fingerprint(other, Codec({}))
    False
    """
    lines = [_line(node, codec) for node in plan.nodes]
    return sha256("\n".join(lines).encode()).hexdigest()[:16]


def _line(node: Node, codec: Codec) -> str:
    arguments = [
        _value(one.value, codec) if isinstance(one, Constant) else f"#{one}" for one in node.arguments
    ]
    parts = [
        node.kind.value,
        node.name or "",
        ",".join(f"#{place}" for place in node.inputs),
        _function(node.fn, codec),
        ",".join(arguments),
        _function(node.equal, codec),
        "" if node.default is UNSET else _value(node.default, codec),
        ""
        if node.fold is None
        else f"{node.fold.name}:{_value(node.fold.zero, codec)}:{_function(node.fold.add, codec)}",
        f"pulse={node.is_pulse} stored={node.stored}",
        _type(node.type),
    ]
    return "\t".join(part.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n") for part in parts)


def _value(value: object, codec: Codec) -> str:
    try:
        return codec.encode_value(value).decode()
    except StateError:
        return _type(type(value))


def _function(fn: Callable[..., Any] | None, codec: Codec) -> str:
    if fn is None:
        return ""
    if isinstance(fn, partial):
        given = [_value(one, codec) for one in fn.args] + [
            f"{key}={_value(fn.keywords[key], codec)}" for key in sorted(fn.keywords)
        ]
        return f"{_function(fn.func, codec)}({', '.join(given)})"
    if isinstance(fn, Method):
        fn = fn.function
    owner = getattr(fn, "__self__", None)
    bound = f" of {_value(owner, codec)}" if owner is not None and is_constant(owner) else ""
    name = getattr(fn, "__qualname__", None) or type(fn).__qualname__
    return f"{getattr(fn, '__module__', None) or ''}.{name}{bound}"


def _type(kind: Any) -> str:
    if kind is None:
        return ""
    return (
        f"{kind.__module__}.{kind.__qualname__}"
        if isinstance(kind, type) and not hasattr(kind, "__args__")
        else str(kind)
    )
