"""Contributions: what each of many units upstream contributes to one of ours, a stored item each.

The unit's own item would not hold them all. A contribution is accepted by the number of its contributor, so it keeps
the last one when it is gone: a *tombstone*, by which an older contribution that comes late changes nothing.
Contributions are written in one transaction with the unit's item, and never otherwise.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from attrs import frozen

from reactflow.errors import Unreadable


class Said(NamedTuple):
    """What a record says of one contribution: ``value`` and its ``rank`` are None when it is gone.

    ``members`` is the cell, ``key`` what tells the contribution from all others there. ``is_alone`` says that one lane
    alone may speak of it, since numbers of several cannot be compared.
    """

    members: str
    key: str
    value: Any
    rank: str | None
    is_alone: bool


@frozen(kw_only=True)
class Contribution:
    """One contribution as stored: its last number and lane, and its value as the codec made it plain.

    ``rank`` is text that compares as the value does; it and ``value`` are None of one that is gone.

    >>> one = Contribution(
    ...     members="rooms",
    ...     key="kinesis/areas|r1",
    ...     lane="edge/rooms/area/room=r1",
    ...     n="07",
    ...     value=3.0,
    ...     rank="n3500013",
    ... )
    >>> Contribution.from_bytes("rooms", "kinesis/areas|r1", one.rank, one.to_bytes()) == one
    True
    """

    members: str
    key: str
    lane: str
    n: str
    value: Any = None
    rank: str | None = None

    @property
    def name(self) -> tuple[str, str]:
        """What tells it from the other contributions of its unit."""
        return self.members, self.key

    def to_bytes(self) -> bytes:
        """Canonical JSON of what is not in its name or rank."""
        plain = {"lane": self.lane, "n": self.n, "val": self.value}
        return json.dumps(
            plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        ).encode()

    @classmethod
    def from_bytes(cls, members: str, key: str, rank: str | None, data: bytes) -> Contribution:
        """Read what ``to_bytes`` gave; raises Unreadable for anything else."""
        try:
            plain = json.loads(data)
            lane, n, value = plain["lane"], plain["n"], plain["val"]
            if not isinstance(lane, str) or not isinstance(n, str) or len(plain) != 3:
                raise ValueError("its lane or number is missing")
            if (value is None) != (rank is None):
                raise ValueError("it has a value without a rank, or a rank without a value")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Unreadable(f"the contribution {key!r} to {members!r} cannot be read: {error}") from error
        return cls(members=members, key=key, lane=lane, n=n, value=value, rank=rank)
