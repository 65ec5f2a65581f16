"""From a plan to a live graph: the first of the two executions."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from reactflow.cells.cell import Cell
from reactflow.cells.derived import EXPLICIT, Derived
from reactflow.cells.fold import FoldCell
from reactflow.cells.members import Members
from reactflow.cells.plan import Constant, Kind, Node, Plan
from reactflow.cells.pulse import Changes, Pulse
from reactflow.cells.readable import Readable
from reactflow.errors import InternalError


def instantiate(plan: Plan, given: Mapping[str, Any] | None = None) -> list[Readable[Any]]:
    """Make live cells of a plan's nodes, in its order; ``given`` are values of source cells instead of their defaults.

    >>> from reactflow import cell
    >>> plan = Plan.of({"length": (length := cell(3.0)), "double": length * 2})
    >>> [one.value for one in instantiate(plan, {"length": 5.0})]
    [5.0, 10.0]
    """
    made: list[Readable[Any]] = []
    for node in plan.nodes:
        made.append(_make(node, made, given or {}))
        made[-1].site = node.site
    return made


def _make(node: Node, made: list[Readable[Any]], given: Mapping[str, Any]) -> Readable[Any]:
    inputs = tuple(made[place] for place in node.inputs)
    if node.kind is Kind.SOURCE:
        default = (
            deepcopy(node.default) if node.name is None else given.get(node.name, deepcopy(node.default))
        )
        return Cell(default, node.equal, node.name)
    if node.gathered is not None:
        return Members(node.gathered, node.name)
    if node.kind is Kind.PULSE:
        return Pulse(node.name)
    if node.kind is Kind.CHANGES:
        return Changes(inputs[0], node.name, node.equal)
    if node.kind is Kind.FOLD and node.fold is not None:
        if isinstance(inputs[0], Members):
            inputs[0].look_for(node.fold)
        return FoldCell(inputs[0], node.fold, node.equal, node.name)
    if node.fn is None:
        raise InternalError(f"node {node.name!r} of kind {node.kind.value} has no function")
    arguments = tuple(one.value if isinstance(one, Constant) else made[one] for one in node.arguments)
    return Derived(node.fn, arguments, EXPLICIT, node.equal, node.name, node.stored)
