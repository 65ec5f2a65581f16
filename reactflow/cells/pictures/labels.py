"""Text inside pictures: made visible on one line, measured, and cut to fit.

It promises that what comes out of ``visible`` is one line, legal in XML, encodable, and cannot reorder or hide the
text beside it. It must not know a format: escaping is each format's own matter.
"""

from __future__ import annotations

import re
import unicodedata
from math import fsum

NAME_SIZE = 13.0
SMALL_SIZE = 11.5
# Monospaced fonts advance by 0.60 em, give or take a hundredth; so values can be measured without the font.
MONOSPACE = 0.61

# Controls, line and paragraph separators, marks that turn the reading direction, surrogates, non-characters.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufff9-\uffff]"
)
_PLAIN = re.compile(r"[\x20-\x7e]*")
_NARROW = frozenset("iljtfrI.,:;'|!()[]{}`/\\ -\"")
_BROAD = frozenset("mwMW@%&")


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code == 0x0A:
        return "↵"
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else "\ufffd"


def visible(text: str) -> str:
    """The text on one line, with a visible sign in place of each character that cannot be shown."""
    return text if _PLAIN.fullmatch(text) else _HIDDEN.sub(_shown, text)


def cells(text: str) -> int:
    """Columns that the text takes in a terminal."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or character == "\u200d" or "\ufe00" <= character <= "\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def mono_width(text: str) -> float:
    """Pixels of a value, set small and monospaced."""
    return cells(text) * MONOSPACE * SMALL_SIZE


def name_width(text: str) -> float:
    """Pixels of a name, set bold in whatever sans-serif font the reader has; rather too many than too few."""
    return fsum(map(_em, text)) * NAME_SIZE  # not sum(), whose last digits differ from one Python to the next


def _em(character: str) -> float:
    if character in _NARROW:
        return 0.42
    if character in _BROAD:
        return 1.02
    if character.isascii():
        return 0.78 if character.isupper() else 0.69
    return 0.75 * _columns(character)


def cut(text: str, columns: int) -> str:
    """At most so many terminal columns, the last one a ``…`` if anything was cut off."""
    if cells(text) <= columns:
        return text
    kept, used = [], 1
    for character in text:
        used += _columns(character)
        if used > columns:
            break
        kept.append(character)
    return "".join(kept) + "…"


def cut_name(text: str, pixels: float) -> str:
    """A name of at most so many pixels, ending in ``…`` if anything was cut off."""
    if name_width(text) <= pixels:
        return text
    kept, used = [], NAME_SIZE
    for character in text:
        used += _em(character) * NAME_SIZE
        if used > pixels:
            break
        kept.append(character)
    return "".join(kept) + "…"
