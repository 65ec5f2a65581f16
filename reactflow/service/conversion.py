"""Conversion: one function a type, which takes plain data into values of exactly that type or refuses them.

A converter is built once a type. It converts only what has no other way through JSON: an integer into a
float, a number into a Decimal, text into a date, time, UUID or enum member, an array into a tuple or set, an
object into a class. All rules hold at every depth. It must not guess: text is never a number, a boolean never
an integer, text never bytes, and a number that a float cannot hold at 17 digits is refused rather than
rounded.

The road not taken: ``msgspec.convert`` for all of it. It reads base64 out of text and "NaN" into a Decimal,
rounds 38 digits into a float, takes a set (which has no order) as a list, and its errors do not hold the
value. It reads the text forms of dates and times here.
"""

from __future__ import annotations

import collections.abc as abc
import dataclasses
import datetime as dt
import enum
import reprlib
import types
import typing
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import attrs

from reactflow.errors import BindingError
from reactflow.service.scalars import (
    Converter,
    Mismatch,
    fits_float,
    from_text,
    member_of,
    one_of,
    sound_text,
    take_bool,
    take_bytes,
    take_decimal,
    take_float,
    take_int,
    take_none,
    take_str,
    type_name,
)

_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = _brief.maxlong = 60


def converter(wanted: object) -> Converter:
    """The converter into a type, made once; raises BindingError for a type that cannot be read from data."""
    # Unions compare equal whatever their order, and the order counts here: the text tells them apart.
    known = wanted if isinstance(wanted, type) else (wanted, repr(wanted))
    try:
        return _made[known]
    except KeyError:
        return _made.setdefault(known, _build(wanted, {}))


def _array(
    expected: str, make: Callable[[list[Any]], Any], item: Converter, accepts: tuple[type, ...]
) -> Converter:
    def convert(value: Any) -> object:
        if not isinstance(value, accepts):
            hint = (
                "a set has no order: annotate the cell as set" if isinstance(value, (set, frozenset)) else ""
            )
            raise Mismatch(expected, value, hint)
        done: list[Any] = []
        items: Any = value
        try:
            for each in items:
                done.append(item(each))
        except Mismatch as error:
            raise error.inside(f"[{len(done)}]") from None
        try:
            return make(done)
        except TypeError as error:  # a set of what has no hash
            raise Mismatch(expected, value, str(error)) from None

    return convert


def _tuple(expected: str, items: list[Converter]) -> Converter:
    def convert(value: Any) -> object:
        if not isinstance(value, (list, tuple)):
            raise Mismatch(expected, value)
        if len(value) != len(items):
            raise Mismatch(expected, value, f"it has {len(value)} items, not {len(items)}")
        done: list[object] = []
        try:
            for item, each in zip(items, value, strict=True):
                done.append(item(each))
        except Mismatch as error:
            raise error.inside(f"[{len(done)}]") from None
        return tuple(done)

    return convert


def _object(expected: str, name: Converter, item: Converter) -> Converter:
    def convert(value: Any) -> object:
        if not isinstance(value, Mapping):
            raise Mismatch(expected, value)
        done: dict[Any, object] = {}
        for each, inner in value.items():
            try:
                made = name(each)
                done_before = len(done)
                done[made] = item(inner)
            except Mismatch as error:
                raise error.inside(f"[{_brief.repr(each)}]") from None
            if len(done) == done_before:
                raise Mismatch(expected, value, f"two of its names mean {made!r}")
        return done

    return convert


def _anything(value: Any) -> object:
    """For a cell without a type: data as it is, but a fraction is a float where one can hold it."""
    kind = type(value)
    if kind is str:
        return sound_text(value)
    if kind is float:
        return take_float(value)
    if kind is Decimal:
        number = take_decimal(value)
        return take_float(number) if fits_float(number) else number
    if kind in (list, tuple, set, frozenset):
        return _array("Any", kind, _anything, (kind,))(value)
    if kind is dict:
        return _object("Any", _anything, _anything)(value)
    return value


def _whole_number_name(value: Any) -> object:
    """An int as the name of an object's member: JSON has only text there; its canonical form is taken."""
    if type(value) is str:
        digits = value.removeprefix("-")
        if len(digits) <= 1024 and digits.isascii() and digits.isdigit() and str(int(value)) == value:
            return int(value)
    return take_int(value)


class _Member(typing.NamedTuple):
    name: str
    keyword: str
    convert: Converter
    required: bool


def _class(wanted: Any, members: list[_Member], make: Callable[..., object]) -> Converter:
    expected = type_name(wanted)
    is_plain = typing.is_typeddict(wanted)  # its values are dicts, and have to be looked into

    def convert(value: Any) -> object:
        if not is_plain and isinstance(value, wanted):
            return value
        if not isinstance(value, Mapping):
            if issubclass(wanted, tuple) and isinstance(value, (list, tuple)) and len(value) <= len(members):
                value = {member.name: each for member, each in zip(members, value, strict=False)}
            else:
                raise Mismatch(expected, value)
        given: dict[str, object] = {}
        for member in members:
            if member.name in value:
                try:
                    given[member.keyword] = member.convert(value[member.name])
                except Mismatch as error:
                    raise error.inside(f".{member.name}") from None
            elif member.required:
                raise Mismatch(expected, value, f"{member.name!r} is missing")
        try:
            return make(**given)
        except Exception as error:  # a class's own validation: any exception is its verdict on the value
            raise Mismatch(
                expected, value, f"{expected} refused it: {type(error).__name__}: {error}"
            ) from error

    return convert


