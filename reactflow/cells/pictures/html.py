"""A GraphView as a piece of HTML for notebooks: its SVG as an image, and a table to unfold.

It promises to survive the cleaning that untrusted notebooks get: no script, style element, inline SVG or id, all text
escaped. The table says the same in words, for whatever refuses images. It must not refer to anything outside itself.
"""

from __future__ import annotations

from base64 import b64encode

from reactflow.cells.graphview import GraphView
from reactflow.cells.pictures import labels
from reactflow.cells.pictures.svg import describe, escape

TABLE_ROWS = 200


def html(view: GraphView, picture: str) -> str:
    """The piece; ``picture`` is the view's SVG.

    >>> from reactflow.cells.graphview import GraphView, NodeView
    >>> view = GraphView((NodeView(0, "area"),))
    >>> html(view, view.svg())[:10]
    '<div><img '
    """
    data = b64encode(picture.encode()).decode("ascii")
    title = f"{labels.visible(view.title)}. " if view.title else ""
    words = escape(title + describe(view))
    image = f'<img alt="{words}" style="max-width:100%" src="data:image/svg+xml;base64,{data}">'
    return f"<div>{image}\n{_table(view)}</div>\n"


def _table(view: GraphView) -> str:
    if not view.nodes or len(view.nodes) > TABLE_ROWS:
        return ""
    names = {node.id: labels.cut(labels.visible(node.name), 40) for node in view.nodes}
    inputs: dict[int, list[str]] = {}
    for source, target in dict.fromkeys(view.edges):
        inputs.setdefault(target, []).append(names[source])
    rows = []
    for node in view.nodes:
        value = node.value or {"unset": "unset", "error": "error"}.get(node.state, "")
        kind = f"{node.kind} {node.detail}".rstrip()
        fields = (
            names[node.id],
            kind,
            labels.cut(labels.visible(value), 80),
            ", ".join(inputs.get(node.id, ())),
            node.site,
        )
        rows.append(
            "<tr>" + "".join(f"<td>{escape(labels.visible(field))}</td>" for field in fields) + "</tr>"
        )
    head = "".join(f"<th>{word}</th>" for word in ("name", "kind", "value", "inputs", "place"))
    body = "\n".join(rows)
    return (
        f"<details><summary>As a table</summary>\n<table><thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody></table></details>"
    )
