"""Pictures of a graph: the layout's promises, and each format's, on chosen and on random graphs."""

from __future__ import annotations

import re
import sys
from fractions import Fraction
from types import FrameType
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactflow.cells.graphview import GraphView, NodeView
from reactflow.cells.pictures.labels import cells, cut, cut_name, name_width, visible
from reactflow.cells.pictures.layout import Box, Layout, Route, layout

SVG = "{http://www.w3.org/2000/svg}"
KINDS = ("cell", "derived", "pulse", "fold", "effect", "service", "source", "sink", "other")
HOSTILE = (
    *(
        'say "hi"',
        "<b>x</b> & ]]>",
        "a[b](c){d}|e|",
        "end",
        "subgraph",
        "a\nb\r\t\x00\x1b",
        "`code` ```",
        "\\N\\n\\",
    ),
    *(
        "1. x",
        "- x",
        "__init__",
        "%%{init}%%",
        "$$x$$",
        "fa:fa-car",
        "style:#1;",
        "\u202egnp",
        "\ud800",
        "",
        "日本語",
    ),
    *("--> n1", "&amp;"),
)

DIAMOND = GraphView(
    (
        NodeView(0, "length", "cell", "float", "value", "3.0", "rooms.py:4"),
        NodeView(1, "area", "derived", "mul", "value", "12.0"),
        NodeView(2, "cost", "derived", "", "error", "ZeroDivisionError"),
        NodeView(3, "report", "effect", "print"),
    ),
    ((0, 1), (0, 2), (1, 3), (2, 3)),
    "Room",
)


def view_of(count: int, edges: list[tuple[int, int]], name: str = "c") -> GraphView:
    return GraphView(tuple(NodeView(i, f"{name}{i}", value=str(i)) for i in range(count)), tuple(edges))


@st.composite
def graphs(draw: st.DrawFn, cyclic: bool) -> GraphView:
    count = draw(st.integers(0, 14))
    ends = st.integers(0, max(count - 1, 0))
    edges = draw(st.lists(st.tuples(ends, ends), max_size=30)) if count else []
    if not cyclic:
        edges = [(min(edge), max(edge)) for edge in edges if edge[0] != edge[1]]
    text = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60))
    states = st.sampled_from(("", "value", "unset", "error"))
    nodes = [
        NodeView(
            i * 3, draw(text), draw(st.sampled_from(KINDS)), draw(text), draw(states), draw(text), draw(text)
        )
        for i in range(count)
    ]
    return GraphView(tuple(nodes), tuple((a * 3, b * 3) for a, b in edges), draw(text))


def overlap(a: Box, b: Box) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


def along(route: Route) -> list[tuple[float, float]]:
    """Places on the route's curves."""
    places = []
    for at in range(0, len(route.points) - 1, 3):
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = route.points[at : at + 4]
        for step in range(13):
            t = step / 12
            a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            places.append((a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3))
    return places


def check(view: GraphView, places: Layout) -> None:
    """The promises in the docstring of ``layout``."""
    boxes = {box.id: box for box in places.boxes}
    assert [box.id for box in places.boxes] == [node.id for node in view.nodes]
    ordered = list(places.boxes)
    for at, box in enumerate(ordered):
        assert min(box.x, box.y) >= 0
        assert box.x + box.width <= places.width
        assert box.y + box.height <= places.height
        assert not any(overlap(box, other) for other in ordered[at + 1 :])
    assert [(route.source, route.target) for route in places.routes] == list(dict.fromkeys(view.edges))
    for route in places.routes:
        source, target = boxes[route.source], boxes[route.target]
        assert len(route.points) % 3 == 1
        (x0, y0), (x1, y1) = route.points[0], route.points[-1]
        assert x0 == pytest.approx(source.x + source.width, abs=0.11)
        assert source.y <= y0 <= source.y + source.height
        assert x1 == pytest.approx(target.x, abs=0.11)
        assert target.y <= y1 <= target.y + target.height
        assert route.back == (target.layer <= source.layer)
        for x, y in along(route):
            assert 0 <= x <= places.width
            assert 0 <= y <= places.height
            for box in ordered:
                inside = (
                    box.x + 0.2 < x < box.x + box.width - 0.2 and box.y + 0.2 < y < box.y + box.height - 0.2
                )
                assert not inside, (route, box)


