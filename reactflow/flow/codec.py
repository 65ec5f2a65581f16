"""The canonical encoding of a flow's state: JSON text with tags for what JSON lacks.

Equal state (by type and value, see ``equality``) gives equal bytes, and decoding gives equal state. The set of types is
closed: plain values, containers, dates, Decimal, UUID, and the Enum, attrs, dataclass and NamedTuple classes that the
flow's own types name. No pickle, no import and no constructor is run by what is read. Text that is not in this form, a
value that is not in the set, NaN and infinities are a ``StateError`` that names the cell and the place in its value.

A tagged value is an object ``{"$": tag, "v": ...}``; a user's dict that has a key ``$`` is tagged ``dict`` itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from enum import Enum, Flag
from functools import cache
from math import isfinite
from typing import Any

from reactflow.errors import StateError
from reactflow.flow.closedset import classes_in, tag_of
from reactflow.flow.equality import field_names
from reactflow.flow.scalars import READERS, Plain, Refused, scalar_writer
from reactflow.flow.statetext import LEAVES, Text, record_maker, record_writer, state_writer

DEPTH = 150  # containers inside one another; far below what the interpreter's stack holds
# integers from here on are written in hex: decimal text of any length may be refused by the interpreter
_WIDE = 1 << 1024

_INF = float("inf")

WRITERS = 64  # sets of cells that code is made for; state with others is written value by value

_write = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode


class Codec:
    """Encodes the state of one flow; ``types`` maps cells to their types, ``values`` are defaults of cells.

    >>> codec = Codec({"area": float})
    >>> codec.encode({"area": 12.0, "tags": ("a", 1)})
    b'{"area":12.0,"tags":{"$":"tuple","v":["a",1]}}'
    >>> codec.decode(codec.encode({"area": 12.0}))
    {'area': 12.0}
    """

    __slots__ = ("types", "_by_short_name", "_classes", "_readers", "_texts", "_writers")

    def __init__(self, types: Mapping[str, object], values: Iterable[object] = ()) -> None:
        self.types = dict(types)
        self._classes = classes_in(self.types.values(), values)
        short: dict[str, list[type]] = {}
        for kind in self._classes.values():
            short.setdefault(kind.__qualname__, []).append(kind)
        self._by_short_name = {name: kinds[0] for name, kinds in short.items() if len(kinds) == 1}
        self._texts: dict[type, Text] | None = None
        self._writers: dict[tuple[str, ...], Callable[[Mapping[str, Any]], bytes]] = {}
        self._readers: dict[str, Callable[[Any, int], Any]] = {}

    @property
    def classes(self) -> tuple[type, ...]:
        """The classes that state may hold, besides the plain types."""
        return tuple(self._classes.values())

    def encode(self, state: Mapping[str, object]) -> bytes:
        """State as canonical bytes. Raises StateError naming the cell."""
        cells = tuple(state)
        write = self._writers.get(cells)
        if write is None:
            if len(self._writers) >= WRITERS:
                return _write({cell: self.to_plain(value, cell) for cell, value in state.items()}).encode()
            write = self._writers[cells] = state_writer(cells, self.types, self._records(), self._other)
        try:
            return write(state)
        except (Refused, RecursionError, AttributeError):  # a record's own code does not know where it is
            return _write({cell: self.to_plain(value, cell) for cell, value in state.items()}).encode()

    def decode(self, data: bytes) -> dict[str, object]:
        """State from bytes. Raises StateError for what ``encode`` of this codec does not write."""
        plain = self.parse(data)
        for cell, value in plain.items():
            if value.__class__ not in LEAVES:
                plain[cell] = self.from_plain(value, cell)
        return plain

    def parse(self, data: bytes) -> dict[str, Any]:
        """The JSON data of each cell, not decoded: what another version stored may be of classes that are gone.

        >>> Codec({}).parse(b'{"order":{"$":"app.Gone","v":{"n":1}}}')
        {'order': {'$': 'app.Gone', 'v': {'n': 1}}}
        """
        plain = _parse(data, "the state")
        if not isinstance(plain, dict):
            raise StateError(
                f"the state is {type(plain).__name__}, not an object of cells: it was not written by this flow"
            )
        return plain

    def encode_value(self, value: object, cell: str = "") -> bytes:
        """One value as canonical bytes; ``cell`` is for the message of a refusal.

        >>> Codec({}).encode_value((1, 2))
        b'{"$":"tuple","v":[1,2]}'
        """
        return _write(self.to_plain(value, cell)).encode()

    def decode_value(self, data: bytes, cell: str = "") -> Any:
        """One value from bytes.

        >>> Codec({}).decode_value(b'{"$":"tuple","v":[1,2]}')
        (1, 2)
        """
        return self.from_plain(_parse(data, f"the value of cell {cell!r}"), cell)

    def to_plain(self, value: object, cell: str = "") -> Plain:
        """One value as JSON data, to be put into a larger document.

        >>> Codec({}).to_plain(b"ab")
        {'$': 'bytes', 'v': 'YWI='}
        """
        try:
            return self._encode(value, 0)
        except Refused as error:
            what, path = error.what, error.path
        except RecursionError:
            what, path = _TOO_DEEP, ""
        at = f" at {cell}{path}" if path else ""
        raise StateError(f"cell {cell!r} cannot be stored{at}: {what}", cell=cell)

    def plain(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Values by cell as JSON data, each as ``to_plain`` gives it.

        >>> Codec({}).plain({"area": 12.0, "seal": b"ab"})
        {'area': 12.0, 'seal': {'$': 'bytes', 'v': 'YWI='}}
        """
        return {
            cell: value
            if (value.__class__ is float and -_INF < value < _INF)
            or (value.__class__ is str and value.isascii())
            else self.to_plain(value, cell)
            for cell, value in values.items()
        }

    def values(self, plain: Mapping[str, Any]) -> dict[str, Any]:
        """Values by cell from JSON data that ``plain`` made.

        >>> Codec({}).values({"area": 12.0, "seal": {"$": "bytes", "v": "YWI="}})
        {'area': 12.0, 'seal': b'ab'}
        """
        return {
            cell: one if one.__class__ in LEAVES else self.from_plain(one, cell)
            for cell, one in plain.items()
        }

    def from_plain(self, plain: object, cell: str = "") -> Any:
        """One value from JSON data that ``to_plain`` made.

        >>> Codec({}).from_plain({"$": "bytes", "v": "YWI="})
        b'ab'
        """
        try:
            return self._decode(plain, 0)
        except Refused as error:
            what = error.what
        except RecursionError:
            what = _TOO_DEEP
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
            what = f"it is damaged ({type(error).__name__}: {error})"
        raise StateError(f"the stored value of cell {cell!r} cannot be read: {what}", cell=cell)

    # --- code of its own --------------------------------------------------------------------------------------

    def _other(self, value: object, cell: str) -> str:
        return _write(self.to_plain(value, cell))

    def _records(self) -> Mapping[type, Text]:
        """Functions that write records, for the classes of cells; those of the fields of a class come before it."""
        if self._texts is None:
            self._texts = {}
            kinds = dict.fromkeys(kind for kind in self.types.values() if kind in self._classes.values())
            for kind in kinds:
                if isinstance(kind, type) and not issubclass(kind, Enum):
                    write = record_writer(kind, tag_of(kind), {}, self._field)
                    if write is not None:
                        self._texts[kind] = write
        return self._texts

    def _field(self, value: object) -> str:
        return _write(self._encode(value, 1))

    # --- writing --------------------------------------------------------------------------------------------

    def _encode(self, value: Any, depth: int) -> Plain:
        kind = type(value)
        if kind is float:
            if not isfinite(value):
                raise Refused(
                    f"{value!r} is not a number that can be compared; leave the cell unset, or use None"
                )
            return value  # type: ignore[no-any-return]  # its type was looked at
        if kind is str:
            return value if value.isascii() else _text(value)
        if value is None or kind is bool:
            return value  # type: ignore[no-any-return]  # its type was looked at
        if kind is int:
            return value if -_WIDE < value < _WIDE else {"$": "int", "v": hex(value)}
        if depth > DEPTH:
            raise Refused(_TOO_DEEP)
        if kind is list:
            return self._all(value, depth)
        if kind is dict:
            return self._encode_dict(value, depth)
        if kind is tuple:
            return {"$": "tuple", "v": self._all(value, depth)}
        if kind is set or kind is frozenset:
            return {"$": kind.__name__, "v": sorted((self._member(one, depth) for one in value), key=_write)}
        scalar = scalar_writer(kind)
        if scalar is not None:
            return {"$": scalar[0], "v": scalar[1](value)}
        return self._encode_object(value, kind, depth)

    def _all(self, values: Iterable[Any], depth: int) -> list[Plain]:
        found: list[Plain] = []
        try:
            for value in values:
                found.append(self._encode(value, depth + 1))
        except Refused as error:
            raise error.inside(f"[{len(found)}]") from None
        return found

    def _member(self, value: Any, depth: int) -> Plain:
        try:
            return self._encode(value, depth + 1)
        except Refused as error:
            raise error.inside(f"{{{value!r:.40}}}") from None

    def _encode_dict(self, value: dict[Any, Any], depth: int) -> Plain:
        pairs: list[tuple[Plain, Plain]] = []
        is_plain = True
        for key, one in value.items():
            if type(key) is not str or key == "$":
                is_plain = False
            try:
                pairs.append((self._encode(key, depth + 1), self._encode(one, depth + 1)))
            except Refused as error:
                raise error.inside(f"[{key!r:.40}]") from None
        if is_plain:
            return dict(pairs)  # type: ignore[arg-type]  # every key is a str
        return {
            "$": "dict",
            "v": sorted(([key, one] for key, one in pairs), key=lambda pair: _write(pair[0])),
        }

    def _encode_object(self, value: Any, kind: type, depth: int) -> Plain:
        tag = tag_of(kind)
        if self._classes.get(tag) is not kind:
            raise Refused(_unknown(kind))
        if isinstance(value, Flag):
            return {"$": tag, "v": int(value.value)}
        if isinstance(value, Enum):
            return {"$": tag, "v": value.name}
        fields: dict[str, Plain] = {}
        for name in field_names(kind) or ():
            try:
                fields[name] = self._encode(getattr(value, name), depth + 1)
            except Refused as error:
                raise error.inside(f".{name}") from None
            except AttributeError:
                raise Refused(f"this {kind.__qualname__} has no value for it").inside(f".{name}") from None
        return {"$": tag, "v": fields}

    # --- reading --------------------------------------------------------------------------------------------

    def _decode(self, plain: Any, depth: int) -> Any:
        kind = type(plain)
        if kind is float and not isfinite(plain):
            raise Refused(f"{plain!r} is not written by this codec")
        if kind is not list and kind is not dict:
            return plain
        if depth > DEPTH:
            raise Refused(_TOO_DEEP)
        if kind is list:
            return [self._decode(one, depth + 1) for one in plain]
        tag = plain.get("$")
        if tag is None:
            return {key: self._decode(one, depth + 1) for key, one in plain.items()}
        value = plain["v"]
        read = self._readers.get(tag)
        if read is not None:
            return read(value, depth)
        if tag == "tuple":
            return tuple(self._decode(one, depth + 1) for one in value)
        if tag == "set":
            return {self._decode(one, depth + 1) for one in value}
        if tag == "frozenset":
            return frozenset(self._decode(one, depth + 1) for one in value)
        if tag == "dict":
            return {self._decode(key, depth + 1): self._decode(one, depth + 1) for key, one in value}
        scalar = READERS.get(tag)
        if scalar is not None:
            return scalar(value)
        read = self._readers[tag] = self._read_by(tag)
        return read(value, depth)

    def _read_by(self, tag: Any) -> Callable[[Any, int], Any]:
        """What reads the values of a class of the closed set, found once."""
        kind = self._classes.get(tag)
        if kind is None:  # a class that moved to another module, as from a notebook to a file
            parts = str(tag).split(".")
            tails = (".".join(parts[start:]) for start in range(len(parts)))
            kind = next((self._by_short_name[tail] for tail in tails if tail in self._by_short_name), None)
        if kind is None:
            raise Refused(
                f"it is of class {tag}, which no type of this flow names; annotate the cell with it"
            )
        found = kind
        if issubclass(found, Flag):
            return lambda value, _: found(value)
        if issubclass(found, Enum):
            return lambda value, _: found[value]
        return self._record_reader(tag, found)

    def _record_reader(self, tag: str, kind: type) -> Callable[[Any, int], Any]:
        names, make, decode = frozenset(field_names(kind) or ()), record_maker(kind), self._decode

        def read(value: Any, depth: int) -> Any:
            if value.keys() != names:
                different = ", ".join(sorted(names ^ set(value)))
                raise Refused(f"its class {tag} has other fields than what was stored: {different}")
            for name, one in value.items():
                if one.__class__ not in LEAVES:
                    value[name] = decode(one, depth + 1)
            return make(value)

        return read


