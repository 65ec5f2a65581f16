"""Every work is the same work in all its forms."""

from __future__ import annotations

import pytest

from benchmarks.fast_paths import FAST_PATHS, without
from benchmarks.libraries import OURS, PEERS, Form, installed
from benchmarks.libraries.library import Library
from benchmarks.probe import Told, attempt
from benchmarks.works import WORKS
from benchmarks.works.work import Work

SIZE = 12


def small(work: Work) -> int:
    return min(work.size, SIZE)


@pytest.mark.parametrize("form", OURS, ids=lambda form: form.name)
@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name)
def test_a_form_tells_its_observers_what_the_hand_written_code_does(work: Work, form: Form) -> None:
    library = form.make(work.batched)
    by_hand, by_library = work.by_hand(small(work)), work.by_library(library, small(work))
    for value in range(1, 50):
        assert by_library(range(value, value + 1)) == by_hand(range(value, value + 1))
    assert by_library(range(50, 200)) == by_hand(range(50, 200))


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name)
def test_the_answers_are_the_same_with_every_fast_path_off(work: Work) -> None:
    with without(FAST_PATHS):
        for form in OURS:
            assert attempt(form, work, small(work)) == ""


@pytest.mark.parametrize("path", FAST_PATHS)
def test_the_answers_are_the_same_without_a_fast_path_however_often_a_work_is_done(path: str) -> None:
    for work in WORKS:
        with without([path]):
            for form in OURS:
                library = form.make(work.batched)
                run = work.by_library(library, small(work))
                assert run(range(1, 50)) == work.by_hand(small(work))(range(1, 50))


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name)
def test_every_change_changes_what_is_read_or_told(work: Work) -> None:
    run = work.by_hand(small(work))
    told = [repr(run(range(value, value + 10))) for value in range(10, 60, 10)]
    assert len(set(told)) == 5


def test_works_have_names_of_their_own() -> None:
    assert len({work.name for work in WORKS}) == len(WORKS)


def test_no_cell_of_cellx_is_ever_cut_off() -> None:
    now = [(1, 1, -1, 1)]
    for _ in range(1_000):
        a, b, c, d = now[-1]
        now.append((b, a - c, b + d, c))
    assert all(all(layer) for layer in now)  # the values of two changes differ by these, in every layer


@pytest.mark.parametrize("form", PEERS, ids=lambda form: form.name)
def test_a_peer_does_the_simplest_works_right(form: Form) -> None:
    if form.name not in installed([form]):
        pytest.skip(f"{form.distribution} is not installed: it comes with the extra `bench`")
    for work in WORKS:
        if work.name in {"one source, one derived, read", "the same with an effect", "changing inputs"}:
            assert attempt(form, work, small(work)) == ""


@pytest.mark.parametrize("form", [*OURS, *PEERS], ids=lambda form: form.name)
def test_a_library_has_all_that_a_work_may_ask_for(form: Form) -> None:
    if form.name not in installed([form]):
        pytest.skip(f"{form.distribution} is not installed: it comes with the extra `bench`")
    library = form.make(True)
    wanted = {name for name in vars(Library) if not name.startswith("_")}
    assert {name for name in wanted if not callable(getattr(library, name, None))} == set()


def test_to_be_told_twice_is_not_wrong_and_to_be_told_what_never_was_is() -> None:
    told, right = Told(), Told()
    assert told.news([1, 1, 2, 2, 1]) == right.news([1, 2, 1])
    assert told.news([1, 5]) == right.news([5])  # told again in a later run
    assert told.news([6, 7, 8]) != right.news([6, 8])
    assert Told().news([[1, 1], [2]]) == [[1], [2]]
    assert Told().news(7) == 7