@given(graphs(cyclic=False))
@settings(max_examples=60, deadline=None)
def test_in_a_graph_without_cycles_every_edge_leads_to_a_later_layer(view: GraphView) -> None:
    places = layout(view)
    check(view, places)
    layer = {box.id: box.layer for box in places.boxes}
    assert all(layer[source] < layer[target] for source, target in view.edges)
    assert not any(route.back for route in places.routes)


@given(graphs(cyclic=True))
@settings(max_examples=60, deadline=None)
def test_any_directed_graph_is_laid_out(view: GraphView) -> None:
    check(view, layout(view))
    assert layout(view) == layout(view)


@given(graphs(cyclic=True))
@settings(max_examples=60, deadline=None)
def test_every_format_has_every_node_and_edge_whatever_the_text(view: GraphView) -> None:
    nodes, edges = len(view.nodes), len(set(view.edges))
    root = ElementTree.fromstring(view.svg().encode())  # encodes, too
    groups = [group for group in root.iter(f"{SVG}g") if "n" in group.get("class", "").split()]
    arrows = [
        path for path in root.iter(f"{SVG}path") if path.get("class") is None and path.get("d", "")[0] == "M"
    ]
    drawn = [path for group in root.findall(f"{SVG}g") if group.get("class") in ("e", "r") for path in group]
    assert (len(groups), len(drawn)) == (nodes, edges)
    assert len(arrows) >= edges
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))

    mermaid = view.mermaid().splitlines()
    assert len([line for line in mermaid if re.fullmatch(r"    n\d+\W+\".+\"\W+", line)]) == nodes
    assert len([line for line in mermaid if re.fullmatch(r"    n\d+ --> n\d+", line)]) == edges
    assert all(line.count('"') == 2 for line in mermaid if re.match(r"    n\d+\W*\"", line))
    assert "```" not in view.mermaid()

    dot = view.dot().splitlines()
    quoted = r'"(?:[^"\\]|\\.)*"'
    assert (
        len([line for line in dot if re.fullmatch(rf"  n\d+ \[(?:\w+={quoted}|\w+=\w+|, )*\];", line)])
        == nodes
    )
    assert len([line for line in dot if re.fullmatch(r"  n\d+ -> n\d+;", line)]) == edges

    lines = view.text().split("\n")[1 if view.title else 0 :]
    again = [line for line in lines if line.endswith(("(see above)", "(see below)"))]
    assert len(lines) - len(again) == (nodes or 1)


def test_a_diamond_as_text() -> None:
    assert DIAMOND.text() == (
        "Room\n"
        "length        cell     3.0  [float]  rooms.py:4\n"
        "├─ area       derived  12.0  [mul]\n"
        "│  └─ report  effect   [print]\n"
        "└─ cost       derived  error: ZeroDivisionError\n"
        "   └─ report  (see above)"
    )


def test_a_diamond_as_mermaid() -> None:
    assert DIAMOND.mermaid() == (
        "---\n"
        'title: "Room"\n'
        "---\n"
        "flowchart LR\n"
        '    n0(["length<br/>3.0"])\n'
        '    n1["area<br/>12.0"]\n'
        '    n2["cost<br/>ZeroDivisionError"]\n'
        '    n3>"report"]\n'
        "    n0 --> n1\n"
        "    n0 --> n2\n"
        "    n1 --> n3\n"
        "    n2 --> n3\n"
        "    classDef error stroke:#dc4437,stroke-width:2px\n"
        "    class n2 error\n"
    )


