"""Tasks: what a schedule has a service do, beside what records have it do.

Sweeping is for every minute or so, and expiring for once a day: it looks at every unit. Swept each minute, a service
expires by itself, at a minute of the day that is told by its name, so that services that share a table do not all look
at it at once.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from reactflow.errors import ConfigurationError
from reactflow.service.deadline import NO_DEADLINE, Deadline
from reactflow.service.report import Report

if TYPE_CHECKING:
    from reactflow.service.host import Host

Task = Literal["sweep", "expire"]
"""What a schedule has a service do: publish what idle units owe, or have units of old windows forget."""


IDLE: Final = 60.0  # seconds without a write, after which a unit is swept
TASK: Final = "reactflow"  # the field of an event that a schedule sends
_MINUTE: Final = 60
_DAY: Final = 1440  # minutes


def task_of(event: Mapping[str, Any]) -> Task | None:
    """What ``{"reactflow": "sweep"}`` asks for; None for an event that asks for nothing of that kind.

    Raises ConfigurationError for what nobody can do.

    >>> task_of({"reactflow": "sweep"}), task_of({"name": "Ann"})
    ('sweep', None)
    """
    if TASK not in event:
        return None
    task = event[TASK]
    if len(event) == 1 and task == "sweep":
        return "sweep"
    if len(event) == 1 and task == "expire":
        return "expire"
    raise ConfigurationError(
        f'the event has the field {TASK!r}, and is none that a schedule sends: it is {{"{TASK}": "sweep"}} or '
        f'{{"{TASK}": "expire"}}'
    )


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
