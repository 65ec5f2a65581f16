"""`reactflow check`: laws, bindings, edges, limits of AWS, and what a function may do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


def test_check_says_a_line_for_every_law_that_is_declared_and_a_word_on_every_other_fold(
    reactflow: Any,
) -> None:
    called = reactflow("check", "rooms:tally")
    assert (called.code, called.err) == (0, "")
    lines = [line.split(None, 1)[1] for line in called.out.splitlines() if line.startswith("law ")]
    assert lines[:3] == [
        f"tally.highest: {law}: no counter-example found"
        for law in ("associative", "commutative", "idempotent")
    ]
    assert lines[3].startswith(
        "tally.latest: not checked: the fold 'latest' takes no value that can be made up"
    )
    assert lines[4:] == [
        "tally.kept: it declares no law: its events are needed in one order",
        "tally.peak: what it sees depends on the cell 'level', so it has no law: its events are needed in one order",
    ]


@pytest.mark.parametrize("target", ["rooms:both", "rooms:Wrong"])
def test_check_fails_with_the_counter_example_to_a_law_that_does_not_hold(
    reactflow: Any, target: str
) -> None:
    called = reactflow("check", target)
    assert called.code == 1
    assert called.err == (
        "reactflow check: 2 laws are declared and do not hold: do not declare them, or correct the fold\n"
    )
    assert (
        ".total: not commutative, though declared: 0.1 then 0.2 then 0.3 gives 0.6000000000000001, "
        "0.2 then 0.3 then 0.1 gives 0.6\n"
    ) in called.out.lower()


def test_what_services_are_bound_to_and_cause_is_told(reactflow: Any) -> None:
    lines = reactflow("check", "rooms:house").out.splitlines()
    assert "binding  rooms: key room, reads kinesis/measurements, writes nothing" in lines
    assert (
        "edge     areas causes floors through dynamodb/areas"
        in reactflow("check", "rooms:chain").out.splitlines()
    )


def test_a_cycle_that_is_declared_is_told(reactflow: Any) -> None:
    told = reactflow("check", "rooms:ring").out
    assert "cycle    there causes back through kinesis/pong, as declared" in told
    assert "cycle    back causes there through kinesis/ping, as declared" in told


def test_what_a_function_may_do_is_told_and_nothing_else(reactflow: Any) -> None:
    told = reactflow("check", "rooms:areas").out
    assert "policy   areas may dynamodb DeleteItem, PutItem on table/dev-areas" in told
    assert "stream/dev-measurements" in told


def test_a_name_that_is_too_long_for_aws_is_told_with_the_remedy(reactflow: Any, tmp_path: Path) -> None:
    name = "a" * 64
    (tmp_path / "pyproject.toml").write_text(
        f'[tool.reactflow]\nstage = "{name}"\n[tool.reactflow.deploy]\napplication = "{name}"\nprefix = ""\n'
    )
    called = reactflow("check", "rooms:rooms")
    assert called.code == 1
    assert "has 129 characters, and AWS takes 128: shorten application= or stage=" in called.out
    assert called.err == "reactflow check: it cannot be deployed so, see above: deploy\n"


def test_what_only_stands_in_the_way_of_a_deployment_is_told_where_none_is_set_up(reactflow: Any) -> None:
    called = reactflow("check", "rooms:ring")
    assert (called.code, called.err) == (0, "")
    assert "deploy   service 'there' has no name in a module of" in called.out
    assert reactflow("check", "rooms:ring", "--stage", "dev").code == 1


def test_a_stage_has_names_of_its_own(reactflow: Any, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.reactflow.stages.prod]\nprefix = "acme-"\n')
    assert "table/acme-areas" in reactflow("check", "rooms:areas", "--stage", "prod").out
    assert "table/dev-areas" in reactflow("check", "rooms:areas").out


def test_all_of_it_is_told_as_json_too(reactflow: Any) -> None:
    called = reactflow("check", "rooms:both", "--json")
    told = json.loads(called.out)
    assert (called.code, called.err, told["ok"]) == (1, "", False)
    assert {one["kind"] for one in told["checks"]} == {"binding", "law", "name", "limit"}
    assert [one["sid"] for one in told["policies"]["tally"]][:2] == ["Logs", "ReadStreams"]
