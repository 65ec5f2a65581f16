"""``reactflow replay``: a file of events or records, line by line to a service, in order and at a pace.

It promises to hand a line over only when the one before is done, as an event source mapping does with a shard, so that
what comes of it never depends on the pace. A line that cannot be finished ends it.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from attrs import field, frozen

from reactflow.cli.answers import answer
from reactflow.cli.checks import check_installed
from reactflow.cli.event import dynamodb_made, kinesis_made
from reactflow.cli.invoke import Hosting, hosted, one_service
from reactflow.cli.options import HERE, AsJson, Local, State, Target
from reactflow.cli.records import Written, read_record, told_with
from reactflow.cli.telling import counted, report_data, worded
from reactflow.errors import ConfigurationError, RecordError, Transient
from reactflow.service import Input, Service
from reactflow.service.decoding import short
from reactflow.service.suggest import suggestion

TRIES: Final = 4  # of a line that cannot be finished for now
PAUSE: Final = 0.2  # seconds before the second try, then twice as long each time


def replay(
    events: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="events, records or plain JSON objects, one a line; - is standard input"
        ),
    ],
    target: Target,
    speed: Annotated[
        float,
        typer.Option(
            metavar="N", min=0.0, help="1 as fast as it was, 60 an hour in a minute, 0 without waiting"
        ),
    ] = 0.0,
    source: Annotated[
        str,
        typer.Option(
            "--input",
            metavar="RESOURCE",
            help="plain objects: the input they are for, where there are several",
            show_default=False,
        ),
    ] = "",
    on: Annotated[
        str,
        typer.Option(
            metavar="FIELD",
            help="plain objects: the field with their time [default: the window's]",
            show_default=False,
        ),
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="only what came of it all")] = False,
    state: State = "",
    endpoint: Local = HERE,
    as_json: AsJson = False,
) -> None:
    """Hand a service a file of events, in order.

    A line is an event as Lambda delivers it, one record of it, or a plain object as `reactflow put` takes it. The times
    of records set the pace. What became of each is told on standard error, the counts at the end.

    \b
    reactflow replay events.jsonl rooms:rooms
    reactflow replay events.jsonl rooms:rooms --speed 60 --state sqlite:state.db
    """
    check_installed("reactflow replay", ("boto3",))
    service = one_service(target)
    reading = Reading.of(service, source, on)
    began = time.monotonic()
    with (
        _lines(events) as lines,
        hosted(service, endpoint=endpoint, state=state, is_told=not quiet) as hosting,
    ):
        pace = Pace(speed)
        for line in lines:
            with told_with(line):
                event, moment = reading.read(line)
                pace.wait_for(moment)
                _finish(hosting, event)
    told = _counts(service, hosting, time.monotonic() - began)
    answer(_words(told), told, as_json)


@contextmanager
def _lines(file: Path) -> Iterator[Iterator[Written]]:
    """The lines that are not empty, with their numbers, read as they are asked for."""

    def numbered(lines: Iterable[str]) -> Iterator[Written]:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield Written(line.strip(), f"line {number}")

    if str(file) == "-":
        yield numbered(sys.stdin)
        return
    try:
        with file.open(encoding="utf-8") as opened:
            yield numbered(opened)
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"the events {file} cannot be read: {error}") from error


@frozen
class Reading:
    """How a line becomes an event: ``input`` is the one that plain objects are for, ``on`` the field of their time."""

    service: Service
    input: Input | None
    on: str
    _count: Iterator[int] = field(factory=lambda: iter(range(sys.maxsize)))

    @classmethod
    def of(cls, service: Service, source: str, on: str) -> Reading:
        """Raises ConfigurationError for an input that the service does not have."""
        by_name = {one.source.resource: one for one in service.bound}
        if source and source not in by_name:
            raise ConfigurationError(
                f"service {service.name!r} has no input {source!r}{suggestion(source, by_name)}: it has "
                f"{', '.join(by_name)}"
            )
        chosen = by_name[source] if source else next(iter(by_name.values())) if len(by_name) == 1 else None
        window = chosen.key.window if chosen is not None else None
        return cls(service, chosen, on or (window.on if window is not None else ""))

    def read(self, line: str) -> tuple[Mapping[str, Any], datetime | None]:
        """The event of a line, and when it happened. Raises ConfigurationError for a line that is no object."""
        found = read_record(line)
        records = found.get("Records")
        if isinstance(records, list) and all(
            isinstance(one, Mapping) and "eventSource" in one for one in records
        ):
            return found, _moment(records[0]) if records else None
        if "detail-type" in found and "detail" in found:
            return found, _moment(found)
        if "eventSource" in found:
            return {"Records": [found]}, _moment(found)
        return self._plain(found, line)

    def _plain(self, record: Mapping[str, Any], line: str) -> tuple[Mapping[str, Any], datetime | None]:
        if self.input is None:
            names = ", ".join(one.source.resource for one in self.service.bound) or "none"
            raise ConfigurationError(
                f"a plain object, and service {self.service.name!r} has the inputs {names}: name one with --input"
            )
        kind, _, resource = self.input.source.resource.partition("/")
        moment, start = self._time(record), next(self._count)
        if kind == "kinesis":
            partition = str(getattr(self.input.source, "partition", "") or "")
            return kinesis_made(resource, [line], partition=partition, start=start, at=moment), moment
        if kind == "dynamodb":
            keys = ",".join(dict.fromkeys(path.partition(".")[0] for path in self.input.paths.values()))
            return dynamodb_made(resource, [line], keys=keys, start=start, at=moment), moment
        raise ConfigurationError(
            f"{short(line)} is no event of {self.input.source.resource}: `reactflow event s3 {resource} KEY --json` "
            "writes lines"
        )

    def _time(self, record: Mapping[str, Any]) -> datetime | None:
        """When a plain record happened, by its own field."""
        if not self.on or self.on not in record:
            if self.on and (self.input is None or self.input.key.window is None):
                raise ConfigurationError(
                    f"a record has no field {self.on!r}, which is to be its time: it has {', '.join(record)}"
                )
            return None
        window = self.input.key.window if self.input is not None else None
        value = record[self.on]
        if window is not None and window.on == self.on:
            try:
                above, below = window.instant(value, "the record")
            except RecordError:
                return None  # the service says what is wrong with it
            return datetime.fromtimestamp(above / below, UTC)
        return _time_of(value, self.on)


def _time_of(value: object, name: str) -> datetime:
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        return datetime.fromtimestamp(float(str(value)), UTC)
    except (ValueError, OverflowError, OSError):
        raise ConfigurationError(
            f"{name} = {value!r} is no time: write seconds since 1970, or text such as 2026-11-23T12:00:00Z"
        ) from None


def _moment(record: Mapping[str, Any]) -> datetime | None:
    """When a record of Lambda came to its source."""
    inner = record.get("kinesis") or record.get("dynamodb") or {}
    for name in ("approximateArrivalTimestamp", "ApproximateCreationDateTime"):
        if isinstance(inner, Mapping) and name in inner:
            return _time_of(inner[name], name)
    sent = record.get("attributes", {})
    if isinstance(sent, Mapping) and "SentTimestamp" in sent:
        return _time_of(int(sent["SentTimestamp"]) / 1000, "SentTimestamp")
    text = record.get("eventTime") or record.get("time")
    return _time_of(text, "time") if isinstance(text, str) else None


class Pace:
    """Waits until it is time for an event: as long after the first as it was, divided by ``speed``; 0 waits never."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._began: tuple[datetime, float] | None = None

    def wait_for(self, moment: datetime | None) -> None:
        """Wait for the time of an event; for one without a time, or an earlier one, not at all."""
        if not self._speed or moment is None:
            return
        if self._began is None:
            self._began = moment, time.monotonic()
        first, began = self._began
        due = began + (moment - first).total_seconds() / self._speed
        time.sleep(max(0.0, due - time.monotonic()))  # the pace that was asked for


