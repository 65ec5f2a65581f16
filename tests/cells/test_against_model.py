"""The engine against a model that computes everything anew, on random graphs and histories (see ``history``)."""

from __future__ import annotations

import gc
from collections.abc import Collection
from contextlib import ExitStack
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from reactflow.cells.fast_paths import FAST_PATHS, fast_paths, without
from tests.cells.history import Instruction, replay

numbers = st.integers(0, 255)
instructions = st.tuples(numbers, numbers, numbers, numbers)
histories = st.one_of(
    st.lists(instructions, max_size=10),
    st.lists(instructions, min_size=12, max_size=30),
    st.lists(instructions, min_size=30, max_size=80),
)
switched_off: st.SearchStrategy[Collection[str]] = st.one_of(
    st.just(()), st.sets(st.sampled_from(FAST_PATHS))
)
many = settings(max_examples=max(300, settings.default.max_examples if settings.default else 0))


def replay_hot(history: list[Instruction], warm: int, chunk: int, off: Collection[str] = ()) -> None:
    """Interpret a history with fast paths that engage after very few writes and reads, in small pieces of code.

    Those in ``off`` are left out.
    """
    early = [
        ("fast.WARM_WRITES", warm),
        ("fast.REST", warm),
        ("batch.WARM_WRITES", warm),
        ("pulls.WARM_READS", warm),
        ("compiled.CHUNK", chunk),
    ]
    with fast_paths(True), without(*off), ExitStack() as patches:
        for name, number in early:
            patches.enter_context(patch(f"reactflow.cells.{name}", number))
        replay(history)


@many
@given(histories)
def test_the_live_graph_agrees_with_a_model_that_computes_everything_anew(history: list[Instruction]) -> None:
    with fast_paths(False):
        replay(history)


@many
@given(histories, st.sampled_from((1, 3)), st.sampled_from((2, 32)), switched_off)
def test_so_do_its_fast_paths_from_the_first_write_on_all_of_them_and_without_any(
    history: list[Instruction], warm: int, chunk: int, off: Collection[str]
) -> None:
    replay_hot(history, warm, chunk, off)


def test_the_model_and_the_live_graph_start_alike() -> None:
    replay([])
    gc.collect()


def test_an_effect_that_comes_to_read_a_cell_that_nobody_observed_runs_once() -> None:
    history = [
        (8, 1, 0, 6), (8, 0, 0, 1), (8, 0, 0, 1), (8, 0, 0, 1), (8, 0, 0, 1), (8, 0, 0, 1), (12, 211, 0, 233),
        (0, 0, 0, 0), (0, 0, 129, 0),
    ]  # fmt: skip
    replay_hot(history, 1, 2)


def test_a_hot_cell_that_comes_to_read_a_stale_one_remembers_the_version_that_it_then_got() -> None:
    history = [
        (0, 1, 58, 0), (8, 195, 0, 6), (8, 0, 0, 6), (8, 1, 1, 250), (12, 0, 0, 0), (0, 0, 0, 0), (0, 0, 76, 0),
    ]  # fmt: skip
    replay_hot(history, 1, 2)
