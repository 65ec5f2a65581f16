"""A GraphView as SVG: one string that stands alone.

It promises well-formed XML for any text, ids that no other picture on the page shares (they carry a hash of the
content), a title and a description for those who do not see it, and colours that can be read on light and on dark:
boxes bring their own ground, lines are of a grey between. The light colours are attributes, so that a viewer which
drops styles still shows them; the style only adds the dark ones. It must not hold script, fonts or links.
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import NamedTuple

from reactflow.cells.graphview import GraphView, NodeView
from reactflow.cells.pictures import labels
from reactflow.cells.pictures.layout import (
    MARK,
    PADDING,
    Box,
    Layout,
    Point,
    Route,
    detail_text,
    layout,
    second_line,
)

TOOLTIP = 400  # characters


class Ink(NamedTuple):
    """Colours of a box on a light and on a dark ground: fill, line (also of the mark)."""

    fill: str
    line: str
    dark_fill: str
    dark_line: str


TEXT, MUTED, DARK_TEXT, DARK_MUTED = "#1f2937", "#5b6675", "#f1f5f9", "#a3b1c2"
EDGE, DARK_EDGE = "#8b98a9", "#75849a"
BACK, DARK_BACK = "#c2703d", "#d08a5b"
PLAIN = Ink("#ffffff", "#9aa7b7", "#1e2733", "#66768f")
INKS = {
    "cell": Ink("#eef5ff", "#4f8ae8", "#172a45", "#5b93ea"),
    "derived": PLAIN,
    "pulse": Ink("#fff8e6", "#d9930d", "#33270f", "#dfa53a"),
    "fold": Ink("#f6f1ff", "#8f63e0", "#2a2042", "#a583ec"),
    "effect": Ink("#eafaf4", "#1f9d78", "#11302a", "#35b48f"),
    "service": Ink("#eef0ff", "#6470d9", "#20244a", "#8791ee"),
    "source": Ink("#eaf8fb", "#2a98ae", "#10303a", "#45b3c8"),
    "sink": Ink("#fdf0f6", "#c95f95", "#3a1b2c", "#dc80ae"),
}
UNSET = Ink("#f4f5f7", "#c3cad3", "#20262e", "#4c5663")
ERROR = Ink("#fff0ef", "#dc4437", "#3d1a1a", "#ef6a5f")
ERROR_TEXT, DARK_ERROR_TEXT = "#b3261e", "#ff9b92"

# Marks in a square of 14 by 14, drawn with the kind's line colour; "fill" ones are filled instead.
_MARKS = {
    "cell": '<circle cx="7" cy="7" r="4.2" class="f"/>',
    "derived": '<path d="M2 4.8h9.5M2 9.2h9.5"/>',
    "pulse": '<path d="M8.2 1L3 8h3.4l-.8 5L11 6H7.4z" class="f"/>',
    "fold": '<path d="M11 3.6V2H3.2L7.4 7l-4.2 5H11v-1.6"/>',
    "effect": '<path d="M4 2.4l7.2 4.6L4 11.6z" class="f"/>',
    "service": '<rect x="2" y="2" width="10" height="10" rx="2.6"/><circle cx="7" cy="7" r="2" class="f"/>',
    "source": '<path d="M1.5 7h7M5.8 4l3 3-3 3M9 1.8h3.2v10.4H9"/>',
    "sink": '<path d="M5.5 7h7M9.8 4l3 3-3 3M5 1.8H1.8v10.4H5"/>',
}


def svg(view: GraphView) -> str:
    """The picture.

    >>> from reactflow.cells.graphview import GraphView, NodeView
    >>> "<title>area" in svg(GraphView((NodeView(0, "area"),)))
    True
    """
    places = layout(view)
    mine = prefix(view)
    width, height = _number(max(places.width, 1)), _number(max(places.height, 1))
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" id="{mine}" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img" aria-labelledby="{mine}-t {mine}-d" '
            "font-family=\"system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif\" "
            'style="max-width:100%;height:auto">\n'
            f'<title id="{mine}-t">{escape(labels.visible(view.title) or "Graph")}</title>\n'
            f'<desc id="{mine}-d">{escape(describe(view))}</desc>\n'
            f"<style>{_style(mine, view)}</style>\n<defs>{_arrow(mine, 'edge', EDGE)}"
        )
    ]
    if any(route.back for route in places.routes):
        parts.append(_arrow(mine, "back", BACK))
    parts.append("</defs>\n")
    parts.append(_edges(mine, places))
    parts += [_node(mine, node, box) for node, box in zip(view.nodes, places.boxes, strict=True)]
    parts.append("</svg>\n")
    return "".join(parts)


def prefix(view: GraphView) -> str:
    """An id for this picture: the same for equal views, another for any other view."""
    content = repr((view.title, view.nodes, view.edges)).encode("utf-8", "backslashreplace")
    return "rf" + sha256(content).hexdigest()[:10]


def escape(text: str) -> str:
    """Visible text as XML character data; also right between double quotes."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("'", "&#39;")


