"""A flow that lives from a stored state on: the cells of a notebook, as they were in production."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reactflow.cells import UNSET, Kind, Plan
from reactflow.flow.flow import Cells, Flow, kept_up_to_date, live_cells


def alive(flow: type[Flow], state: Mapping[str, object]) -> Any:
    """A live instance of a flow in a state as its step keeps it: sources and folds as they are there.

    >>> from reactflow import cell, fold, folds
    >>> class Room(Flow):
    ...     length = cell(0.0)
    ...     peak = fold(length.changes(), folds.max)
    >>> alive(Room, {"length": 3.0, "peak": (7.0,)})
    Room(length=3.0; peak=7.0)
    """
    plan = flow.plan
    nodes = tuple(
        replace(node, fold=replace(node.fold, zero=state[node.name]))
        if node.fold is not None and node.name is not None and node.name in state
        else node
        for node in plan.nodes
    )
    sources = {
        node.name: state.get(node.name, UNSET) for node in nodes if node.kind is Kind.SOURCE and node.name
    }
    made = live_cells(Plan(nodes, plan.names), sources)
    one = object.__new__(flow)
    named = {name: made[place] for name, place in plan.names.items()}
    vars(one)["cells"] = Cells(flow.__name__, named)
    vars(one)["_keeper"] = kept_up_to_date(named.values())
    return one
