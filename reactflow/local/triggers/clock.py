"""Time as the triggers see it: the real one, which a stop interrupts, and one that a test turns by hand.

Nothing else in ``triggers`` may ask the system for the time or sleep.
"""

from __future__ import annotations

import threading
import time


class Clock:
    """The real time. ``stop()``, from any thread or signal handler, ends a wait at once and for ever.

    >>> clock = Clock()
    >>> clock.stop()
    >>> clock.wait(3600.0)
    True
    """

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def wait(self, seconds: float) -> bool:
        """Wait so many seconds, or until stopped; True when stopped."""
        return self._stopped.wait(max(0.0, seconds))

    def stop(self) -> None:
        """End every wait, now and later."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()


class ManualClock(Clock):
    """A clock whose waits take no time but move it on; ``waits`` keeps how long each was, in seconds.

    >>> clock = ManualClock(100.0)
    >>> clock.wait(2.5)
    False
    >>> clock.now(), clock.waits
    (102.5, [2.5])
    """

    def __init__(self, start: float = 0.0) -> None:
        super().__init__()
        self._now = start
        self.waits: list[float] = []

    def now(self) -> float:
        return self._now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.advance(max(0.0, seconds))
        return self.stopped

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds
