"""How ratios are made: of rounds, of trials, and on the whole."""

from __future__ import annotations

import time

import pytest

from benchmarks.libraries import EXPLICIT, OURS, Form
from benchmarks.libraries.reactflow_forms import Explicit
from benchmarks.making import bare_bytes, making
from benchmarks.measure import (
    Entry,
    Measured,
    Outcome,
    Runner,
    best,
    geometric_mean,
    measure,
    median_of_ratios,
)
from benchmarks.probe import Trial, probe
from benchmarks.report import COMPILED, PURE, Report
from benchmarks.straight import straight_line
from benchmarks.works import WORKS
from benchmarks.works.single import ONE_EFFECT, ONE_READ
from benchmarks.works.work import Run, Work


def test_a_ratio_is_the_median_of_the_ratios_of_the_rounds_not_the_ratio_of_medians() -> None:
    assert median_of_ratios([2.0, 30.0, 4.0], [1.0, 10.0, 1.0]) == 3.0


def test_the_geometric_mean_of_a_half_and_its_double_is_one() -> None:
    assert geometric_mean([0.5, 2.0]) == pytest.approx(1.0)
    assert geometric_mean([4.0, 4.0, 4.0]) == pytest.approx(4.0)


def report(*rows: dict[str, Outcome]) -> Report:
    made = Report(1, {}, list(rows[0]))
    made.works = [Measured(WORKS[place], 100.0, row) for place, row in enumerate(rows)]
    return made


def test_a_column_has_a_mean_only_when_every_work_has_a_ratio() -> None:
    found = report(
        {"explicit": Outcome(2.0), "reaktiv": Outcome(50.0)},
        {"explicit": Outcome(8.0), "reaktiv": Outcome(None, "wrong")},
    )
    assert found.means() == {"explicit": pytest.approx(4.0)}


def test_the_best_peer_is_the_fastest_that_does_the_work() -> None:
    row = Measured(
        ONE_READ,
        1.0,
        {"reaktiv": Outcome(50.0), "observ": Outcome(40.0), "nervio": Outcome(None, "wrong")},
    )
    assert best(row, PURE) == ("observ", 40.0)
    assert best(row, COMPILED) is None


def test_a_form_is_compared_with_the_best_peer_where_there_is_one() -> None:
    found = report(
        {"explicit": Outcome(2.0), "atom": Outcome(3.0)},
        {"explicit": Outcome(2.0), "atom": Outcome(1.0)},
        {"explicit": Outcome(2.0), "atom": Outcome(None, "recursion")},
    )
    assert found.faster_than(COMPILED, EXPLICIT) == (1, 2)
    assert found.agree()


def test_an_outcome_is_shown_as_a_ratio_or_as_its_word() -> None:
    shown = [Outcome(0.5), Outcome(9.949), Outcome(9.95), Outcome(1234.4), Outcome(None, "wrong")]
    assert [str(outcome) for outcome in shown] == ["0.50", "9.95", "10", "1,234", "wrong"]
    assert str(Outcome(55.0, raised=True)) == "55*"


def test_one_work_is_measured_in_all_its_forms() -> None:
    work = ONE_EFFECT._replace(changes=20)
    found = measure(work, [*(Entry(form.name, form) for form in OURS), Entry("off", EXPLICIT, ("all",))], 2)
    assert list(found.outcomes) == ["explicit", "tracked", "off"]
    assert all(outcome.ratio is not None and outcome.ratio > 0 for outcome in found.outcomes.values())
    assert found.by_hand > 0


def broken(work: Work, run: Run) -> Work:
    return work._replace(by_library=lambda library, size: run)


def test_a_form_with_another_answer_has_no_ratio() -> None:
    work = broken(ONE_READ, lambda values: -1)._replace(changes=5)
    found = measure(work, [Entry("explicit", EXPLICIT)], 1)
    assert found.outcomes == {"explicit": Outcome(None, "wrong")}


def test_a_runner_goes_on_where_it_stopped() -> None:
    ranges: list[range] = []

    def run(values: range) -> object:
        ranges.append(values)
        return values[-1] + 1

    runner = Runner(broken(ONE_READ, run), 1, Entry("explicit", EXPLICIT))
    for changes in (1, 2, 3):
        runner.round(changes)
    assert ranges == [range(1, 2), range(2, 4), range(4, 7)]
    assert runner.agrees


PEER = Form("peer", "pure", lambda batched: Explicit(), "none")


def too_deep(values: range) -> object:
    def deeper(depth: int) -> int:
        return deeper(depth - 1) if depth else values[-1] + 1

    return deeper(2_000)


def test_a_trial_that_needs_a_higher_recursion_limit_says_which() -> None:
    trial = probe(PEER, broken(ONE_READ, too_deep))
    assert trial.word == ""
    assert trial.limit is not None


@pytest.mark.parametrize(
    ("run", "word"),
    [
        (lambda values: values[-1] + 1, ""),
        (lambda values: 0, "wrong"),
        (lambda values: [][1], "IndexError"),
        (lambda values: time.sleep(60), "too slow"),
    ],
    ids=["right", "wrong", "raises", "never ends"],
)
def test_a_trial_says_in_a_word_what_went_wrong(run: Run, word: str) -> None:
    assert probe(PEER, broken(ONE_READ, run), patience=0.5 if word == "too slow" else 30) == Trial(word)


def test_making_is_measured_for_each_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.making.PAIRS", 200)
    found = making(OURS, 1)
    assert list(found) == ["explicit", "tracked"]
    for made in found.values():
        assert made.made > 1
        assert made.read > 1
        assert made.bytes_observed > made.bytes_read > bare_bytes()


def test_straight_line_code_runs_its_lines_for_each_value() -> None:
    seen: list[int] = []
    straight_line(["out = twice(value)", "sink(out)"], twice=lambda value: 2 * value, sink=seen.append)(
        range(3)
    )
    assert seen == [0, 2, 4]