def test_a_diamond_as_dot() -> None:
    assert DIAMOND.dot() == (
        "digraph {\n"
        '  label="Room"; labelloc=t;\n'
        '  rankdir=LR; bgcolor="transparent"; fontname="sans-serif";\n'
        '  node [shape=box, style="rounded,filled", fillcolor="#ffffff", color="#b6c0cd"];\n'
        '  node [fontname="sans-serif", fontsize=11];\n'
        '  edge [color="#8b98a9", arrowsize=0.7];\n'
        '  n0 [label="length\\n3.0", tooltip="cell, float\\nrooms.py:4", style="rounded,filled", '
        'fillcolor="#eef5ff", color="#4f8ae8"];\n'
        '  n1 [label="area\\n12.0", tooltip="derived, mul"];\n'
        '  n2 [label="cost\\nZeroDivisionError", tooltip="derived", fillcolor="#fff0ef", color="#dc4437", '
        'fontcolor="#b3261e"];\n'
        '  n3 [label="report", tooltip="effect, print", shape=cds, fillcolor="#eafaf4", color="#1f9d78"];\n'
        "  n0 -> n1;\n"
        "  n0 -> n2;\n"
        "  n1 -> n3;\n"
        "  n2 -> n3;\n"
        "}\n"
    )


def test_a_diamond_as_svg() -> None:
    root = ElementTree.fromstring(DIAMOND.svg())
    mine = root.get("id")
    edges = ("length to area", "length to cost", "area to report", "cost to report")
    assert [root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")] == [
        "Room",
        f"4 nodes: 1 cell, 2 derived, 1 effect. 4 edges: {', '.join(edges)}.",
    ]
    groups = [group for group in root.findall(f"{SVG}g") if group.get("class", "").startswith("n ")]
    assert [group.get("class") for group in groups] == ["n cell", "n derived", "n error", "n effect"]
    assert [group.get("id") for group in groups] == [f"{mine}-n{i}" for i in range(4)]
    assert [[text.text for text in group.iter(f"{SVG}text")] for group in groups] == [
        ["length", "float", "3.0"],
        ["area", "mul", "12.0"],
        ["cost", "ZeroDivisionError"],
        ["report", "print"],
    ]
    assert groups[0].findtext(f"{SVG}title") == "length (cell, float)\n3.0\nrooms.py:4"
    assert groups[2].findtext(f"{SVG}title") == "cost (derived)\nerror: ZeroDivisionError"


def test_a_diamond_stands_as_a_diamond() -> None:
    length, area, cost, report = layout(DIAMOND).boxes
    assert [box.layer for box in (length, area, cost, report)] == [0, 1, 1, 2]
    middle = (area.y + cost.y + cost.height) / 2
    assert length.y + length.height / 2 == pytest.approx(middle, abs=0.11)
    assert report.y + report.height / 2 == pytest.approx(middle, abs=0.11)


def test_two_pictures_on_one_page_share_no_id() -> None:
    ids = [set(re.findall(r' id="([^"]+)"', view_of(2, [(0, 1)], name).svg())) for name in ("a", "b")]
    assert ids[0]
    assert not ids[0] & ids[1]
    assert view_of(2, [(0, 1)]).svg() == view_of(2, [(0, 1)]).svg()


