"""Nodes: what propagation needs of a cell, fold or effect, and nothing else.

How a node comes to its outcome is its class's business (``cell``, ``derived``, ``pulse``, ``fold``, ``effect``), when
it does so is the engine's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from reactflow.cells.semantics import Equal
from reactflow.errors import InternalError

# A computed node is LAZY while nobody observes it: it is checked when read. An observed one is CLEAN or STALE.
LAZY, CLEAN, STALE = 0, 1, 2
NEVER = -1  # a version that no node has: who saw it has to look again


class Node:
    """What propagation needs of a node; everything else about it is in the subclasses."""

    __slots__ = ("outcome", "version", "observers", "is_pulse", "equal")
    outcome: Any
    version: int
    observers: dict[Any, None] | None
    is_pulse: bool
    equal: Equal | None
    name: Any
    if (
        TYPE_CHECKING
    ):  # what is written has a slot for this: the version that its last write gave it, and where that was
        written_at: tuple[int, Site | None] | None
    if TYPE_CHECKING:  # a computed node has slots for these
        inputs: tuple[Node, ...]
        state: int
        checked: int

        @property
        def where(self) -> str: ...
    else:
        inputs, state, checked = (), CLEAN, NEVER
    is_root = False  # a fold, keeper or effect: follows its inputs even if nobody observes it
    is_eager = False  # looked at when an event ends: roots but effects, and changes
    is_effect = False
    kind_is_known = True  # False: whether it is a pulse depends on what is read, here or further up


class Computed(Node):
    """A node with inputs. ``seen`` are the inputs' versions at the last run, None when it has to run in any case."""

    if not TYPE_CHECKING:  # the slots are in the subclasses, since one of them has two bases
        __slots__ = ()
    seen: tuple[int, ...] | int | None  # an int: all versions up to it
    # state: LAZY, CLEAN or STALE; checked: the epoch at which it was last found up to date
    tracked: bool  # its inputs are what its last run read

    def compute(self) -> object:
        """Run once, with up-to-date inputs; returns the outcome, never raises an Exception."""
        raise InternalError(f"{type(self).__name__} does not say how it is computed")


class Link(ref[Any]):
    """How a fold stands among its pulse's observers: weakly, so that a fold nobody can read goes away."""

    __slots__ = ("source",)
    source: ref[Any]  # the pulse; weakly, so that a link which waits to be unsubscribed keeps nothing alive


def versions_seen(inputs: tuple[Node, ...], seen: tuple[int, ...] | int | None) -> tuple[int, ...] | None:
    """The inputs' versions at a node's last run. A region only notes the latest token of that moment."""
    if isinstance(seen, int):
        return tuple(one.version if one.version <= seen else NEVER for one in inputs)
    return seen
