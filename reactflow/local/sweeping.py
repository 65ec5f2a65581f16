"""The sweeper's turn on this machine: every half minute it looks after units that were idle for a minute."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final

from reactflow.errors import ReactflowError
from reactflow.local.triggers import Clock
from reactflow.local.triggers.delivery import Handler
from reactflow.local.triggers.stream import Turn
from reactflow.service.host import Host

EVERY = 30.0  # seconds
IDLE = 60.0  # seconds
SWEEP: Final = {"reactflow": "sweep"}  # what a schedule hands to a function on AWS
_log = logging.getLogger("reactflow.local")


class Sweeping:
    """Drives the sweeper of some hosts, in turn with their triggers; what it cannot do now it finds again.

    ``handlers``, by the names of their services, are asked to sweep as a schedule on AWS asks a function.
    """

    source = "sweeper"

    def __init__(
        self,
        hosts: Iterable[Host],
        *,
        handlers: Mapping[str, Handler] | None = None,
        every: float = EVERY,
        idle: float = IDLE,
    ) -> None:
        self._sweeps: list[tuple[str, Callable[[], object]]] = [
            *((host.service.name, partial(host.sweep, idle)) for host in hosts),
            *((name, partial(handler, SWEEP, None)) for name, handler in (handlers or {}).items()),
        ]
        self._every = every
        self._next: float | None = None

    def open(self) -> None:
        """Nothing to be read, and so no place to begin."""

    def turn(self, clock: Clock, report: object) -> Turn:
        """Sweep when it is time; never work that a run would wait for."""
        now = clock.now()
        if self._next is not None and now >= self._next:
            for name, sweep in self._sweeps:
                try:
                    sweep()
                except ReactflowError as error:
                    _log.warning("service %s could not be swept: %s", name, error)
        if self._next is None or now >= self._next:
            self._next = now + self._every
        return Turn()
