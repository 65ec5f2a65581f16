"""Values to try: by the type of a pulse, first those that people understand, then others drawn from a seeded source.

It promises that the friendly values of a type are few, differ, and are what an example should be made of; a type of
which none can be made up has none. Wild values are what sums and comparisons trip over: zeros of both signs, large
beside small, empty text. No clock and no randomness of its own: who asks brings the ``Random``.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from itertools import chain, islice, product
from random import Random
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import attrs

_FRIENDLY: Mapping[Any, Sequence[Any]] = {
    int: (1, 2, 3),
    float: (0.1, 0.2, 0.3, 1.0),
    str: ("a", "b", "c"),
    bool: (False, True),
    bytes: (b"a", b"b", b"c"),
    Decimal: (Decimal("0.1"), Decimal("0.2"), Decimal("3")),
    date: tuple(date(2026, 1, day) for day in (1, 2, 3)),
    datetime: tuple(datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)),
    timedelta: tuple(timedelta(seconds=seconds) for seconds in (1, 2, 3)),
}
_WILD: Mapping[Any, Callable[[Random], Any]] = {
    int: lambda chance: chance.choice((0, -1, chance.randint(-9, 9), chance.randint(-(10**6), 10**6))),
    float: lambda chance: chance.choice(
        (0.0, -0.0, -0.1, 1e16, 1e-9, chance.randint(-9, 9) / 10, chance.uniform(-1e3, 1e3))
    ),
    str: lambda chance: "".join(chance.choices("abAB é", k=chance.randint(0, 3))),
    bool: lambda chance: chance.random() < 0.5,
    bytes: lambda chance: chance.randbytes(chance.randint(0, 2)),
    Decimal: lambda chance: Decimal(chance.randint(-999, 999)).scaleb(chance.randint(-3, 3)),
    date: lambda chance: date(2026, 1, 1) + timedelta(days=chance.randint(-800, 800)),
    datetime: lambda chance: (
        datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randint(-(10**8), 10**8))
    ),
    timedelta: lambda chance: timedelta(milliseconds=chance.randint(-(10**6), 10**6)),
}
MOST = 24
"""How many friendly values of one type there are at most."""
DEEPEST = 3
"""How deep records and collections are in each other at most."""


def friendly(kind: Any) -> list[Any]:
    """A few values of a type, the plainest first; none if none can be made up.

    >>> friendly(float), friendly(list[int]), friendly(int | None), friendly(object)
    ([0.1, 0.2, 0.3, 1.0], [[1], [2], [3], [1, 2]], [1, 2, 3], [])
    """
    return list(islice(_made(kind, lambda one: list(_FRIENDLY[one]), _some), MOST))


def wild(kind: Any, chance: Random) -> Any:
    """One value of a type that ``friendly`` knows, any that there may be. Raises LookupError for another type.

    >>> from random import Random
    >>> isinstance(wild(list[int], Random(1)), list)
    True
    """
    found = list(
        islice(_made(kind, lambda one: [_WILD[one](chance)], lambda parts: _few(parts, chance)), MOST)
    )
    if not found:
        raise LookupError(f"no value of {kind!r} can be made up")
    return chance.choice(found)


def mixed(pools: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """The product of some pools, in an order of which a few say most: all differ, then one at a time, then the rest.

    >>> list(islice(mixed([[1, 2], ["a", "b"]]), 3))
    [(1, 'a'), (2, 'b'), (2, 'a')]
    """
    if not all(pools):
        return
    longest = max(map(len, pools), default=1)
    together = ([min(number, len(pool) - 1) for pool in pools] for number in range(longest))
    alone = (
        [number if place == one else 0 for one in range(len(pools))]
        for place, pool in enumerate(pools)
        for number in range(1, len(pool))
    )
    seen: set[tuple[int, ...]] = set()
    for places in map(tuple, chain(together, alone, product(*(range(len(pool)) for pool in pools)))):
        if places not in seen:
            seen.add(places)
            yield tuple(pool[place] for pool, place in zip(pools, places, strict=True))


def _some(parts: Sequence[Any]) -> list[list[Any]]:
    """Collections of a few members."""
    return [*([one] for one in parts), list(parts[:2])] if parts else []


def _few(parts: Sequence[Any], chance: Random) -> list[list[Any]]:
    return [chance.choices(parts, k=chance.randint(0, 3))] if parts else []


def _made(
    kind: Any,
    plain: Callable[[Any], list[Any]],
    gather: Callable[[Sequence[Any]], list[list[Any]]],
    depth: int = 0,
) -> Iterable[Any]:
    if depth > DEEPEST:
        return []

    def parts(one: Any) -> list[Any]:
        return list(islice(_made(one, plain, gather, depth + 1), MOST))

    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return parts(arguments[0])
    if kind in _FRIENDLY:
        return plain(kind)
    if origin is Literal:
        return arguments
    if origin in (Union, types.UnionType):
        return [value for one in arguments if one is not type(None) for value in parts(one)]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if isinstance(origin, type) and issubclass(origin, Mapping) and arguments:
        names, values = parts(arguments[0]), parts(arguments[1])
        return [{name: value} for name, value in product(names, values)]
    if isinstance(origin, type) and issubclass(origin, Collection) and arguments:
        if origin is tuple and arguments[-1] is not Ellipsis:
            return mixed([*map(parts, arguments)])
        make: Any = (
            frozenset
            if issubclass(origin, Set) and origin is not set
            else (origin if origin in (set, tuple) else list)
        )
        return [make(one) for one in gather(parts(arguments[0]))]
    return _records(kind, parts)


def _records(kind: Any, parts: Callable[[Any], list[Any]]) -> Iterable[Any]:
    """Records of a class with typed fields; those with a default keep it where no value can be made up."""
    names = _field_names(kind)
    if names is None:
        return []
    try:
        hints = get_type_hints(kind)
    except Exception:  # a name that is known where the class was made, and nowhere else
        return []
    values = {name: parts(hints.get(name, hints.get(f"_{name}", object)))[:3] for name in names}
    if any(not values[name] for name, has_default in names.items() if not has_default):
        return []
    given = {name: one for name, one in values.items() if one}
    chosen = islice(mixed([*given.values()]), MOST)
    return [made for one in chosen for made in _called(kind, dict(zip(given, one, strict=True)))]


def _called(kind: Any, given: Mapping[str, Any]) -> list[Any]:
    """A record of these fields, unless its class refuses them."""
    try:
        return [kind(**given)]
    except Exception:
        return []


def _field_names(kind: Any) -> dict[str, bool] | None:
    """The fields of a class that are given when it is called, and whether each has a default; None for no record."""
    if is_typeddict(kind):
        return {name: name in kind.__optional_keys__ for name in kind.__annotations__}
    if not isinstance(kind, type):
        return None
    if attrs.has(kind):
        return {
            one.alias or one.name: one.default is not attrs.NOTHING for one in attrs.fields(kind) if one.init
        }
    if is_dataclass(kind):
        return {
            one.name: one.default is not MISSING or one.default_factory is not MISSING
            for one in fields(kind)
            if one.init
        }
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        defaults: Mapping[str, Any] = getattr(kind, "_field_defaults", {})
        return {name: name in defaults for name in kind._fields}  # pyright: ignore[reportAttributeAccessIssue]
    return None
