"""The item: all that is stored of one unit, in one piece, so that state, marks and outputs change together.

An item is plain data and bytes. It is written as canonical JSON: equal items give equal bytes, on every
machine. It must not know how cells are encoded (that is the flow's codec) nor where it is kept (that is the
store's).
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, Final, Literal, get_args

from attrs import evolve, field, frozen

from reactflow.errors import StateError, Unreadable

FORMAT: Final = 1  # of the stored bytes; a newer one is refused rather than misread
HARD_LIMIT: Final = 400_000  # bytes: what the smallest store takes
ROOM: Final = 16_000  # of these for marks and cases alone: a unit whose state is full has to be able to go on

PublicationKind = Literal["row", "removal", "occurrence"]


@cache
def _encode() -> Callable[[Any], bytes]:
    """What writes canonical JSON; made when the first item is."""
    import msgspec

    return msgspec.json.Encoder(order="deterministic").encode


def _texts(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(value)


def _mapping(value: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping as a dict; it is not copied, for whoever makes an item or a change lets go of what it is made of."""
    return value if type(value) is dict else dict(value)


@frozen(kw_only=True)
class Pending:
    """One change of an output that is committed and not yet known to be published.

    ``key`` and ``values`` are data as the codec made them (JSON-able, by attribute), ``envelope`` is the
    CloudEvent as plain data. ``recompute`` says that values which are too large to store are left out and
    computed when published; ``bare`` names the attribute that was bound alone, else it is empty. ``until`` is 0, or,
    for a removal that is published and has to be looked at again, when that is: in seconds since 1970.
    """

    id: str
    output: str
    destination: str
    n: int
    kind: PublicationKind = "row"
    key: Mapping[str, Any] = field(factory=dict, converter=_mapping)
    values: Mapping[str, Any] = field(factory=dict, converter=_mapping)
    recompute: bool = False
    envelope: Mapping[str, Any] = field(factory=dict, converter=_mapping)
    bare: str = ""
    until: int = 0

    def to_json(self) -> dict[str, Any]:
        """The change as plain data."""
        plain = {
            "id": self.id, "o": self.output, "d": self.destination, "n": self.n, "k": self.kind,
            "key": self.key, "val": self.values, "re": self.recompute, "ce": self.envelope, "b": self.bare,
        }  # fmt: skip
        return {**plain, "u": self.until} if self.until else plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Pending:
        """Read what ``to_json`` gave; raises StateError for anything else."""
        take = _Reader(plain, ("id", "o", "d", "n", "k", "key", "val", "re", "ce", "b"), ("u",))
        return cls(
            id=take.text("id"), output=take.text("o"), destination=take.text("d"), n=take.count("n"),
            kind=take.kind("k"), key=take.members("key"), values=take.members("val"),
            recompute=take.truth("re"), envelope=take.members("ce"), bare=take.text("b"),
            until=take.count("u") if "u" in plain else 0,
        )  # fmt: skip


def _counts(value: Iterable[int]) -> tuple[int, ...]:
    return tuple(value)


def _pending(value: Iterable[Pending]) -> tuple[Pending, ...]:
    return tuple(value)