def _union(expected: str, members: list[tuple[object, Converter]]) -> Converter:
    """A value of exactly one member's type is that; else the first member, as written, that takes it."""
    exact = {wanted: convert for wanted, convert in members if isinstance(wanted, type)}

    def convert(value: Any) -> object:
        first = exact.get(type(value))
        if first is not None:
            return first(value)
        hint = ""
        for _, member in members:
            try:
                return member(value)
            except Mismatch as error:
                hint = hint or error.hint
        raise Mismatch(expected, value, hint)

    return convert


_made: dict[object, Converter] = {
    None: _anything, Any: _anything, object: _anything, types.NoneType: take_none, bool: take_bool,
    int: take_int, float: take_float, str: take_str, bytes: take_bytes, Decimal: take_decimal,
    **{each: from_text(each) for each in (dt.datetime, dt.date, dt.time, dt.timedelta, uuid.UUID)},
}  # fmt: skip
_made[Any, repr(Any)] = _made[None, "None"] = _anything

_LISTS = (list, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable)
_DICTS = (dict, abc.Mapping, abc.MutableMapping)


def _build(wanted: Any, pending: dict[object, Converter]) -> Converter:
    """Make a type's converter; ``pending`` holds the classes being made, which may hold themselves."""
    origin, arguments = typing.get_origin(wanted) or wanted, typing.get_args(wanted)
    name = type_name(wanted)
    if isinstance(wanted, typing.NewType):
        return _build(wanted.__supertype__, pending)
    if type(wanted).__name__ == "TypeAliasType":
        return _build(wanted.__value__, pending)
    if origin is typing.Annotated:
        return _build(arguments[0], pending)
    if origin is typing.Literal:
        plain = [each.value if isinstance(each, enum.Enum) else each for each in arguments]
        return one_of(name, dict(zip(plain, arguments, strict=True)))
    if origin in (typing.Union, types.UnionType):
        return _union(name, [(member, _build(member, pending)) for member in arguments])
    if not isinstance(origin, type) and not typing.is_typeddict(origin):
        known = _made.get(wanted) if wanted is None or wanted is Any else None
        if known is None:
            raise BindingError(f"{name} is no type that data can be read into: annotate with a class or Any")
        return known
    if origin in _LISTS:
        return _array(name, list, _items(arguments, 0, pending), (list, tuple))
    if origin is tuple and (not arguments or arguments[-1] is ...):
        return _array(name, tuple, _items(arguments, 0, pending), (list, tuple))
    if origin is tuple:
        return _tuple(name, [_build(each, pending) for each in arguments])
    if origin in (set, frozenset, abc.Set, abc.MutableSet):
        make = set if origin in (set, abc.MutableSet) else frozenset
        return _array(name, make, _items(arguments, 0, pending), (list, tuple, set, frozenset))
    if origin in _DICTS:
        names = _whole_number_name if arguments and arguments[0] is int else _items(arguments, 0, pending)
        return _object(name, names, _items(arguments, 1, pending))
    if arguments:
        raise BindingError(
            f"{name} has parameters that data cannot be read into: annotate with a plain class"
        )
    if wanted in _made:
        return _made[wanted]
    return _of_class(wanted, pending)


def _items(arguments: tuple[object, ...], place: int, pending: dict[object, Converter]) -> Converter:
    return _build(arguments[place], pending) if arguments else _anything


def _of_class(wanted: Any, pending: dict[object, Converter]) -> Converter:
    if wanted in pending:
        # a class that holds itself: known by the time it is called
        return lambda value: pending[wanted](value)
    if issubclass(wanted, enum.Enum):
        return member_of(wanted)
    if getattr(wanted, "_is_protocol", False):
        raise BindingError(f"{type_name(wanted)} is a protocol: data can only be read into a class")
    if not _has_members(wanted):
        return lambda value: value if isinstance(value, wanted) else _refuse(wanted, value)
    pending[wanted] = _anything
    make = dict if typing.is_typeddict(wanted) else wanted
    pending[wanted] = _class(wanted, _members(wanted, pending), make)
    return pending[wanted]


def _has_members(wanted: type) -> bool:
    if attrs.has(wanted) or dataclasses.is_dataclass(wanted) or typing.is_typeddict(wanted):
        return True
    return issubclass(wanted, tuple) and hasattr(wanted, "_fields")


def _refuse(wanted: type, value: object) -> object:
    raise Mismatch(type_name(wanted), value)


def _members(wanted: Any, pending: dict[object, Converter]) -> list[_Member]:
    try:
        hints = typing.get_type_hints(wanted, include_extras=True)
    except Exception as error:
        remedy = "define the types it names at the top of their module"
        raise BindingError(
            f"the annotations of {type_name(wanted)} cannot be resolved ({error}): {remedy}"
        ) from error

    def build(name: str) -> Converter:
        return _build(hints.get(name, Any), pending)

    if attrs.has(wanted):
        fields = [each for each in attrs.fields(wanted) if each.init]
        return [_Member(f.name, f.alias or f.name, build(f.name), f.default is attrs.NOTHING) for f in fields]
    if dataclasses.is_dataclass(wanted):
        absent = dataclasses.MISSING
        return [
            _Member(f.name, f.name, build(f.name), f.default is absent and f.default_factory is absent)
            for f in dataclasses.fields(wanted)
            if f.init
        ]
    if typing.is_typeddict(wanted):
        members = []
        for name, hint in hints.items():
            required = name in wanted.__required_keys__  # wrong for annotations in text: marks go first
            while (mark := typing.get_origin(hint)) in (typing.Required, typing.NotRequired):
                required, hint = mark is typing.Required, typing.get_args(hint)[0]
            members.append(_Member(name, name, _build(hint, pending), required))
        return members
    return [_Member(name, name, build(name), name not in wanted._field_defaults) for name in wanted._fields]
