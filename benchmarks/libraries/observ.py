"""observ: dicts that are watched, after Vue's; ``state["value"] = 3`` writes, a computed is called.

A source is a dict with one entry and the function that reads it, so that sources and computed cells are read alike:
a call more where a source is read, a fiftieth of what the read costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any

from benchmarks.libraries.library import Node, Sink
from benchmarks.libraries.tracked import ReadsCall
from benchmarks.loops import ByCall


class Source:
    """A watched dict with one entry."""

    __slots__ = ("state",)

    def __init__(self, state: Any) -> None:
        self.state = state

    def __call__(self) -> Any:
        return self.state["value"]


class Observ(ReadsCall, ByCall):
    """Watchers are told at once; in works with batches they wait for its scheduler, which is flushed at the end."""

    def __init__(self, batched: bool) -> None:
        self.observ: Any = import_module("observ")
        self.batched = batched
        if batched:
            self.observ.scheduler.register_request_flush(lambda: None)
        self.make = self.observ.computed
        self.kept: list[object] = []

    @contextmanager
    def batch(self) -> Iterator[None]:
        yield
        self.observ.scheduler.flush()

    def source(self, value: Any) -> Node:
        return Source(self.observ.reactive({"value": value}))

    def settle(self, node: Node) -> object:
        return node()

    def watch(self, node: Node, sink: Sink) -> object:
        made = self.observ.watch(node, sink, sync=not self.batched)
        self.kept.append(made)
        return made

    def writer(self, source: Node) -> Callable[[Any], object]:
        return partial(source.state.__setitem__, "value")

    def reader(self, node: Node) -> Callable[[], Any]:
        read: Callable[[], Any] = node
        return read
