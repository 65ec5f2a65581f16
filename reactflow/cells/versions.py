"""Versions: tokens that order outcomes, and the events that gave them.

A version is a number that was never used before. Those of one event lie between two multiples of ``EVENT``, so that it
can be told long after which cells changed together. An event of more changes than that goes on in the next block.
"""

from __future__ import annotations

from reactflow.cells.doing import DOING, EVENT

KEPT = 1 << 16  # blocks that are remembered to belong to a long event
_LONG: dict[int, int] = {}  # by block, the event that went on in it


def begin_event() -> None:
    """Begin an event: what changes in it gets versions that share its number."""
    DOING.last_version = DOING.epoch
    DOING.epoch += EVENT


def new_version() -> int:
    """A version that was never used before, of the event under way."""
    DOING.last_version = version = DOING.last_version + 1
    if version % EVENT == 0:
        if len(_LONG) >= KEPT:
            _LONG.clear()
        _LONG[version // EVENT] = event_of(version - 1)
    if version >= DOING.epoch:
        DOING.epoch = (version // EVENT + 1) * EVENT
    return version


def event_of(version: int) -> int:
    """The number of the event in which a version was given.

    >>> begin_event()
    >>> first, second = new_version(), new_version()
    >>> begin_event()
    >>> event_of(first) == event_of(second), event_of(second) < event_of(new_version())
    (True, True)
    """
    block = version // EVENT
    return _LONG.get(block, block)