_TOO_DEEP = f"it is more than {DEPTH} containers deep (does it contain itself?); keep it flatter"


def _unknown(kind: type) -> str:
    if issubclass(kind, (bool, int, float, str, bytes, list, tuple, dict, set)) and field_names(kind) is None:
        base = next(base for base in kind.__mro__ if base.__module__ == "builtins")
        if not issubclass(kind, Enum):
            name = base.__name__
            return f"{tag_of(kind)} is a kind of {name}, which would come back as another; convert it: {name}(...)"
    if field_names(kind) is not None or issubclass(kind, Enum):
        return f"class {tag_of(kind)} is not named by a type of this flow; annotate the cell: Cell[{kind.__name__}]"
    return (
        f"class {tag_of(kind)} is not plain data; use numbers, text, bytes, dates, Decimal, UUID, containers of them,"
        " or an Enum, attrs, dataclass or NamedTuple class that the cell's type names"
    )


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Refused(
            f"the text has a lone surrogate at {error.start}; decode it with errors='replace'"
        ) from None
    return value


def _parse(data: bytes, what: str) -> Any:
    try:
        return _reading()(data)
    except RecursionError:
        reason = _TOO_DEEP
    except Exception as error:  # whatever the reader says of bytes that it did not write
        reason = f"it is not the JSON text that was written ({error})"
    raise StateError(f"{what} cannot be read: {reason}")


@cache
def _reading() -> Callable[[bytes], Any]:
    """The reader of JSON; it takes some milliseconds to import, which only those pay who read state."""
    from msgspec.json import Decoder

    return Decoder().decode
