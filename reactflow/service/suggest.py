"""'Did you mean ...': the nearest of the names that exist."""

from __future__ import annotations

from collections.abc import Iterable

from reactflow.cells.nearest import nearest


def suggestion(given: str, known: Iterable[str]) -> str:
    """A clause for an error message, empty when nothing is near.

    >>> suggestion("lenght", ["length", "width"])
    " (did you mean 'length'?)"
    >>> suggestion("x", ["length", "width"])
    ''
    """
    near = nearest(given, known)
    return f" (did you mean {near!r}?)" if near else ""
