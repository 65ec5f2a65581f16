"""The chart: a row a work, on a logarithmic scale of ratios; 1 is the hand-written code.

Drawn as an SVG that stands alone: no script, no font of its own, colours that follow the reader's light or dark page.
"""

from __future__ import annotations

import math
from html import escape

from benchmarks.libraries import EXPLICIT, TRACKED
from benchmarks.measure import Measured, best
from benchmarks.report import COMPILED, PURE, Report

LEFT, RIGHT, TOP, BOTTOM = 232, 24, 64, 34
WIDTH, ROW = 860, 26

STYLE = """
text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #1f2937 }
.faint { fill: #5b6675 }
.grid { stroke: #d5dbe3 } .one { stroke: #5b6675; stroke-width: 1.5 } .span { stroke: #c3ccd8; stroke-width: 2 }
.explicit { fill: #1d5fd0 } .tracked { fill: none; stroke: #1d5fd0; stroke-width: 2 }
.pure { fill: #b45309 } .compiled { fill: #0f766e }
@media (prefers-color-scheme: dark) {
  text { fill: #e5e9f0 } .faint { fill: #a3b1c2 }
  .grid { stroke: #38424f } .one { stroke: #a3b1c2 } .span { stroke: #4a5666 }
  .explicit { fill: #6aa5ff } .tracked { stroke: #6aa5ff }
  .pure { fill: #f0a860 } .compiled { fill: #4fd1c0 }
}
""".strip()

Point = tuple[str, str, float]
"""Which mark it is, what it says when pointed at, and its ratio."""


def points(measured: Measured) -> list[Point]:
    """What is drawn for a work: our two forms, and the best peer of each kind."""
    found: list[Point] = []
    for kind, peers in (("pure", PURE), ("compiled", COMPILED)):
        if peer := best(measured, peers):
            found.append((kind, peer[0], peer[1]))
    for form in (EXPLICIT, TRACKED):  # last, so that they lie on top
        outcome = measured.outcomes.get(form.name)
        if outcome and outcome.ratio is not None:
            found.append((form.name, f"reactflow, {form.name}", outcome.ratio))
    return found


def mark(kind: str, x: float, y: float) -> str:
    """One mark: its shape tells the kind as well as its colour does."""
    if kind == "pure":
        return f'<path class="pure" d="M{x:.1f} {y - 6:.1f}l6 6-6 6-6-6z"/>'
    if kind == "compiled":
        return f'<rect class="compiled" x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9"/>'
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{4.5 if kind == "explicit" else 6.5}"/>'


def chart(report: Report) -> str:
    """The report as an SVG."""
    rows = [(measured.work.name, points(measured)) for measured in report.works]
    ratios = [point[2] for _, row in rows for point in row] or [1.0]
    low: float = min(0.0, math.floor(math.log10(min(ratios)) * 2) / 2)
    high = max(1.0, math.ceil(math.log10(max(ratios)) * 2) / 2)
    height = TOP + ROW * len(rows) + BOTTOM
    bottom = height - BOTTOM

    def place(ratio: float) -> float:
        return LEFT + (math.log10(ratio) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title">',
        '<title id="title">What works cost, as a ratio to hand-written Python</title>',
        f"<style>{STYLE}</style>",
    ]
    legend = (
        ("explicit", "reactflow, explicit"),
        ("tracked", "reactflow, tracked"),
        ("pure", "best peer in pure Python"),
        ("compiled", "best compiled peer"),
    )
    for number, (kind, text) in enumerate(legend):
        start = 16 + number * 190
        out += [mark(kind, start, 18), f'<text x="{start + 12}" y="22">{text}</text>']
    for decade in range(math.floor(low), math.ceil(high) + 1):
        for digit in (1, 2, 5):
            value = digit * 10.0**decade
            if low <= math.log10(value) <= high + 1e-9:
                x, line = place(value), "one" if value == 1 else "grid"
                out.append(f'<line class="{line}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{bottom}"/>')
                out.append(
                    f'<text class="faint" x="{x:.1f}" y="{TOP - 14}" text-anchor="middle">{value:g}</text>'
                )
    for number, (name, row) in enumerate(rows):
        y = TOP + ROW * number + ROW / 2
        out.append(f'<text x="{LEFT - 14}" y="{y + 4:.1f}" text-anchor="end">{escape(name)}</text>')
        if row:
            ends = [place(point[2]) for point in row]
            out.append(f'<line class="span" x1="{min(ends):.1f}" x2="{max(ends):.1f}" y1="{y}" y2="{y}"/>')
        for kind, text, ratio in row:
            out.append(f"<g><title>{escape(text)}: {ratio:.2f}</title>{mark(kind, place(ratio), y)}</g>")
    out.append(
        f'<text class="faint" x="{LEFT}" y="{height - 12}">times the hand-written Python, '
        "logarithmic; less is faster</text>"
    )
    return "\n".join([*out, "</svg>", ""])
