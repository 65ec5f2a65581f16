"""The key of a service: the named fields that tell one unit from another, and their one text form.

The text form is injective, so that two units never share an item, and stable for ever, since stored units are
found by it. It must not depend on where a field came from: that is the input's business (``paths``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from reactflow.errors import BindingError, RecordError, StateError
from reactflow.service.decoding import ABSENT, read_path, short

if TYPE_CHECKING:
    from reactflow.service.window import Window

KeyValue = str | int | date
KeyType = type[str] | type[int] | type[date]

LONGEST = 1024  # characters of a key's text, all of them ASCII
ONLY_UNIT = "()"  # the text of the one unit of key=(); every other text holds a "="

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~:@")

_REMEDY = (
    'write key="room", key=("dept", "emp"), key={"day": date, "line": int}, key=("sensor", window("1m", on="ts")) '
    "or key=()"
)


class ComputedField:
    """Base of a ``Window``: a field of a key that is computed from a record. It lets keys without one do without."""

    __slots__ = ()

    name: str


@frozen(cache_hash=True)
class UnitKey:
    """One unit's key: the values of the key's fields, in their order, and their text.

    >>> Key.of(("dept", "emp")).unit("d1", "e/7")
    UnitKey(names=('dept', 'emp'), values=('d1', 'e/7'), text='dept=d1,emp=e%2F7')
    """

    names: tuple[str, ...]
    values: tuple[KeyValue, ...]
    text: str

    def fields(self) -> dict[str, KeyValue]:
        """The key's fields by name."""
        return dict(zip(self.names, self.values, strict=True))

    def __str__(self) -> str:
        return self.text


@frozen
class Key:
    """What names the units of a service: fields with types str, int or date. Made by ``Key.of``.

    One of the fields may be a ``window``: it is computed from the time in a record, and its start is text.

    >>> room = Key.of("room")
    >>> room.read({"room": "r1", "length": 3.0}, {}).text
    'room=r1'
    >>> room.decode("room=r1")
    ('r1',)
    """

    names: tuple[str, ...]
    types: tuple[KeyType, ...] = field()
    window: Window | None = None

    @classmethod
    def of(cls, spec: object) -> Key:
        """Make a key from what a user writes; raises BindingError, with the remedy, for anything else.

        >>> Key.of({"line": int}).types
        (<class 'int'>,)
        """
        if isinstance(spec, Key):
            return spec
        names: list[Any]
        kinds: list[Any]
        if isinstance(spec, (str, ComputedField)):
            spec = (spec,)
        if isinstance(spec, Mapping):
            names, kinds = list(spec), list(spec.values())
        elif isinstance(spec, (tuple, list)):
            names = [one.name if isinstance(one, ComputedField) else one for one in spec]
            kinds = [one if isinstance(one, ComputedField) else str for one in spec]
        else:
            raise BindingError(f"key={short(spec)} is not a key: {_REMEDY}")
        for name in names:
            _check_name(name)
            if names.count(name) > 1:
                raise BindingError(f"the key has the field {name!r} twice: name each once")
        windows = [name for name, kind in zip(names, kinds, strict=True) if isinstance(kind, ComputedField)]
        if len(windows) > 1:
            raise BindingError(
                f"the key has the windows {', '.join(windows)}: an event is in one, so make a service of each length"
            )
        made: Window | None = None
        for place, (name, kind) in enumerate(zip(names, kinds, strict=True)):
            if isinstance(kind, ComputedField):
                found: Any = kind  # there is no other than a window
                made, kinds[place] = evolve(found, name=name), str
            elif kind not in (str, int, date):
                shown = kind.__name__ if isinstance(kind, type) else short(kind)
                raise BindingError(
                    f"the key's field {name!r} cannot be {shown}: its type is str, int or date"
                )
        return cls(tuple(names), tuple(kinds), made)

    @property
    def plain_names(self) -> tuple[str, ...]:
        """The names of the fields that a record holds as they are: all but the window's."""
        return tuple(name for name in self.names if self.window is None or name != self.window.name)

    @property
    def wanted(self) -> dict[str, str]:
        """By each of the key's names that of the field it is read from: its own, but for the window's.

        >>> from reactflow import window
        >>> Key.of(("sensor", window("1m", on="ts", unit="s"))).wanted
        {'sensor': 'sensor', 'window': 'ts'}
        """
        return {
            name: self.window.on if self.window is not None and name == self.window.name else name
            for name in self.names
        }

    def read(self, fields: Mapping[str, Any], paths: Mapping[str, str]) -> UnitKey:
        """The unit that a record speaks of; ``paths`` says where a field is, when not at its own name.

        Strict: an int is no text, text is no int, a boolean is neither; a date is ISO text (``2026-11-23``).
        Raises RecordError, with field and value, for one that is missing, null, of another type or too long.
        """
        values: list[KeyValue] = []
        for name, kind in zip(self.names, self.types, strict=True):
            if self.window is not None and name == self.window.name:
                values.append(self.window.read(*self.time(fields, paths)))
                continue
            path = paths.get(name, name)
            value = read_path(fields, path)
            if kind is str and type(value) is str and len(value) <= LONGEST and value.isascii():
                values.append(value)
                continue
            what = f"the key's field {name!r}" if path == name else f"the key's field {name!r} (at {path!r})"
            if value is ABSENT or value is None:
                state = "missing" if value is ABSENT else "null"
                remedy = (
                    f"send it in every record, or say where it is with key={{{name!r}: path}} on the input"
                )
                raise RecordError(f"{what} is {state}: {remedy}", field=path)
            values.append(_strict(value, kind, what, path))
        return _unit(self.names, tuple(values))

    def time(self, fields: Mapping[str, Any], paths: Mapping[str, str]) -> tuple[object, str]:
        """The time in a record that tells its window, as it came, and what an error calls it."""
        assert self.window is not None
        path = paths.get(self.window.name, self.window.on)
        return read_path(fields, path), f"the time {path!r}"

    def unit(self, *values: object) -> UnitKey:
        """The unit with these values, in the order of the names; raises RecordError as ``read`` does.

        A window's value is its start, such as ``"2026-11-23T12:00:00Z"``.
        """
        if len(values) != len(self.names):
            raise RecordError(f"the key has {len(self.names)} fields {self.names}, not {len(values)}")
        given = dict(zip(self.names, values, strict=True))
        if self.window is not None:
            self.window.check_start(given[self.window.name])
        return evolve(self, window=None).read(given, {})

    def encode(self, values: Sequence[KeyValue]) -> str:
        """The text of a key: ``name=value`` parts with commas between, all else percent-escaped; injective.

        >>> Key.of({"day": date, "line": int}).encode((date(2026, 11, 23), -4))
        'day=2026-11-23,line=-4'
        >>> Key.of(()).encode(())
        '()'
        """
        return self.unit(*values).text

    def decode(self, text: str) -> tuple[KeyValue, ...]:
        """The values of a key's text; raises StateError for any text that ``encode`` never gives."""
        from urllib.parse import unquote  # as in _escape

        from reactflow.service.window import parse_start

        parts = [] if text == ONLY_UNIT else text.split(",")
        values: list[KeyValue] = []
        try:
            for part, name, kind in zip(parts, self.names, self.types, strict=True):
                plain = unquote(part.removeprefix(f"{_escape(name)}="), errors="strict")
                is_window = self.window is not None and name == self.window.name
                values.append(parse_start(plain) if is_window else _read_text[kind](plain))
            if evolve(self, window=None).encode(values) != text:
                raise ValueError("there is another text for the same values")
        except (ValueError, RecordError) as error:
            raise StateError(f"{short(text)} is not the text of a key {self.names}: {error}") from error
        return tuple(values)


