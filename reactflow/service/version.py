"""Versions that records bring: what orders the writes of a source cell, as text that compares as its values do.

A version is stored, and compared with that of the write before. So "10" has to come after "9", and a time with a
fraction after the whole second, whatever offset it is told in. It knows no record and no cell.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

_WIDTH: Final = 40  # digits of a count; longer ones begin with a letter, which stands after every digit
_LONGEST: Final = 999
# as text: `re` compiles it when the first version is read
_TIME: Final = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d(?::\d\d)?)"


def version_text(value: object) -> str:
    """The text of a version, empty for what is none: a count from 0, a time, or any other text as it is.

    A text of digits is a count. A time with its offset from UTC is told in UTC, with all digits of its fraction.

    >>> version_text("9") < version_text("10") == version_text(10)
    True
    >>> version_text("2026-11-23T12:00:00Z") < version_text("2026-11-23T13:00:00.5+01:00")
    True
    >>> version_text(-1), version_text(True), version_text("b")
    ('', '', 'b')
    """
    if type(value) is int:
        return _count(value) if value >= 0 else ""
    if isinstance(value, (datetime, date)):
        return _text(value.isoformat())
    return _text(value) if type(value) is str else ""


def _count(number: int) -> str:
    if number < 10**_WIDTH:
        return f"{number:0{_WIDTH}d}"
    if number >= 10**_LONGEST:
        return ""
    digits = str(number)
    return f"n{len(digits):03d}{digits}"


def _text(text: str) -> str:
    if text.isascii() and text.isdigit():
        return _count(int(text)) if len(text) <= _LONGEST else ""
    found = re.fullmatch(_TIME, text, re.ASCII)
    if found is None:
        return text
    second, fraction, offset = found.groups()
    try:
        moment = datetime.fromisoformat(second + offset).astimezone(UTC)
    except (ValueError, OverflowError):  # it only looks like a time: it is a text like others
        return text
    return f"{moment.replace(tzinfo=None).isoformat()}.{(fraction or '').rstrip('0')}"
