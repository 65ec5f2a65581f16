"""The faults: what goes wrong in a simulated run, by number and name, and how often.

The numbers are those of the delivery protocol. A rate is the chance at each opportunity: a boundary that a call
crosses, a delivery that is answered, a record that is put. It must not do anything; what a fault does is done where
it strikes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random
from types import MappingProxyType
from typing import Final

from attrs import frozen

from reactflow.errors import ConfigurationError
from reactflow.service.suggest import suggestion


@frozen
class Fault:
    """One kind of fault: ``rate`` is its chance at each opportunity when nothing else is asked for."""

    number: int
    name: str
    rate: float
    what: str


ALL: Final = (
    Fault(1, "redeliver", 0.10, "a batch that was finished comes again"),
    Fault(2, "grow", 0.50, "a batch that failed comes again with more records"),
    Fault(3, "roll-back", 0.04, "a checkpoint goes back by some records"),
    Fault(4, "bisect", 0.40, "a batch that failed is cut in two"),
    Fault(5, "partial", 0.06, "a unit at the first, middle or last place of a batch cannot be reached"),
    Fault(
        6, "discard", 0.05, "the retries of a batch are used up; an operator puts what was not applied again"
    ),
    Fault(7, "trim", 0.01, "a record expires before anybody reads it"),
    Fault(8, "trim-horizon", 0.01, "a trigger is made anew, and reads from the beginning"),
    Fault(9, "factor", 0.03, "the parallelization factor changes"),
    Fault(10, "split", 0.02, "a shard is split"),
    Fault(11, "merge", 0.02, "two shards are merged"),
    Fault(12, "empty-shards", 0.01, "shards are split and merged without any record between"),
    Fault(14, "late-notice", 0.30, "a notification overtakes others"),
    Fault(15, "sequencer", 0.20, "the sequencers of a key differ in length"),
    Fault(16, "replaced", 0.05, "an object is replaced between its event and its reading"),
    Fault(17, "sent-twice", 0.03, "a producer sends a record twice, with a number of its own each"),
    Fault(18, "sent-crossed", 0.03, "a producer's records change places, as after a partial PutRecords"),
    Fault(20, "skew", 0.05, "a producer leaves out the key, or has a wrong clock"),
    Fault(21, "crash", 0.010, "a process ends at a boundary"),
    Fault(22, "zombie", 0.020, "an invocation takes too long, is given up, and goes on later"),
    Fault(23, "warm", 0.30, "another warm process takes the next batch"),
    Fault(24, "memory", 0.002, "memory runs out in the midst of a batch"),
    Fault(25, "deploy", 0.03, "another version is deployed, or the one before again"),
    Fault(27, "stale", 0.05, "a read gives an older item"),
    Fault(28, "lost-answer", 0.03, "a write took place, and its answer is lost"),
    Fault(29, "throttle", 0.02, "the store is busy"),
    Fault(30, "size", 0.03, "an item has no room for all events of a delivery"),
    Fault(31, "corrupt", 0.005, "an item cannot be read until somebody mends it"),
    Fault(32, "partly-put", 0.06, "PutRecords stores some records and refuses others"),
    Fault(33, "sink", 0.03, "a write outside took place and its answer is lost, or the sink is away"),
    Fault(34, "echo", 0.03, "what a service sent to another comes again later, and behind newer records"),
    Fault(35, "storm", 0.005, "all that a service sent to another comes again at once"),
    Fault(36, "poison", 0.03, "a record cannot be decoded"),
    Fault(37, "no-quarantine", 0.30, "a case cannot be kept"),
)
"""Every fault that is injected. Number 26, a cell that is not deterministic, is not: every event is computed twice,
and a difference is told.
"""

NOT_MODELLED: Final[Mapping[int, str]] = MappingProxyType({
    13: "an aggregated record that is cut over batches: such records are refused for now",
    19: "a duplicate older than the window of ids: no source without lanes is built yet",
})  # fmt: skip
"""The faults of the protocol that no run tries, and why."""

BY_NAME: Final[Mapping[str, Fault]] = MappingProxyType({one.name: one for one in ALL})
_BY_NUMBER: Final = {one.number: one for one in ALL}

Rates = Mapping[str, float]
"""How likely each fault is, by its name; one that is not named never happens."""

Asked = str | Mapping[str, float] | Iterable[str | int] | None
"""How faults are asked for: None or ``"all"``, ``"none"``, ``"crash,zombie=0.2,27"``, names or numbers, or rates."""


def rates_of(asked: Asked) -> Rates | None:
    """The rates that are asked for; None when all are, each seed with a choice of its own. Raises ConfigurationError.

    >>> rates_of("crash,zombie=0.2,27")
    {'crash': 0.03, 'zombie': 0.2, 'stale': 0.15000000000000002}
    >>> rates_of("none"), rates_of("all")
    ({}, None)
    """
    if asked is None or asked == "all":
        return None
    if isinstance(asked, Mapping):
        return {_named(str(name)).name: _rate(str(name), rate) for name, rate in asked.items()}
    parts = asked.split(",") if isinstance(asked, str) else [str(one) for one in asked]
    found: dict[str, float] = {}
    for part in parts:
        name, is_given, rate = part.strip().partition("=")
        if name in ("", "none"):
            continue
        fault = _named(name)
        # one that is asked for by name is meant to happen: more often than among all others
        found[fault.name] = _rate(name, rate) if is_given else min(1.0, fault.rate * 3)
    return found


def drawn(chance: Random) -> Rates:
    """The rates of one seed when all faults are on: some of them, now rare and now frequent.

    Runs in which everything goes wrong at once find less than runs in which a few things do, again and again.
    """
    strength = chance.choice((0.5, 1.0, 1.0, 2.5))
    share = chance.choice((0.3, 0.6, 1.0))
    return {one.name: min(1.0, one.rate * strength) for one in ALL if chance.random() < share}


def _named(name: str) -> Fault:
    found = BY_NAME.get(name) or (_BY_NUMBER.get(int(name)) if name.isdigit() else None)
    if found is None:
        if name.isdigit() and int(name) in NOT_MODELLED:
            raise ConfigurationError(f"fault {name} is not modelled: {NOT_MODELLED[int(name)]}")
        raise ConfigurationError(
            f"there is no fault {name!r}{suggestion(name, BY_NAME)}: there are {', '.join(BY_NAME)}"
        )
    return found


def _rate(name: str, given: str | float) -> float:
    try:
        rate = float(given)
    except ValueError:
        rate = -1.0
    if not 0.0 <= rate <= 1.0:
        raise ConfigurationError(f"the rate of fault {name!r} is {given!r}: it is a number from 0 to 1")
    return rate
