"""A GraphView as text for a terminal: a tree from what is written to what is computed, in columns.

It promises one line for each node, and one more, marked ``(see above)``, each time a node is met again (also on a
cycle). It is plain: no colour, nothing that depends on the terminal. A way deeper than ``DEPTH`` is continued at the
left, marked ``(see below)``, so that a long chain neither recurses nor grows by the square.
"""

from __future__ import annotations

from reactflow.cells.graphview import GraphView, NodeView
from reactflow.cells.pictures import labels

DEPTH = 20
NAME, VALUE, DETAIL = 40, 60, 30  # columns


def text(view: GraphView) -> str:
    """The tree, without a newline at its end.

    >>> from reactflow.cells.graphview import GraphView, NodeView
    >>> nodes = NodeView(0, "length"), NodeView(1, "width"), NodeView(2, "area", "derived")
    >>> print(text(GraphView(nodes, ((0, 2), (1, 2)))))
    length   cell
    └─ area  derived
    width    cell
    └─ area  (see above)
    """
    rows = _rows(view)
    head = [labels.visible(view.title)] if view.title else []
    if not rows:
        return "\n".join([*head, "(empty graph)"])
    tree = min(max(labels.cells(row[0]) for row in rows), NAME + 3)
    kind = max(labels.cells(row[1]) for row in rows if not row[1].startswith("("))
    lines = []
    for name, word, rest in rows:
        if word.startswith("("):
            lines.append(f"{_pad(name, tree)}  {word}")
        else:
            lines.append(f"{_pad(name, tree)}  {_pad(word, kind)}  {rest}".rstrip())
    return "\n".join([*head, *lines])


def _pad(word: str, columns: int) -> str:
    return word + " " * (columns - labels.cells(word))


def _rows(view: GraphView) -> list[tuple[str, str, str]]:
    """(tree and name, kind or mark, value and more), by a walk that keeps its own stack."""
    index = {node.id: at for at, node in enumerate(view.nodes)}
    outgoing: list[list[int]] = [[] for _ in view.nodes]
    has_input = [False] * len(view.nodes)
    for source, target in dict.fromkeys(view.edges):
        outgoing[index[source]].append(index[target])
        if source != target:
            has_input[index[target]] = True
    rows: list[tuple[str, str, str]] = []
    seen = [False] * len(view.nodes)
    continued: list[int] = []
    for root in sorted(range(len(view.nodes)), key=has_input.__getitem__):
        continued.append(root)
        while continued:
            start = continued.pop()
            if seen[start]:
                continue
            # node, what stands before it, what stands before its own children, depth
            stack = [(start, "", "", 0)]
            while stack:
                at, before, below, depth = stack.pop()
                node = view.nodes[at]
                name = before + labels.cut(labels.visible(node.name), NAME)
                if seen[at]:
                    rows.append((name, "(see above)", ""))
                    continue
                if depth == DEPTH and outgoing[at]:
                    rows.append((name, "(see below)", ""))
                    continued.append(at)
                    continue
                seen[at] = True
                rows.append((name, labels.visible(node.kind), _rest(node)))
                children = outgoing[at]
                for number in range(len(children) - 1, -1, -1):
                    last = number == len(children) - 1
                    branch, trunk = ("└─ ", "   ") if last else ("├─ ", "│  ")
                    stack.append((children[number], below + branch, below + trunk, depth + 1))
    return rows


def _rest(node: NodeView) -> str:
    value = labels.cut(labels.visible(node.value), VALUE)
    if node.state == "error":
        value = f"error: {value}" if value else "error"
    elif node.state == "unset":
        value = f"unset: {value}" if value and value != "unset" else "unset"
    detail = f"[{labels.cut(labels.visible(node.detail), DETAIL)}]" if node.detail else ""
    return "  ".join(part for part in (value, detail, labels.visible(node.site)) if part)
