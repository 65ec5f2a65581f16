"""A GraphView in the DOT language of Graphviz.

It promises source that Graphviz reads as meant whatever the names hold: ids are our own; quotes, backslashes (which
start escapes such as ``\\N`` in labels) and ampersands (HTML entities) are written out. It must not use HTML labels,
which some builds of Graphviz cannot read.
"""

from __future__ import annotations

from reactflow.cells.graphview import GraphView, NodeView
from reactflow.cells.pictures import labels

LABEL = 40  # columns of a name or value

_SHAPES = {
    "cell": 'style="rounded,filled", fillcolor="#eef5ff", color="#4f8ae8"',
    "pulse": 'style="rounded,dashed,filled", fillcolor="#fff8e6", color="#d9930d"',
    "fold": 'style="rounded,filled", fillcolor="#f6f1ff", color="#8f63e0"',
    "effect": 'shape=cds, fillcolor="#eafaf4", color="#1f9d78"',
    "service": 'shape=component, fillcolor="#eef0ff", color="#6470d9"',
    "source": 'shape=cylinder, fillcolor="#eaf8fb", color="#2a98ae"',
    "sink": 'shape=cylinder, fillcolor="#fdf0f6", color="#c95f95"',
}
_STATES = {
    "unset": 'fillcolor="#f4f5f7", color="#c3cad3", fontcolor="#8a94a3"',
    "error": 'fillcolor="#fff0ef", color="#dc4437", fontcolor="#b3261e"',
}


def dot(view: GraphView) -> str:
    """The digraph's source, ending in a newline.

    >>> from reactflow.cells.graphview import GraphView, NodeView
    >>> print(dot(GraphView((NodeView(0, "a"), NodeView(1, "b", "derived")), ((0, 1),))).splitlines()[-2])
      n0 -> n1;
    """
    lines = ["digraph {"]
    if view.title:
        lines.append(f'  label="{escape(view.title)}"; labelloc=t;')
    lines += [
        '  rankdir=LR; bgcolor="transparent"; fontname="sans-serif";',
        '  node [shape=box, style="rounded,filled", fillcolor="#ffffff", color="#b6c0cd"];',
        '  node [fontname="sans-serif", fontsize=11];',
        '  edge [color="#8b98a9", arrowsize=0.7];',
    ]
    number = {node.id: at for at, node in enumerate(view.nodes)}
    lines += [f"  n{number[node.id]} [{_node(node)}];" for node in view.nodes]
    lines += [f"  n{number[source]} -> n{number[target]};" for source, target in dict.fromkeys(view.edges)]
    return "\n".join(lines) + "\n}\n"


def _node(node: NodeView) -> str:
    value = node.value or {"unset": "unset", "error": "error"}.get(node.state, "")
    label = _label(node.name) + (f"\\n{_label(value)}" if value else "")
    kind = f"{node.kind}, {node.detail}" if node.detail else node.kind
    tooltip = f"{_label(kind)}\\n{_label(node.site)}" if node.site else _label(kind)
    looks = [f'label="{label}"', f'tooltip="{tooltip}"']
    looks += [more for more in (_SHAPES.get(node.kind), _STATES.get(node.state)) if more]
    return ", ".join(looks)


def _label(text: str) -> str:
    return escape(labels.cut(labels.visible(text), LABEL))


def escape(text: str) -> str:
    """Text between double quotes.

    >>> print(escape('a "b" & c'))
    a \\"b\\" &amp; c
    """
    return labels.visible(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