@lru_cache(maxsize=1 << 14)  # a delivery speaks of the same units again and again
def _unit(names: tuple[str, ...], values: tuple[KeyValue, ...]) -> UnitKey:
    text = ",".join(
        f"{_escape(name)}={_escape(str(value))}" for name, value in zip(names, values, strict=True)
    )
    if len(text) > LONGEST:
        raise RecordError(
            f"the key {short(text)} has {len(text)} characters when encoded, and {LONGEST} are the most: "
            "use a shorter field as the key",
            field=names[0],
        )
    return UnitKey(names, values, text or ONLY_UNIT)


_read_text: dict[KeyType, Callable[[str], KeyValue]] = {str: str, int: int, date: date.fromisoformat}


def _escape(text: str) -> str:
    if _PLAIN.issuperset(text):  # as nearly every part of a key is
        return text
    from urllib.parse import quote  # loads what reads addresses of the web

    return quote(text, safe=":@")


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise BindingError(f"the key has {short(name)} for a field's name: {_REMEDY}")
    if not name:
        raise BindingError(f"the key has a field without a name: {_REMEDY}")
    if name.startswith("_"):
        raise BindingError(
            f"the key's field {name!r} is reserved: choose a name that does not start with '_'"
        )
    if "." in name:
        last = name.rpartition(".")[2] or "id"
        remedy = f"name it {last!r}, and say where it is with key={{{last!r}: {name!r}}} on the input"
        raise BindingError(f"the key's field {name!r} has a dot: {remedy}")
    if not name.isprintable() or len(_escape(name)) > 255:
        raise BindingError(
            f"the key's field {short(name)} is too long or has characters that cannot be shown: rename it"
        )


def _strict(value: object, kind: KeyType, what: str, path: str) -> KeyValue:
    """The value if it is of exactly the key's type (or ISO text of a date)."""
    wrong = f"{what} is {short(value)} ({type(value).__name__}), not "
    if kind is str:
        if type(value) is not str:
            hint = f"; declare key={{...: {type(value).__name__}}} if it is one" if type(value) is int else ""
            raise RecordError(f"{wrong}str{hint}", field=path)
        try:
            value.encode()
        except UnicodeEncodeError:
            raise RecordError(
                f"{wrong}text that can be stored: it holds half of a surrogate pair", field=path
            ) from None
        if len(value) > LONGEST:
            raise RecordError(f"{wrong}a key: it is longer than {LONGEST} characters", field=path)
        return value
    if kind is int:
        if type(value) is not int:
            raise RecordError(f"{wrong}int: send a whole number, or declare the key as str", field=path)
        if value.bit_length() > 3 * LONGEST:
            raise RecordError(f"{wrong}a key: it is longer than {LONGEST} characters", field=path)
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if type(value) is str:
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = None
        if day is not None and day.isoformat() == value:
            return day
    raise RecordError(f"{wrong}a date: send it as text such as '2026-11-23'", field=path)
