"""larch-reactive: objects with cells and rules, written in Cython; ``a.value`` reads and writes.

A derived cell is an object with a cell and the rule that sets it; the rule is tracked, and runs when
what it read has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from benchmarks.libraries.library import Node, Sink
from benchmarks.loops import ByAttribute

Rule = Callable[[Any], None]


class Larch(ByAttribute):
    """Its classes are made here, as it may not be installed."""

    def __init__(self) -> None:
        larch: Any = import_module("larch.reactive")
        self.batch = larch.atomic
        self.kept: list[object] = []
        reactive: Any = larch.reactive
        rule: Callable[[Rule], Rule] = larch.rule
        cell: Any = larch.Cell

        @reactive
        class Source:
            value = cell(0)

        class One:
            def __init__(self, a: Node) -> None:
                self.a = a

        class Two:
            def __init__(self, a: Node, b: Node) -> None:
                self.a, self.b = a, b

        @reactive
        class PlusOne(One):
            value = cell(0)

            @rule
            def update(self) -> None:
                self.value = self.a.value + 1

        @reactive
        class Same(One):
            value = cell(0)

            @rule
            def update(self) -> None:
                self.value = self.a.value

        @reactive
        class Tenth(One):
            value = cell(0)

            @rule
            def update(self) -> None:
                self.value = self.a.value // 10

        @reactive
        class Plus(Two):
            value = cell(0)

            @rule
            def update(self) -> None:
                self.value = self.a.value + self.b.value

        @reactive
        class Minus(Two):
            value = cell(0)

            @rule
            def update(self) -> None:
                self.value = self.a.value - self.b.value

        @reactive
        class Times(Two):
            value = cell(0)

            @rule
            def update(self) -> None:
                self.value = self.a.value * self.b.value

        @reactive
        class Choose:
            value = cell(0)

            def __init__(self, flag: Node, odd: Node, even: Node) -> None:
                self.flag, self.odd, self.even = flag, odd, even

            @rule
            def update(self) -> None:
                self.value = self.odd.value if self.flag.value % 2 else self.even.value

        @reactive
        class Total:
            value = cell(0)

            def __init__(self, nodes: Sequence[Node]) -> None:
                self.nodes = nodes

            @rule
            def update(self) -> None:
                self.value = sum([node.value for node in self.nodes])

        @reactive
        class Watch:
            def __init__(self, node: Node, sink: Sink) -> None:
                self.node, self.sink = node, sink

            @rule
            def tell(self) -> None:
                self.sink(self.node.value)

        self.source_of: Any = Source
        self.plus_one: Any = PlusOne
        self.same: Any = Same
        self.tenth: Any = Tenth
        self.plus: Any = Plus
        self.minus: Any = Minus
        self.times: Any = Times
        self.choose: Any = Choose
        self.total: Any = Total
        self.watching: Any = Watch

    def source(self, value: Any) -> Node:
        made = self.source_of()
        made.value = value
        return made

    def settle(self, node: Node) -> object:
        """Keeps the cell: a rule holds what it reads, and nothing holds the rule."""
        self.kept.append(node)
        return node

    def watch(self, node: Node, sink: Sink) -> object:
        self.kept.append(made := self.watching(node, sink))
        return made

    def look(self, node: Node) -> Any:
        return node.value