@frozen(kw_only=True)
class Item:
    """One unit as stored; an item that was never stored has ``v`` 0.

    ``v`` counts the commits and fences out rivals, ``gv`` is the flow's version that wrote it, ``cells`` the
    encoded state, ``marks`` the highest position applied of each lane, ``versions`` the version of each
    source cell's last write, ``out`` what waits to be published, ``numbers`` the last number of each (output,
    destination), named by ``number_name``, ``open_cases`` the ids of the unit's cases in order, ``seen`` the
    ids of events of sources without lanes, oldest first. ``held`` says whether later records of the key wait behind the
    last of ``open_cases``, ``waiting`` are the ids of those that do, in order. ``turns`` counts the open cases as they
    came, ``overtaken`` holds for each cell the turn of the last one that a later write of the cell came after.
    ``written`` is what the flow keeps beside ``cells`` for its next version, None in items that were stored without;
    ``past`` are the versions of the flow that had the unit before ``gv``, the latest last. ``ages`` are the days since
    1970 on which marks were last moved, where there are many.

    >>> item = Item(v=1, cells=b'{"length":3.0}', marks={"kinesis/measurements/shard-1": "0042"})
    >>> Item.from_bytes(item.to_bytes()) == item
    True
    """

    v: int = 0
    gv: str = ""
    cells: bytes = b""
    marks: Mapping[str, str] = field(factory=dict, converter=_mapping)
    versions: Mapping[str, str] = field(factory=dict, converter=_mapping)
    out: tuple[Pending, ...] = field(default=(), converter=_pending)
    numbers: Mapping[str, int] = field(factory=dict, converter=_mapping)
    open_cases: tuple[str, ...] = field(default=(), converter=_texts)
    held: bool = False
    seen: tuple[str, ...] = field(default=(), converter=_texts)
    written: Mapping[str, str] | None = None
    past: tuple[str, ...] = field(default=(), converter=_texts)
    waiting: tuple[str, ...] = field(default=(), converter=_texts)
    turns: tuple[int, ...] = field(default=(), converter=_counts)
    overtaken: Mapping[str, int] = field(factory=dict, converter=_mapping)
    ages: Mapping[str, int] = field(factory=dict, converter=_mapping)

    @property
    def is_released(self) -> bool:
        """Whether records wait that nothing holds up any longer."""
        return bool(self.waiting) and not self.held

    @property
    def owes(self) -> bool:
        """Whether there is something to be done for the unit though no record comes: changes, or a released queue."""
        return bool(self.out) or self.is_released

    def next(self, **changes: Any) -> Item:
        """The item of the next commit: this one with changes, and ``v`` one higher.

        >>> Item(v=4).next(held=True).v
        5
        """
        return evolve(self, v=self.v + 1, **changes)

    def settled(self) -> Item:
        """The same item without what it owed: for memory only, the stored one is pruned by the next commit.

        Removals stay: some have to be looked at again.
        """
        return evolve(self, out=[one for one in self.out if one.kind == "removal"])

    def to_bytes(self) -> bytes:
        """Canonical JSON with the protocol's short names; raises StateError for what JSON cannot hold."""
        for change in self.out:
            _check_plain(change.key, f"pending {change.id}: key")
            _check_plain(change.values, f"pending {change.id}: values")
            _check_plain(change.envelope, f"pending {change.id}: envelope")
        plain = {
            "format": FORMAT, "v": self.v, "gv": self.gv, "c": _pack(self.cells), "m": self.marks,
            "w": self.versions, "out": [change.to_json() for change in self.out], "on": self.numbers,
            "q": self.open_cases, "held": self.held, "ids": self.seen,
        }  # fmt: skip
        if self.written is not None:
            plain["t"] = self.written
        if self.past:
            plain["p"] = self.past
        if self.waiting or self.turns or self.overtaken:
            plain["h"] = {"q": self.waiting, "t": self.turns, "w": self.overtaken}
        if self.ages:
            plain["a"] = self.ages
        try:
            return _encode()(plain)
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise StateError(f"the item cannot be encoded: {error}") from error

    @classmethod
    def from_bytes(cls, data: bytes, unit: str = "") -> Item:
        """Read an item; raises Unreadable, naming ``unit``, for bytes that are corrupt, foreign or newer."""
        whose = f"the item of unit {unit!r}" if unit else "the item"
        try:
            plain = json.loads(data)
            if isinstance(plain, dict) and isinstance(plain.get("format"), int) and plain["format"] > FORMAT:
                raise StateError(f"its format {plain['format']} is newer than {FORMAT}: upgrade reactflow")
            if isinstance(plain, dict) and plain.get("format") != FORMAT:
                raise StateError(
                    f"its format is {plain.get('format')!r}, not {FORMAT}: it is not one of reactflow's"
                )
            names = ("format", "v", "gv", "c", "m", "w", "out", "on", "q", "held", "ids")
            take = _Reader(plain, names, ("t", "p", "h", "a"))
            queue = _Reader(plain.get("h", {"q": [], "t": [], "w": {}}), ("q", "t", "w"))
            return cls(
                v=take.count("v"), gv=take.text("gv"), cells=_unpack(plain["c"]),
                marks=take.texts_by_name("m"), versions=take.texts_by_name("w"),
                out=tuple(Pending.from_json(each) for each in take.array("out")),
                numbers=take.counts_by_name("on"), open_cases=take.texts("q"), held=take.truth("held"),
                seen=take.texts("ids"), written=take.texts_by_name("t") if "t" in plain else None,
                past=take.texts("p") if "p" in plain else (), waiting=queue.texts("q"), turns=queue.counts("t"),
                overtaken=queue.counts_by_name("w"), ages=take.counts_by_name("a") if "a" in plain else {},
            )  # fmt: skip
        except (StateError, ValueError, TypeError, RecursionError) as error:
            raise Unreadable(f"{whose} cannot be read: {str(error) or type(error).__name__}") from error


@lru_cache(maxsize=1024)
def number_name(output: str, destination: str) -> str:
    """The name in ``Item.numbers`` of an output's changes at a destination; injective.

    >>> number_name("area", "dynamodb/areas")
    'area|dynamodb/areas'
    """
    return f"{output.replace('%', '%25').replace('|', '%7C')}|{destination}"


