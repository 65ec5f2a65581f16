"""Semantic hashes: one for each cell, of what it is computed from, and from them the version of a flow.

A cell's hash covers its name, kind, default, type (and the fields of the records that it names), equality, what it
stores, its fold, the hashes of its inputs, and its function: by all that the function says (``reached``). So a changed
lambda is a new version; a moved line or another comment is not, nor is another order of declaration. Hashes are the
same in every process and on every Python.
"""

from __future__ import annotations

from enum import Enum
from hashlib import sha256
from typing import Any, get_type_hints

from reactflow.cells import UNSET, Constant, Fold, Node, Plan
from reactflow.flow.closedset import classes_in, tag_of
from reactflow.flow.codec import Codec
from reactflow.flow.equality import field_names
from reactflow.flow.fitting import type_name
from reactflow.flow.reached import functions_in, name_of, said_by, said_of


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
    return f"{fold.name} {name_of(fold.add)} {said_of(fold.zero, codec)}"


def _hash(parts: list[str]) -> str:
    """Of parts, each with its length, so that no two lists of them run into one."""
    return sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()[:16]


def _parts(node: Node, codec: Codec, hashes: list[str]) -> list[str]:
    arguments = [
        said_of(one.value, codec) if isinstance(one, Constant) else f"#{hashes[one]}"
        for one in node.arguments
    ]
    fold, gathered = node.fold, node.gathered
    return [
        node.kind.value,
        node.name or "",
        ",".join(hashes[place] for place in node.inputs),
        said_by(node.fn, codec),
        ",".join(arguments),
        said_by(node.equal, codec),
        "" if node.default is UNSET else said_of(node.default, codec),
        "" if fold is None else fold_tag(fold, codec),
        "" if fold is None else "\n".join(said_by(one, codec) for one in (fold.add, fold.merge, fold.result)),
        f"pulse={node.is_pulse} stored={node.stored}",
        type_name(node.type),
        *(_shape(kind, codec) for _, kind in sorted(classes_in([node.type]).items())),
        *(
            []
            if gathered is None
            else [*map(str, gathered.id), *map(type_name, gathered.id.values()), gathered.value]
        ),
    ]


def _shape(kind: type, codec: Codec) -> str:
    """What a class of records or an Enum is: another field, type or member is another class, and so is a method."""
    if issubclass(kind, Enum):
        parts = [f"{name}={said_of(one.value, codec)}" for name, one in kind.__members__.items()]
    else:
        try:
            hints = get_type_hints(kind)
        except Exception:  # a name that only a type checker sees
            hints = dict(kind.__annotations__)
        defaults = {
            **getattr(kind, "_field_defaults", {}),
            **{name: one.default for name, one in getattr(kind, "__dataclass_fields__", {}).items()},
            **{one.name: one.default for one in getattr(kind, "__attrs_attrs__", ())},
        }
        parts = [
            f"{name}: {type_name(hints.get(name))} = {said_of(defaults.get(name), codec)}"
            for name in field_names(kind) or ()
        ]
    methods = (said_by(one, codec) for one in functions_in(kind))
    return _hash([tag_of(kind), *parts, *methods])
