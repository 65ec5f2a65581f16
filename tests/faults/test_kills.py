"""Hosts that are killed at any moment, and started again on the state that they left: nothing is lost, nothing doubled.

A round is a stream, a state file and tables of its own, and twenty kills by SIGKILL at drawn moments: as the host
starts, reads what it has applied already, commits, publishes or is about to answer. While one is dead more is put on
the stream. ``scripts/soak`` runs 25 rounds, which is 500 kills; the seed is that of the property tests, which pytest
prints.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from reactflow.local import Cloud
from reactflow.local.provision import StreamNeeded, provision
from reactflow.service.stores import SQLiteStore
from tests.faults.bank import Ledger, Names
from tests.faults.hosts import nursery

KILLS = 20  # in a round
ROUNDS = 25 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 1

pytestmark = [pytest.mark.slow, pytest.mark.soak]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_host_that_is_killed_at_any_moment_loses_nothing_and_doubles_nothing(
    cloud: Cloud, unique: Callable[[str], str], tmp_path: Path, request: pytest.FixtureRequest, round_: int
) -> None:
    chance = Random(f"{request.config.option.hypothesis_seed} {round_}")
    names, ledger, state = Names.of(unique("k")), Ledger(), tmp_path / "state.db"
    provision(cloud, [StreamNeeded(names.stream, 2)])
    kills = lives = 0
    longest = 0.3
    with nursery() as cradle:
        while kills < KILLS:
            lives += 1
            ledger.deposit(cloud, names, chance, 12)
            life = cradle.host(cloud, state, names, settings={"batch_size": chance.choice([3, 10, 100])})
            # One in four is killed as it starts, the others from their first delivery on.
            if chance.random() < 0.75:
                life.listen(10.0, until="at work")
            if life.listen(chance.uniform(0.0, longest)):
                assert life.ended == 0, life.said
                longest *= 0.8  # it was through: kill the next ones sooner
                continue
            life.kill()
            kills += life.was_killed
            longest = min(longest * 1.1, 3.0)
            assert lives < KILLS * 5, "hosts are through before they can be killed"
        cradle.host(cloud, state, names).finish()
    ledger.check(cloud, names)
    store = SQLiteStore(state)
    assert [store.cases(service) for service in ("accounts", "audits")] == [[], []]
    store.close()


@pytest.mark.timeout(600)
def test_two_hosts_on_one_stream_of_which_one_is_killed_now_and_then_are_as_good_as_one(
    cloud: Cloud, unique: Callable[[str], str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    chance = Random(f"{request.config.option.hypothesis_seed} two")
    names, ledger, state = Names.of(unique("k")), Ledger(), tmp_path / "state.db"
    provision(cloud, [StreamNeeded(names.stream, 2)])
    with nursery() as one, nursery() as other:
        for _ in range(4):
            ledger.deposit(cloud, names, chance, 30, accounts=4)
            first = one.host(cloud, state, names, settings={"batch_size": 7})
            second = other.host(cloud, state, names, settings={"batch_size": 5})
            if not second.listen(chance.uniform(0.1, 0.8)):
                second.kill()
            first.finish()
        ledger.check(cloud, names)
        ledger.deposit(cloud, names, chance, 30, accounts=4)
        pair = [each.host(cloud, state, names, settings={"batch_size": 5}) for each in (one, other)]
        for life in pair:
            life.finish()
    ledger.check(cloud, names)
