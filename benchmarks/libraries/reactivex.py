"""reactivex: streams of events; a cell is a stream that repeats nothing, several are joined by ``combine_latest``.

A cell that several others follow is kept hot in a ``BehaviorSubject``, or each follower would compute it anew. There is
no batch: between the two writes of one event, observers see what never belonged together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from importlib import import_module
from typing import Any

from benchmarks.libraries.library import Node, Sink
from benchmarks.loops import ByCall


class Reactivex(ByCall):
    """Cells that a work lets several others follow are hot, the rest are plain pipes."""

    batch = nullcontext

    def __init__(self) -> None:
        self.reactivex: Any = import_module("reactivex")
        self.operators: Any = import_module("reactivex.operators")
        self.subject: Any = import_module("reactivex.subject").BehaviorSubject

    def source(self, value: Any) -> Node:
        return self.subject(value)

    def _piped(self, node: Node, fn: Callable[[Any], Any]) -> Node:
        return node.pipe(self.operators.map(fn), self.operators.distinct_until_changed())

    def _joined(self, nodes: Sequence[Node], fn: Callable[[Any], Any]) -> Node:
        return self._piped(self.reactivex.combine_latest(*nodes), fn)

    def _hot(self, node: Node) -> Node:
        hot = self.subject(None)
        node.subscribe(hot)
        return hot

    def plus_one(self, a: Node) -> Node:
        return self._piped(a, lambda value: value + 1)

    def same(self, a: Node) -> Node:
        return self._hot(self._piped(a, lambda value: value))

    def tenth(self, a: Node) -> Node:
        return self._hot(self._piped(a, lambda value: value // 10))

    def plus(self, a: Node, b: Node) -> Node:
        return self._hot(self._joined((a, b), lambda values: values[0] + values[1]))

    def minus(self, a: Node, b: Node) -> Node:
        return self._hot(self._joined((a, b), lambda values: values[0] - values[1]))

    def times(self, a: Node, b: Node) -> Node:
        return self._joined((a, b), lambda values: values[0] * values[1])

    def choose(self, flag: Node, odd: Node, even: Node) -> Node:
        return self._hot(
            self._joined((flag, odd, even), lambda values: values[1] if values[0] % 2 else values[2])
        )

    def total(self, nodes: Sequence[Node]) -> Node:
        return self._joined(nodes, sum)

    def settle(self, node: Node) -> object:
        """Nothing: a stream is computed when it is written."""

    def watch(self, node: Node, sink: Sink) -> object:
        return node.subscribe(sink)

    def look(self, node: Node) -> Any:
        return self.reader(node)()

    def writer(self, source: Node) -> Callable[[Any], object]:
        write: Callable[[Any], object] = source.on_next
        return write

    def reader(self, node: Node) -> Callable[[], Any]:
        latest: list[Any] = [None]
        node.subscribe(lambda value: latest.__setitem__(0, value))
        return lambda: latest[0]
