"""Semantic hashes: one for each cell, of what it is computed from, and from them the version of a flow.

A cell's hash covers its name, kind, default, type, equality, what it stores, its fold, the hashes of its inputs, and
its function: by name and, where the source is there, by what the body says (``body``), with the functions of the same
module that it calls and the constants that it reaches. So a changed lambda is a new version; a moved line or another
comment is not, nor is another order of declaration. Hashes are the same in every process and on every Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from hashlib import sha256
from types import CodeType, FunctionType
from typing import Any

from reactflow.cells import UNSET, Constant, Fold, Node, Plan
from reactflow.errors import StateError
from reactflow.flow.body import body_of
from reactflow.flow.codec import Codec
from reactflow.flow.equality import Wider
from reactflow.flow.fitting import type_name
from reactflow.flow.methods import Method, is_constant, nested


def fingerprint(plan: Plan, codec: Codec, revision: int = 0) -> str:
    """The version of a flow: sixteen hex digits that change when the hash of any cell does, or the revision.

    >>> from reactflow.cells import cell
    >>> length = cell(3.0)
    >>> one, other = (
    ...     Plan.of({"length": length, "double": length * 2}),
    ...     Plan.of({"length": length, "double": length * 3}),
    ... )
    >>> fingerprint(one, Codec({})) == fingerprint(other, Codec({}))
    False
    """
    hashes = cell_hashes(plan, codec)
    return _hash([*(f"{name}={hashes[name]}" for name in sorted(hashes)), f"revision={revision}"])


def cell_hashes(plan: Plan, codec: Codec) -> dict[str, str]:
    """The semantic hash of every named cell: what two versions of a flow do not share, they compute differently.

    >>> from reactflow.cells import cell
    >>> length, width = cell(3.0), cell(1.0)
    >>> one = Plan.of({"length": length, "width": width, "double": length * 2})
    >>> other = Plan.of({"length": length, "width": width, "double": length * 3})
    >>> old, new = cell_hashes(one, Codec({})), cell_hashes(other, Codec({}))
    >>> [name for name in new if old[name] != new[name]]
    ['double']
    """
    hashes: list[str] = []
    for node in plan.nodes:
        hashes.append(_hash(_parts(node, codec, hashes)))
    return {name: hashes[place] for name, place in plan.names.items()}


def fold_tag(fold: Fold[Any, Any], codec: Codec) -> str:
    """What a fold's state was made by: its name, and for a fold of your own also its ``add`` and its zero.

    >>> from reactflow.cells import folds
    >>> fold_tag(folds.max, Codec({})), fold_tag(Fold(1, max, name="top"), Codec({}))
    ('max', 'top builtins.max 1')
    """
    from reactflow.cells import folds

    if getattr(folds, fold.name, None) is fold:
        return str(fold.name)
    return f"{fold.name} {_name(fold.add)} {_value(fold.zero, codec)}"


def _hash(parts: list[str]) -> str:
    """Of parts, each with its length, so that no two lists of them run into one."""
    return sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()[:16]


def _parts(node: Node, codec: Codec, hashes: list[str]) -> list[str]:
    arguments = [
        _value(one.value, codec) if isinstance(one, Constant) else f"#{hashes[one]}" for one in node.arguments
    ]
    fold, gathered = node.fold, node.gathered
    return [
        node.kind.value,
        node.name or "",
        ",".join(hashes[place] for place in node.inputs),
        _function(node.fn, codec),
        ",".join(arguments),
        _function(node.equal, codec),
        "" if node.default is UNSET else _value(node.default, codec),
        "" if fold is None else fold_tag(fold, codec),
        ""
        if fold is None
        else "\n".join(_function(one, codec) for one in (fold.add, fold.merge, fold.result)),
        f"pulse={node.is_pulse} stored={node.stored}",
        type_name(node.type),
        *(
            []
            if gathered is None
            else [*map(str, gathered.id), *map(type_name, gathered.id.values()), gathered.value]
        ),
    ]


def _value(value: object, codec: Codec) -> str:
    try:
        return codec.encode_value(value).decode()
    except StateError:
        return _function(value, codec) if isinstance(value, FunctionType) else type_name(type(value))


def _function(fn: Callable[..., Any] | None, codec: Codec) -> str:
    """What a function is called and says, and what the functions say that it reaches; each of them once."""
    if fn is None:
        return ""
    said: dict[str, None] = {}
    seen: set[int] = set()
    waiting: list[Any] = [fn]
    while waiting:
        here = waiting.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        if isinstance(here, partial):
            given = [_value(one, codec) for one in here.args] + [
                f"{key}={_value(here.keywords[key], codec)}" for key in sorted(here.keywords)
            ]
            said[f"{_name(here.func)}({', '.join(given)})"] = None
            waiting.append(here.func)
            continue
        if isinstance(here, Wider):
            waiting.append(here.equal)
        if isinstance(here, Method):
            waiting.extend(reversed(list(_members(here))))
            here = here.function
        if not callable(here):
            said[_value(here, codec)] = None
            continue
        owner = getattr(here, "__self__", None)
        bound = f" of {_value(owner, codec)}" if owner is not None and is_constant(owner) else ""
        body = body_of(here)
        said[f"{_name(here)}{bound} {body}"] = None
        if body:
            said.update((f"{name}: {_value(value, codec)}", None) for name, value in _constants(here))
            waiting.extend(reversed(list(_helpers(here))))
    return "\n".join(said)


def _name(fn: Any) -> str:
    """``module.function``; a function that is written where it is used has no name that stays."""
    name = getattr(fn, "__qualname__", None) or type(fn).__qualname__
    return f"{getattr(fn, '__module__', None) or ''}.{name}"


def _members(method: Method) -> Iterator[object]:
    """The helpers and constants of its class that a method reaches, those that its helpers reach included."""
    found: dict[str, object] = {}
    waiting = [method.function.__code__]
    while waiting:
        for name in sorted(_names(waiting.pop())):
            one = vars(method.view).get(name)
            if name in found or one is None or name.startswith("__"):
                continue
            found[name] = one = one.fget if isinstance(one, property) else getattr(one, "__func__", one)
            if isinstance(one, FunctionType):
                waiting.append(one.__code__)
    return iter(found.values())


def _names(code: CodeType) -> set[str]:
    found = set(code.co_names)
    for inner in nested(code):
        found |= _names(inner)
    return found


def _reached(fn: FunctionType) -> Iterator[tuple[str, object]]:
    """What a function reaches by a name of its module, of its closure, or as a default, in one order."""
    variables: dict[str, object] = {}
    for name, kept in zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=False):
        try:
            variables[name] = kept.cell_contents
        except ValueError:  # not filled yet
            continue
    scope: Mapping[str, object] = fn.__globals__
    for name in sorted(_names(fn.__code__)):
        if name in scope:
            variables.setdefault(name, scope[name])
    variables.update((f"default {place}", one) for place, one in enumerate(fn.__defaults__ or ()))
    variables.update((f"default {name}", one) for name, one in (fn.__kwdefaults__ or {}).items())
    return iter(sorted(variables.items()))


def _constants(fn: FunctionType) -> Iterator[tuple[str, object]]:
    return ((name, value) for name, value in _reached(fn) if is_constant(value))


def _helpers(fn: FunctionType) -> Iterator[FunctionType]:
    return (
        one for _, one in _reached(fn) if isinstance(one, FunctionType) and one.__module__ == fn.__module__
    )
