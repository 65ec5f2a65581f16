"""What ``reactflow dev`` tells: each thing that happened as lines on a console, and as an entry of the page's feed.

A line begins with what happened; whatever could not be applied says why, where it is kept and what to do. It must not
change anything, nor let a console that has gone away fail a delivery.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reactflow.cells import Kind
from reactflow.cli.answers import json_line
from reactflow.errors import StateError
from reactflow.service import Service
from reactflow.service.decoding import short
from reactflow.service.key import Key
from reactflow.service.quarantine import Case
from reactflow.service.report import Report
from reactflow.service.sink import Publication
from reactflow.service.suggest import suggestion
from reactflow.service.telemetry import hashed

if TYPE_CHECKING:
    from rich.console import Console

    from reactflow.dashboard import Feed
    from reactflow.local.triggers import Delivery

MOST = 20  # changes of one delivery that are shown, and ignored fields of one service
LONGEST = 24  # characters of a position that are shown
_FATES = {
    "applied": "applied",
    "duplicate": "seen before",
    "superseded": "older than what is there",
    "late": "late",
    "filtered": "not for this service",
    "quarantined": "in quarantine",
    "held": "waiting behind a case",
    "skipped": "skipped",
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


def named(fields: Mapping[str, object]) -> str:
    """A unit by the plain values of its key; what could be misread, such as a comma or a control character, quoted.

    >>> named({"dept": "d1", "emp": "e/7"}), named({"room": "a, b"}), named({})
    ('dept=d1,emp=e/7', "room='a, b'", '()')
    """

    def value(one: object) -> str:
        text = str(one)
        is_plain = text.isprintable() and text == text.strip() and text and not set(text) & set(",;='\"")
        return text if is_plain else repr(text)

    return ",".join(f"{name}={value(one)}" for name, one in fields.items()) or "()"


def unit_name(key: Key, text: str) -> str:
    """A unit as people read it, from the text of its key.

    >>> unit_name(Key.of("room"), "room=a%2Fb")
    'room=a/b'
    """
    try:
        return named(dict(zip(key.names, key.decode(text), strict=True)))
    except StateError:  # of another key, before the service was changed
        return text


def headline(report: Report, key: Key) -> str:
    """A delivery in one line: how many records, whose they are, what became of them.

    >>> headline(Report(2, {"applied": 1, "duplicate": 1}, units=("room=r1",)), Key.of("room"))
    '2 records for room=r1: 1 applied, 1 seen before, no output changed'
    """
    units = report.units
    names = (
        "; ".join(unit_name(key, unit) for unit in units) if len(units) <= 3 else counted(len(units), "unit")
    )
    strays = sum(case.unit is None for case in report.cases)
    whose = f" for {names}" if names else ""
    if strays and strays == report.records:
        whose = " of no unit"
    elif strays:
        mine = report.records - strays - report.fates.get("filtered", 0)
        whose = f", {f'{mine} for {names} and ' if names else ''}{strays} of no unit"
    text = f"{counted(report.records, 'record')}{whose}: {worded(report.fates)}"
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
    whose = named(one.key)
    values = [f"{name}={short(value)}" for name, value in one.values.items() if name not in one.key]
    return where, whose, "removed" if one.kind == "removal" else ", ".join(values)


def ignored(service: Service, name: str) -> str:
    """That a field feeds nothing, and what it may have been meant to be."""
    plan = service.flow.plan
    if name in plan.names and plan[name].kind not in (Kind.SOURCE, Kind.PULSE):
        return f"field {name!r} feeds no cell, {service.flow.__name__} computes it: ignored"
    paths = [path for one in service.bound for path in (*one.feeds.values(), *one.paths.values())]
    near = suggestion(name, dict.fromkeys(path.partition(".")[0] for path in paths))
    return f"field {short(name)} feeds no cell{near}: ignored"


def whose(case: Case, key: Key) -> str:
    """The unit of a case, in words."""
    return unit_name(key, case.unit) if case.unit is not None else "no unit, its key could not be read"


def case_name(case: Case) -> str:
    """A case's id for people: without the zeros that only make numbers compare as text, its middle left out if long.

    >>> from reactflow.service.quarantine import Reason
    >>> lane, reason = "kinesis/measurements/shardId-000000000001", Reason(kind="record", message="")
    >>> case_name(Case(service="rooms", lane=lane, position="0" * 30 + "17954224", reason=reason))
    'kinesis/measurements/shardId-1@17954224'
    """
    lane, _, position = case.id.rpartition("@")
    number = re.sub(r"\.?0{9,}$", "…", position.lstrip("0")) or "0"
    if len(number) > LONGEST:
        number = f"{number[: LONGEST // 2]}…{number[-LONGEST // 2 :]}"
    return f"{re.sub(r'(?<=-)0+(?=[0-9])', '', lane)}@{number}"


class Telling:
    """Tells a console, and a feed when there is one. ``gone`` is called when nobody reads the console any more."""

    def __init__(self, console: Console, state: str, gone: Callable[[], object]) -> None:
        self.console = console
        self.feed: Feed | None = None
        self.total: Counter[str] = Counter()
        self._state = state
        self.states: dict[str, str] = {}  # of services that have a store of their own
        self._gone = gone
        self._is_gone = False
        self._has_taught = False
        self._ignored: dict[str, set[str]] = {}  # of each service, the fields of which was told

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
            self.line(service.name, headline(report, service.key), "bold cyan")
        for one in report.published[:MOST]:
            where, unit, text = change(one)
            self.line("", f"{where} {unit}: {text}", "green")
        if len(report.published) > MOST:
            self.line("", f"... and {counted(len(report.published) - MOST, 'more change')}")
        for case in report.cases:
            self._case(case, service)
        notes = self._new_ignored(service, report)
        for text in notes:
            self.line("note", text, "yellow")
        for text in report.transients:
            self.line("again", _plainly(text, report, service.key), "yellow")
        if self.feed is not None:
            self.feed.add(_entry(service, report, notes))

    def delivery(self, delivery: Delivery) -> None:
        """An invocation; of those that went well the report has told."""
        if delivery.outcome == "done":
            return
        if delivery.outcome == "filtered":  # nobody was called
            return self.line(delivery.outcome, str(delivery), "dim")
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

    def _new_ignored(self, service: Service, report: Report) -> list[str]:
        """What to say of fields that feed nothing: of each once, with the stricter way beside the first."""
        told = self._ignored.setdefault(service.name, set())
        is_first = not any(self._ignored.values())
        new = [name for name in sorted(report.ignored) if name not in told][: MOST - len(told)]
        told.update(new)
        notes = [ignored(service, name) for name in new]
        if notes and is_first:
            notes[-1] += '; extra="forbid" on the input puts such records in quarantine instead'
        return notes

    def _case(self, case: Case, service: Service) -> None:
        message, state = " ".join(case.reason.message.split()), self.states.get(service.name, self._state)
        self.line("quarantine", f"{whose(case, service.key)}: {message}", "red")
        self.line("", f"kept in {state} as {hashed(case.id)}, {case_name(case)}", "dim")
        if not self._has_taught:
            self._has_taught = True
            self.line(
                "",
                "nothing of it was applied; correct it and put it again"
                + ("" if state == "memory" else ", or see `reactflow quarantine`"),
                "dim",
            )


class JsonTelling(Telling):
    """Tells the same as JSON, an object a line: ``what`` happened, and of a delivery all that its report says."""

    def line(self, label: str, text: str, style: str = "bold") -> None:
        """What happened, and its words."""
        self._tell({"what": label, "text": text})

    def report(self, service: Service, report: Report) -> None:
        """A delivery to a service, after it was acknowledged."""
        self.total.update({fate: number for fate, number in report.fates.items() if number})
        self._tell({"what": "delivery", **report_data(service, report)})
        if self.feed is not None:
            self.feed.add(_entry(service, report, self._new_ignored(service, report)))

    def _tell(self, entry: Mapping[str, object]) -> None:
        if self._is_gone:
            return
        try:
            print(json_line(entry), file=self.console.file, flush=True)
        except BrokenPipeError:
            self._is_gone = True
            self._gone()


def report_data(service: Service, report: Report) -> dict[str, Any]:
    """What became of a delivery, as plain data: counts, changes and cases; no record, and of units their names."""
    changes = []
    for one in report.published:
        to, unit, _ = change(one)
        values = {name: value for name, value in one.values.items() if name not in one.key}
        changes.append({"to": to, "unit": unit, "kind": one.kind, "values": values})
    return {
        "service": service.name,
        "records": report.records,
        "fates": {fate: number for fate, number in report.fates.items() if number},
        "units": [unit_name(service.key, unit) for unit in report.units],
        "published": changes,
        "cases": [
            {
                "case": hashed(case.id),
                "id": case.id,
                "unit": None if case.unit is None else unit_name(service.key, case.unit),
                "message": " ".join(case.reason.message.split()),
            }
            for case in report.cases
        ],
        "again": [_plainly(text, report, service.key) for text in report.transients],
        "ignored": dict(report.ignored),
    }


def _plainly(text: str, report: Report, key: Key) -> str:
    """What a report says of a unit, with the unit as people read it."""
    for unit in report.units:
        if text.startswith(start := f"unit {unit}: "):
            return f"unit {unit_name(key, unit)}: {text.removeprefix(start)}"
    return text


def _entry(service: Service, report: Report, notes: Sequence[str]) -> dict[str, Any]:
    units = [unit_name(service.key, unit) for unit in report.units[:3]]
    return {
        "service": service.name,
        "source": service.reads[0] if len(service.reads) == 1 else "",
        "unit": ", ".join(units) + (", ..." if len(report.units) > 3 else ""),
        "records": report.records,
        "counts": dict(report.fates),
        "outcome": "partly" if report.unfinished else "done",
        "message": "; ".join((headline(report, service.key), *notes)),
        "cases": [
            {
                "id": case.id,
                "short": case_name(case),
                "service": case.service,
                "unit": None if case.unit is None else unit_name(service.key, case.unit),
                "message": case.reason.message,
            }
            for case in report.cases
        ],
    }
