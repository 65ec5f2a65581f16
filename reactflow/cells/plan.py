"""The plan: the nodes of a graph with inputs, order, equality and folds.

Both executions are made from it: the live graph (``live``) and a flow's step. It is plain, frozen data in topological
order: a node's inputs come before it. It says what there is, not what it means; the meaning is in ``semantics``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from reactflow.cells.cell import Cell
from reactflow.cells.derived import METHOD, TRACKED, Derived
from reactflow.cells.fold import FoldCell
from reactflow.cells.folds import Fold
from reactflow.cells.member_folds import MemberChange
from reactflow.cells.members import Gathered, Members
from reactflow.cells.naming import Site, function_line
from reactflow.cells.node import Node as Graph
from reactflow.cells.pulse import Changes, Pulse
from reactflow.cells.readable import Readable
from reactflow.cells.semantics import UNSET, Equal
from reactflow.errors import CycleError, DeclarationError


class Kind(Enum):
    """What a node of a plan is."""

    SOURCE = "source"
    PULSE = "pulse"
    DERIVED = "derived"
    CHANGES = "changes"
    FOLD = "fold"


@dataclass(frozen=True, slots=True)
class Constant:
    """An argument that is no node."""

    value: Any


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a plan.

    ``inputs`` are the places of its inputs in the plan, each once; ``arguments`` are what ``fn`` is called with: places
    or constants. ``equal`` is None for the default. ``default`` is UNSET without one. ``fold`` is a fold's algebra.
    ``type`` is the declared type of the value, None when it is not known. ``stored`` is None for the default.
    ``gathered`` is there for members, which are a pulse of changes.
    """

    kind: Kind
    name: str | None
    inputs: tuple[int, ...] = ()
    fn: Callable[..., Any] | None = None
    arguments: tuple[int | Constant, ...] = ()
    equal: Equal | None = None
    default: Any = UNSET
    fold: Fold[Any, Any] | None = None
    is_pulse: bool = False
    stored: bool | None = None
    type: Any = None
    site: Site | None = None
    gathered: Gathered | None = None

    @property
    def where(self) -> str:
        """The place that declared the node, as ``file:line``."""
        return str(self.site) if self.site else function_line(self.fn)


@dataclass(frozen=True, slots=True)
class Plan:
    """Nodes in topological order, and the places of the named ones."""

    nodes: tuple[Node, ...]
    names: Mapping[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Node:
        """The named node; raises KeyError."""
        return self.nodes[self.names[name]]

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    @classmethod
    def of(
        cls,
        cells: Mapping[str, Readable[Any]],
        *,
        equal: Equal | None = None,
        types: Mapping[str, Any] | None = None,
    ) -> Plan:
        """The plan of some cells by name, and of what they are computed from.

        ``equal`` is the equality of nodes that have none of their own; ``types`` are declared types by name. Raises
        DeclarationError for a tracked cell, or a source or fold that is reached but has no name, CycleError for cells
        that depend on themselves.

        >>> from reactflow import cell
        >>> length, width = cell(3.0), cell(4.0)
        >>> plan = Plan.of({"length": length, "width": width, "area": length * width})
        >>> [node.name for node in plan], plan["area"].inputs
        (['length', 'width', 'area'], (0, 1))
        """
        names: dict[Graph, str] = {}
        for name, one in cells.items():
            if one in names:
                raise DeclarationError(
                    f"{names[one]!r} and {name!r} are the same cell: name it once, or derive one"
                )
            names[one] = name
        ordered = in_order(cells.values(), names)
        places: dict[Graph, int] = {one: place for place, one in enumerate(ordered)}
        nodes = tuple(_node(one, names, places, equal, types or {}) for one in ordered)
        return cls(nodes, {names[one]: place for one, place in places.items() if one in names})


def in_order(roots: Any, names: Mapping[Graph, str]) -> list[Readable[Any]]:
    """All that the roots are computed from, inputs first; raises CycleError."""
    ordered: dict[Graph, None] = {}
    path: dict[Graph, None] = {}
    for root in roots:
        stack: list[tuple[Graph, int]] = [(root, 0)]
        while stack:
            one, place = stack.pop()
            if place == 0:
                if one in ordered:
                    continue
                path[one] = None
            if place < len(one.inputs):
                stack.append((one, place + 1))
                needed = one.inputs[place]
                if needed in path:
                    raise _cycle([*path], needed, one, names)
                if needed not in ordered:
                    stack.append((needed, 0))
            else:
                del path[one]
                ordered[one] = None
    return [one for one in ordered if isinstance(one, Readable)]


def _cycle(path: list[Graph], needed: Graph, by: Graph, names: Mapping[Graph, str]) -> CycleError:
    walked = [names.get(one, str(one.name)) for one in [*path[path.index(needed) :], needed]]
    line = function_line(by.fn) if isinstance(by, Derived) else ""
    return CycleError(
        f"{' -> '.join(walked)}; {walked[-2]!r} reads {walked[-1]!r} at {line or by.where}. Split the cell, or fold a "
        "pulse: a cell of a flow cannot depend on itself.",
        tuple(walked),
    )


def _node(
    one: Readable[Any],
    names: Mapping[Graph, str],
    places: Mapping[Graph, int],
    equal: Equal | None,
    types: Mapping[str, Any],
) -> Node:
    name = names.get(one)
    common: dict[str, Any] = {
        "name": name, "equal": one.equal or equal, "site": one.site, "is_pulse": one.is_pulse,
        "type": types.get(name) if name is not None else None,
    }  # fmt: skip
    if isinstance(one, Cell):
        _needs_name(one, name, "source cell")
        return Node(Kind.SOURCE, default=one.default, **common)
    if isinstance(one, Members):
        _needs_name(one, name, "members")
        gathered = one.gathered._replace(type=common["type"])
        return Node(Kind.PULSE, gathered=gathered, **{**common, "type": tuple[MemberChange, ...]})
    if isinstance(one, Pulse):
        _needs_name(one, name, "pulse")
        return Node(Kind.PULSE, **common)
    if not isinstance(one, Derived):
        raise DeclarationError(f"{one.name!r} ({type(one).__name__}) cannot be part of a plan")
    inputs = tuple(places[node] for node in one.inputs)
    if isinstance(one, Changes):
        return Node(Kind.CHANGES, inputs=inputs, **common)
    if isinstance(one, FoldCell):
        _needs_name(one, name, f"fold of {names.get(one.inputs[0], one.inputs[0].name)!r}")
        return Node(Kind.FOLD, inputs=inputs, fold=one.fold, stored=one.stored, **common)
    if one.form in (TRACKED, METHOD):
        raise DeclarationError(
            f"{name or one.name!r} is tracked ({function_line(one.fn) or one.where}): what it reads is only known by "
            f"running it. In a flow, name its inputs: derived(fn, a, b), or write it as a method: "
            f"@derived def {name or 'total'}(self): return self.a + self.b"
        )
    arguments = tuple(places[a] if isinstance(a, Graph) else Constant(a) for a in one.arguments)
    return Node(Kind.DERIVED, inputs=inputs, fn=one.fn, arguments=arguments, stored=one.stored, **common)


def _needs_name(one: Readable[Any], name: str | None, what: str) -> None:
    if name is None:
        raise DeclarationError(
            f"the {what} {one.name!r} ({one.where}) is used but has no name of its own, so its state could not be "
            f"kept: give it one, as in name = ... in the class, or Flow.of(..., {_identifier(one.name)}=...)"
        )


def _identifier(name: str) -> str:
    return name if name.isidentifier() else "total"
