"""What a batch restores: for each node that it touched, what the node was before.

A journal is a list of levels, one for the outermost batch and one for each savepoint inside it. An entry is made when a
level first touches a node. A level that ends well passes its entries down; one that fails gives every node back its
outcome together with the version that belongs to it. Versions are never given twice to different outcomes, so whatever
was derived from a value that is now undone sees another version than it saw then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from reactflow.cells.doing import DOING, EVENT

if TYPE_CHECKING:
    from reactflow.cells.engine import Engine
    from reactflow.cells.node import Node


class Saved(NamedTuple):
    """A node as it was: outcome and version, and if it is computed its inputs with the versions it saw of them.

    ``memory`` is what a node keeps between events: a fold's state, what changes are compared with, or where a source
    was written.
    """

    outcome: Any
    version: int
    inputs: tuple[Node, ...]
    seen: tuple[int, ...] | int | None
    memory: Any
    is_pulse: bool  # a tracked node is a pulse or not by what it read


def save(node: Node) -> Saved:
    """The entry for a node as it is now."""
    return Saved(
        node.outcome,
        node.version,
        node.inputs,
        getattr(node, "seen", None),
        getattr(node, "memory", None) if hasattr(node, "seen") else getattr(node, "written_at", None),
        node.is_pulse,
    )


def touch(engine: Engine, node: Node) -> None:
    """Make the innermost level remember a node, unless it does so already."""
    level = engine.levels[-1]
    if node not in level:
        level[node] = save(node)


def merge_level(engine: Engine) -> None:
    """End a savepoint well: the level below remembers what it did not touch itself."""
    level = engine.levels.pop()
    below = engine.levels[-1]
    for node, entry in level.items():
        below.setdefault(node, entry)


def restore_level(engine: Engine) -> None:
    """Undo what the innermost level touched, and mark it, so that nothing keeps what was derived meanwhile."""
    from reactflow.cells.node import Computed

    level = engine.levels[-1]
    DOING.epoch += EVENT
    for node, entry in level.items():
        node.outcome, node.version, node.is_pulse = entry.outcome, entry.version, entry.is_pulse
        if isinstance(node, Computed):
            if hasattr(node, "memory"):
                setattr(node, "memory", entry.memory)  # noqa: B010  # folds and changes have one, others do not
            engine.rewire(node, entry.inputs, entry.seen)
        else:
            setattr(node, "written_at", entry.memory)  # noqa: B010  # what is written has one
    for node in level:
        if isinstance(node, Computed):
            engine.mark_anew(node)
        else:
            engine.mark(node)
    level.clear()
