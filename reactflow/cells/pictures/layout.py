"""Where everything stands: a pure function from a GraphView to boxes and routes in pixels.

    view -> parts that hang together -> layers (layers.py) -> heights (heights.py) -> columns -> curves -> packed

It promises: equal views give equal layouts; no two boxes overlap; every distinct edge has one route, which starts on
the right side of its first box, ends on the left side of its last, and passes through no box. It must not know a
format (SVG, a widget) nor escape anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum, sqrt

from reactflow.cells.graphview import GraphView, NodeView
from reactflow.cells.pictures import labels
from reactflow.cells.pictures.heights import heights
from reactflow.cells.pictures.layers import arrange

MARGIN = 14.0
MARK = 22.0  # the kind's mark, left of the name
PADDING = 12.0
NARROWEST, WIDEST = 84.0, 250.0
TALL, LOW = 46.0, 32.0  # a box with a second line, and one without
COLUMN_GAP, STEEP, COLUMN_GAP_MOST = 52.0, 0.14, 170.0
LOOP = 20.0  # how far a back edge swings out beside a box
PORT_GAP = 7.0
LANE_GAP, LANES = 9.0, 24
PART_GAP = 34.0

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A node's rectangle; (x, y) is its upper left corner."""

    id: int
    x: float
    y: float
    width: float
    height: float
    layer: int


@dataclass(frozen=True, slots=True)
class Route:
    """An edge's way as cubic Bezier curves: a first point, then for each curve two control points and its end.

    ``back`` marks an edge that leads to the left, or to its own node: part of a cycle.
    """

    source: int
    target: int
    points: tuple[Point, ...]
    back: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """Boxes in the order of the view's nodes, routes in that of its distinct edges, and the size of the whole."""

    boxes: tuple[Box, ...]
    routes: tuple[Route, ...]
    width: float
    height: float


def second_line(node: NodeView) -> str:
    """What stands under the name: the value, else that there is none, else nothing."""
    return labels.visible(node.value) or {"unset": "unset", "error": "error"}.get(node.state, "")


def detail_text(node: NodeView) -> str:
    """The operator or function as it stands beside the name."""
    return labels.cut(labels.visible(node.detail), 14)


def measure(node: NodeView) -> tuple[float, float]:
    """Width and height that a node's box wants."""
    below = second_line(node)
    beside = detail_text(node)
    name = labels.name_width(labels.visible(node.name)) + (labels.mono_width(beside) + 10 if beside else 0)
    width = MARK + PADDING * 2 + max(name, labels.mono_width(below))
    return min(max(width, NARROWEST), WIDEST), TALL if below else LOW


def layout(view: GraphView) -> Layout:
    """Places for all of a view.

    >>> from reactflow.cells.graphview import GraphView, NodeView
    >>> a, b = layout(GraphView((NodeView(0, "a"), NodeView(1, "b")), ((0, 1),))).boxes
    >>> (a.layer, b.layer, a.y == b.y, a.x + a.width < b.x)
    (0, 1, True, True)
    """
    index = {node.id: at for at, node in enumerate(view.nodes)}
    edges = [(index[source], index[target]) for source, target in dict.fromkeys(view.edges)]
    sizes = [measure(node) for node in view.nodes]
    boxes: list[Box | None] = [None] * len(view.nodes)
    routes: list[Route | None] = [None] * len(edges)
    parts = [
        _Part(view, members, numbers, edges, sizes) for members, numbers in _parts(len(view.nodes), edges)
    ]
    places, width, height = _pack([(part.width, part.height) for part in parts])
    for part, (dx, dy) in zip(parts, places, strict=True):
        for at, box in part.boxes(dx, dy):
            boxes[at] = box
        for number, route in part.routes(dx, dy):
            routes[number] = route
    return Layout(
        tuple(box for box in boxes if box is not None),
        tuple(route for route in routes if route is not None),
        width,
        height,
    )


