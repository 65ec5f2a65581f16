"""What ``reactflow dev`` tells: each thing that happened as lines on a console, and as an entry of the page's feed.

A line begins with what happened; whatever could not be applied says why, where it is kept and what to do. It must not
change anything, nor let a console that has gone away fail a delivery.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from reactflow.service import Service
from reactflow.service.decoding import short
from reactflow.service.host import Report
from reactflow.service.quarantine import Case
from reactflow.service.sink import Publication

if TYPE_CHECKING:
    from rich.console import Console

    from reactflow.dashboard import Feed
    from reactflow.local.triggers import Delivery

MOST = 20  # changes of one delivery that are shown
_FATES = {
    "applied": "applied",
    "duplicate": "seen before",
    "superseded": "older than what is there",
    "filtered": "not for this service",
    "quarantined": "in quarantine",
    "unfinished": "to come again",
}


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "record"), counted(2, "record")
    ('1 record', '2 records')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def worded(fates: Mapping[str, int]) -> str:
    """How many records had which fate; without numbers when all had the same.

    >>> worded({"applied": 2}), worded({"applied": 1, "quarantined": 1})
    ('applied', '1 applied, 1 in quarantine')
    """
    known = [(number, _FATES.get(fate, fate)) for fate, number in fates.items() if number]
    return known[0][1] if len(known) == 1 else ", ".join(f"{number} {words}" for number, words in known)


def headline(report: Report) -> str:
    """A delivery in one line.

    >>> headline(Report(records=2, fates={"applied": 1, "duplicate": 1}, units=("room=r1",)))
    '2 records for room=r1: 1 applied, 1 seen before, no output changed'
    """
    names = "; ".join(report.units) if len(report.units) <= 3 else counted(len(report.units), "unit")
    text = f"{counted(report.records, 'record')}{f' for {names}' if names else ''}: {worded(report.fates)}"
    is_quiet = report.fates.get("applied") and not report.published and not report.transients
    return text + ", no output changed" if is_quiet else text


def change(one: Publication) -> tuple[str, str, str]:
    """Where a change went, whose it is, and what it says.

    >>> change(
    ...     Publication(
    ...         "rooms/row/room=r1/dynamodb:areas/1",
    ...         1,
    ...         "row",
    ...         {"room": "r1"},
    ...         {"room": "r1", "area": 12.0},
    ...         {"subject": "room=r1"},
    ...     )
    ... )
    ('dynamodb/areas', 'room=r1', 'area=12.0')
    """
    where = one.id.split("/")[3].replace(":", "/")
    values = [f"{name}={short(value)}" for name, value in one.values.items() if name not in one.key]
    return where, str(one.envelope["subject"]), "removed" if one.kind == "removal" else ", ".join(values)


def whose(case: Case) -> str:
    """The unit of a case, in words."""
    return case.unit if case.unit is not None else "no unit, its key could not be read"


def case_name(case: Case) -> str:
    """A case's id without the zeros that only make positions compare as text."""
    return re.sub(r"(?<=@)0{3,}|(\.?0{9,})$", "…", case.id)


class Telling:
    """Tells a console, and a feed when there is one. ``gone`` is called when nobody reads the console any more."""

    def __init__(self, console: Console, state: str, gone: Callable[[], object]) -> None:
        self.console = console
        self.feed: Feed | None = None
        self.total: Counter[str] = Counter()
        self._state = state
        self._gone = gone
        self._is_gone = False
        self._has_taught = False

    def line(self, label: str, text: str, style: str = "bold") -> None:
        """One line: a label in its column, and any text, as it is."""
        from rich.text import Text

        if self._is_gone:
            return
        try:
            self.console.print(Text.assemble((f"{label:<11} ", style), text))
        except (BrokenPipeError, SystemExit):  # rich ends the process, which is not for a listener to do
            self._is_gone = True
            self._gone()

    def report(self, service: Service, report: Report) -> None:
        """A delivery to a service, after it was acknowledged."""
        self.total.update({fate: number for fate, number in report.fates.items() if number})
        if report.records:
            self.line(service.name, headline(report), "bold cyan")
        for one in report.published[:MOST]:
            where, unit, text = change(one)
            self.line("", f"{where} {unit}: {text}", "green")
        if len(report.published) > MOST:
            self.line("", f"... and {counted(len(report.published) - MOST, 'more change')}")
        for case in report.cases:
            self._case(case)
        for text in report.transients:
            self.line("again", text, "yellow")
        if self.feed is not None:
            self.feed.add(_entry(service, report))

    def delivery(self, delivery: Delivery) -> None:
        """An invocation; of those that went well the report has told."""
        if delivery.outcome == "done":
            return
        self.line(delivery.outcome, str(delivery), "yellow")
        if self.feed is not None:
            self.feed.add({
                "source": delivery.source,
                "lane": delivery.shard,
                "outcome": delivery.outcome,
                "message": delivery.reason,
                "ms": round(delivery.seconds * 1000, 1),
            })  # fmt: skip

    def summary(self) -> str:
        """All of the run, in one line."""
        return (
            f"{counted(self.total.total(), 'record')}: {worded(self.total)}"
            if self.total
            else "no record came"
        )

    def _case(self, case: Case) -> None:
        message = " ".join(case.reason.message.split())
        self.line("quarantine", f"{whose(case)}: {message}", "red")
        self.line("", f"kept in {self._state} as {case_name(case)}", "dim")
        if not self._has_taught:
            self._has_taught = True
            self.line("", "nothing of it was applied, later records are; correct it and put it again", "dim")


def _entry(service: Service, report: Report) -> dict[str, Any]:
    return {
        "service": service.name,
        "source": service.reads[0] if len(service.reads) == 1 else "",
        "unit": ", ".join(report.units[:3]) + (", ..." if len(report.units) > 3 else ""),
        "records": report.records,
        "counts": dict(report.fates),
        "outcome": "partly" if report.unfinished else "done",
        "message": headline(report),
        "cases": [
            {"id": case.id, "service": case.service, "unit": case.unit, "message": case.reason.message}
            for case in report.cases
        ],
    }
