"""The world: one run, from the first record that is put until everything has settled, decided by a seed.

In the storm, producers put records, triggers deliver them, invocations stand still and go on, and faults strike; then
it is calm: what is left is put, everything that stands still goes on, and the backlog has to drain. Each step is one
action. It must not know what a service does: that is the model's.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from attrs import frozen

from reactflow.aws.clients import standing_in
from reactflow.service import Host, MemoryStore, Service
from reactflow.service.stores import Store
from reactflow.testing.events import START
from reactflow.testing.sim.baton import Baton, Crash, Task
from reactflow.testing.sim.chaos import Chaos, Struck
from reactflow.testing.sim.cloud import Cloud, Sending
from reactflow.testing.sim.faults import Rates
from reactflow.testing.sim.ledger import Ledger
from reactflow.testing.sim.model import Model
from reactflow.testing.sim.operator import Act, Operator
from reactflow.testing.sim.readings import identity, read, units_of
from reactflow.testing.sim.sinks import in_simulation
from reactflow.testing.sim.store import SimStore
from reactflow.testing.sim.triggers import GIVEN_UP, StreamTrigger, Trigger
from reactflow.testing.sim.violation import Violation
from reactflow.testing.sim.watch import Invocation, Watch

LONGEST = 60.0  # seconds that a handler may run: longer than any run, so that no late write comes after it
MOST_ROUNDS = 1_000  # of deliveries after the faults stop: a run that takes more does not drain
_log = logging.getLogger("reactflow.service")


@frozen
class Outcome:
    """What a run came to: a violation, or none; the faults that struck, in order; and a line for each action."""

    seed: int
    records: int
    violation: Violation | None
    struck: Sequence[Struck]
    lines: Sequence[str]
    invocations: int = 0
    writes: int = 0


class World:
    """One run of some services on what is put from outside."""

    def __init__(
        self, services: Sequence[Service], sendings: Sequence[Sending], seed: int, rates: Rates,
        *, left_out: Collection[Struck] = (), store: Store | None = None,
    ) -> None:  # fmt: skip
        self.now = 0.0
        self._seed = seed
        self._baton = Baton()
        self.chaos = Chaos(seed, rates, self._baton, left_out=left_out, now=lambda: self.now)
        ledger = Ledger()
        self._services = {one.name: in_simulation(one, ledger, self.chaos) for one in services}
        self._watch = Watch(ledger)
        self._watch.models = {name: Model(one) for name, one in self._services.items()}
        self._cloud = Cloud(services, self.chaos, self._baton, lambda: self.now)
        self._store = SimStore(
            store or MemoryStore(now=self._clock), self.chaos, self._baton, self._watch.committed
        )
        self._watch.store = self._store
        self._waiting = list(sendings)
        self._running: list[Invocation] = []
        self._warm: dict[str, list[Host]] = {name: [] for name in self._services}
        self._count = 0
        self._operator = Operator(self._services, self._cloud, self._watch, self.chaos)

    def run(self) -> Outcome:
        """Run it to its end."""
        violation: Violation | None = None
        records = len(self._waiting)
        try:
            with standing_in(self._cloud.clients), _overheard(self.chaos):
                self._storm()
                self._calm()
                self._watch.at_end(self._services, self._cloud)
        except Violation as error:
            violation = error
            self.chaos.say(f"VIOLATION {error}")
        finally:
            self.chaos.is_calm = True
            for one in self._running:
                self._baton.kill(one.task)
            self._baton.close()
        return Outcome(
            self._seed,
            records,
            violation,
            self.chaos.struck,
            self.chaos.lines,
            self._count,
            self._store.writes,
        )

    # --- the two halves of a run ------------------------------------------------------------------------------------

    def _storm(self) -> None:
        chance = self.chaos.chance
        idle = 0
        while self._waiting or idle < 12:
            self.now += 0.05
            luck = chance.random()
            idle += not self._waiting
            if self._waiting and luck < 0.4:
                self._put()
            elif luck < 0.50 and (awake := [one for one in self._running if one.until <= self.now]):
                self._go_on(chance.choice(awake))
            elif self._running and luck < 0.62:
                self._give_up(chance.choice(self._running))
            elif luck < 0.66:
                self._operate()
            elif luck < 0.73:
                self._disturb()
            else:
                self._deliver(chance.choice(self._cloud.triggers))

    def _calm(self) -> None:
        self.chaos.is_calm = True
        self.chaos.say("--- the faults stop")
        self._store.corrupt.clear()
        self._store.away.clear()
        while self._running:
            self._go_on(self.chaos.chance.choice(self._running))
        while self._waiting:
            self._put()
        for trigger in self._cloud.triggers:
            trigger.calm()
        self._drain()
        for _ in range(MOST_ROUNDS):
            open_cases = [one for name in self._services for one in self._operator.all_open(name)]
            if not open_cases:
                break
            for name, act, skips in open_cases:
                self._start(name, act, skips)
            self._drain()
        for _ in range(2):  # the second time is for what may have been written late
            self.now += LONGEST + 1.0
            for name in self._services:
                self._start(name, lambda host: host.sweep(0.0))
            self._drain()

    def _drain(self) -> None:
        """Deliver until nothing is left."""
        for _ in range(MOST_ROUNDS):
            delivered = [self._deliver(trigger) for trigger in self._cloud.triggers]
            if not any(delivered):
                if self._operator.put_again(()) or self._operator.has_more:
                    continue
                dues = [due for trigger in self._cloud.triggers if (due := trigger.due(self.now)) is not None]
                if not dues:
                    return
                self.now = max(self.now + 0.05, min(dues))
        raise Violation("I12", f"the backlog does not drain in {MOST_ROUNDS} rounds of deliveries")

    # --- actions ----------------------------------------------------------------------------------------------------

    def _put(self) -> None:
        chaos, waiting = self.chaos, self._waiting
        if len(waiting) > 1 and waiting[0].resource == waiting[1].resource and chaos.strikes("sent-crossed"):
            waiting[0], waiting[1] = waiting[1], waiting[0]
        self._cloud.put(waiting.pop(0))

    def _disturb(self) -> None:
        chaos = self.chaos
        self._cloud.kinesis.echo()
        chaos.chance.choice(self._cloud.triggers).disturb(self.now)
        if chaos.strikes("deploy"):
            for hosts in self._warm.values():
                hosts.clear()
        self._operator.trim()
        if chaos.chance.random() < 0.3:
            self._operator.mend()
            self._operator.put_again(self._running)

    def _deliver(self, trigger: Trigger) -> bool:
        """Hand out the next delivery of a trigger; whether there was one."""
        flight = trigger.take(self.now)
        if flight is None:
            return False
        name = trigger.service
        host = self._host(name)
        self._count += 1
        task = Task(f"{name}#{self._count}", lambda: host.handle(flight.event))
        one = Invocation(task, name, host, flight, trigger, read(self._services[name], flight.event))
        self._watch.delivered |= {identity(reading.record.raw) for reading in one.readings}
        self._set_away(one)
        self.chaos.say(f"deliver {flight.shown} to {task.name}")
        self._run(one)
        return True

    def _host(self, name: str) -> Host:
        """A process for a service: a warm one, mostly the latest, or a new one."""
        warm = self._warm[name]
        if not warm or self.chaos.chance.random() < 0.05:
            return self._new_host(name)
        place = self.chaos.chance.randrange(len(warm)) if self.chaos.strikes("warm") else -1
        return warm.pop(place)

    def _new_host(self, name: str) -> Host:
        return Host(self._services[name], self._store, clock=self._clock, longest=LONGEST)

    def _clock(self) -> float:
        return START.timestamp() + self.now

    def _operate(self) -> None:
        """Somebody redrives or skips a case, or the sweeper comes by: in a process of its own, which may fail too."""
        chance = self.chaos.chance
        name = chance.choice([*self._services])
        act, skips = self._operator.act(name, is_calm=self.chaos.is_calm)
        self._start(name, act, skips)

    def _start(self, name: str, act: Act, skips: str = "") -> None:
        host = self._new_host(name)
        self._count += 1
        task = Task(f"operator#{self._count}", lambda: act(host))
        self._run(Invocation(task, name, host, None, None, (), skips=skips, sweeps=not skips))

    def _set_away(self, one: Invocation) -> None:
        units = units_of(one.readings)
        if units and self.chaos.strikes("partial", one.task.name):
            place = self.chaos.draw("partial").choice((0, len(units) // 2, len(units) - 1))
            self._store.away.add((one.task, (one.service, units[place])))

    def _go_on(self, one: Invocation) -> None:
        self.chaos.say(f"{one.task.name} goes on")
        self._running.remove(one)
        self._run(one)

    def _give_up(self, one: Invocation) -> None:
        """Its trigger waits no longer for an invocation that stands still; its process lives on."""
        if one.trigger is not None and one.flight is not None:
            self.chaos.say(f"{one.task.name} {GIVEN_UP}")
            one.trigger.settle(one.flight, None, GIVEN_UP, self.now)
            one.trigger = None

    def _run(self, one: Invocation) -> None:
        """Let an invocation run until it stands still or ends; then its trigger judges."""
        self._watch.now = one
        object.__setattr__(one.host, "listener", lambda report: setattr(one, "report", report))
        self._baton.go(one.task)
        self._watch.now = None
        if not one.task.is_done:
            one.until = self.now + self.chaos.chance.choice((0.1, 0.5, 2.0, 9.0))  # a run takes a few seconds
            self._running.append(one)
            return
        error = one.task.error
        self._cloud.s3.forget(one.task)
        if isinstance(error, Violation):
            raise error
        if isinstance(error, Crash):
            self.chaos.say(f"{one.task.name} is gone")
        else:
            self.chaos.say(f"{one.task.name} -> {_answered(one.task)}")
            if one.flight is not None:
                self._warm[one.service].append(one.host)
            self._watch.reported(one)
        if one.trigger is not None and one.flight is not None:
            words = "" if error is None else f"{type(error).__name__}: {error}"
            finished = one.trigger.settle(one.flight, one.task.answer, words, self.now)
            # what was given up before and comes again is a duplicate; an operator still has it
            aside = one.trigger.aside() if isinstance(one.trigger, StreamTrigger) else []
            done = [one.readings[place] for place in finished]
            self._watch.acknowledged(one, [reading for reading in done if reading.record.raw not in aside])


class _Overheard(logging.Handler):
    """Writes what a service logs into the record of the run."""

    def __init__(self, chaos: Chaos) -> None:
        super().__init__()
        self._chaos = chaos

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self._chaos.say(f"log: {record.getMessage()}{f': {error!r}' if error is not None else ''}"[:300])


@contextmanager
def _overheard(chaos: Chaos) -> Iterator[None]:
    handler, before = _Overheard(chaos), _log.propagate
    _log.addHandler(handler)
    _log.propagate = False
    try:
        yield
    finally:
        _log.removeHandler(handler)
        _log.propagate = before


def _answered(task: Task) -> str:
    if task.error is not None:
        return f"{type(task.error).__name__}: {task.error}"[:120]
    answer: Any = task.answer
    failures = answer.get("batchItemFailures", []) if isinstance(answer, dict) else []
    return f"again from {failures[0]['itemIdentifier'][-6:]}" if failures else "done"
