from __future__ import annotations

import copy
import pickle

import numpy as np

from reactflow import UNSET, Failure
from reactflow.cells.semantics import accumulate, blocked, evaluate, run, same
from reactflow.errors import Unset


def test_unset_wins_over_failed_and_a_failure_is_passed_on_as_it_is() -> None:
    failure = Failure(ValueError("no"))
    assert blocked([failure, UNSET]) is UNSET
    assert evaluate(max, [1, failure]) is failure
    assert evaluate(max, [1, 2]) == 2


def test_reading_something_unset_makes_a_function_unset() -> None:
    def reads() -> None:
        raise Unset("x is unset")

    assert run(reads, ()) is UNSET


def test_what_counts_as_the_same() -> None:
    nan = float("nan")
    assert same(None, nan, nan)
    assert not same(None, UNSET, None)
    assert not same(lambda one, other: 1, 1, 2)  # true, but no plain True
    assert same(None, np.float64(1), np.float64(1))
    assert not same(None, np.float64(1), np.float64(2))
    assert same(None, Failure(ValueError("a")), Failure(ValueError("a")))
    assert not same(None, Failure(ValueError("a")), Failure(ValueError("b")))
    assert not same(None, Failure(ValueError("a")), Failure(TypeError("a")))
    assert not same(lambda one, other: True, Failure(ValueError("a")), 1)


def test_a_fold_keeps_its_state_when_a_step_fails() -> None:
    def fails(state: int, value: int) -> int:
        raise Unset("peeked at something unset")

    state, outcome = accumulate(fails, lambda state: state, 3, 1)
    assert (state, type(outcome)) == (3, Failure)
    state, outcome = accumulate(lambda one, other: one + other, lambda state: 1 / 0, 3, 1)
    assert (state, type(outcome)) == (3, Failure)


def test_there_is_one_unset() -> None:
    assert copy.deepcopy(UNSET) is UNSET
    assert pickle.loads(pickle.dumps(UNSET)) is UNSET
    assert repr([UNSET]) == "[UNSET]"
