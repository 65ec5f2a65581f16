"""Windows as keys: the stretch of time that an event belongs to is a field of its unit's key.

A window is tumbling: the time line is cut into pieces of one length, aligned to 1970-01-01T00:00:00 UTC, and an event
is in exactly one of them, by its own time and never by a clock. The cut is exact: times are kept as ratios of integers,
so that no float decides on which side of a boundary an event falls. What is late is decided by the record alone too
(its time against its arrival, which the source hands over), so that a replay decides the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from attrs import frozen

from reactflow.errors import BindingError, RecordError
from reactflow.service.decoding import ABSENT, short
from reactflow.service.key import ComputedField

if TYPE_CHECKING:
    from reactflow.service.sink import Sink

Unit = Literal["s", "ms", "us", "ns"]

_A_SECOND: Final[Mapping[str, int]] = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_SECONDS: Final[Mapping[str, int]] = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  # in UTC, without a zone for plain arithmetic
_FIRST: Final = -62_135_596_800  # 0001-01-01T00:00:00Z in seconds
_LAST: Final = 253_402_300_799  # 9999-12-31T23:59:59Z
_LONGEST: Final = 36_525 * 86_400  # a hundred years
_START = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")

Instant = tuple[int, int]
"""Seconds since 1970 in UTC as a ratio of integers, the second one positive."""


@frozen
class Window(ComputedField):
    """A field of a key that is computed: the start of the window that the time at ``on`` falls into.

    ``size`` and ``keep`` are in whole seconds. Made by ``window``.
    """

    size: int
    on: str
    unit: Unit | None = None
    name: str = "window"
    keep: int | None = None
    late: Sink | None = None

    def read(self, value: object, what: str) -> str:
        """The start of the window that a time falls into, as text such as ``2026-11-23T12:00:00Z``.

        ``what`` begins the message of the RecordError that is raised for what is no time in the declared unit.
        """
        return self.start(self.instant(value, what), value, what)

    def start(self, instant: Instant, value: object, what: str) -> str:
        """The start of the window of an instant; raises RecordError outside the years 1 to 9999."""
        above, below = instant
        start = above // (below * self.size) * self.size
        if start < _FIRST or above // below > _LAST:
            raise RecordError(
                f"{what} is {short(value)}, which is not in the years 1 to 9999{self._said()}: is another unit meant?",
                field=self.on,
            )
        return _as_text(start)

    def write(self, moment: datetime) -> int | str:
        """A time, to the second, as a record's field has to hold it; ``moment`` has an offset from UTC.

        >>> window("1m", on="ts", unit="ms").write(datetime(1970, 1, 1, 0, 1, tzinfo=UTC))
        60000
        """
        seconds = _of_datetime(moment)[0] // 10**6
        if self.unit is not None:
            return seconds * _A_SECOND[self.unit]
        return _as_text(seconds)

    def check_start(self, text: object) -> str:
        """A start given as text; raises RecordError for what is no start of a window."""
        if type(text) is str and _is_start(text) and self.begins(text) % self.size == 0:
            return text
        raise RecordError(
            f"the key's field {self.name!r} is {short(text)}, which is no start of a window of "
            f"{_worded(self.size)}: write one such as '2026-11-23T12:00:00Z'",
            field=self.name,
        )

    def begins(self, text: str) -> int:
        """The start of a window, given as text, in seconds since 1970."""
        return (datetime.fromisoformat(text[:-1]) - _EPOCH) // timedelta(seconds=1)

    def instant(self, value: object, what: str) -> Instant:
        """A time as it came, exactly; raises RecordError for what is no time in the declared unit."""
        if value is ABSENT or value is None:
            state = "missing" if value is ABSENT else "null"
            raise RecordError(
                f"{what} is {state}, and tells the window: send it in every record, or say where it is with "
                f"key={{{self.on!r}: path}} on the input",
                field=self.on,
            )
        if self.unit is None:
            return self._of_text(value, what)
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
            remedy = "send a number"
            if type(value) is str:
                is_number = _is_numeric(value)
                remedy += ", without quotes" if is_number else ", or leave out unit= if times are ISO text"
            raise RecordError(
                f"{what} is {short(value)} ({type(value).__name__}), not a number{self._said()}: {remedy}",
                field=self.on,
            )
        above, below = _ratio(value, what, self.on)
        return above, below * _A_SECOND[self.unit]

    def judge(self, value: object, arrived: datetime | None, what: str) -> str:
        """Why a record is late, or nothing.

        Late is an event time more than ``keep`` before the arrival. Raises RecordError for one more than ``keep`` after
        it, which no working clock gives, and where the source tells no arrival.
        """
        if self.keep is None:
            return ""
        if arrived is None:
            raise RecordError(
                f"the record does not tell when it arrived, and keep= of the window {self.name!r} needs that: leave "
                "out keep=, or take it from a source that does (Kinesis, DynamoDB, S3)",
                field=self.on,
            )
        above, below = self.instant(value, what)
        arrival, million = _of_datetime(
            arrived if arrived.tzinfo is not None else arrived.replace(tzinfo=UTC)
        )
        kept = self.keep * million
        if above * million < (arrival - kept) * below:
            return f"{what} is {short(value)}, more than {_worded(self.keep)} before it arrived ({_shown(arrived)})"
        if above * million > (arrival + kept) * below:
            raise RecordError(
                f"{what} is {short(value)}, more than {_worded(self.keep)} after it arrived ({_shown(arrived)})"
                f"{self._said()}: correct the sender's clock, or the unit",
                field=self.on,
            )
        return ""

    def _of_text(self, value: object, what: str) -> Instant:
        moment = value if isinstance(value, datetime) else None
        if type(value) is str:
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                raise RecordError(
                    f"{what} is {short(value)}, not a time: send ISO text such as '2026-11-23T12:00:00Z'"
                    f"{', or a number, without quotes, and say unit=' if _is_numeric(value) else ''}",
                    field=self.on,
                ) from None
        if moment is None:
            is_number = type(value) in (int, float, Decimal)
            remedy = "say unit='s', 'ms', 'us' or 'ns'" if is_number else "send ISO text"
            raise RecordError(
                f"{what} is {short(value)} ({type(value).__name__}), and no unit is declared: {remedy}",
                field=self.on,
            )
        if moment.utcoffset() is None:
            raise RecordError(
                f"{what} is {short(value)}, which does not say its offset from UTC: send '...Z' or '...+01:00'",
                field=self.on,
            )
        return _of_datetime(moment)

    def _said(self) -> str:
        return f" in unit {self.unit!r}" if self.unit else ""


@frozen
class Late:
    """What is told of a late record: its fields as they came, when it arrived, whether it was a removal, and why."""

    fields: Mapping[str, Any]
    arrived: str
    removal: bool
    why: str


def window(
    size: str,
    *,
    on: str,
    unit: Unit | None = None,
    name: str = "window",
    keep: str | None = None,
    late: Sink | None = None,
) -> Window:
    """A part of a key: the tumbling window that an event's time falls into.

    Written as ``key=("sensor", window("1m", on="ts", unit="s"))``. ``size`` and ``keep`` are durations: a whole number
    and s, m, h or d (``"30s"``, ``"1m"``, ``"1h"``, ``"7d"``), at most a hundred years. ``on`` is the field with the
    time of the event, ``unit`` what its numbers count since 1970 in UTC (``"s"``, ``"ms"``, ``"us"``, ``"ns"``; whole
    or with a fraction, also negative); without ``unit`` the field is ISO text or a datetime, with its offset from UTC.
    Nothing is guessed: a number without a unit, and text without an offset, are records that cannot be read.

    Windows are aligned to 1970-01-01T00:00:00 UTC. The start, text such as ``2026-11-23T12:00:00Z``, is the field
    ``name`` of the key, and part of every row. ``keep`` bounds how old an event may be when it arrives: an older one is
    late, and goes to the sink ``late``; without that, to quarantine. One that is more than ``keep`` younger than its
    arrival is a mistake, and goes to quarantine too.

    Raises BindingError, with the remedy, for anything else.

    >>> minute = window("1m", on="ts", unit="s")
    >>> minute.read(119.9, "ts"), minute.read(-0.5, "ts")
    ('1970-01-01T00:01:00Z', '1969-12-31T23:59:00Z')
    >>> window("1d", on="at").read("2026-11-23T23:30:00-02:00", "at")
    '2026-11-24T00:00:00Z'
    """
    from reactflow.service.sink import Sink  # which stands above keys: imported late, to keep one way

    if not on or type(on) is not str:
        raise BindingError(
            f"window(on={short(on)}): name the field that holds the event's time, as in on='ts'"
        )
    if unit is not None and unit not in get_args(Unit):
        raise BindingError(
            f"window(unit={short(unit)}): a number counts 's', 'ms', 'us' or 'ns' since 1970; leave unit= out for "
            "ISO text"
        )
    if late is not None and not isinstance(late, Sink):
        raise BindingError(f"window(late={short(late)}): give it a sink, as in late=Kinesis('late')")
    if late is not None and keep is None:
        raise BindingError("window(late=...) without keep=: say how old an event may be, as in keep='7d'")
    return Window(
        _duration(size, "size"), on, unit, name, None if keep is None else _duration(keep, "keep"), late
    )


def parse_start(text: str) -> str:
    """The start of a window as it is stored; raises ValueError for any other text."""
    if not _is_start(text):
        raise ValueError(f"{short(text)} is no start of a window")
    return text


@lru_cache(maxsize=1024)  # the events of a time share their windows
def _as_text(seconds: int) -> str:
    return f"{(_EPOCH + timedelta(seconds=seconds)).isoformat()}Z"


def _is_start(text: str) -> bool:
    if not _START.fullmatch(text):
        return False
    try:
        return f"{datetime.fromisoformat(text[:-1]).isoformat()}Z" == text
    except ValueError:
        return False


def _duration(text: object, option: str) -> int:
    found = re.fullmatch(r"([1-9][0-9]{0,9})([smhd])", text, re.ASCII) if isinstance(text, str) else None
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 0 < seconds <= _LONGEST:
        raise BindingError(
            f"window({option}={short(text)}) is no duration: write a whole number and s, m, h or d, such as '30s', "
            "'1m', '1h' or '7d', at most a hundred years"
        )
    return seconds


def _is_numeric(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()


def _worded(seconds: int) -> str:
    """A duration as it would be written, in the largest unit that fits."""
    for unit in ("d", "h", "m"):
        if seconds % _SECONDS[unit] == 0:
            return f"{seconds // _SECONDS[unit]}{unit}"
    return f"{seconds}s"


def _shown(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _ratio(value: float | Decimal, what: str, on: str) -> Instant:
    """A number as a ratio of integers; refused where that would be no number, or one that takes for ever."""
    if isinstance(value, Decimal):
        digits = value.as_tuple().exponent
        is_sound = value.is_finite() and value.adjusted() < 40 and isinstance(digits, int) and digits > -400
    else:
        is_sound = type(value) is int or value - value == 0  # neither infinite nor NaN
    if not is_sound:
        raise RecordError(f"{what} is {short(value)}, which is no time", field=on)
    return value.as_integer_ratio()


def _of_datetime(moment: datetime) -> Instant:
    """A datetime with an offset; the offset is taken off as integers, for a datetime near the year 1 cannot."""
    plain = moment.replace(tzinfo=None) - _EPOCH - (moment.utcoffset() or timedelta())
    return (plain.days * 86_400 + plain.seconds) * 10**6 + plain.microseconds, 10**6
