"""Functions of the random graphs: of values, and of cells that are read while they run.

What reads cells comes in two versions. One runs on a ``World``, be it the engine or the model. The other is what a user
writes: it reads ``.value`` of cells that it is closed over, which is what a fast path can see through.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from tests.cells.model import Boom, World


def added(one: int, other: int) -> int:
    return (one + other) % 8


def divided(one: int, other: int) -> int:
    return one // other


def smaller(one: int, other: int) -> int:
    return min(one, other)


def halved(one: int) -> int:
    return one // 2


def refused(one: int) -> int:
    if one > 5:
        raise Boom(f"{one} is too much")
    return one


# what explicit cells are made of: functions, which are called, and operators, which generated code writes out
ONE: tuple[Callable[[int], int], ...] = (halved, refused, operator.not_, operator.neg)
TWO: tuple[Callable[[int, int], int], ...] = (
    added, divided, smaller, operator.floordiv, operator.mod, operator.lt, operator.eq,
)  # fmt: skip


def read_both(world: World, one: int, other: int, _: int) -> int:
    return added(world.read(one), world.read(other))


def read_guarded(world: World, guard: int, one: int, other: int) -> Any:
    return world.read(one) if world.read(guard) > 2 else world.read(other)


def read_or_else(world: World, _: int, one: int, other: int) -> Any:
    try:
        return world.read(one)
    except Exception:
        return world.read(other)


def read_all(world: World, *cells: int) -> int:
    values: list[int] = [world.read(one) for one in cells]
    return sum(values) % 8


def read_ratio(world: World, one: int, other: int) -> int:
    return divided(world.read(one), world.read(other))


# --- the same for the engine alone: each makes a function of cells -------------------------------------------------


def sum_of(*cells: Any) -> Callable[[], Any]:
    listed = list(cells)
    return lambda: sum([one.value for one in listed]) % 8


def total_of(*cells: Any) -> Callable[[], Any]:
    return lambda: sum(one.value for one in cells) % 8


def ratio_of(one: Any, other: Any) -> Callable[[], Any]:
    return lambda: one.value // other.value


def ratio_by_default(one: Any, other: Any) -> Callable[[], Any]:
    def ratio(one: Any = one, other: Any = other) -> Any:
        return one.value // other.value

    return ratio


def both_of(one: Any, other: Any, _: Any) -> Callable[[], Any]:
    return lambda: (one.value + other.value) % 8


def guarded_of(guard: Any, one: Any, other: Any) -> Callable[[], Any]:
    return lambda: one.value if guard.value > 2 else other.value


NATIVE: tuple[tuple[Callable[..., Any], Callable[..., Callable[[], Any]], int], ...] = (
    (read_all, sum_of, 3),
    (read_all, total_of, 2),
    (read_ratio, ratio_of, 2),
    (read_ratio, ratio_by_default, 2),
    (read_both, both_of, 3),
    (read_guarded, guarded_of, 3),
)
