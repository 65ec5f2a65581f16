"""Metrics of deliveries in CloudWatch's embedded metric format: ``REACTFLOW_METRICS=emf``.

Each delivery is one line of JSON on standard output, which CloudWatch takes metrics from: no call is made, and nothing
is waited for. The namespace is ``reactflow``; the dimension is ``Service``, the service's name, and beside it ``Stage``
where ``REACTFLOW_STAGE`` names one. Alarms are set on these names, so that they must not change. A line never holds a
payload, a key, an id or anything else of which there are many.

The format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from reactflow.service.report import Report
from reactflow.service.telemetry import Watcher

SETTING: Final = "REACTFLOW_METRICS"
STAGE: Final = "REACTFLOW_STAGE"
NAMESPACE: Final = "reactflow"
FATES: Final = {
    "Applied": "applied",
    "Duplicate": "duplicate",
    "Superseded": "superseded",
    "Late": "late",
    "Filtered": "filtered",
    "Quarantined": "quarantined",
    "Held": "held",
    "Skipped": "skipped",
}
"""Metrics, in counts of events, by what became of them; those that were left for later are in none."""
COUNTS: Final = ("Records", *FATES, "Unfinished", "Released", "Published", "Waiting")
LAG: Final = "Lag"  # seconds: age of the newest finished record of the lane that is furthest behind


def emf(clock: Callable[[], float] = time.time) -> Watcher:
    """What writes a delivery as a line of metrics; ``clock`` tells seconds since 1970."""
    stage = os.environ.get(STAGE, "")
    about = {"Stage": stage} if stage else {}

    def write(report: Report) -> None:
        text = json.dumps(metrics(report, clock(), about), separators=(",", ":"))
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    return write


def metrics(report: Report, now: float, about: dict[str, str] | None = None) -> dict[str, Any]:
    """A delivery as an object of the embedded metric format; ``now`` in seconds since 1970.

    >>> found = metrics(Report(2, {"applied": 1, "quarantined": 1}, service="rooms"), 0.0)
    >>> found["Service"], found["Applied"], found["Quarantined"], found["Held"]
    ('rooms', 1, 1, 0)
    >>> found["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
    [['Service']]
    """
    counts: dict[str, Any] = {"Records": report.records}
    counts |= {name: report.fates.get(fate, 0) for name, fate in FATES.items()}
    counts["Quarantined"] += report.released.get("quarantined", 0)  # of what waited behind a case
    counts |= {
        "Unfinished": len(report.unfinished),
        "Released": sum(report.released.values()),
        "Published": len(report.published),
        "Waiting": len(report.transients),
    }
    told = [{"Name": name, "Unit": "Count"} for name in counts]
    if report.lanes:
        counts[LAG] = round(max(lane.lag for lane in report.lanes.values()), 3)
        told.append({"Name": LAG, "Unit": "Seconds"})
    dimensions = {"Service": report.service, **(about or {})}
    directive = {"Namespace": NAMESPACE, "Dimensions": [[*dimensions]], "Metrics": told}
    return {
        "_aws": {"Timestamp": int(now * 1000), "CloudWatchMetrics": [directive]},
        **dimensions,
        **counts,
    }
