"""When a display is sent: not more often than a page can take, and never without the last value.

A change only notes that something is to be sent; one background thread, there only while there is work, sends it. It
promises at most ``1 / interval`` sends a second of one display (fewer if drawing takes long), no thread when nothing
has changed for a second, and that a display noted after it was last sent is sent again. It must not send, draw or print
in the thread that noted, which is in the middle of a propagation.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import Protocol

INTERVAL = 1 / 20  # seconds between two sends of one display
# a display that takes t seconds to draw rests 4 t: at most a fifth of the time goes into drawing it
SHARE = 4
IDLE = 1.0  # seconds without work after which the thread ends
PATIENCE = 5.0  # seconds that flush() waits for a send which the thread has begun

_log = logging.getLogger("reactflow.notebook")


class Sendable(Protocol):
    """What is paced."""

    def send(self) -> None:
        """Draw the present state and send it."""


class Pacer:
    """Sends what was noted, at a pace.

    >>> from threading import Event
    >>> class Bell:
    ...     rung = Event()
    ...
    ...     def send(self):
    ...         self.rung.set()
    >>> Pacer().note(Bell())
    >>> Bell.rung.wait(5)
    True
    """

    def __init__(self, interval: float = INTERVAL, clock: Callable[[], float] = monotonic) -> None:
        self._interval = interval
        self._clock = clock
        # Never held while a display is drawn, since drawing takes the graph's lock, and who notes holds that one.
        self._changed = threading.Condition()
        self._waiting: dict[Sendable, None] = {}
        self._resting: dict[Sendable, float] = {}  # until when
        self._sending = False
        self._thread: threading.Thread | None = None

    def note(self, one: Sendable) -> None:
        """Have a display sent, soon. Cheap, and safe in any thread."""
        if one in self._waiting:
            return  # it is drawn after it leaves there, so what is noted now will be seen
        with self._changed:
            self._waiting[one] = None
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="reactflow displays", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:  # no threads here, or the interpreter is ending: flush() will send it
                    self._thread = None
            else:
                self._changed.notify_all()

    def flush(self) -> None:
        """Send now, in this thread, all that waits; when it returns nothing noted before is still under way."""
        while True:
            with self._changed:
                one = next(iter(self._waiting), None)
                if one is None:
                    self._changed.wait_for(lambda: not self._sending, PATIENCE)
                    return
                del self._waiting[one]
            try:
                one.send()
            except BaseException:  # an interrupt too: it is sent later
                self.note(one)
                raise

    def forget(self, one: Sendable) -> None:
        """No longer send it."""
        with self._changed:
            self._waiting.pop(one, None)

    def _run(self) -> None:
        while (one := self._next()) is not None:
            begun = self._clock()
            try:
                one.send()
            except Exception:
                _log.exception("a live display could not be sent")
            finally:
                with self._changed:
                    now = self._clock()
                    self._resting[one] = now + max(self._interval, SHARE * (now - begun))
                    self._sending = False
                    self._changed.notify_all()
            del one  # a display that is gone is not kept here

    def _next(self) -> Sendable | None:
        """The next display that waits and has rested; None when the thread is to end."""
        with self._changed:
            while True:
                now = self._clock()
                self._resting = {one: until for one, until in self._resting.items() if until > now}
                ready = next((one for one in self._waiting if one not in self._resting), None)
                if ready is not None:
                    del self._waiting[ready]
                    self._sending = True
                    return ready
                rest = min((self._resting[one] for one in self._waiting), default=now + IDLE) - now
                if not self._changed.wait(rest) and not self._waiting:
                    self._resting.clear()
                    self._thread = None
                    return None