def describe(view: GraphView) -> str:
    """The graph in words, for a screen reader.

    >>> from reactflow.cells.graphview import GraphView, NodeView
    >>> describe(GraphView((NodeView(0, "a"), NodeView(1, "b", "derived")), ((0, 1),)))
    '2 nodes: 1 cell, 1 derived. 1 edge: a to b.'
    """
    if not view.nodes:
        return "An empty graph."
    counts = Counter(labels.visible(node.kind) for node in view.nodes)
    kinds = ", ".join(f"{number} {kind}" for kind, number in counts.items())
    words = f"{len(view.nodes)} node{'s' if len(view.nodes) != 1 else ''}: {kinds}."
    if view.edges:
        names = {node.id: labels.cut(labels.visible(node.name), 30) for node in view.nodes}
        some = ", ".join(f"{names[source]} to {names[target]}" for source, target in view.edges[:20])
        more = ", and more" if len(view.edges) > 20 else ""
        words += f" {len(view.edges)} edge{'s' if len(view.edges) != 1 else ''}: {some}{more}."
    return words


def tooltip(node: NodeView) -> str:
    """All that is known of a node, in full."""
    kind = f"{node.kind}, {node.detail}" if node.detail else node.kind
    lines = [f"{node.name} ({kind})"]
    if node.value or node.state in ("unset", "error"):
        lines.append({"error": "error: ", "unset": "unset "}.get(node.state, "") + node.value)
    if node.site:
        lines.append(node.site)
    return "\n".join(labels.cut(labels.visible(line), TOOLTIP).rstrip() for line in lines)


def _ink(node: NodeView) -> tuple[str, Ink]:
    if node.state == "error":
        return "error", ERROR
    if node.state == "unset":
        return "unset", UNSET
    return (node.kind, INKS[node.kind]) if node.kind in INKS else ("plain", PLAIN)


def _node(mine: str, node: NodeView, box: Box) -> str:
    word, ink = _ink(node)
    below = second_line(node)
    beside = detail_text(node)
    x, y = _number(box.x), _number(box.y)
    room = box.width - MARK - PADDING * 2
    taken = labels.mono_width(beside) + 10 if beside else 0.0
    name = labels.cut_name(labels.visible(node.name), room - taken + 0.5)
    middle = 19.5 if below else box.height / 2 + 4.5
    colour = "#78828f" if word == "unset" else TEXT
    dash = ' stroke-dasharray="5 3"' if node.kind == "pulse" else ""
    mark = _MARKS.get(node.kind, "").replace('class="f"', f'fill="{ink.line}" class="f"')
    parts = [
        (
            f'<g id="{mine}-n{node.id}" class="n {word}" transform="translate({x} {y})">'
            f"<title>{escape(tooltip(node))}</title>"
            f'<rect class="b" width="{_number(box.width)}" height="{_number(box.height)}" rx="9" '
            f'fill="{ink.fill}" stroke="{ink.line}" stroke-width="1.3"{dash}/>'
        )
    ]
    if mark:
        parts.append(
            f'<g class="m" transform="translate(10 {_number(middle - 11.5)})" fill="none" stroke="{ink.line}" '
            f'stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">{mark}</g>'
        )
    text_x = _number(PADDING + MARK - 4)
    parts.append(
        f'<text class="t" x="{text_x}" y="{_number(middle)}" font-size="{_number(labels.NAME_SIZE)}" '
        f'font-weight="600" fill="{colour}">{escape(name)}</text>'
    )
    mono = (
        f'font-size="{_number(labels.SMALL_SIZE)}" '
        "font-family=\"ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace\""
    )
    if beside:
        parts.append(
            f'<text class="s" x="{_number(box.width - PADDING)}" y="{_number(middle)}" text-anchor="end" '
            f'{mono} fill="{MUTED}">{escape(beside)}</text>'
        )
    if below:
        shown = labels.cut(below, int((room + 0.5) / (labels.MONOSPACE * labels.SMALL_SIZE)))
        colour = ERROR_TEXT if word == "error" else "#78828f" if word == "unset" else MUTED
        style = ' font-style="italic"' if word == "unset" else ""
        parts.append(
            f'<text class="v" x="{text_x}" y="36" {mono} fill="{colour}"{style}>{escape(shown)}</text>'
        )
    parts.append("</g>\n")
    return "".join(parts)


