"""What a library has to be able to do for the works to be written once; each adapter says it in the library's own way.

An adapter is thin: a node is the library's own object, a read and a write are the library's own notation, and a node
costs the one function call that a user of the library would write. The objects of a peer are of no type that we know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

from benchmarks.loops import Loop

Kind = Literal["reactflow", "pure", "compiled"]

Node = Any
"""A cell of the library."""

Sink = Callable[[Any], object]
"""What an effect hands a value to."""


class Library(Protocol):
    """One library, or one form of ours. It holds on to whatever has to live as long as the graph."""

    # --- nodes

    def source(self, value: Any) -> Node:
        """A source cell."""
        ...

    def plus_one(self, a: Node) -> Node:
        """A derived cell: one more than another."""
        ...

    def same(self, a: Node) -> Node:
        """A derived cell: the value of another."""
        ...

    def tenth(self, a: Node) -> Node:
        """A derived cell: the tenth part of another, without its remainder."""
        ...

    def plus(self, a: Node, b: Node) -> Node:
        """A derived cell: a sum."""
        ...

    def minus(self, a: Node, b: Node) -> Node:
        """A derived cell: a difference."""
        ...

    def times(self, a: Node, b: Node) -> Node:
        """A derived cell: a product."""
        ...

    def choose(self, flag: Node, odd: Node, even: Node) -> Node:
        """A derived cell: one of two others, by a third."""
        ...

    def total(self, nodes: Sequence[Node]) -> Node:
        """A derived cell: the sum of many."""
        ...

    def settle(self, node: Node) -> object:
        """Bring a cell up to date while a deep graph is built, if its library would otherwise recurse through it."""
        ...

    def watch(self, node: Node, sink: Sink) -> object:
        """Hand the value of a cell to `sink`, now or not, and whenever it changes."""
        ...

    def look(self, node: Node) -> Any:
        """Read a cell once."""
        ...

    # --- loops: those of ``ByAttribute`` or ``ByCall``

    def writes(self, source: Node) -> Loop:
        """See ``ByAttribute``, as for all that follow."""
        ...

    def writes_and_reads(self, source: Node, out: Node) -> Loop: ...

    def reads_often(self, source: Node, out: Node) -> Loop: ...

    def writes_often(self, source: Node, out: Node) -> Loop: ...

    def switches(self, flag: Node, odd: Node, even: Node) -> Loop: ...

    def writes_all(self, sources: Sequence[Node]) -> Loop: ...

    def writes_four(self, a: Node, b: Node, c: Node, d: Node) -> Loop: ...

    def writes_pairs(self, pairs: Sequence[tuple[Node, Node]]) -> Loop: ...