def check_size(item: Item, data: bytes, unit: str) -> None:
    """Refuse an item that no store takes: raises StateError with the sizes of its parts."""
    if len(data) <= HARD_LIMIT:
        return
    parts = {
        "cells": len(item.cells),
        "pending changes": sum(len(json.dumps(change.to_json())) for change in item.out),
        "marks": sum(len(lane) + len(position) for lane, position in item.marks.items()),
        "seen ids": sum(map(len, item.seen)),
        "open cases": sum(map(len, (*item.open_cases, *item.waiting))),
    }
    largest_first = sorted(parts.items(), key=lambda part: -part[1])
    shown = ", ".join(f"{name} {size}" for name, size in largest_first)
    remedy = "keep large values out of the state with stored=False, or choose a finer key"
    raise StateError(
        f"the item of unit {unit!r} has {len(data)} bytes, and {HARD_LIMIT} are the most ({shown}): {remedy}"
    )


def check_state(item: Item, unit: str) -> None:
    """Refuse a state that leaves no room for what comes beside it: raises StateError."""
    if len(item.cells) < HARD_LIMIT // 8:  # cells that are no text at all would grow sixfold
        return
    size, most = len(_encode()(_pack(item.cells))), HARD_LIMIT - ROOM
    if size > most:
        raise StateError(
            f"the cells of unit {unit!r} have {size} bytes, and {most} are the most: keep large values out of the "
            "state with stored=False, or choose a finer key"
        )


def _pack(cells: bytes) -> str | dict[str, str]:
    """Bytes as text where they are text (as the codec's are), else base64; one form for each content."""
    try:
        return cells.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(cells).decode()}


def _unpack(plain: object) -> bytes:
    if isinstance(plain, str):
        return plain.encode()
    if isinstance(plain, dict) and list(plain) == ["b64"] and isinstance(plain["b64"], str):
        try:
            return base64.b64decode(plain["b64"], validate=True)
        except binascii.Error as error:
            raise StateError(f"'c' is not base64: {error}") from error
    raise StateError("'c' is not encoded cells")


_CERTAIN: Final = frozenset({str, int, bool, type(None)})
_INF: Final = math.inf


def _check_plain(value: object, place: str) -> None:
    """Refuse what JSON would change in silence (names that are not text) or cannot hold."""
    if (type(value) is float and math.isfinite(value)) or type(value) in _CERTAIN:
        return
    if type(value) is dict:
        for name, inner in value.items():
            if type(name) is str and (
                type(inner) in _CERTAIN or (type(inner) is float and -_INF < inner < _INF)
            ):
                continue
            if not isinstance(name, str):
                raise StateError(
                    f"{place} has the name {name!r}, which is not text: encode it with the codec"
                )
            _check_plain(inner, f"{place}.{name}")
    elif type(value) is list:
        for number, inner in enumerate(value):
            _check_plain(inner, f"{place}[{number}]")
    else:
        raise StateError(
            f"{place} is {type(value).__name__}, which is not plain data: encode it with the codec"
        )


class _Reader:
    """Takes the members of stored data one by one, each of the type that it has to be."""

    def __init__(self, plain: object, names: tuple[str, ...], more: tuple[str, ...] = ()) -> None:
        if not isinstance(plain, dict):
            raise StateError(f"it is {type(plain).__name__}, not an object")
        if missing := [name for name in names if name not in plain]:
            raise StateError(f"{missing[0]!r} is missing")
        if foreign := sorted(plain.keys() - set(names) - set(more)):
            raise StateError(f"it has the foreign member {foreign[0]!r}")
        self._plain: dict[str, Any] = plain

    def _take(self, name: str, accepts: Callable[[Any], bool], what: str) -> Any:
        value = self._plain[name]
        if not accepts(value):
            raise StateError(f"{name!r} is not {what}")
        return value

    def text(self, name: str) -> str:
        return str(self._take(name, lambda value: type(value) is str, "text"))

    def kind(self, name: str) -> PublicationKind:
        kind: PublicationKind = self._take(name, lambda value: value in get_args(PublicationKind), "a kind")
        return kind

    def count(self, name: str) -> int:
        return int(self._take(name, _is_count, "a count"))

    def truth(self, name: str) -> bool:
        return bool(self._take(name, lambda value: type(value) is bool, "true or false"))

    def array(self, name: str) -> list[Any]:
        return list(self._take(name, lambda value: type(value) is list, "an array"))

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(
            self._take(name, lambda value: type(value) is list and _are_texts(value), "an array of texts")
        )

    def counts(self, name: str) -> tuple[int, ...]:
        return tuple(each for each in self.array(name) if _must(_is_count(each), name, "counts"))

    def members(self, name: str) -> dict[str, Any]:
        return dict(self._take(name, lambda value: type(value) is dict, "an object"))

    def texts_by_name(self, name: str) -> dict[str, str]:
        return {
            key: value
            for key, value in self.members(name).items()
            if _must(type(value) is str, name, "texts")
        }

    def counts_by_name(self, name: str) -> dict[str, int]:
        return {
            key: value for key, value in self.members(name).items() if _must(_is_count(value), name, "counts")
        }


def _must(is_sound: bool, name: str, what: str) -> bool:
    if not is_sound:
        raise StateError(f"{name!r} does not hold {what}")
    return True


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _are_texts(values: Any) -> bool:
    return all(type(each) is str for each in values)