def _edges(mine: str, places: Layout) -> str:
    if not places.routes:
        return ""
    drawn: set[tuple[Point, ...]] = set()
    forward = [_path(mine, route, drawn) for route in places.routes if not route.back]
    back = [_path(mine, route, drawn) for route in places.routes if route.back]
    text = (
        f'<g class="e" fill="none" stroke="{EDGE}" stroke-width="1.5">{"".join(forward)}</g>\n'
        if forward
        else ""
    )
    if back:
        looks = f'fill="none" stroke="{BACK}" stroke-width="1.5" stroke-dasharray="6 3"'
        text += f'<g class="r" {looks}>{"".join(back)}</g>\n'
    return text


def _path(mine: str, route: Route, drawn: set[tuple[Point, ...]]) -> str:
    """A route without what is drawn already: twice the same line would look bolder than its neighbours."""
    words = []
    pen: Point | None = None
    for at in range(0, len(route.points) - 1, 3):
        curve = route.points[at : at + 4]
        if curve in drawn:
            continue
        drawn.add(curve)
        (x, y), (x1, y1), (x2, y2), end = curve
        if pen != (x, y):
            words.append(f"M{_number(x)} {_number(y)}")
        if y == y1 == y2 == end[1]:
            words.append(f"H{_number(end[0])}")
        else:
            numbers = (x1, y1, x2, y2, *end)
            words.append("C" + " ".join(_number(number) for number in numbers))
        pen = end
    arrow = (
        f' marker-end="url(#{mine}-{"back" if route.back else "edge"})"' if pen == route.points[-1] else ""
    )
    return f'<path d="{"".join(words)}"{arrow}/>'


def _arrow(mine: str, name: str, colour: str) -> str:
    return (
        f'<marker id="{mine}-{name}" viewBox="0 0 10 10" refX="8.6" refY="5" markerUnits="userSpaceOnUse" '
        f'markerWidth="9" markerHeight="9" orient="auto"><path class="{name}" d="M.8 1.2L9.2 5 .8 8.8 2.8 5z" '
        f'fill="{colour}"/></marker>'
    )


def _style(mine: str, view: GraphView) -> str:
    rules = [
        f"#{mine} .t{{fill:{DARK_TEXT}}}#{mine} .s,#{mine} .v{{fill:{DARK_MUTED}}}",
        f"#{mine} .e{{stroke:{DARK_EDGE}}}#{mine} .edge{{fill:{DARK_EDGE}}}",
        f"#{mine} .r{{stroke:{DARK_BACK}}}#{mine} .back{{fill:{DARK_BACK}}}",
        f"#{mine} .unset text{{fill:#7f8b9a}}#{mine} .error .v{{fill:{DARK_ERROR_TEXT}}}",
    ]
    for word, ink in dict.fromkeys(_ink(node) for node in view.nodes):
        at = f"#{mine} .{word}"
        rules.append(
            f"{at} .b{{fill:{ink.dark_fill};stroke:{ink.dark_line}}}"
            f"{at} .m{{stroke:{ink.dark_line}}}{at} .f{{fill:{ink.dark_line}}}"
        )
    return f"@media (prefers-color-scheme:dark){{{''.join(rules)}}}"


def _number(value: float) -> str:
    """As short as one decimal allows."""
    return f"{value:.1f}".removesuffix(".0")
