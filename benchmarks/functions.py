"""The node functions: as cheap as they can be, so that the engine is what is seen."""

from __future__ import annotations


def plus_one(value: int) -> int:
    """The function of most nodes."""
    return value + 1


def same(value: int) -> int:
    """Hands its input on."""
    return value


def tenth(value: int) -> int:
    """Equal for ten inputs in a row, which is what a cut-off is for."""
    return value // 10


def plus(one: int, other: int) -> int:
    """The sum of two inputs."""
    return one + other


def minus(one: int, other: int) -> int:
    """The difference of two inputs."""
    return one - other


def times(one: int, other: int) -> int:
    """The product of two inputs: area = length * width."""
    return one * other


def choose(flag: int, odd: int, even: int) -> int:
    """One of two inputs, by a third."""
    return odd if flag % 2 else even


def total(*values: int) -> int:
    """Brings many inputs together."""
    return sum(values)