def test_an_svg_refers_to_nothing_outside_itself() -> None:
    svg = DIAMOND.svg().replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|<script|<foreignObject|href|@import|url\((?!#)", svg)


def test_long_names_are_cut_in_the_box_and_whole_in_the_tooltip() -> None:
    name = "a_name_" * 20
    root = ElementTree.fromstring(GraphView((NodeView(0, name, value="9" * 200),)).svg())
    shown = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert all(text.endswith("…") and len(text) < 40 for text in shown)
    assert name in (root.findtext(f"{SVG}g/{SVG}title") or "")
    assert layout(GraphView((NodeView(0, name),))).boxes[0].width == 250


def test_a_name_that_sets_its_box_is_not_cut() -> None:
    for name in ("area", "reading", "payment", "WWW", "alone"):
        svg = GraphView((NodeView(0, name, detail="float"),)).svg()
        assert f">{name}</text>" in svg


def test_back_edges_are_marked_and_join_on_their_way() -> None:
    places = layout(view_of(3, [(0, 1), (1, 2), (2, 0), (1, 0), (1, 1)]))
    assert [route.back for route in places.routes] == [False, False, True, True, True]
    assert places.routes[2].points[-4:] == places.routes[3].points[-4:]


def test_long_edges_of_one_node_leave_as_one_trunk() -> None:
    edges = [(i, i + 1) for i in range(5)] + [(0, 4), (0, 5)]
    routes = layout(view_of(6, edges)).routes
    assert routes[-1].points[: len(routes[-2].points) - 3] == routes[-2].points[:-3]


def test_nothing_and_one_node_and_many_alone_are_pictures_too() -> None:
    nothing = GraphView(())
    assert nothing.text() == "(empty graph)"
    assert nothing.mermaid() == "flowchart LR\n"
    ElementTree.fromstring(nothing.svg())
    assert (layout(nothing).boxes, layout(nothing).routes) == ((), ())
    check(view_of(1, [(0, 0)]), layout(view_of(1, [(0, 0)])))
    alone = layout(view_of(60, []))
    check(view_of(60, []), alone)
    assert 0.3 < alone.width / alone.height < 4  # packed, not in one column


def test_a_cycle_in_text_ends_at_the_node_seen_before() -> None:
    assert (
        view_of(2, [(0, 1), (1, 0)]).text() == "c0        cell  0\n└─ c1     cell  1\n   └─ c0  (see above)"
    )


def test_a_chain_of_20000_needs_no_recursion_and_no_quadratic_text() -> None:
    view = view_of(20_000, [(i, i + 1) for i in range(19_999)])
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        places, text = layout(view), view.text()
        mermaid, dot = view.mermaid(), view.dot()
    finally:
        sys.setrecursionlimit(limit)
    assert [box.layer for box in places.boxes] == list(range(20_000))
    assert len({box.y for box in places.boxes}) == 1
    assert len(text) < 4_000_000
    assert (mermaid.count(" --> "), dot.count(" -> ")) == (19_999, 19_999)


def test_one_node_read_by_a_whole_chain_is_affordable() -> None:
    view = view_of(1_000, [(i, i + 1) for i in range(999)] + [(i, 999) for i in range(900)])
    points = sum(len(route.points) for route in layout(view).routes)
    assert points < 100_000  # own points of passage for each edge would be 3 million


def lines_run(count: int) -> int:
    """Lines of the layout's modules executed for a graph of so many nodes: work without a clock."""
    edges = {(max(0, i - 1 - (i * 7) % 23), i) for i in range(1, count)} | {
        (i // 2, i) for i in range(1, count, 3)
    }
    view = view_of(count, sorted(edges))
    ran = 0

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal ran
        if "pictures" not in frame.f_code.co_filename:
            return None
        ran += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        layout(view)
    finally:
        sys.settrace(before)
    return ran


def test_work_grows_about_as_the_graph_does() -> None:
    assert lines_run(400) < 3 * lines_run(200)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_becomes_one_visible_line(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable() or shown == text
    assert len(shown.splitlines()) <= 1
    shown.encode()


def test_dot_writes_quotes_backslashes_and_ampersands_out() -> None:
    assert r'label="a\"\\N&amp;lt;"' in GraphView((NodeView(0, 'a"\\N&lt;'),)).dot()


def test_mermaid_labels_hold_no_syntax() -> None:
    label = GraphView((NodeView(0, 'end"];x[`__a__` 1. $$#x;\\n'),)).mermaid().splitlines()[1]
    assert label.startswith('    n0(["')
    assert label.endswith('"])')
    inside = label.removeprefix('    n0(["').removesuffix('"])')
    assert not re.search(r'["`;\[\]#$\\]', re.sub(r"#(\d+|quot);", "", inside))
    assert GraphView((NodeView(0, "c"),), (), "a`b```").mermaid().count("`") == 0


@given(st.text(max_size=80), st.integers(2, 40))
def test_cut_text_fits(text: str, columns: int) -> None:
    assert cells(cut(text, columns)) <= columns
    assert name_width(cut_name(text, columns * 10.0)) <= columns * 10.0
    assert cut("abc", 3) == "abc"


def test_widths_are_the_same_on_every_python() -> None:
    """Exactly rounded, as an addition one by one is not: sum() of floats differs between 3.11 and 3.12."""
    word = "il" * 40 + "m" * 7 + "aQz" * 9
    em = {"i": 42, "l": 42, "m": 102, "a": 69, "z": 69, "Q": 78}
    exact = sum(Fraction(em[letter] / 100) for letter in word)
    assert name_width(word) == float(exact) * 13.0
