"""Telemetry: what becomes of deliveries, for whoever watches many of them. Off unless a setting asks for it.

``REACTFLOW_LOG=json`` writes one line of JSON a delivery to the log ``reactflow.deliveries``, at the level INFO.
``REACTFLOW_OTEL=1`` counts with OpenTelemetry, through the meter provider that the process has set up; the floor of a
platform may know more settings. None of them holds a payload, a key or an id of a user's: cases are told by a hash,
which finds one again and tells nothing else.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, Final, Protocol

from reactflow.errors import ConfigurationError, MissingExtra
from reactflow.service.key import ONLY_UNIT
from reactflow.service.report import Report

LOG: Final = "REACTFLOW_LOG"
OTEL: Final = "REACTFLOW_OTEL"
DELIVERIES: Final = "reactflow.deliveries"  # the log that lines are written to
_log = logging.getLogger(DELIVERIES)

_REASONS: Final = 3  # that a line tells

Watcher = Callable[[Report], None]
_MORE: dict[str, Mapping[str, Callable[[], Watcher] | None]] = {}


def watches(setting: str, known: Mapping[str, Callable[[], Watcher] | None]) -> None:
    """Register a setting of a platform, and what makes the watcher for each of its values, None for none."""
    _MORE[setting] = known


class Meter(Protocol):
    """What is used of OpenTelemetry's meter."""

    def create_counter(self, name: str, unit: str = "", description: str = "") -> Any: ...

    def create_histogram(self, name: str, unit: str = "", description: str = "") -> Any: ...


def watcher(settings: Mapping[str, str] | None = None) -> Watcher | None:
    """What the settings (by default the environment) ask to be told of each delivery; None when they ask for nothing.

    Raises ConfigurationError for a setting of no known value, MissingExtra when OpenTelemetry is not installed.

    >>> watcher({}) is None
    True
    """
    found = os.environ if settings is None else settings
    watchers: list[Watcher] = []
    if _chosen(found, LOG, {"json": True, "off": False}):
        watchers.append(write_line)
    if _chosen(found, OTEL, {"1": True, "0": False}):
        watchers.append(counting(_meter()))
    for name, known in _MORE.items():
        if _chosen(found, name, {text: make is not None for text, make in known.items()}):
            make = known[found[name]]
            assert make is not None
            watchers.append(make())
    if not watchers:
        return None

    def tell(report: Report) -> None:
        for one in watchers:
            one(report)

    return tell


def _chosen(settings: Mapping[str, str], name: str, known: Mapping[str, bool]) -> bool:
    text = settings.get(name, "")
    if text and text not in known:
        raise ConfigurationError(f"{name}={text!r} is unknown: it is {' or '.join(known)}")
    return known.get(text, False)


def hashed(text: str) -> str:
    """The hash by which a unit or a case is told: the first 16 digits of its SHA-256.

    >>> hashed("room=r1")
    '5520ee659979ad76'
    """
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def line(report: Report) -> dict[str, Any]:
    """A delivery as plain data: counts, lags, and hashes in place of names."""
    return {
        "event": "delivery", "service": report.service, "records": report.records, "inputs": report.inputs,
        "fates": _counted(report.fates), "released": _counted(report.released), "units": len(report.units),
        "published": len(report.published), "unfinished": len(report.unfinished),
        "cases": [{"case": hashed(one.id), "kind": one.reason.kind, "cell": one.reason.cell} for one in report.cases],
        "waiting": len(report.transients), "why": _reasons(report.transients),
        "lag": {name: round(lane.lag, 3) for name, lane in report.lanes.items()},
        "newest": {name: lane.newest for name, lane in report.lanes.items()},
    }  # fmt: skip


def _reasons(transients: Sequence[str]) -> list[str]:
    """Why something has to come again: the first different reasons, of units the hash, of an unexpected error the type.

    >>> _reasons(["unit room=r1: dynamodb/areas is busy", "unit room=r2: dynamodb/areas is busy"])
    ['dynamodb/areas is busy']
    """
    found: dict[str, None] = {}
    for text in transients:
        head, _, why = text.partition(": ")
        kind, _, name = head.partition(" ")
        if kind == "unit" and name != ONLY_UNIT:
            why = why.replace(name, hashed(name))
        found[why.partition(":")[0] if why.startswith("unexpected ") else why or text] = None
    return [*found][:_REASONS]


def write_line(report: Report) -> None:
    """Write a delivery as one line of JSON."""
    _log.info("%s", json.dumps(line(report), sort_keys=True, separators=(",", ":")))


def counting(meter: Meter) -> Watcher:
    """What counts deliveries with a meter of OpenTelemetry."""
    events = meter.create_counter(
        "reactflow.events", "{event}", "Events by service and by what became of them"
    )
    published = meter.create_counter("reactflow.published", "{change}", "Changes handed to sinks")
    lag = meter.create_histogram("reactflow.lag", "s", "Age of the newest finished record of a lane")

    def count(report: Report) -> None:
        about = {"service": report.service}
        for kind, fates in (("delivered", report.fates), ("released", report.released)):
            for fate, number in _counted(fates).items():
                events.add(number, {**about, "fate": fate, "from": kind})
        if report.published:
            published.add(len(report.published), about)
        for name, lane in report.lanes.items():
            lag.record(lane.lag, {**about, "lane": name})

    return count


def _counted(fates: Mapping[str, int]) -> dict[str, int]:
    return {fate: number for fate, number in fates.items() if number}


def _meter() -> Meter:
    try:
        metrics = import_module("opentelemetry.metrics")
    except ImportError as error:
        raise MissingExtra(f"{OTEL}=1", "opentelemetry-api", "otel") from error
    meter: Meter = metrics.get_meter("reactflow")
    return meter
