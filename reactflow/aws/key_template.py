"""Key templates: the key of an object and the fields in it, both ways, such as ``in/{user}/{name}.jpg``.

``{name}`` is text without ``/``, at least one character; ``{name:path}`` may hold ``/``; ``{name:int}`` is a
whole number and ``{name:date}`` a day such as 2026-11-23. All else stands for itself. Two different sets of
fields never make one key: ``format`` refuses values that ``parse`` would read back otherwise. A key is opaque
text; it is never a path of a file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from attrs import field, frozen

from reactflow.errors import BindingError, ConfigurationError
from reactflow.service.decoding import short
from reactflow.service.json_writer import as_text

LONGEST_KEY = 1024  # bytes, as S3 counts them
_FIELD = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)(?::([a-z]+))?\}")
_KINDS = {
    "text": re.compile("[^/]+"),
    "path": re.compile(".+", re.DOTALL),
    "int": re.compile("0|-?[1-9][0-9]*"),
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
}


@frozen
class KeyTemplate:
    """A template for the keys of objects.

    >>> photos = KeyTemplate("in/{user}/{name}.jpg")
    >>> photos.parse("in/ann/cat 1.jpg")
    {'user': 'ann', 'name': 'cat 1'}
    >>> photos.format({"user": "ann", "name": "cat 1"})
    'in/ann/cat 1.jpg'
    >>> photos.parse("out/ann/cat.jpg") is None
    True
    """

    text: str
    kinds: Mapping[str, str] = field(init=False, eq=False, repr=False)
    _literals: tuple[str, ...] = field(
        init=False, eq=False, repr=False
    )  # before, between and after the fields

    def __attrs_post_init__(self) -> None:
        kinds: dict[str, str] = {}
        literals: list[str] = []
        at = 0
        for found in _FIELD.finditer(self.text):
            literal, name, kind = self.text[at : found.start()], found[1], found[2] or "text"
            if kind not in _KINDS:
                raise BindingError(
                    f"the key template {self.text!r} has {found[0]}: a field is text, path, int or date"
                )
            if name in kinds:
                raise BindingError(
                    f"the key template {self.text!r} has {{{name}}} twice: name each field once"
                )
            if kinds and not literal:
                raise BindingError(
                    f"the key template {self.text!r} has {{{name}}} right after another field, and nothing "
                    "tells where one ends: put a character such as '/' between them"
                )
            kinds[name] = kind
            literals.append(self._literal(literal))
            at = found.end()
        literals.append(self._literal(self.text[at:]))
        object.__setattr__(self, "kinds", kinds)
        object.__setattr__(self, "_literals", tuple(literals))

    def _literal(self, text: str) -> str:
        if "{" in text or "}" in text:
            raise BindingError(
                f"the key template {self.text!r} has a brace that is no field: write fields as {{name}}, "
                "{name:path}, {name:int} or {name:date}"
            )
        return text

    @property
    def prefix(self) -> str:
        """The text before the first field: every key of the template begins with it."""
        return self.text.partition("{")[0]

    @property
    def suffix(self) -> str:
        """The text after the last field: every key of the template ends with it. Empty where there is no field."""
        return self._literals[-1] if self.kinds else ""

    def parse(self, key: str) -> dict[str, Any] | None:
        """The fields of a key, or None when it is not one of this template's."""
        texts = self._cut(key)
        if texts is None:
            return None
        fields: dict[str, Any] = dict(zip(self.kinds, texts, strict=True))
        for name, kind in self.kinds.items():
            if kind == "int":
                fields[name] = int(fields[name])
            elif kind == "date":
                try:
                    fields[name] = date.fromisoformat(fields[name])
                except ValueError:
                    return None
        return fields

    def _cut(self, key: str) -> list[str] | None:
        """The texts of the fields, each as long as it can be in turn; None when the key does not fit.

        The road not taken: one regular expression. It tries all ways to cut a key, which takes hours for four fields
        and a key of a thousand separators.
        """
        if not self.kinds:
            return [] if key == self.text else None
        first, *between, last = self._literals
        if not key.startswith(first) or not key.endswith(last):
            return None
        # From the right: where each field may end so that all that stands behind it fits, in rising order.
        kinds = [_KINDS[kind] for kind in self.kinds.values()]
        ends = [[len(key) - len(last)]]
        for kind, literal in zip(reversed(kinds), reversed(between), strict=False):
            room, behind = len(literal), ends[-1]
            ends.append([
                at for at in range(len(key) - room)
                if key.startswith(literal, at) and _end(kind, key, at + room, behind)
            ])  # fmt: skip
        texts: list[str] = []
        at = len(first)
        for kind, literal, behind in zip(kinds, (*between, last), reversed(ends), strict=True):
            end = _end(kind, key, at, behind)
            if not end:
                return None
            texts.append(key[at:end])
            at = end + len(literal)
        return texts

    def format(self, fields: Mapping[str, Any]) -> str:
        """The key that holds these fields.

        Raises ConfigurationError for a field that is missing, for a value that cannot stand in its place (empty, with a
        ``/``, or such that the key would be read back otherwise), and for a key over 1,024 bytes.
        """
        texts: dict[str, str] = {}
        for name in self.kinds:
            if fields.get(name) is None:
                raise ConfigurationError(
                    f"the key template {self.text!r} needs {name!r}, and there is only {sorted(fields)}"
                )
            texts[name] = as_text(fields[name])
        key = _FIELD.sub(lambda found: texts[found[1]], self.text)
        if len(key.encode()) > LONGEST_KEY:
            raise ConfigurationError(
                f"the key {short(key)} has {len(key.encode())} bytes, and {LONGEST_KEY} are the most: use a "
                "shorter field as the key, or a shorter template"
            )
        read = self.parse(key)
        if read is None or any(as_text(read[name]) != text for name, text in texts.items()):
            raise ConfigurationError(
                f"{short(texts)} cannot be written as {self.text!r}: {short(key)} would be read back as "
                f"{'nothing' if read is None else short(read)}. Use {{name:path}} for text with '/', or another "
                "separator"
            )
        return key


def _end(kind: re.Pattern[str], key: str, start: int, ends: Sequence[int]) -> int:
    """The last of ``ends`` at which a field of this kind may end that starts here; 0 for none."""
    found = kind.match(key, start)
    if found is None:
        return 0
    last = bisect_right(ends, found.end())
    # What a kind matches, it matches any beginning of; but for a date, and for "-", which is no number.
    end = ends[last - 1] if last else 0
    return end if end > start and kind.fullmatch(key, start, end) else 0
