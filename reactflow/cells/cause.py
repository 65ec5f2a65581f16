"""What ``why`` and ``why_not`` answer: frozen data, and the words for it.

It promises that all of an answer is in its fields and that ``str()`` adds nothing; names and places are resolved when
the answer is made, so that it holds no cell. What is not known is a field too, and its words say how to come to know.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from html import escape

from reactflow.cells.graphview import GraphView
from reactflow.cells.readable import shown
from reactflow.cells.semantics import UNSET, Failure

REMEDY = "with explaining(): keeps every write, line and run, also in a loop"
_ENDS = 4  # names shown at each end of a long way
_MOVED = 3  # shown
_NO_GRAPH = GraphView(())


@dataclass(frozen=True, slots=True)
class Written:
    """One write of a source cell, or one occurrence of a pulse.

    ``outcome`` is the value (UNSET if it was taken away), if ``is_kept``; ``line`` the place of the write as
    "rooms.py:12", or "" when it is not known; ``event`` the number of its event; ``effect`` the effect that wrote it,
    known inside ``explaining()``.

    >>> print(Written("length", "cell", 5.0, True, "rooms.py:12", 3))
    length was set to 5.0 at rooms.py:12
    """

    name: str
    kind: str
    outcome: object
    is_kept: bool
    line: str
    event: int
    effect: str = ""

    def words(self, name: str, *, short: bool = False) -> str:
        """What happened to it, called by this name; ``short`` without the value."""
        if self.kind == "pulse":
            text = f"{name} occurred" + (f" with {_said(self.outcome)}" if self.is_kept else "")
        elif not self.is_kept or (short and self.outcome is not UNSET and type(self.outcome) is not Failure):
            text = f"{name} was set"
        elif self.outcome is UNSET:
            text = "its value was taken away" if name == "it" else f"the value of {name} was taken away"
        elif type(self.outcome) is Failure:
            text = f"{name} was given the error {_said(self.outcome)}"
        else:
            text = f"{name} was set to {_said(self.outcome)}"
        text += f" at {self.line}" if self.line else " (line not known)"
        return text + (f" in the effect {self.effect}" if self.effect else "")

    def __str__(self) -> str:
        return self.words(self.name)


@dataclass(frozen=True, slots=True, repr=False)
class Why:
    """What made a cell change last, or an effect run last; the answer of ``why``.

    ``verdict`` is "changed" (by ``writes``), "made" (not changed since it was made), "unknown" (any more) or "stopped"
    (an effect that was ended). ``paths`` are the ways from a write to the cell, names in order; ``graph`` the part of
    the graph that carried the change, each cell with the line that made it.

    ``also`` are writes that may have counted too: the cell was computed when it was read, and which of them it had seen
    before is not recorded, or what lies between was not computed meanwhile. ``moved`` are pairs of a cell and its
    reader, where the cell has changed again since without changing the reader: what it did then is not known any more.
    ``missing`` are the cells without a value, of an unset one; ``raised`` is where the exception of a failed one was
    raised, as "rate at rooms.py:4". ``is_logged`` tells whether ``explaining()`` had kept what there was to know.

    >>> from reactflow import cell, why
    >>> length = cell(3.0, name="length")
    >>> length.value = 5.0
    >>> print(why(length.map(str, name="label")))
    label = '5.0', because length was set to 5.0 at ...
      length -> label
    """

    cell: str
    kind: str
    where: str
    outcome: object
    event: int
    verdict: str
    writes: tuple[Written, ...] = ()
    paths: tuple[tuple[str, ...], ...] = ()
    more_paths: bool = False
    also: tuple[Written, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    raised: str = ""
    graph: GraphView = _NO_GRAPH
    is_logged: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether nothing about it is unknown."""
        lines = all(one.line for one in (*self.writes, *self.also))
        return self.verdict != "unknown" and lines and not self.also and not self.moved

    @property
    def headline(self) -> str:
        """The first line: what it is, and the first of its causes."""
        subject = _subject(self.cell, self.kind, self.outcome)
        if self.kind == "effect":
            return {
                "stopped": f"{self.cell} was stopped",
                "made": f"{self.cell} has run when it was made at {self.where}, and not since",
                "unknown": f"{self.cell} has run, but what made it run last is not known any more",
            }.get(self.verdict) or f"{self.cell} ran last because {self.writes[0]}"
        if self.verdict == "made":
            happened = "has not occurred" if self.kind == "pulse" else "not changed"
            return f"{subject}{' ' if self.kind == 'pulse' else ': '}{happened} since it was made at {self.where}"
        if self.verdict == "unknown":
            return f"{subject}: which write made it change is not known any more"
        first = self.writes[0]
        if self.is_source:
            return (
                first.words(self.cell)
                if self.kind == "pulse"
                else f"{subject}, because {first.words('it', short=True)}"
            )
        return (
            f"{subject} occurred last because {first}"
            if self.kind == "pulse"
            else f"{subject}, because {first}"
        )

    @property
    def is_source(self) -> bool:
        """Whether the cell is one that is written itself."""
        return self.paths == ((self.cell,),)

    def __str__(self) -> str:
        return "\n".join([self.headline, *self._details()])

    def _details(self) -> list[str]:
        lines = [f"  and {one}" for one in self.writes[1:]]
        if not self.is_source:
            lines += [f"  {_way(path)}" for path in self.paths]
        if self.more_paths:
            lines.append("  and more ways: see .graph")
        if self.missing:
            has = "has" if len(self.missing) == 1 else "have"
            lines.append(f"  {', '.join(self.missing)} {has} no value")
        if self.raised:
            lines.append(f"  raised in {self.raised}")
        for one, reader in self.moved[:_MOVED]:
            lines.append(f"  {one} has changed again since, and {reader} came to an equal outcome")
        if len(self.moved) > _MOVED:
            lines.append(f"  so it is with {len(self.moved) - _MOVED} more")
        if self.also:
            lines.append(f"  {self.cell} was computed when it was read, so this may have counted too:")
            lines += [f"    {one}" for one in self.also]
        if not (self.is_complete or self.is_logged):
            lines.append(f"  ({REMEDY})")
        return lines

    def __repr__(self) -> str:
        return f"<why {self.headline}>"

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """What a notebook shows: the words, and the picture of what carried the change."""
        return _bundle(str(self), self.graph, include, exclude)


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of ``why_not``: its ``kind``, the cell at which the change ended, and a sentence.

    ``kind`` is one of "changed" (it did), "not written", "equal write", "not downstream", "not read" (by a tracked
    cell's last run), "equal" (it ran and came to an equal value), "unset", "failed", "lazy" (nobody observes it),
    "batch" (one is open), "stopped", "unknown".

    >>> print(Reason("equal", "is_big", "is_big ran and came to an equal value, True", "rooms.py:7"))
    is_big ran and came to an equal value, True
    """

    kind: str
    cell: str
    words: str
    where: str = ""

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True, slots=True, repr=False)
class WhyNot:
    """Why a cell did not change, or an effect did not run; the answer of ``why_not``.

    ``write`` is the write that is asked about, None if there was none; ``reasons`` are where it ended, with each the
    ``graph`` of the cells that it reached.

    >>> from reactflow import cell, why_not
    >>> length = cell(3.0, name="length")
    >>> is_big = (length > 1.0).map(bool, name="is_big")
    >>> stop = is_big.subscribe(lambda value: None)
    >>> length.value = 5.0
    >>> print(why_not(is_big))
    is_big (True) did not change when length was set to 5.0 at ...
      ... ran and came to an equal value, True (compared with ==)
    >>> stop()
    """

    cell: str
    kind: str
    where: str
    outcome: object
    write: Written | None
    reasons: tuple[Reason, ...]
    graph: GraphView = _NO_GRAPH

    @property
    def did_change(self) -> bool:
        """Whether it did change (or run) after all."""
        return any(one.kind == "changed" for one in self.reasons)

    @property
    def headline(self) -> str:
        """The first line: what did not change, and when."""
        subject = _aside(self.cell, self.kind, self.outcome)
        when = f" when {self.write}" if self.write is not None else ""
        if self.did_change:
            did = {"effect": "did run", "pulse": "did occur"}.get(self.kind, "did change")
        else:
            did = {"effect": "did not run", "pulse": "did not occur"}.get(self.kind, "did not change")
        return f"{subject} {did}{when}"

    def __str__(self) -> str:
        lines = [self.headline, *(f"  {one}" for one in self.reasons)]
        if any(one.kind == "unknown" for one in self.reasons) or (
            self.write is not None and not self.write.line
        ):
            lines.append(f"  ({REMEDY})")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<why not: {self.headline}>"

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """What a notebook shows: the words, and the picture of how far the change came."""
        return _bundle(str(self), self.graph, include, exclude)


def _subject(name: str, kind: str, outcome: object) -> str:
    if kind in ("pulse", "effect"):
        return name
    if outcome is UNSET:
        return f"{name} is unset"
    if type(outcome) is Failure:
        return f"{name} failed with {_said(outcome)}"
    return f"{name} = {_said(outcome)}"


def _aside(name: str, kind: str, outcome: object) -> str:
    """The name, with how it is in brackets."""
    if kind in ("pulse", "effect"):
        return name
    return f"{name} ({'failed with ' if type(outcome) is Failure else ''}{_said(outcome)})"


def _said(outcome: object) -> str:
    from reactflow.cells.pictures.labels import visible

    return visible(shown(outcome))


def _way(path: tuple[str, ...]) -> str:
    if len(path) > 2 * _ENDS + 1:
        between = f"({len(path) - 2 * _ENDS} cells)"
        path = (*path[:_ENDS], between, *path[-_ENDS:])
    return " -> ".join(path)


def _bundle(
    words: str, graph: GraphView, include: Collection[str] | None, exclude: Collection[str] | None
) -> dict[str, str]:
    html = f'<pre style="white-space:pre-wrap">{escape(words)}</pre>'
    if len(graph.nodes) > 1:
        html += graph._repr_mimebundle_()["text/html"]
    bundle = {"text/plain": words, "text/html": html}
    return {
        mime: content
        for mime, content in bundle.items()
        if (not include or mime in include) and (not exclude or mime not in exclude)
    }
