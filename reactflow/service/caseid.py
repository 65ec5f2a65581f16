"""The ids of cases: the lane and position of a record, so that keeping it twice is keeping it once."""

from __future__ import annotations

import re
from typing import Final

# as text: few deliveries have a case, and `re` keeps what it has compiled
_SPECIAL: Final = "[%@~\ud800-\udfff]"
_ESCAPED: Final = "%(25|40|7E|D[89A-F][0-9A-F]{2})"


def case_id(lane: str, position: str, unit: str | None = None) -> str:
    """The id of the case of a record: its lane and its position, and the unit where it speaks of several; injective.

    >>> case_id("kinesis/measurements/shard-1", "0042")
    'kinesis/measurements/shard-1@0042'
    """
    id = f"{_escape(lane)}@{_escape(position)}"
    return id if unit is None else f"{id}@{_escape(unit)}"


def kept_as(id: str) -> str:
    """The id under which a record is kept that waits behind a case: it may become one itself, with its own reason."""
    return f"{id}~"


def lane_of(id: str) -> tuple[str, str]:
    """The escaped lane and the position in the id of a case."""
    lane, position, *_ = id.split("@")
    return lane, position


def is_in_lane(id: str, lane: str) -> bool:
    """Whether a case is of a lane."""
    return lane_of(id)[0] == _escape(lane)


def _escape(text: str) -> str:
    """Text without the separator, and without halves of surrogate pairs, which a store could not write."""
    return re.sub(_SPECIAL, lambda found: f"%{ord(found[0]):X}", text)


def unescape(text: str) -> str:
    """The lane or position that is in the id of a case.

    >>> unescape(lane_of(case_id("s3/photos/100%@home", "7"))[0])
    's3/photos/100%@home'
    """
    return re.sub(_ESCAPED, lambda found: chr(int(found[1], 16)), text)