def _parts(count: int, edges: Sequence[tuple[int, int]]) -> list[tuple[list[int], list[int]]]:
    """What hangs together: (nodes, edge numbers) of each part, in the order of their first nodes."""
    parent = list(range(count))

    def top(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for source, target in edges:
        a, b = top(source), top(target)
        parent[max(a, b)] = min(a, b)
    parts: dict[int, tuple[list[int], list[int]]] = {}
    for node in range(count):
        parts.setdefault(top(node), ([], []))[0].append(node)
    for number, (source, _) in enumerate(edges):
        parts[top(source)][1].append(number)
    return list(parts.values())


def _pack(sizes: Sequence[tuple[float, float]]) -> tuple[list[Point], float, float]:
    """Parts on shelves, from left to right and from top to bottom, in a picture that is rather wide than high."""
    area = fsum((width + PART_GAP) * (height + PART_GAP) for width, height in sizes)
    widest = max([sqrt(area) * 1.5, *(width for width, _ in sizes)])
    places: list[Point] = []
    x = y = shelf = right = 0.0
    for width, height in sizes:
        if x and x + width > widest:
            x, y, shelf = 0.0, y + shelf + PART_GAP, 0.0
        places.append((x + MARGIN, y + MARGIN))
        right = max(right, x + width)
        x += width + PART_GAP
        shelf = max(shelf, height)
    return places, round(right + MARGIN * 2, 1), round(y + shelf + MARGIN * 2, 1)


class _Part:
    """The places of one connected part, its own upper left corner being (0, 0)."""

    def __init__(
        self,
        view: GraphView,
        members: list[int],
        numbers: list[int],
        edges: Sequence[tuple[int, int]],
        sizes: Sequence[tuple[float, float]],
    ) -> None:
        local = {node: at for at, node in enumerate(members)}
        own = [(local[edges[number][0]], local[edges[number][1]]) for number in numbers]
        self._ids = [view.nodes[node].id for node in members]
        self._members, self._numbers, self._edges = members, numbers, own
        self._layers = layers = arrange(len(members), own)
        items = sum(len(column) for column in layers.order)
        self._layer = [0] * items
        for number, column in enumerate(layers.order):
            for item in column:
                self._layer[item] = number
        self._height = [sizes[node][1] for node in members] + [0.0] * (items - len(members))
        widths = [
            max((sizes[members[i]][0] for i in column if i < len(members)), default=0.0)
            for column in layers.order
        ]
        self._width = widths
        self._y = heights(layers, self._height)
        self._x = self._columns()
        self._ports = self._arrivals()
        self._curves = [self._curve(number) for number in range(len(own))]
        self._normalise()

    def _columns(self) -> list[float]:
        """Left edges of the columns; the gap before one is wider the steeper the edges that cross it."""
        steep = [0.0] * len(self._width)
        for chain in self._layers.chains:
            for a, b in pairwise(chain):
                if abs(self._layer[a] - self._layer[b]) == 1:
                    right = max(self._layer[a], self._layer[b])
                    steep[right] = max(steep[right], abs(self._y[a] - self._y[b]))
        x, columns = 0.0, [0.0]
        for number in range(1, len(self._width)):
            x += self._width[number - 1] + min(COLUMN_GAP + STEEP * steep[number], COLUMN_GAP_MOST)
            columns.append(x)
        return columns

    def _arrivals(self) -> list[float]:
        """For each edge the y at which it meets its target: spread over the side, in the order they come from."""
        coming: dict[int, list[tuple[float, int]]] = {}
        joined: dict[int, int] = {}  # back edges to one node arrive as one
        for number, chain in enumerate(self._layers.chains):
            if number in self._layers.lanes:
                coming.setdefault(chain[-1], []).append((1e9, number))
            elif number not in self._layers.back:
                coming.setdefault(chain[-1], []).append((self._y[chain[-2]], number))
            elif joined.setdefault(chain[-1], number) == number:
                coming.setdefault(chain[-1], []).append((1e8, number))
        ports = [0.0] * len(self._edges)
        for target, arrivals in coming.items():
            room = self._height[target] - 16
            step = min(PORT_GAP, room / max(len(arrivals) - 1, 1))
            first = self._y[target] - step * (len(arrivals) - 1) / 2
            for at, (_, number) in enumerate(sorted(arrivals)):
                ports[number] = first + at * step
        for number in self._layers.back - self._layers.lanes:
            ports[number] = ports[joined[self._layers.chains[number][-1]]]
        return ports

    def _curve(self, number: int) -> list[Point]:
        chain, port = self._layers.chains[number], self._ports[number]
        if number in self._layers.lanes:
            return self._lane(number)
        back = number in self._layers.back
        source, target = chain[0], chain[-1]
        right = self._x[self._layer[source]] + self._width[self._layer[source]]
        points: list[Point] = [(right, self._y[source])]
        for item in chain[1:-1]:
            start, end = (
                self._x[self._layer[item]],
                self._x[self._layer[item]] + self._width[self._layer[item]],
            )
            if back:
                start, end = end, start
                if item == chain[1]:
                    _swing(points, (start, self._y[item]), LOOP)
                else:
                    _bend(points, (start, self._y[item]))
            else:
                _bend(points, (start, self._y[item]))
            _straight(points, (end, self._y[item]))
        end_point = (self._x[self._layer[target]], port)
        if back:
            _swing(points, end_point, -LOOP)
        else:
            _bend(points, end_point)
        return points

    def _lane(self, number: int) -> list[Point]:
        """Down in the gap after the source, along below everything, and up in the gap before the target."""
        source, target = self._edges[number]
        right = self._x[self._layer[source]] + self._width[self._layer[source]]
        left = self._x[self._layer[target]]
        floor = max(y + h / 2 for y, h in zip(self._y, self._height, strict=True))
        y = floor + 20 + (source % LANES) * LANE_GAP
        points: list[Point] = [(right, self._y[source])]
        turn = COLUMN_GAP / 2
        _corner(points, (right + turn, self._y[source]), (right + turn, y))
        _corner(points, (right + turn, y), (left - turn, y))
        _corner(points, (left - turn, y), (left - turn, self._ports[number]))
        _straight(points, (left, self._ports[number]))
        return points

    def _normalise(self) -> None:
        """Moves all so that nothing is left of or above 0, and takes the size."""
        reals = range(len(self._members))
        xs = [x for curve in self._curves for x, _ in curve] + self._x
        ys = [y for curve in self._curves for _, y in curve]
        ys += [self._y[i] - self._height[i] / 2 for i in reals]
        lows = [self._y[i] + self._height[i] / 2 for i in reals]
        self._dx, self._dy = -min(xs), -min(ys)
        self.width = max([*xs, *(x + w for x, w in zip(self._x, self._width, strict=True))]) + self._dx
        self.height = max(ys + lows) + self._dy

    def boxes(self, dx: float, dy: float) -> list[tuple[int, Box]]:
        made = []
        for item, node in enumerate(self._members):
            layer, height = self._layer[item], self._height[item]
            x, y = self._x[layer] + self._dx + dx, self._y[item] - height / 2 + self._dy + dy
            made.append(
                (node, Box(self._ids[item], round(x, 1), round(y, 1), self._width[layer], height, layer))
            )
        return made

    def routes(self, dx: float, dy: float) -> list[tuple[int, Route]]:
        dx, dy = dx + self._dx, dy + self._dy
        made = []
        for at, (number, curve) in enumerate(zip(self._numbers, self._curves, strict=True)):
            points = tuple((round(x + dx, 1), round(y + dy, 1)) for x, y in curve)
            source, target = self._edges[at]
            made.append(
                (number, Route(self._ids[source], self._ids[target], points, at in self._layers.back))
            )
        return made


def _straight(points: list[Point], end: Point) -> None:
    (x, y), (x2, y2) = points[-1], end
    points += ((x + (x2 - x) / 3, y + (y2 - y) / 3), (x + (x2 - x) * 2 / 3, y + (y2 - y) * 2 / 3), end)


def _bend(points: list[Point], end: Point) -> None:
    (x, y), (x2, y2) = points[-1], end
    middle = (x + x2) / 2
    points += ((middle, y), (middle, y2), end)


def _swing(points: list[Point], end: Point, out: float) -> None:
    (x, y), (x2, y2) = points[-1], end
    points += ((x + out, y), (x2 + out, y2), end)


def _corner(points: list[Point], corner: Point, end: Point) -> None:
    """Straight to the corner and on to the end, both exactly."""
    _straight(points, corner)
    _straight(points, end)
