"""A GraphView: checked when made, and shown by notebooks and terminals."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64decode
from dataclasses import FrozenInstanceError

import pytest

from reactflow.cells.graphview import MERMAID_EDGES, NOTEBOOK_NODES, GraphView, NodeView
from reactflow.errors import InternalError

LENGTH, AREA = NodeView(0, "length", value="3.0"), NodeView(1, "area", "derived", value="12.0")


def chain(count: int) -> GraphView:
    nodes = tuple(NodeView(i, f"c{i}") for i in range(count))
    return GraphView(nodes, tuple((i, i + 1) for i in range(count - 1)))


def test_two_nodes_with_one_id_are_refused_by_name() -> None:
    with pytest.raises(InternalError, match="two nodes have id 0, the second is 'width'"):
        GraphView((LENGTH, NodeView(0, "width")))


def test_an_edge_to_no_node_is_refused() -> None:
    with pytest.raises(InternalError, match=r"the edge \(0, 7\)"):
        GraphView((LENGTH,), ((0, 7),))


def test_a_view_cannot_be_changed_and_equal_ones_are_equal() -> None:
    view = GraphView((LENGTH, AREA), ((0, 1),))
    with pytest.raises(FrozenInstanceError):
        view.title = "x"  # type: ignore[misc]
    assert view == GraphView((LENGTH, AREA), ((0, 1),))
    assert hash(view) == hash(GraphView((LENGTH, AREA), ((0, 1),)))


def test_str_is_the_text_and_repr_is_short() -> None:
    view = GraphView((LENGTH, AREA), ((0, 1),), "Room")
    assert str(view) == view.text()
    assert repr(view) == "GraphView('Room', 2 nodes, 1 edges)"


def test_a_notebook_gets_every_form_from_one_view() -> None:
    view = GraphView((LENGTH, AREA), ((0, 1),), "Room")
    bundle = view._repr_mimebundle_()
    assert list(bundle) == ["text/plain", "text/html", "image/svg+xml", "text/markdown"]
    assert bundle["text/plain"] == view.text()
    assert bundle["image/svg+xml"] == view.svg()
    assert bundle["text/markdown"] == f"```mermaid\n{view.mermaid()}```\n"


def test_the_html_holds_the_very_svg_as_an_image_and_a_table_and_nothing_that_cleaning_removes() -> None:
    view = GraphView((LENGTH, AREA), ((0, 1),), 'a "room" <1>')
    html = view._repr_mimebundle_()["text/html"]
    data = html.split("base64,")[1].split('"')[0]
    assert b64decode(data).decode() == view.svg()
    assert "<td>area</td><td>derived</td><td>12.0</td><td>length</td>" in html
    assert 'alt="a &quot;room&quot; &lt;1&gt;. 2 nodes: 1 cell, 1 derived. 1 edge: length to area."' in html
    assert not any(f"<{tag}" in html for tag in ("script", "style", "svg", "iframe"))


def test_include_and_exclude_choose_the_forms() -> None:
    view = GraphView((LENGTH,))
    assert list(view._repr_mimebundle_(include={"text/plain"})) == ["text/plain"]
    assert "image/svg+xml" not in view._repr_mimebundle_(exclude={"image/svg+xml"})


def test_mermaid_is_left_out_where_mermaid_itself_would_show_an_error() -> None:
    assert "text/markdown" in chain(MERMAID_EDGES + 1)._repr_mimebundle_()
    assert "text/markdown" not in chain(MERMAID_EDGES + 2)._repr_mimebundle_()


def test_a_huge_graph_is_text_alone_in_a_notebook() -> None:
    nodes = tuple(NodeView(i, "c") for i in range(NOTEBOOK_NODES + 1))
    assert list(GraphView(nodes)._repr_mimebundle_()) == ["text/plain"]


def test_making_a_view_imports_no_module_that_draws() -> None:
    code = (
        "import sys; from reactflow.cells.graphview import GraphView; GraphView(());"
        "print([m for m in sys.modules if m.startswith('reactflow.cells.pictures')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
