"""A function that times out, dies or answers too much in mid-batch: nothing is lost by it, and nothing doubled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reactflow.local import Cloud
from reactflow.local.runtime import LambdaRuntime
from tests.runtime import points
from tests.runtime.running import Bank

pytestmark = pytest.mark.slow


@pytest.fixture
def running(
    cloud: Cloud, unique: Callable[[str], str], tmp_path: Path, in_runtime: Callable[..., LambdaRuntime]
) -> Bank:
    return Bank(cloud, unique("b"), tmp_path, in_runtime)


def test_a_function_that_dies_at_a_point_in_mid_batch_starts_anew_and_ends_right(running: Bank) -> None:
    reasons = running.run(30, {3: "exit", 20: "kill", 45: "exit", 70: "kill", 100: "kill"})
    said = points.happened(running.folder)
    assert len(said) == 5, said
    assert sorted(reason.rpartition(": ")[2] for reason in reasons) == ["exit status 3"] * 2 + ["killed"] * 3
    assert all(reason.startswith("Crashed: function accounts (function.handler)") for reason in reasons)
    running.check()
    assert running.run(10, {}) == []
    running.check()


def test_a_function_that_times_out_in_mid_batch_is_ended_and_what_it_had_done_counts_once(
    running: Bank,
) -> None:
    reasons = running.run(24, {18: "sleep"})
    said = points.happened(running.folder)
    assert len(said) == 1, said
    (reason,) = [one for one in reasons if "imed" in one]
    assert reason == (
        "TimedOut: function accounts (function.handler): Task timed out after 5.00 seconds: give it more time (its "
        "timeout is 5 s), or smaller batches"
    )
    running.check()


def test_an_answer_of_7_mb_fails_the_batch_after_all_of_it_was_done_and_the_next_try_does_nothing_twice(
    running: Bank,
) -> None:
    running.run(1, {})
    (reason,) = running.run(10, {"answer": "large"})
    assert reason == (
        "TooLarge: function accounts (function.handler): the answer is too large: Response payload size exceeded "
        "maximum allowed payload size (6291556 bytes). Answer with less, or with where it is kept"
    )
    assert len(points.happened(running.folder)) == 1
    running.check()
