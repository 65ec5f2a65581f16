"""Values that a flow's state may hold, for property tests: every type of the closed set, nested."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag, IntEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from attrs import frozen
from hypothesis import strategies as st


class Color(Enum):
    RED = "r"
    BLUE = 2


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Rights(Flag):
    READ = 1
    WRITE = 2


@frozen
class Point:
    x: object
    y: object = 0


@frozen(slots=True, cache_hash=True)
class Hashed:
    x: object


@dataclass
class Box:
    size: object


@dataclass(frozen=True, slots=True)
class Sealed:
    size: object


class Pair(NamedTuple):
    left: object
    right: object


CLASSES = {"color": Color, "level": Level, "rights": Rights, "point": Point, "hashed": Hashed}
CLASSES |= {"box": Box, "sealed": Sealed, "pair": Pair}

zones = st.one_of(
    st.none(),
    st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23))),
    st.sampled_from([ZoneInfo("UTC"), ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")]),
)
numbers = st.one_of(
    st.integers(-2, 2),
    st.integers(),
    st.integers(min_value=2**1020),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 1.0, 1e16, math.pi, 5e-324]),
    st.sampled_from([Decimal("1"), Decimal("1.0"), Decimal("-0"), Decimal("1E+5"), Decimal("0.00")]),
    st.booleans(),
)
texts = st.one_of(st.text(max_size=5), st.sampled_from(["$", "v", "", "1", "tuple", "ü\u2028𝄞"]))
hashable = st.one_of(
    st.none(),
    numbers,
    texts,
    st.binary(max_size=5),
    st.datetimes(timezones=zones),
    st.dates(),
    st.times(timezones=zones),
    st.timedeltas(),
    st.uuids(),
    st.sampled_from([*Color, *Level, Rights.READ, Rights.READ | Rights.WRITE, Rights(0)]),
)


def _containers(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(texts, inner, max_size=3),
        st.dictionaries(hashable, inner, max_size=3),
        st.sets(hashable, max_size=3),
        st.frozensets(st.one_of(hashable, st.tuples(hashable)), max_size=3),
        st.builds(Point, inner, inner),
        st.builds(Hashed, hashable),
        st.builds(Box, inner),
        st.builds(Sealed, inner),
        st.builds(Pair, inner, inner),
    )


values = st.recursive(hashable, _containers, max_leaves=8)
