"""The switches of the fast paths: what is made while one is off does without it."""

from __future__ import annotations

import pytest

from reactflow import batch, cell, derived, effect
from reactflow.cells.doing import DOING
from reactflow.cells.fast import WARM_WRITES, cold
from reactflow.cells.fast_paths import without
from reactflow.cells.functions import plain_of
from reactflow.cells.pulls import LOOKS, WARM_READS
from tests.cells.hot import _switched_on as _switched_on
from tests.cells.hot import program_of, warmed_together


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
        assert double.get is LOOKS[0]


def test_without_batches_a_batch_has_a_journal_from_the_start() -> None:
    source = cell(0)
    with without("batches"), batch():
        source.value = 1
        assert DOING.quick is None
        assert source.peek() == 1
    with batch():
        assert DOING.quick is not None


def test_without_joint_programs_a_batch_has_no_code_however_often_it_is_done() -> None:
    one, other = cell(0), cell(0)
    seen = list[int]()
    (one + other).subscribe(seen.append)
    with without("joint programs"):
        for number in range(1, 3 * WARM_WRITES):
            with batch():
                one.value = other.value = number
        assert program_of(one, other) is None
    warmed_together(one, other)
    assert seen[: 3 * WARM_WRITES] == [*range(0, 6 * WARM_WRITES, 2)]


@pytest.mark.parametrize("off", [(), ("former inputs",)])
def test_without_former_inputs_a_cell_lets_go_of_what_it_does_not_read(off: tuple[str, ...]) -> None:
    turn, one, other = cell(False), cell(1), cell(2)
    chosen = derived(lambda: one.value if turn.value else other.value)
    seen = list[int]()
    chosen.subscribe(seen.append)
    with without(*off):
        for number in range(3 * WARM_WRITES):
            turn.value = number % 2 == 0
        assert (chosen in (one.observers or ())) is not bool(off)
    assert seen == [2] + [1, 2] * (len(seen) // 2)


def test_without_plain_functions_every_tracked_function_is_tracked() -> None:
    source = cell(1)
    tracked = derived(lambda: source.value + 1)
    assert plain_of(tracked.fn) is not None
    with without("plain functions"):
        assert plain_of(tracked.fn) is None
    assert tracked.value == 2


def test_a_fast_path_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"no fast path 'pulls'; there are writes, reads, batches, "):
        without("pulls").__enter__()
