"""The switches of the fast paths: what is made while one is off does without it."""

from __future__ import annotations

import pytest

from reactflow import batch, cell, derived, effect
from reactflow.cells.doing import DOING
from reactflow.cells.fast import WARM_WRITES, cold
from reactflow.cells.fast_paths import FAST_PATHS, without
from reactflow.cells.functions import plain_of
from reactflow.cells.pulls import COLD, WARM_READS


def test_without_writes_no_source_gets_code_however_often_it_is_written() -> None:
    source, seen = cell(0), list[int]()
    with without("writes"):
        effect(lambda: seen.append(source.value))
        for number in range(1, 3 * WARM_WRITES):
            source.value = number
        assert source.put is cold
    assert seen == [*range(3 * WARM_WRITES)]


def test_without_reads_no_cell_gets_code_however_often_it_is_read() -> None:
    source = cell(0)
    double = source * 2
    with without("reads"):
        for number in range(3 * WARM_READS):
            source.value = number
            assert double.value == 2 * number
        assert double.get is COLD[0]


def test_without_batches_a_batch_has_a_journal_from_the_start() -> None:
    source = cell(0)
    with without("batches"), batch():
        source.value = 1
        assert DOING.quick is None
        assert source.peek() == 1
    with batch():
        assert DOING.quick is not None


def test_without_plain_functions_every_tracked_function_is_tracked() -> None:
    source = cell(1)
    tracked = derived(lambda: source.value + 1)
    assert plain_of(tracked.fn) is not None
    with without("plain functions"):
        assert plain_of(tracked.fn) is None
    assert tracked.value == 2


def test_a_fast_path_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(
        ValueError, match=r"no fast path 'pulls'; there are writes, reads, batches, plain functions"
    ):
        without("pulls").__enter__()
    assert len(FAST_PATHS) == 4
