"""What steps and handlers are measured on is the same work on both sides."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import table
from benchmarks.__main__ import main
from benchmarks.steps import page
from benchmarks.steps.arrays import events_a_second
from benchmarks.steps.handler_by_hand import Handler
from benchmarks.steps.measure import differences, measure_step
from benchmarks.steps.overhead import bare, grouped
from benchmarks.steps.overhead import differences as overhead_differences
from benchmarks.steps.service import HandlerWork, Table, handler_differences, rooms
from benchmarks.steps.works import STEP_WORKS, StepWork


def small(work: StepWork) -> StepWork:
    return work._replace(keys=12)


@pytest.mark.parametrize("work", STEP_WORKS, ids=lambda work: work.name)
def test_the_step_comes_to_the_changes_and_states_of_the_hand_written_code(work: StepWork) -> None:
    assert differences(small(work), small(work).deliveries(6)) == []


@pytest.mark.parametrize("work", STEP_WORKS, ids=lambda work: work.name)
def test_a_hand_written_side_that_does_something_else_is_found_out(work: StepWork) -> None:
    def apply(unit: Any, events: Any) -> Any:
        changed, occurred = work.apply(unit, events)
        return dict(list(changed.items())[1:]), occurred

    wrong = small(work)._replace(apply=apply)
    assert differences(wrong, wrong.deliveries(2))
    with pytest.raises(ValueError, match="differences, the first in delivery 0"):
        measure_step(wrong, 1)


@pytest.mark.parametrize("work", STEP_WORKS, ids=lambda work: work.name)
def test_deliveries_repeat_some_of_what_was_told(work: StepWork) -> None:
    first, second = small(work).deliveries(2)
    repeated = sum(old[-1] == new[0] for (_, old), (_, new) in zip(first, second, strict=True))
    assert 0 < repeated < 12


@pytest.mark.parametrize("keys", [1, 7, 10_000])
def test_the_service_comes_to_the_rows_and_states_of_the_hand_written_handler(keys: int) -> None:
    table_ = Table()
    handler, service = Handler(), rooms(table_)
    for event in HandlerWork("some", keys).events(2):
        few = {"Records": event["Records"][:300]}
        for _ in range(2):  # what comes again changes nothing
            assert service.handler(few) == handler.handle(few) == {"batchItemFailures": []}
    assert handler_differences(handler, service, table_) == []
    assert len(table_.rows) == min(keys, 300)


def test_the_page_tells_of_every_work_that_was_measured(tmp_path: Any) -> None:
    report = page.StepReport(1, [measure_step(small(STEP_WORKS[0]), 1)], arrays=events_a_second(1))
    page.write(report, table.markdown, tmp_path)
    text = (tmp_path / "step-benchmarks.md").read_text(encoding="utf-8")
    assert f"| {STEP_WORKS[0].name} | {STEP_WORKS[0].about} |" in text
    assert "numpy takes" in text


def test_one_work_is_measured_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--step", "--rounds", "1", "numeric, 1 cell, 100"]) == 0
    assert "numeric, 1 cell, 100 events a key" in capsys.readouterr().out


@pytest.mark.parametrize("keys", [3, 10_000])
def test_what_durability_costs_is_measured_on_units_that_are_stored(keys: int) -> None:
    host, states = rooms(Table()).host, dict[str, Any]()
    for event in HandlerWork("some", keys).events(2):
        groups = grouped(host, {"Records": event["Records"][:60]})
        bare(host, states)(groups)
        for arrivals in groups.values():
            host.apply(arrivals[0].event.unit, arrivals, [])
    assert len(states) == min(keys, 60)
    assert overhead_differences(host, states) == ""
    states["room=room-1"] = (0.0, 0.0, 0.5)
    assert "unit room=room-1 is" in overhead_differences(host, states)
