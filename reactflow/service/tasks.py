"""Tasks: what a schedule has a service do, beside what records have it do.

Sweeping is for every minute or so, and expiring for once a day: it looks at every unit. Swept each minute, a service
expires by itself, at a minute of the day that is told by its name, so that services that share a table do not all look
at it at once.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from reactflow.service.deadline import NO_DEADLINE, Deadline
from reactflow.service.report import Report

if TYPE_CHECKING:
    from reactflow.service.host import Host
    from reactflow.service.invocation import Task

IDLE: Final = 60.0  # seconds without a write, after which a unit is swept
_MINUTE: Final = 60
_DAY: Final = 1440  # minutes


def carried_out(host: Host, task: Task, deadline: Deadline = NO_DEADLINE) -> dict[str, int]:
    """Do what a schedule asks for; returns how much of it was done: ``units`` swept, of which something still is
    ``waiting``, changes ``published``, units ``expired``.

    Whatever there was no time for is found by the next call. The host's listener is told of a sweep that found
    something. Raises ConfigurationError for a sink that will never work, after all others were served.
    """
    swept = Report(0, {}, service=host.service.name)
    if task == "sweep":
        swept = host.sweep(IDLE, deadline)
        if host.listener is not None and (swept.units or swept.transients):
            host.listener(swept)
    expired = 0
    if task == "expire" or expires_at(host.service.name) == int(host.clock()) // _MINUTE % _DAY:
        expired = len(host.expire(deadline).units)
    return {
        "units": len(swept.units),
        "published": len(swept.published),
        "waiting": len(swept.transients),
        "expired": expired,
    }


def expires_at(name: str) -> int:
    """The minute of the day, in UTC, at which a service of this name expires.

    >>> expires_at("rooms")
    1046
    """
    return zlib.crc32(name.encode()) % _DAY
