"""A trial run of a library on a work, in a process of its own: it may tear values, recurse, crash, or never end."""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, TypeVar

from benchmarks.libraries import Form
from benchmarks.works.work import Work

T = TypeVar("T")

PATIENCE = 20.0
"""Seconds that a trial may take."""

SLOW = 0.5
"""CPU seconds a change, beyond which a library is not measured any further."""

HIGH = 50_000
"""The recursion limit of a second trial, where Python's own is too low."""

STEPS = 12
"""Changes of a trial, one by one."""


class Told:
    """What observers were told, run after run, without equal values in a row: to be told twice is slow, not wrong.

    >>> told = Told()
    >>> told.news([1, 1, 2, 1])
    [1, 2, 1]
    >>> told.news([1, 3])
    [3]
    """

    def __init__(self) -> None:
        self.last: dict[int, object] = {}
        """Of each observer."""

    def news(self, answer: Any) -> Any:
        """What is new in an answer; one that was read is new as a whole."""
        if not isinstance(answer, list):
            return answer
        if answer and isinstance(answer[0], list):
            return [self._of_one(place, values) for place, values in enumerate(answer)]
        return self._of_one(0, answer)

    def _of_one(self, place: int, values: list[object]) -> list[object]:
        found = []
        for value in values:
            if self.last.get(place) != value:
                self.last[place] = value
                found.append(value)
        return found


class Trial(NamedTuple):
    """How a trial went: a word for what went wrong, and the recursion limit that it takes if Python's is too low."""

    word: str
    limit: int | None = None


@contextmanager
def recursion_limit(limit: int | None) -> Iterator[None]:
    """Raise the recursion limit for the length of a block."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(limit or before)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def attempt(form: Form, work: Work, size: int) -> str:
    """Nothing when the library does the work, else a word for what it does instead."""
    fastest = float("inf")
    try:
        library = form.make(work.batched)  # held until the end: it holds the effects
        expected, run = work.by_hand(size), work.by_library(library, size)
        told, right = Told(), Told()
        for step in range(1, STEPS + 1):
            start = time.process_time()
            answer = run(range(step, step + 1))
            fastest = min(fastest, time.process_time() - start)
            if told.news(answer) != right.news(expected(range(step, step + 1))):
                return "wrong"
    except RecursionError:
        return "recursion"
    except Exception as error:  # whatever it is, it is the library's
        return type(error).__name__
    return "too slow" if fastest > SLOW else ""


def apart(fn: Callable[[], T], patience: float) -> T | None:
    """What a function returns in a process of its own, a copy of this one; None when it takes too long.

    Raises EOFError when that process ends without an answer.
    """
    processes = multiprocessing.get_context("fork")
    ours, theirs = processes.Pipe(duplex=False)

    def tell() -> None:
        theirs.send(fn())
        os._exit(0)  # without taking a deep graph apart, which may recurse

    trial = processes.Process(target=tell, daemon=True)
    trial.start()
    theirs.close()
    try:
        answer: T | None = ours.recv() if ours.poll(patience) else None
        return answer
    finally:
        trial.kill()
        trial.join()
        ours.close()


def _word(form: Form, work: Work, size: int, limit: int | None) -> str:
    """The word of an attempt. What the library prints about it is read, and not shown."""
    with tempfile.TemporaryFile("w+") as printed:
        os.dup2(printed.fileno(), 2)
        with recursion_limit(limit):
            word = attempt(form, work, size)
        sys.stderr.flush()
        printed.seek(0)
        return "recursion" if word == "wrong" and "RecursionError" in printed.read() else word


def _trial(form: Form, work: Work, size: int, limit: int | None, patience: float) -> str:
    try:
        word = apart(partial(_word, form, work, size, limit), patience)
    except EOFError:
        return "crash"
    return "too slow" if word is None else word


def probe(form: Form, work: Work, size: int | None = None, patience: float = PATIENCE) -> Trial:
    """A trial in a fresh process, and a second one with a higher recursion limit if that was too low."""
    word = _trial(form, work, size or work.size, None, patience)
    if word == "recursion" and not _trial(form, work, size or work.size, HIGH, patience):
        return Trial("", HIGH)
    return Trial(word)
