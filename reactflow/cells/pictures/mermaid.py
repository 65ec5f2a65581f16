"""A GraphView as a Mermaid flowchart.

It promises source that Mermaid reads as meant whatever the names hold: ids are our own, and in labels every character
that Mermaid, the Markdown inside its labels, or a Markdown fence around it could take as syntax is written as an entity
(``#35;``). It must not set colours of grounds or text, so that the page's own light or dark theme stays readable.
"""

from __future__ import annotations

import json
import re

from reactflow.cells.graphview import GraphView, NodeView
from reactflow.cells.pictures import labels

LABEL = 40  # columns of a name or value

_SHAPES = {
    "cell": ("([", "])"),
    "derived": ("[", "]"),
    "pulse": ("{{", "}}"),
    "fold": ("[[", "]]"),
    "effect": (">", "]"),
    "service": ("(", ")"),
    "source": ("[(", ")]"),
    "sink": ("[(", ")]"),
}
# Plain in a label: letters, digits, and what no parser on the way gives a meaning to. A colon may begin an icon, an
# underscore at a word's edge emphasis, a digit with a full stop at the start a list.
_RISKY = re.compile(r"[^\w ,.=()/'↵…-]|(?<![^\W_])_|_(?![^\W_])|^[-=+]|--|(?<=\d)[.)](?=\s|$)|(?<=[wW]{3})\.")
# Read by Mermaid after entities are resolved: ``\\n`` breaks the line, ``$$`` is a formula, ``fa:fa-`` an icon.
# Entities do not help; an invisible word joiner between the two does.
_PAIRS = re.compile(r"(?<=\\)(?=n)|(?<=\$)(?=\$)|(?<=:)(?=fa)")


def mermaid(view: GraphView) -> str:
    """The flowchart's source, ending in a newline.

    >>> from reactflow.cells.graphview import GraphView, NodeView
    >>> print(
    ...     mermaid(GraphView((NodeView(0, "a"), NodeView(1, "b", "derived", value="2")), ((0, 1),))), end=""
    ... )
    flowchart LR
        n0(["a"])
        n1["b<br/>2"]
        n0 --> n1
    """
    lines = []
    if view.title:
        # Front matter is YAML, and a JSON string is YAML; a backtick could close the fence around the picture.
        title = json.dumps(labels.visible(view.title), ensure_ascii=False).replace("`", "\\x60")
        lines += ["---", f"title: {title}", "---"]
    lines.append("flowchart LR")
    number = {node.id: at for at, node in enumerate(view.nodes)}
    lines += [f"    n{number[node.id]}{_node(node)}" for node in view.nodes]
    lines += [f"    n{number[source]} --> n{number[target]}" for source, target in dict.fromkeys(view.edges)]
    for state, style in (
        ("unset", "stroke-dasharray:4 3,opacity:0.6"),
        ("error", "stroke:#dc4437,stroke-width:2px"),
    ):
        some = ",".join(f"n{number[node.id]}" for node in view.nodes if node.state == state)
        if some:
            lines += [f"    classDef {state} {style}", f"    class {some} {state}"]
    return "\n".join(lines) + "\n"


def _node(node: NodeView) -> str:
    opening, closing = _SHAPES.get(node.kind, ("[", "]"))
    value = node.value or {"unset": "unset", "error": "error"}.get(node.state, "")
    label = escape(node.name)
    if value:
        label += "<br/>" + escape(value)
    return f'{opening}"{label or " "}"{closing}'


def escape(text: str) -> str:
    """One line of a label between double quotes.

    >>> escape('say "hi"')
    'say #quot;hi#quot;'
    """
    shown = labels.cut(labels.visible(text).strip(), LABEL)
    return _RISKY.sub(_entity, _PAIRS.sub("\u2060", shown))


def _entity(match: re.Match[str]) -> str:
    return "".join("#quot;" if character == '"' else f"#{ord(character)};" for character in match[0])
