"""The sweeper's turn on this machine: every half minute it looks after units that were idle for a minute."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from reactflow.errors import ReactflowError
from reactflow.local.triggers import Clock
from reactflow.local.triggers.stream import Turn
from reactflow.service.host import Host

EVERY = 30.0  # seconds
IDLE = 60.0  # seconds
_log = logging.getLogger("reactflow.local")


class Sweeping:
    """Drives the sweeper of some hosts, in turn with their triggers; what it cannot do now it finds again."""

    source = "sweeper"

    def __init__(self, hosts: Iterable[Host], *, every: float = EVERY, idle: float = IDLE) -> None:
        self._hosts = tuple(hosts)
        self._every, self._idle = every, idle
        self._next: float | None = None

    def open(self) -> None:
        """Nothing to be read, and so no place to begin."""

    def turn(self, clock: Clock, report: object) -> Turn:
        """Sweep when it is time; never work that a run would wait for."""
        now = clock.now()
        if self._next is not None and now >= self._next:
            for host in self._hosts:
                try:
                    host.sweep(self._idle)
                except ReactflowError as error:
                    _log.warning("service %s could not be swept: %s", host.service.name, error)
        if self._next is None or now >= self._next:
            self._next = now + self._every
        return Turn()
