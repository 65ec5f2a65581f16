"""'Did you mean ...': the nearest of the names that exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def suggestion(given: str, known: Iterable[str]) -> str:
    """A clause for an error message, empty when nothing is near.

    >>> suggestion("lenght", ["length", "width"])
    " (did you mean 'length'?)"
    >>> suggestion("x", ["length", "width"])
    ''
    """
    near = get_close_matches(given, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
