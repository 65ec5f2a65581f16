"""GraphView: what a graph looks like at one moment, as frozen data.

Every picture (text, Mermaid, DOT, SVG, the widget, the page of ``reactflow dev``) is drawn from this view and from
nothing else. It promises that a view is complete in itself, holds no cell, and that equal views give equal pictures,
byte for byte. It must not read a live cell, and it imports the module that draws only when a picture is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from reactflow.errors import InternalError

# Mermaid's own defaults refuse more than 500 edges or 50,000 characters, and then show an error instead of a picture.
MERMAID_EDGES = 500
MERMAID_CHARACTERS = 50_000
# Above this a notebook gets the text alone: nobody reads such a picture, and it would weigh megabytes in the file.
NOTEBOOK_NODES = 1_000


@dataclass(frozen=True, slots=True)
class NodeView:
    """One node of a picture.

    ``kind`` is one of cell, derived, pulse, fold, effect, service, source, sink (another word is drawn plainly);
    ``detail`` an operator, function or type; ``state`` one of "value", "unset", "error" or "" (nothing is known);
    ``value`` a short text of the value or error; ``site`` where it was made, as "rooms.py:12", or "".

    >>> NodeView(0, "area", "derived", detail="*", state="value", value="12.0").name
    'area'
    """

    id: int
    name: str
    kind: str = "cell"
    detail: str = ""
    state: str = ""
    value: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class GraphView:
    """The nodes and edges of a graph, ready to be drawn; edges lead from an input to what is computed from it.

    Raises InternalError for two nodes with one id, or an edge to an id that no node has.

    >>> length, area = NodeView(0, "length", value="3.0"), NodeView(1, "area", "derived", value="12.0")
    >>> print(GraphView((length, area), ((0, 1),)).text())
    length   cell     3.0
    └─ area  derived  12.0
    """

    nodes: tuple[NodeView, ...]
    edges: tuple[tuple[int, int], ...] = ()
    title: str = ""

    def __post_init__(self) -> None:
        ids = {node.id for node in self.nodes}
        if len(ids) != len(self.nodes):
            counts = Counter(node.id for node in self.nodes)
            twice = next(node for node in reversed(self.nodes) if counts[node.id] > 1)
            raise InternalError(
                f"graph view {self.title!r}: two nodes have id {twice.id}, the second is {twice.name!r}"
            )
        for edge in self.edges:
            if edge[0] not in ids or edge[1] not in ids:
                raise InternalError(
                    f"graph view {self.title!r}: the edge {edge} leads to an id that no node has"
                )

    def text(self) -> str:
        """A tree for the terminal, one line a node; a node met again is marked ``(see above)``.

        >>> GraphView((NodeView(0, "length"),)).text()
        'length  cell'
        """
        from reactflow.cells.pictures.text import text

        return text(self)

    def mermaid(self) -> str:
        """A Mermaid flowchart, for Markdown.

        >>> GraphView((NodeView(0, "length"),)).mermaid().splitlines()[0]
        'flowchart LR'
        """
        from reactflow.cells.pictures.mermaid import mermaid

        return mermaid(self)

    def dot(self) -> str:
        """A Graphviz digraph.

        >>> GraphView((NodeView(0, "length"),)).dot().splitlines()[0]
        'digraph {'
        """
        from reactflow.cells.pictures.dot import dot

        return dot(self)

    def svg(self) -> str:
        """A picture that stands alone: no script, font or style from elsewhere, readable on light and on dark.

        >>> GraphView((NodeView(0, "length"),)).svg()[:4]
        '<svg'
        """
        from reactflow.cells.pictures.svg import svg

        return svg(self)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        title = f"{self.title!r}, " if self.title else ""
        return f"GraphView({title}{len(self.nodes)} nodes, {len(self.edges)} edges)"

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """What a notebook shows.

        JupyterLab takes the lowest rank that it may show: HTML 50, Markdown 60, Mermaid 61, SVG 80 (only if trusted),
        text 120. SVG beside Markdown alone would therefore never be seen. So HTML comes first and holds the same SVG
        as an image, which a browser shows without running or loading anything in it, and which a cloned, untrusted
        notebook is allowed to show too; under it is a table, for whatever refuses images. The SVG itself, Mermaid
        and text serve the tools that take one of those.
        """
        bundle = {"text/plain": self.text()}
        if len(self.nodes) <= NOTEBOOK_NODES:
            from reactflow.cells.pictures.html import html

            picture = self.svg()
            bundle["text/html"] = html(self, picture)
            bundle["image/svg+xml"] = picture
            source = self.mermaid()
            if len(self.edges) <= MERMAID_EDGES and len(source) <= MERMAID_CHARACTERS:
                bundle["text/markdown"] = f"```mermaid\n{source}```\n"
        return {
            mime: content
            for mime, content in bundle.items()
            if (not include or mime in include) and (not exclude or mime not in exclude)
        }
