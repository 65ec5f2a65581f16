from __future__ import annotations

from typing import Any

import pytest

from reactflow import cell, derived, effect
from reactflow.errors import CycleError


def test_a_cycle_names_its_path_and_the_line_that_closed_it() -> None:
    cells: dict[str, Any] = {}
    cells["area"] = derived(lambda: cells["cost"].value + 1, name="area")
    cells["cost"] = derived(lambda: cells["area"].value + 1, name="cost")
    with pytest.raises(
        CycleError, match=r"area -> cost -> area; 'cost' reads 'area' at test_cycles.py:14"
    ) as caught:
        cells["area"].value
    assert caught.value.path == ("area", "cost", "area")


def test_a_cell_that_reads_itself_is_a_cycle() -> None:
    cells: list[Any] = []
    cells.append(derived(lambda: cells[0].value, name="self"))
    with pytest.raises(CycleError, match="self -> self"):
        cells[0].value


@pytest.mark.parametrize("observed", [False, True])
def test_a_cycle_that_is_opened_again_recovers(observed: bool) -> None:
    cells: dict[str, Any] = {}
    closed, width = cell(True), cell(1)
    cells["area"] = derived(lambda: cells["cost"].value if closed.value else width.value)
    cells["cost"] = derived(lambda: cells["area"].value + 1)
    ran: list[Any] = []
    stop = cells["cost"].subscribe(ran.append, lambda error: ran.append("cycle")) if observed else None
    for name in ("area", "cost"):
        with pytest.raises(CycleError):
            cells[name].value
    closed.value = False
    assert (cells["area"].value, cells["cost"].value) == (1, 2)
    width.value = 5
    assert cells["cost"].value == 6
    closed.value = True
    with pytest.raises(CycleError):
        cells["cost"].value
    if stop:
        stop()
        assert ran[0] == "cycle"
        assert ran[-3:] == [2, 6, "cycle"]


def test_an_effect_that_writes_what_it_reads_until_it_is_content_is_no_cycle() -> None:
    ran: list[int] = []
    length = cell(10)

    def halve() -> None:
        ran.append(length.value)
        if length.value > 2:
            length.value //= 2

    effect(halve)
    assert ran == [10, 5, 2]
