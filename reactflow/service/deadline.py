"""The deadline of an invocation: when the handler has to stop, so that what it has done is committed and published.

Lambda says how much time is left. The handler stops at a record boundary while enough of it is left to write and
publish, and reports the rest, which comes again: work that is longer than a timeout goes on in the next invocation. At
least one record is taken up, so that something is done each time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from reactflow.errors import ConfigurationError, Transient

SETTING: Final = "REACTFLOW_MARGIN"  # seconds
_PART: Final = 5  # of the time that there is at first, a fifth is the margin
_AT_ONCE: Final = 16  # records, before it is known how long one takes
_UNBOUNDED: Final = 1 << 62
_MOST: Final = 10.0  # seconds of it, at most, when none is set


class Deadline:
    """Whether there is time for another record. ``left`` tells the seconds that are left; None: there is no end.

    ``margin`` are the seconds that have to be left; by default what ``REACTFLOW_MARGIN`` says, else a fifth of the time
    that there is at first, 10 at most. Raises ConfigurationError for a setting that is no number of seconds.

    >>> time = iter([3.0, 2.0, 0.5])
    >>> deadline = Deadline(lambda: next(time), margin=1.0)
    >>> deadline.note_work()
    >>> deadline.is_over(), deadline.is_over()
    (False, True)
    """

    __slots__ = ("_first", "_left", "_margin", "_worked")

    def __init__(self, left: Callable[[], float] | None = None, margin: float | None = None) -> None:
        self._left, self._worked = left, 0
        self._first = self._margin = 0.0
        if left is not None:
            set_margin = margin if margin is not None else _set()
            self._first = left()
            self._margin = min(self._first / _PART, _MOST) if set_margin is None else set_margin

    @classmethod
    def of(cls, context: object) -> Deadline:
        """That of the invocation that Lambda's ``context`` belongs to; none without one."""
        remaining: Callable[[], int] | None = getattr(context, "get_remaining_time_in_millis", None)
        return cls() if remaining is None else cls(lambda: remaining() / 1000)

    def note_work(self, records: int = 1) -> None:
        """Note that records were taken up: from the first one on it may be over."""
        self._worked += records

    def room(self) -> int:
        """How many records may be taken up without a look at the time, by how long those before them took."""
        if self._left is None:
            return _UNBOUNDED
        left = self._left()
        took = (self._first - left) / self._worked if self._worked else 0.0
        if took <= 0.0:
            return _AT_ONCE * (1 + self._worked)
        return max(1, min(int((left - self._margin) / took / 2), _AT_ONCE * (1 + self._worked)))

    def is_over(self) -> bool:
        """Whether no record more may be taken up; never before one was."""
        return self._left is not None and self._worked > 0 and self._left() <= self._margin

    def check(self) -> None:
        """Raise Transient when it is over."""
        if self.is_over():
            raise Transient("no time was left: the rest comes again")


NO_DEADLINE: Final = Deadline()


def _set() -> float | None:
    text = os.environ.get(SETTING, "")
    if not text:
        return None
    try:
        seconds = float(text)
        if not 0 <= seconds < 900:
            raise ValueError
    except ValueError:
        raise ConfigurationError(
            f"{SETTING}={text!r} is no time to keep free for committing: say seconds from 0 to 900, such as 2.5"
        ) from None
    return seconds
