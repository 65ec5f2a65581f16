"""From edges to columns: which layer a node stands in, and in which order within it.

    edges -> back edges set aside (depth-first) -> heights are layers -> points of passage for long edges
          -> orders within the layers (barycenter sweeps; the order with the fewest crossings is kept)

It promises to be deterministic, to take cycles, and to need neither recursion nor more than about linear work: every
list it builds is bounded by the nodes, the edges and ``PASSAGES``. It must not know sizes or coordinates.

Long edges from one node share their points of passage, so they leave as one trunk and branch where they are needed;
back edges to one node likewise join on their way.
(The usual way, own points for every edge, draws parallel bundles and needs layers x edges points.)
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum

SWEEPS = 8
# Points of passage: so many for each node, and a base that lets small graphs have all they want.
PASSAGES = 4
PASSAGES_BASE = 4_000


@dataclass(frozen=True, slots=True)
class Layers:
    """``order`` holds items by layer: nodes are 0..count-1, higher ones are points of passage.

    ``chains`` has, for each edge, all the items on its way, its ends included; an edge in ``lanes`` has no points of
    passage and passes below the graph. ``back`` tells which edges lead to an earlier layer, or to their own node.
    """

    count: int
    order: tuple[tuple[int, ...], ...]
    chains: tuple[tuple[int, ...], ...]
    back: frozenset[int]
    lanes: frozenset[int]


def arrange(count: int, edges: Sequence[tuple[int, int]]) -> Layers:
    """Layers of the nodes 0..count-1; ``edges`` may be cyclic, and must not hold the same edge twice."""
    back, found = _back_edges(count, edges)
    layer = _heights(count, edges, back)
    chains, lanes, layer, companions = _passages(count, edges, back, layer)
    order = _first_order(count, layer, found)
    left, right = _neighbours(len(layer), chains, layer, companions)
    best = _sweep(order, left, right, companions)
    return Layers(count, tuple(tuple(column) for column in best), tuple(chains), back, lanes)


def _back_edges(count: int, edges: Sequence[tuple[int, int]]) -> tuple[frozenset[int], list[int]]:
    """The edges that close a cycle on a depth-first walk from the left, and the walk's order of discovery."""
    outgoing: list[list[int]] = [[] for _ in range(count)]
    has_input = [False] * count
    for number, (source, target) in enumerate(edges):
        outgoing[source].append(number)
        if source != target:
            has_input[target] = True
    back: set[int] = set()
    place = [0] * count  # 0 not seen, 1 on the path, 2 done
    found: list[int] = []
    for root in sorted(range(count), key=has_input.__getitem__):
        if place[root]:
            continue
        place[root] = 1
        found.append(root)
        path = [(root, iter(outgoing[root]))]
        while path:
            node, rest = path[-1]
            for number in rest:
                target = edges[number][1]
                if place[target] == 1:
                    back.add(number)
                elif not place[target]:
                    place[target] = 1
                    found.append(target)
                    path.append((target, iter(outgoing[target])))
                    break
            else:
                place[node] = 2
                path.pop()
    return frozenset(back), found


def _heights(count: int, edges: Sequence[tuple[int, int]], back: frozenset[int]) -> list[int]:
    """Longest way from a node without inputs, over the edges that lead forward."""
    outgoing: list[list[int]] = [[] for _ in range(count)]
    missing = [0] * count
    for number, (source, target) in enumerate(edges):
        if number not in back:
            outgoing[source].append(target)
            missing[target] += 1
    layer = [0] * count
    ready = [node for node in range(count) if not missing[node]]
    for node in ready:  # grows while it is walked
        for target in outgoing[node]:
            layer[target] = max(layer[target], layer[node] + 1)
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)
    return layer


def _reach(edges: Sequence[tuple[int, int]], back: frozenset[int], layer: list[int], count: int) -> int:
    """The longest span for which points of passage are affordable; edges with a longer one go below."""
    spans = [abs(layer[target] - layer[source]) for source, target in edges]
    allowed = max(spans, default=0)
    while allowed > 1:
        trunk = [0] * count
        needed = 0
        for number, (source, _) in enumerate(edges):
            if spans[number] > allowed:
                continue
            if number in back:
                needed += spans[number] + 1
            elif spans[number] - 1 > trunk[source]:
                needed += spans[number] - 1 - trunk[source]
                trunk[source] = spans[number] - 1
        if needed <= PASSAGES * count + PASSAGES_BASE:
            break
        allowed //= 2
    return allowed


