"""Live cells that a function reaches without naming them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from reactflow.cells import cell
from reactflow.flow.hidden import hidden_cells
from tests.flow.test_methods import lower

# --- hidden inputs ------------------------------------------------------------------------------------------

RATE = cell(2.0)
CELLS_IN_A_LIST = [RATE]
PLAIN = 2.0


def reads_a_global(area: float) -> float:
    return area * RATE.value


def calls_another(area: float) -> float:
    return reads_a_global(area)


def with_a_default(area: float, rate: Any = RATE) -> Any:
    return area * rate.value


def with_a_keyword(area: float, *, rate: Any = RATE) -> Any:
    return area * rate.value


class Namespace:
    rate = RATE


def names(fn: Callable[..., Any]) -> list[str]:
    return [found.name for found in hidden_cells(fn)]


def test_a_global_cell_is_found_with_its_line() -> None:
    (found,) = hidden_cells(reads_a_global)
    assert (found.name, found.place) == (
        "RATE",
        f"test_hidden.py:{reads_a_global.__code__.co_firstlineno + 1}",
    )


def test_cells_are_found_through_every_way_a_function_has() -> None:
    local = cell(1.0)
    assert names(lambda area: area * RATE.value) == ["RATE"]
    assert names(lambda area: area * local.value) == ["local"]
    assert names(lambda areas: [area * local.value for area in areas]) == ["local"]
    assert names(lambda areas: (lambda: [RATE.value for _ in areas])()) == ["RATE"]
    assert names(lambda area: area * CELLS_IN_A_LIST[0].value) == ["CELLS_IN_A_LIST"]
    assert names(lambda area: area * Namespace.rate.value) == ["Namespace.rate"]
    assert names(calls_another) == ["RATE"]
    assert names(with_a_default) == ["rate"]
    assert names(with_a_keyword) == ["rate"]
    assert names(partial(max, RATE)) == ["0"]
    assert names(partial(reads_a_global)) == ["RATE"]
    assert names(local.map) == ["self"]

    def total(self: Any) -> Any:
        return self.a * RATE.value

    assert names(lower(total)) == ["RATE"]


def test_plain_functions_hide_nothing() -> None:
    assert names(lambda area: area * PLAIN + max(1, 2)) == []
    assert names("{:.1f}".format) == []
    assert names(max) == []
    assert names(re.sub) == []