def _finish(hosting: Hosting, event: Mapping[str, Any]) -> None:
    """Hand an event over until all of it is done. Raises ConfigurationError when it is not after some tries."""
    said = ""
    for place in range(TRIES):
        if place:
            time.sleep(PAUSE * 2 ** (place - 1))  # what may pass is given time to pass
        before = len(hosting.reports)
        try:
            hosting.handle(event)
        except Transient as error:
            said = str(error)
            continue
        reports = hosting.reports[before:]
        if not any(one.unfinished for one in reports):
            return
        said = "; ".join(text for one in reports for text in one.transients)
    raise ConfigurationError(f"not finished after {TRIES} tries: {said or 'it has to come again'}")


def _counts(service: Service, hosting: Hosting, seconds: float) -> dict[str, Any]:
    fates: Counter[str] = Counter()
    for report in hosting.reports:
        fates.update(report.fates)
    return {
        "service": service.name,
        "deliveries": len(hosting.reports),
        "records": sum(one.records for one in hosting.reports),
        "fates": {fate: number for fate, number in fates.items() if number},
        "published": sum(len(one.published) for one in hosting.reports),
        "cases": [case for one in hosting.reports for case in report_data(service, one)["cases"]],
        "seconds": round(seconds, 3),
    }


def _words(told: Mapping[str, Any]) -> str:
    deliveries = counted(told["deliveries"], "delivery").replace("deliverys", "deliveries")
    if not told["records"]:
        return f"{told['service']}: no record came"
    return (
        f"{told['service']}: {counted(told['records'], 'record')} in {deliveries}: {worded(told['fates'])}; "
        f"{counted(told['published'], 'change')} published"
    )
