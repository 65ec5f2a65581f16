"""The nearest of the names that there are, for 'did you mean ...'."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, names: Iterable[str]) -> str:
    """The name that is nearest, empty when none is near.

    >>> nearest("lenght", ["length", "width"]), nearest("x", ["length", "width"])
    ('length', '')
    """
    from difflib import get_close_matches  # loaded by those who mistype only

    return next(iter(get_close_matches(name, list(names), 1)), "")