def _passages(
    count: int, edges: Sequence[tuple[int, int]], back: frozenset[int], layer: list[int]
) -> tuple[list[tuple[int, ...]], frozenset[int], list[int], dict[int, list[int]]]:
    """Chains of items, edges without them, layers of all items, and the points that stay beside their own node."""
    allowed = _reach(edges, back, layer, count)
    layers = list(layer)
    trunks: dict[int, list[int]] = {}  # by source, from left to right
    returns: dict[int, list[int]] = {}  # of back edges, by target, from left to right
    companions: dict[int, list[int]] = {}
    chains: list[tuple[int, ...]] = []
    lanes: set[int] = set()

    def passage(at: int) -> int:
        layers.append(at)
        return len(layers) - 1

    for number, (source, target) in enumerate(edges):
        span = layer[target] - layer[source]
        if abs(span) > max(allowed, 1):
            lanes.add(number)
            chains.append((source, target))
        elif number in back:
            # Out on the right, to the left beside or between the boxes, round beside the target, in from the left.
            trunk = returns.setdefault(target, [])
            if not trunk:
                trunk.append(passage(layer[target]))
                companions.setdefault(target, []).insert(0, trunk[0])
            if len(trunk) <= -span:
                while len(trunk) <= -span:
                    trunk.append(passage(layer[target] + len(trunk)))
                companions.setdefault(source, []).append(trunk[-1])
            chains.append((source, *trunk[-span::-1], target))
        else:
            trunk = trunks.setdefault(source, [])
            between = span - 1
            while len(trunk) < between:
                trunk.append(passage(layer[source] + 1 + len(trunk)))
            chains.append((source, *trunk[:between], target))
    return chains, frozenset(lanes), layers, companions


def _first_order(count: int, layer: list[int], found: list[int]) -> list[list[int]]:
    """By discovery: what hangs together stands together before the first sweep."""
    order: list[list[int]] = [[] for _ in range(max(layer, default=-1) + 1)]
    for node in found:
        order[layer[node]].append(node)
    for item in range(count, len(layer)):
        order[layer[item]].append(item)
    return order


def _neighbours(
    size: int, chains: list[tuple[int, ...]], layer: list[int], companions: dict[int, list[int]]
) -> tuple[list[list[int]], list[list[int]]]:
    """Each item's neighbours one layer to the left and to the right, once each."""
    left: list[dict[int, None]] = [{} for _ in range(size)]
    right: list[dict[int, None]] = [{} for _ in range(size)]
    for chain in chains:
        for a, b in pairwise(chain):
            if layer[a] > layer[b]:
                a, b = b, a
            if layer[b] - layer[a] == 1:
                left[b][a] = None
                right[a][b] = None
    for owner, points in companions.items():  # a node is drawn to where its companions are drawn
        for point in points:
            left[owner].update(left[point])
            right[owner].update(right[point])
    return [list(items) for items in left], [list(items) for items in right]


def _sweep(
    order: list[list[int]], left: list[list[int]], right: list[list[int]], companions: dict[int, list[int]]
) -> list[list[int]]:
    beside = {point for points in companions.values() for point in points}
    current = [
        _with_companions([item for item in column if item not in beside], companions) for column in order
    ]
    best, fewest = current, _crossings(current, right)
    without_gain = 0
    for sweep in range(SWEEPS):
        if not fewest or without_gain == 4:
            break
        columns = list(current)
        forward = sweep % 2 == 0
        near = left if forward else right
        numbers = range(1, len(columns)) if forward else range(len(columns) - 2, -1, -1)
        for number in numbers:
            fixed = columns[number - 1 if forward else number + 1]
            place = {item: float(at) for at, item in enumerate(fixed)}
            free = [item for item in columns[number] if item not in beside]
            columns[number] = _with_companions(_by_barycenter(free, place, near), companions)
        current = columns
        crossings = _crossings(current, right)
        without_gain += 1
        if crossings < fewest:
            best, fewest, without_gain = current, crossings, 0
    return best


def _with_companions(column: list[int], companions: dict[int, list[int]]) -> list[int]:
    if not companions:
        return column
    return [each for item in column for each in (item, *companions.get(item, ()))]


def _by_barycenter(column: list[int], place: dict[int, float], near: list[list[int]]) -> list[int]:
    """Sorted by the mean place of the neighbours; what has none keeps its place."""
    means = {}
    for item in column:
        places = [place[other] for other in near[item] if other in place]
        if places:
            means[item] = fsum(places) / len(places)
    moved = iter(sorted(means, key=means.__getitem__))
    return [next(moved) if item in means else item for item in column]


def _crossings(order: list[list[int]], right: list[list[int]]) -> int:
    """Pairs of edges between neighbouring layers that cross."""
    total = 0
    for number in range(len(order) - 1):
        place = {item: at for at, item in enumerate(order[number + 1])}
        seen: list[int] = []
        for item in order[number]:
            ends = sorted(place[other] for other in right[item] if other in place)
            for end in ends:
                total += len(seen) - bisect_right(seen, end)
            for end in ends:
                insort(seen, end)
    return total
