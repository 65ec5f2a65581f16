"""Causality: which service is caused by which, found from what each reads and writes.

Pure functions over ``(service name, what it reads, what it writes)``. No service names another: an edge is
there when what one writes meets what another reads. Whether a cycle is allowed is not decided here.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterator, Mapping, Sequence

from attrs import frozen

from reactflow.errors import BindingError
from reactflow.service.meeting import meet, place_of

Reach = tuple[str, Collection[str], Collection[str]]
"""A service as seen from outside: its name, the resources it reads, the resources it writes."""


@frozen(order=True)
class Edge:
    """One service causes another, through a resource."""

    cause: str
    effect: str
    resource: str


def edges(services: Sequence[Reach]) -> tuple[Edge, ...]:
    """Every edge, in the order of the services and their outputs; raises BindingError for a name used twice.

    >>> edges([("rooms", ["kinesis/m"], ["dynamodb/areas"]), ("floors", ["dynamodb/areas"], [])])
    (Edge(cause='rooms', effect='floors', resource='dynamodb/areas'),)
    """
    _names(services)
    readers: dict[str, list[tuple[str, str]]] = {}
    for effect, reads, _ in services:
        for read in reads:
            readers.setdefault(place_of(read), []).append((effect, read))
    found = (
        Edge(cause, effect, written)
        for cause, _, writes in services
        for written in writes
        for effect, read in readers.get(place_of(written), ())
        if meet(written, read)
    )
    return tuple(dict.fromkeys(found))


def causes(services: Sequence[Reach], *names: str, direct: bool = False) -> tuple[str, ...]:
    """The services that cause the named ones, nearest first; only the nearest with ``direct``.

    A service that is in a cycle is among its own causes. Raises BindingError for a name that no service has.

    >>> system = [("a", [], ["x"]), ("b", ["x"], ["y"]), ("c", ["y"], [])]
    >>> causes(system, "c"), causes(system, "c", direct=True), effects(system, "a")
    (('b', 'a'), ('b',), ('b', 'c'))
    """
    before: dict[str, list[str]] = {name: [] for name in _names(services)}
    for edge in edges(services):
        before[edge.effect].append(edge.cause)
    return _reached(before, names, direct)


def effects(services: Sequence[Reach], *names: str, direct: bool = False) -> tuple[str, ...]:
    """The services that the named ones cause, nearest first; otherwise as ``causes``."""
    return _reached(_after(services), names, direct)


def components(services: Sequence[Reach]) -> tuple[tuple[str, ...], ...]:
    """The strongly connected components, causes before effects; each in the order of the services."""
    after = _after(services)
    place = {name: number for number, name in enumerate(after)}
    found = [tuple(sorted(each, key=place.__getitem__)) for each in _tarjan(after)]
    return tuple(reversed(found))


def cycles(services: Sequence[Reach]) -> tuple[tuple[str, ...], ...]:
    """Every component that feeds itself, each as one way round that starts and ends with the same service.

    >>> cycles([("a", ["y"], ["x"]), ("b", ["x"], ["y"]), ("c", ["x"], [])])
    (('a', 'b', 'a'),)
    """
    after = _after(services)
    firsts = [(each[0], len(each)) for each in components(services)]
    return tuple(_way_round(after, first) for first, size in firsts if size > 1 or first in after[first])


def _names(services: Sequence[Reach]) -> tuple[str, ...]:
    names = tuple(name for name, _, _ in services)
    for name, times in Counter(names).items():
        if times > 1:
            raise BindingError(f"{times} services have the name {name!r}: give each its own with name=")
    return names


def _after(services: Sequence[Reach]) -> dict[str, list[str]]:
    after: dict[str, dict[str, None]] = {name: {} for name in _names(services)}
    for edge in edges(services):
        after[edge.cause][edge.effect] = None
    return {name: list(each) for name, each in after.items()}


def _reached(next_of: Mapping[str, Sequence[str]], names: Sequence[str], direct: bool) -> tuple[str, ...]:
    for name in names:
        if name not in next_of:
            raise BindingError(f"no service has the name {name!r}: there are {', '.join(map(repr, next_of))}")
    found: dict[str, None] = {}
    waiting = deque(names)
    while waiting:
        for each in next_of[waiting.popleft()]:
            if each not in found:
                found[each] = None
                if not direct:
                    waiting.append(each)
    return tuple(found)


def _way_round(after: Mapping[str, Sequence[str]], start: str) -> tuple[str, ...]:
    """A shortest way from a service back to itself; there has to be one."""
    came_from: dict[str, str] = {}
    waiting = deque([start])
    while start not in came_from:
        here = waiting.popleft()
        for each in after[here]:
            if each not in came_from:
                came_from[each] = here
                waiting.append(each)
    way = [start, came_from[start]]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return tuple(reversed(way))


def _tarjan(after: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Tarjan's algorithm with its own stack, effects first: a chain of any length needs no recursion."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    on_path: set[str] = set()
    for root in after:
        if root in number:
            continue
        visits: list[tuple[str, Iterator[str]]] = []

        def enter(name: str, visits: list[tuple[str, Iterator[str]]] = visits) -> None:
            number[name] = lowest[name] = len(number)
            path.append(name)
            on_path.add(name)
            visits.append((name, iter(after[name])))

        enter(root)
        while visits:
            here, rest = visits[-1]
            for each in rest:
                if each not in number:
                    enter(each)
                    break
                if each in on_path:
                    lowest[here] = min(lowest[here], number[each])
            else:
                visits.pop()
                if visits:
                    above = visits[-1][0]
                    lowest[above] = min(lowest[above], lowest[here])
                if lowest[here] == number[here]:
                    component = [path.pop()]
                    while component[-1] != here:
                        component.append(path.pop())
                    on_path.difference_update(component)
                    yield component
