"""Functions that cannot work are refused when they are given, not on each run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

import reactflow
from reactflow import (
    Fold,
    batch,
    cell,
    derived,
    development,
    effect,
    explaining,
    fold,
    folds,
    profiled,
    pulse,
    snapshot,
    untracked,
)
from reactflow.errors import DeclarationError


async def saved(value: object = None) -> None:
    raise AssertionError("never run")


async def streamed(value: object = None) -> AsyncIterator[object]:
    yield value


def listed(value: object = None) -> Iterator[object]:
    yield value


class Room:
    def two(self, one: object, other: object) -> object:
        return one, other

    def one(self, value: object) -> object:
        return [value]

    async def later(self, value: object = None) -> None:
        raise AssertionError("never run")


def keyed(value: object, *, unit: str) -> object:
    return value, unit


length: Any = cell(3.0)
width: Any = cell(4.0)
reading: Any = pulse()
loose: Any = reactflow  # for what a type checker refuses, too
told: Any = lambda value: None  # noqa: E731  # as a user would write it


@pytest.mark.parametrize("fn", [saved, streamed, listed, Room().later])
@pytest.mark.parametrize(
    "give",
    [
        lambda fn: derived(fn),
        lambda fn: derived(fn, length),
        lambda fn: length.map(fn),
        lambda fn: effect(fn),
        lambda fn: length.subscribe(fn),
        lambda fn: reading.subscribe(fn),
        lambda fn: length.subscribe(told, fn),
        lambda fn: cell(3.0, equal=fn),
        lambda fn: Fold(0, fn),
    ],
)
def test_a_function_that_does_not_run_when_it_is_called_is_refused_with_its_line(
    give: Callable[[Any], object], fn: Any
) -> None:
    with pytest.raises(
        DeclarationError, match=r"it (is async|yields) \(test_given\.py:\d+\), and nobody would "
    ):
        give(fn)


@pytest.mark.parametrize(
    ("give", "words"),
    [
        (
            lambda: loose.derived(lambda one, other: one, length),
            r"^derived\(<lambda>, length\): it takes one, other \(test_given\.py:\d+\), .* with the values of length$",
        ),
        (
            lambda: loose.derived(lambda one: one, length, width),
            r"it takes one .* with the values of length, width$",
        ),
        (lambda: loose.derived(Room().two, length), r"^derived\(two, length\): it takes one, other "),
        (lambda: length.map(keyed), r"^derived\(keyed, length\): it takes value, unit "),
        (
            lambda: length.map(3),
            r"^length\.map\(3\): give a function of the value, as in length\.map\(round\)$",
        ),
        (lambda: length.map(None), r"^length\.map\(None\): give a function"),
        (lambda: length.map(round, equal=3), r"^equal=3 cannot be called"),
        (
            lambda: loose.cell(3, equal=lambda old: True),
            r"^equal=<lambda>: it takes old .* the old and the new value$",
        ),
        (
            lambda: loose.derived(told, [length]),
            r"is not a cell; .* give cells one by one: derived\(fn, a, b\)$",
        ),
        (lambda: length.subscribe(3), r"^length\.subscribe\(3\): give a function of the value, as in "),
        (lambda: length.subscribe(lambda: None), r"it takes nothing \(.*\), and is called with the value$"),
        (lambda: length.subscribe(lambda old, new: None), r"it takes old, new \(.*\), and is called with"),
        (lambda: length.subscribe(told, 3), r"^length\.subscribe\(3\): give a function of the error"),
        (
            lambda: length.bind(3.0),
            r"^length\.bind\(3\.0\): give an Observable, or a cell; .* length\.value = ",
        ),
        (lambda: reading.bind(3.0), r"^reading\.bind\(3\.0\): .* reading\.emit\("),
        (lambda: loose.untracked(length), r"^untracked\(\) takes a function, not the cell 'length'"),
        (lambda: loose.untracked(3.0), r"^untracked\(\) takes a function, not 3\.0: write area\.peek\(\)"),
        (lambda: loose.Fold(0, 3), r"^Fold\(add=3\): give a function, as in Fold\(0, lambda"),
        (
            lambda: loose.Fold(0, told),
            r"^Fold\(add=<lambda>\): it takes value .* the state and the occurrence$",
        ),
        (
            lambda: loose.Fold(0, max, told),
            r"^Fold\(merge=<lambda>\): it takes value .* one state and the other$",
        ),
        (
            lambda: loose.Fold(0, max, laws="commutativ"),
            r"^Fold\(laws='commutativ'\): the laws are associative, ",
        ),
        (lambda: loose.folds.last_by(3), r"^folds\.last_by\(3\): name the field that orders"),
        (
            lambda: loose.fold(folds.sum, reading),
            r"^fold\(folds\.sum, \.\.\.\): the first argument is the pulse",
        ),
    ],
)
def test_what_cannot_be_called_so_is_refused_and_told_what_it_is_called_with(
    give: Callable[[], object], words: str
) -> None:
    with pytest.raises(DeclarationError, match=words):
        give()


def test_a_subscription_that_is_refused_is_not_there() -> None:
    size: Any = cell(1)
    with pytest.raises(DeclarationError):
        size.subscribe(3)
    size.value = 2
    assert not size.observers


@pytest.mark.parametrize(
    "fn",
    [
        len,
        "{:.1f}".format,
        lambda *all: all,
        lambda value, digits=2: value,
        Room().one,
        partial(pow, 2),
        Decimal,
    ],
)
def test_what_can_be_called_with_a_value_is_taken(fn: Any) -> None:
    size = cell("3" if fn in (len, Decimal) else 3)
    seen: list[object] = []
    size.map(fn).subscribe(seen.append)
    stop = size.subscribe(fn)
    assert seen == [fn(size.value)]
    stop()


@pytest.mark.parametrize("block", [batch, snapshot, explaining, profiled, development, untracked])
def test_a_block_without_its_parentheses_says_so(block: Any) -> None:
    name = "batch" if block is batch else block.__name__
    entered: Any = block
    with pytest.raises(
        DeclarationError, match=rf"^'with {name}:' lacks its parentheses: write 'with {name}\(\):'$"
    ):
        with entered:
            pass


def test_a_batch_is_no_decorator_and_does_not_await() -> None:
    made: Any = batch()
    with pytest.raises(DeclarationError, match=r"no decorator: write 'with batch\(\):' inside the function$"):
        made(told)
    waiting = made.__aenter__()
    with pytest.raises(DeclarationError, match=r"^'async with batch\(\):' would await inside"):
        waiting.send(None)


def test_a_zero_that_is_changed_in_place_stays_the_zero_of_other_folds() -> None:
    def gathered(state: list[int], value: int) -> list[int]:
        state.append(value)
        return state

    everything: Fold[int, list[int]] = Fold([], gathered)
    numbers = pulse()
    one, other = fold(numbers, everything), fold(numbers, everything)
    numbers.emit(1)
    assert (one.value, other.value, everything.zero) == ([1], [1], [])
