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
    if TYPE_CHECKING:  # a computed node has slots for these
        inputs: tuple[Node, ...]
        formers: Formers | None
        state: int
        checked: int

        @property
        def where(self) -> str: ...
    else:
        inputs, formers, state, checked = (), None, CLEAN, NEVER
    is_root = False  # a fold, keeper or effect: follows its inputs even if nobody observes it
    is_eager = False  # looked at when an event ends: roots but effects, and changes
    is_effect = False
    is_source = False
    kind_is_known = True  # False: whether it is a pulse depends on what is read, here or further up

    def unplan(self) -> bool:
        """Drop what a fast path has made of the node; returns whether there was anything."""
        return False


class Formers(dict[tuple["Node", ...], tuple[list["Node"], tuple["Node", ...]]]):
    """What a node that goes to and fro between inputs is subscribed to, and by what it reads, what its inputs are then.

    ``followed`` are its inputs, and some that it had before and will have again.
    """

    __slots__ = ("followed",)

    def __init__(self, followed: tuple[Node, ...]) -> None:
        super().__init__()
        self.followed = followed


class Computed(Node):
    """A node with inputs. ``seen`` are the inputs' versions at the last run, None when it has to run in any case."""

    if not TYPE_CHECKING:  # the slots are in the subclasses, since one of them has two bases
        __slots__ = ()
    seen: tuple[int, ...] | int | None  # see `versions_seen`
    # state: LAZY, CLEAN or STALE; checked: the epoch at which it was last found up to date
    tracked: bool  # its inputs are what its last run read
    reads: Any  # of a tracked one, what its last run read, in order, each as often as it did

    def bring_up_to_date(self) -> None:
        """Have the engine compute it first, if it has to be."""
        raise InternalError(f"{type(self).__name__} cannot be read")

    def compute(self) -> object:
        """Run once, with up-to-date inputs; returns the outcome, never raises an Exception."""
        raise InternalError(f"{type(self).__name__} does not say how it is computed")


class Link(ref[Any]):
    """How a fold stands among its pulse's observers: weakly, so that a fold nobody can read goes away."""

    __slots__ = ("source",)
    source: ref[Any]  # the pulse; weakly, so that a link which waits to be unsubscribed keeps nothing alive


def versions_seen(inputs: tuple[Node, ...], seen: tuple[int, ...] | int | None) -> tuple[int, ...] | None:
    """The versions that a node's inputs had at its last run; None when it has to run in any case.

    Kept are the versions, or that of the only input by itself. A fast path, which runs between events only, notes the
    latest version that there was, as a negative number: inputs that are not newer have the version that was seen.

    >>> from types import SimpleNamespace as Input
    >>> versions_seen((Input(version=7), Input(version=9)), -8), versions_seen((Input(version=7),), 5)
    ((7, -1), (5,))
    """
    if not isinstance(seen, int):
        return seen
    if seen < 0:
        return tuple(one.version if one.version <= -seen else NEVER for one in inputs)
    return (seen,)


def now_seen(inputs: tuple[Node, ...]) -> tuple[int, ...] | int:
    """What a node that has just run keeps of its inputs' versions."""
    return inputs[0].version if len(inputs) == 1 else tuple([one.version for one in inputs])
