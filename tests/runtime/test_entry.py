"""The entry of functions on AWS, in the real runtime: questions, schedules, and the handlers of a whole system."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reactflow.errors import ConfigurationError, HandlerFailed
from reactflow.local import Cloud
from reactflow.local.dev import LocalHost
from reactflow.local.runtime import LambdaRuntime
from reactflow.service import Service
from tests.faults.bank import Names, bank

ENTRY = "reactflow.aws.entry.handler"
Made = Callable[..., LambdaRuntime]


def test_a_function_on_demand_answers_with_its_cells_and_says_what_is_wrong_with_a_question(
    in_runtime: Made,
) -> None:
    ask = in_runtime(ENTRY, timeout=20, environment={"REACTFLOW_SERVICE": "examples.greetings:greetings"})
    assert ask({"name": "Ann", "hour": 9})["greeting"] == "Good morning, Ann!"
    with pytest.raises(HandlerFailed, match=r"it has nam \(did you mean 'name'\?\)"):
        ask({"nam": "Ann"})
    assert ask({"name": "Bob", "hour": 20})["greeting"] == "Good evening, Bob!"


def test_an_answer_over_6_mb_is_refused_with_the_cell_that_is_too_large(
    in_runtime: Made, tmp_path: Path
) -> None:
    (tmp_path / "function.py").write_text(
        "from reactflow import Flow, Service, cell\n"
        "class Long(Flow):\n"
        "    size = cell(0)\n"
        "    text = size.map(lambda size: 'x' * size)\n"
        "long = Service(Long, key=())\n"
    )
    ask = in_runtime(ENTRY, tmp_path, timeout=20, environment={"REACTFLOW_SERVICE": "function:long"})
    assert len(ask({"size": 6_000_000})["text"]) == 6_000_000
    with pytest.raises(
        HandlerFailed, match=r"the answer has 7000.* bytes, and 6291456 are the most .*'text'"
    ):
        ask({"size": 7_000_000})
    assert ask({"size": 3})["text"] == "xxx"


def test_a_handler_of_no_service_is_refused(cloud: Cloud, unique: Callable[[str], str]) -> None:
    services: tuple[Service, ...] = tuple(bank(Names.of(unique("e"))).services.values())
    with pytest.raises(
        ConfigurationError, match=r"handlers=\['rooms'\] are of no service: there are accounts, audits"
    ):
        LocalHost(services, cloud, handlers={"rooms": lambda event, context: None})


@pytest.mark.slow
def test_a_function_sweeps_when_a_schedule_says_so(in_runtime: Made, tmp_path: Path) -> None:
    environment = {
        "REACTFLOW_SERVICE": "examples.sensors:sensors",
        "REACTFLOW_STATE": f"sqlite:{tmp_path / 'state.db'}",
    }
    swept = in_runtime(ENTRY, timeout=20, environment=environment)({"reactflow": "sweep"})
    assert (swept["units"], swept["published"], swept["waiting"]) == (0, 0, 0)
