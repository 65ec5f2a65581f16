"""Runs triggers together: until nothing is left to do, or until stopped.

It promises: the triggers take turns; a stop, from any thread or by ctrl-c, ends it at the next delivery; what may pass
(an endpoint that is busy or away) is waited for. It must not judge a delivery: that is the trigger's.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from reactflow.errors import Transient
from reactflow.local.triggers.clock import Clock
from reactflow.local.triggers.delivery import Delivery, Listener, log_delivery
from reactflow.local.triggers.stream import Trigger, Turn

_SHORTEST_PAUSE = 0.02
_LONGEST_PAUSE = 0.5


@frozen
class Summary:
    """What a run did: invocations, records that were finished, discarded and filtered out, and its seconds."""

    deliveries: int = 0
    finished: int = 0
    discarded: int = 0
    filtered: int = 0
    seconds: float = 0.0


class Triggers:
    """Several triggers, driven in turns by one thread.

    ``listener`` is called with every ``Delivery``; without one they are logged. ``clock`` is replaced in tests.

    >>> Triggers([]).run_until_idle().deliveries
    0
    """

    def __init__(
        self, triggers: Iterable[Trigger], *, clock: Clock | None = None, listener: Listener | None = None
    ) -> None:
        self.triggers = tuple(triggers)
        self.clock = clock or Clock()
        self._listener = listener or log_delivery
        self._deliveries = self._finished = self._discarded = self._filtered = 0

    def run_until_idle(self, max_seconds: float = 60.0, *, quiet: float = 0.25) -> Summary:
        """Deliver all that is there, and what comes of it, until nothing came for ``quiet`` seconds.

        Raises Transient when that is not so after ``max_seconds``; it says what is still waiting, and why.
        """
        begun = self.clock.now()
        before = (self._deliveries, self._finished, self._discarded, self._filtered)
        self.open()
        silent = False
        while not self.clock.stopped:
            turn = self._round()
            left = begun + max_seconds - self.clock.now()
            if left <= 0 and (turn.worked or turn.waiting):
                why = f"; the last one: {turn.reason}" if turn.reason else ""
                raise Transient(f"not idle after {max_seconds:g} s: {turn.waiting} records are waiting{why}")
            if turn.worked:
                silent = False
            elif turn.waiting:
                silent = False
                self.clock.wait(min(left, self._pause(turn, _LONGEST_PAUSE)))
            elif silent:
                break
            else:
                silent = True
                self.clock.wait(quiet)
        return Summary(
            self._deliveries - before[0],
            self._finished - before[1],
            self._discarded - before[2],
            self._filtered - before[3],
            self.clock.now() - begun,
        )

    def run(self) -> None:
        """Deliver whatever comes, until ``stop()``."""
        self._opened_or_passing()
        pause = _SHORTEST_PAUSE
        while not self.clock.stopped:
            turn = self._round()
            pause = _SHORTEST_PAUSE if turn.worked else min(pause * 2, _LONGEST_PAUSE)
            if not turn.worked:
                self.clock.wait(self._pause(turn, pause))

    def open(self) -> None:
        """Fix where reading begins: with ``start="LATEST"``, what is put after this is delivered."""
        for trigger in self.triggers:
            trigger.open()

    def stop(self) -> None:
        """End a run at its next delivery, from any thread or signal handler; it does not start again."""
        self.clock.stop()

    def _opened_or_passing(self) -> None:
        while not self.clock.stopped:
            try:
                return self.open()
            except Transient:
                self.clock.wait(_LONGEST_PAUSE)

    def _round(self) -> Turn:
        total = Turn()
        for trigger in self.triggers:
            if self.clock.stopped:
                break
            try:
                total += trigger.turn(self.clock, self._report)
            except Transient as error:
                # Counted as waiting: what cannot be read cannot be known to be idle.
                total += Turn(waiting=1, due=self.clock.now() + _LONGEST_PAUSE, reason=str(error))
        return total

    def _pause(self, turn: Turn, longest: float) -> float:
        if turn.due is None:
            return longest
        # Never quite nothing: a due time that has just passed must not become a busy loop.
        return min(longest, max(turn.due - self.clock.now(), 0.001))

    def _report(self, delivery: Delivery) -> None:
        if delivery.outcome == "discarded":
            self._discarded += delivery.records
        elif delivery.outcome == "filtered":
            self._filtered += delivery.records
        elif delivery.outcome != "lost":
            self._deliveries += 1
            self._finished += delivery.records - delivery.unfinished
        self._listener(delivery)
