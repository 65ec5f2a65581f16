"""What goes into a step and what comes out: events, and what they did. Plain tuples with names.

State is plain data by cell name: sources and stored derived cells hold their value (one that is absent is unset), folds
what they accumulate, cells with ``stored=False`` a hash of their value.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias, final

State: TypeAlias = dict[str, object]

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@final
class _Default:
    """The type of ``DEFAULT``; there is one instance."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "DEFAULT"


DEFAULT: Final = _Default()
"""Written to a source cell: back to its default, or unset if it has none."""


class Event(NamedTuple):
    """One record from outside: values of source cells (or UNSET, or DEFAULT), and at most one occurrence a pulse.

    >>> Event({"length": 3.0}, {"reading": 5.0})
    Event(writes={'length': 3.0}, occurrences={'reading': 5.0})
    """

    writes: Mapping[str, object] = NOTHING
    occurrences: Mapping[str, object] = NOTHING


class Applied(NamedTuple):
    """What one event did: the occurrences of named pulses, in the plan's order, and the cells that changed.

    ``computed`` holds the new values of cells that are not stored, so that a host need not compute them again.

    >>> Applied((("reading", 5.0),), ("total",)).changed
    ('total',)
    """

    occurrences: tuple[tuple[str, object], ...] = ()
    changed: tuple[str, ...] = ()
    computed: Mapping[str, object] = NOTHING


Change: TypeAlias = tuple[object, object]
"""A cell's outcomes before and after: ``(old, new)``. The old one of a cell that is not stored is UNSET."""


class Changes(NamedTuple):
    """What several events did: the cells' net changes by name, and all occurrences of named pulses in order.

    >>> old, new = Changes({"area": (0.0, 12.0)}).cells["area"]
    >>> new - old
    12.0
    """

    cells: Mapping[str, Change] = NOTHING
    occurrences: tuple[tuple[str, object], ...] = ()
