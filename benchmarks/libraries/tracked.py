"""Nodes for libraries that find the inputs of a function by running it, for each way of reading a cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.libraries.library import Node


class ReadsAttribute:
    """A cell is read as ``a.value``."""

    make: Callable[[Callable[[], Any]], Node]
    """Makes a derived cell of a function without arguments."""

    def plus_one(self, a: Node) -> Node:
        return self.make(lambda: a.value + 1)

    def same(self, a: Node) -> Node:
        return self.make(lambda: a.value)

    def tenth(self, a: Node) -> Node:
        return self.make(lambda: a.value // 10)

    def plus(self, a: Node, b: Node) -> Node:
        return self.make(lambda: a.value + b.value)

    def minus(self, a: Node, b: Node) -> Node:
        return self.make(lambda: a.value - b.value)

    def times(self, a: Node, b: Node) -> Node:
        return self.make(lambda: a.value * b.value)

    def choose(self, flag: Node, odd: Node, even: Node) -> Node:
        return self.make(lambda: odd.value if flag.value % 2 else even.value)

    def total(self, nodes: Sequence[Node]) -> Node:
        return self.make(lambda: sum([node.value for node in nodes]))

    def look(self, node: Node) -> Any:
        return node.value


class ReadsCall:
    """A cell is read as ``a()``."""

    make: Callable[[Callable[[], Any]], Node]

    def plus_one(self, a: Node) -> Node:
        return self.make(lambda: a() + 1)

    def same(self, a: Node) -> Node:
        return self.make(lambda: a())

    def tenth(self, a: Node) -> Node:
        return self.make(lambda: a() // 10)

    def plus(self, a: Node, b: Node) -> Node:
        return self.make(lambda: a() + b())

    def minus(self, a: Node, b: Node) -> Node:
        return self.make(lambda: a() - b())

    def times(self, a: Node, b: Node) -> Node:
        return self.make(lambda: a() * b())

    def choose(self, flag: Node, odd: Node, even: Node) -> Node:
        return self.make(lambda: odd() if flag() % 2 else even())

    def total(self, nodes: Sequence[Node]) -> Node:
        return self.make(lambda: sum([node() for node in nodes]))

    def look(self, node: Node) -> Any:
        return node()


class ReadsGet:
    """A cell is read as ``a.get()``."""

    make: Callable[[Callable[[], Any]], Node]

    def plus_one(self, a: Node) -> Node:
        return self.make(lambda: a.get() + 1)

    def same(self, a: Node) -> Node:
        return self.make(lambda: a.get())

    def tenth(self, a: Node) -> Node:
        return self.make(lambda: a.get() // 10)

    def plus(self, a: Node, b: Node) -> Node:
        return self.make(lambda: a.get() + b.get())

    def minus(self, a: Node, b: Node) -> Node:
        return self.make(lambda: a.get() - b.get())

    def times(self, a: Node, b: Node) -> Node:
        return self.make(lambda: a.get() * b.get())

    def choose(self, flag: Node, odd: Node, even: Node) -> Node:
        return self.make(lambda: odd.get() if flag.get() % 2 else even.get())

    def total(self, nodes: Sequence[Node]) -> Node:
        return self.make(lambda: sum([node.get() for node in nodes]))

    def look(self, node: Node) -> Any:
        return node.get()
