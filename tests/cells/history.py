"""Interprets random histories on the engine and on the model, and holds the two against each other.

A history is a list of instructions of four small numbers; each is interpreted in the light of what there is. Values are
small, so that equal ones and divisions by zero are common. Nodes have a level: an effect that reads level 1 writes to
level 2 only, so that effects come to rest, and pulses are mixed with cells of level 0 only. What was written, emitted,
read or done in one batch before can be done again several times, with other values, so that fast paths engage.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reactflow.cells.semantics import UNSET
from tests.cells.live import Live, check
from tests.cells.model import Boom, Model, Spec, Watcher, World, seen
from tests.cells.programs import (
    NATIVE,
    ONE,
    TWO,
    added,
    divided,
    read_both,
    read_guarded,
    read_or_else,
)

Instruction = tuple[int, int, int, int]
TOP = 2  # levels of sources


class History:
    """Interprets instructions, on the engine and on the model."""

    def __init__(self) -> None:
        self.live, self.model = Live(), Model()
        self.level: list[int] = []
        self.may_pulse: list[bool] = []
        self.open = 0
        self.made: list[list[str]] = [[]]  # effects, by the batch in which they were made
        self.labels = 0
        self.writers = False
        self.past: list[Callable[[int], None]] = []  # what can be done again
        self.targets: set[int] = set()  # one writer each: others could see what was written and written back
        for level in range(TOP + 1):
            self.add(Spec("cell"), level, False, default=1)
            self.add(Spec("pulse"), level, True)

    def add(self, spec: Spec, level: int, may_pulse: bool, default: object = UNSET) -> None:
        self.model.add(spec, default)
        self.live.add(spec, default)
        self.level.append(level)
        self.may_pulse.append(may_pulse)

    def pick(self, number: int, fits: Callable[[int], bool]) -> int:
        fitting = [node for node in range(len(self.level)) if fits(node)]
        return fitting[-1 - number % len(fitting)]  # small numbers are late nodes: graphs get deep

    def both(self, act: Callable[[Any], object], *, forgiving: bool = False) -> None:
        """Do the same on both, and expect the same error; ``forgiving`` those of effects, see `forgive`."""
        raised: list[object] = []
        for world in (self.live, self.model):
            try:
                raised.append(act(world))
            except ExceptionGroup as group:
                raised.append(None if forgiving else f"{len(group.exceptions)} effects failed")
            except Exception as error:
                raised.append(type(error).__name__)
        assert raised[0] == raised[1]

    def do(self, instruction: Instruction) -> None:
        what, a, b, c = instruction
        doing = (
            self.write, self.write, self.write, self.emit, self.emit, self.begin, self.commit, self.fail, self.node,
            self.node, self.node, self.node, self.effect, self.effect, self.stop, self.look, self.look, self.native,
            self.native, self.read, self.joint, self.joint, self.again, self.again, self.again, self.keep,
        )  # fmt: skip
        doing[what % len(doing)](a, b, c)
        assert self.live.logged == self.model.logged
        if not self.open and what % 3 == 0:
            check(self.live.nodes)

    def write(self, a: int, b: int, _: int) -> None:
        node = self.pick(a, lambda one: self.model.specs[one].kind == "cell")
        self.repeatable(lambda more: self.both(lambda world: world.write(node, written(b + more))))

    def emit(self, a: int, b: int, _: int) -> None:
        node = self.pick(a, lambda one: self.model.specs[one].kind == "pulse")
        self.repeatable(lambda more: self.both(lambda world: world.emit(node, (b + more) % 8)))

    def read(self, a: int, *_: int) -> None:
        node = self.pick(a, lambda one: True)
        self.repeatable(lambda more: self.both(lambda world: world.read(node)))

    def joint(self, a: int, b: int, c: int) -> None:
        """Write some sources in one batch, which may read in between, and fail at its end."""
        one = self.pick(a, lambda node: self.model.specs[node].kind == "cell")
        other = self.pick(b, lambda node: self.model.specs[node].kind == "cell")
        read = self.pick(c, lambda node: True)
        kind = c // 8

        def inside(world: World, more: int) -> None:
            world.write(one, written(a + more))
            if kind % 4 == 1:
                world.log("read", world.look(read))
            world.write(other, written(b + more // 2))
            if kind % 4 == 2:
                world.write(one, written(a + more + 1))

        def whole(world: World, more: int) -> None:
            world.begin()
            inside(world, more)
            world.end(fails=kind % 7 == 6 and more % 3 == 0)

        self.repeatable(lambda more: self.both(lambda world: whole(world, more)))

    def repeatable(self, act: Callable[[int], None]) -> None:
        self.past.append(act)
        act(0)

    def again(self, a: int, b: int, c: int) -> None:
        """Do the last few things again, or one from before, with the same values or others."""
        place = a // 5 % len(self.past) if self.past else 0
        again = self.past[-1 - a % 5 :] if a % 5 < 4 else self.past[place : place + 1]
        for number in range(1, 2 + b % 6):
            for act in again:
                act(number * (c % 3))
                assert self.live.logged == self.model.logged

    def begin(self, *_: int) -> None:
        if self.open < 3:
            self.open += 1
            self.made.append([])
            self.both(lambda world: world.begin())

    def commit(self, *_: int) -> None:
        self.end(fails=False)

    def fail(self, *_: int) -> None:
        self.end(fails=True)

    def end(self, *, fails: bool) -> None:
        if self.open:
            self.open -= 1
            made = self.made.pop()
            if fails:
                # whether such effects run again after a roll-back is not promised: it may undo what they saw
                for one in [one for one in self.model.watchers if one.label in made]:
                    self.end_effect(one)
            else:
                self.made[-1] += made  # the lowest list is of the outermost batch, once it has ended
            before = len(self.live.logged)
            forgiving = not self.open and bool(self.made[0])
            self.both(lambda world: world.end(fails=fails), forgiving=forgiving)
            if not self.open:
                self.forgive(before)

    def forgive(self, before: int) -> None:
        """An effect made inside may run, and fail, once more when the batch ends, though what it saw is back."""
        made, self.made = self.made[0], [[]]
        for logged in (self.live.logged, self.model.logged):
            entries, logged[before:] = logged[before:], []
            for entry in entries:
                last = next((one for one in reversed(logged) if one[0] == entry[0]), None)
                if not (entry[0] in made and entry == last):
                    logged.append(entry)

    def look(self, a: int, b: int, _: int) -> None:
        node = self.pick(a, lambda one: True)
        assert self.live.look(node) == self.model.look(node)
        if b % 4 == 0:
            assert self.live.outcomes() == [seen(one) for one in self.model.cells().values()]

    # --- making ------------------------------------------------------------------------------------

    def node(self, a: int, b: int, c: int) -> None:
        kind, rest = c % 12, c // 12
        if kind == 0:
            self.add(
                Spec("cell", parity=b % 3 == 0), a % (TOP + 1), False, default=UNSET if b % 9 == 8 else b % 9
            )
        elif kind == 1:
            self.add(Spec("pulse"), a % (TOP + 1), True)
        elif self.open:
            pass  # what follows changes follows them from now on: that has tests of its own
        elif kind in (2, 3):
            cell = self.pick(a, lambda one: not self.may_pulse[one])
            self.add(Spec("changes", (cell,)), self.level[cell], True)
            changes = len(self.level) - 1
            self.add(Spec("fold", (changes,), added if kind == 2 else divided, 1), self.level[changes], False)
        elif kind in (4, 5):
            source = self.pick(a, lambda one: self.model.specs[one].kind in ("pulse", "changes", "explicit"))
            if self.may_pulse[source] and self.model.outcome(source)[1]:
                self.add(Spec("fold", (source,), added if b % 3 else divided, 3), self.level[source], False)
        elif kind in (6, 7, 8):
            one = self.pick(a, lambda node: True)
            other = self.pick(b, lambda node: self.mixes(one, node))
            fn: Callable[..., Any] = TWO[rest % len(TWO)]
            self.add(Spec("explicit", (one, other), fn), *self.of(one, other))
        elif kind == 9:
            one = self.pick(a, lambda node: True)
            self.add(Spec("explicit", (one,), ONE[rest % len(ONE)]), *self.of(one))
        elif kind == 10:
            guard = self.pick(a, lambda node: True)
            one = self.pick(b, lambda node: self.mixes(guard, node))
            other = self.pick(rest, lambda node: self.mixes(guard, node) and self.mixes(one, node))
            fn = (read_both, read_guarded)[b % 2]
            self.add(Spec("tracked", (guard, one, other), fn), *self.of(guard, one, other))
        else:
            one = self.pick(a, lambda node: not self.may_pulse[node])
            other = self.pick(b, lambda node: self.mixes(one, node))
            self.add(Spec("tracked", (one, one, other), read_or_else), *self.of(one, other))

    def native(self, a: int, b: int, c: int) -> None:
        """A tracked cell whose function reads cells by itself, which tells a fast path what it reads."""
        if self.open:
            return
        fn, live, count = NATIVE[c % len(NATIVE)]
        one = self.pick(a, lambda node: True)
        other = self.pick(b, lambda node: self.mixes(one, node))
        third = self.pick(c // 8, lambda node: self.mixes(one, node) and self.mixes(other, node))
        inputs = (one, other, third)[:count]
        self.add(Spec("tracked", inputs, fn, live=live), *self.of(*inputs))

    def keep(self, a: int, *_: int) -> None:
        """Keep a cell up to date, as a flow does."""
        if not self.open:
            self.live.keep(self.pick(a, lambda node: not self.may_pulse[node]))

    def mixes(self, one: int, other: int) -> bool:
        """Pulses stay as they were while effects write, so they are mixed with what effects do not write."""
        if self.may_pulse[one] and self.may_pulse[other]:
            return self.level[one] == self.level[other] == 0
        if self.may_pulse[one] or self.may_pulse[other]:
            return self.level[other if self.may_pulse[one] else one] == 0
        return True

    def of(self, *inputs: int) -> tuple[int, bool]:
        return max(self.level[one] for one in inputs), any(self.may_pulse[one] for one in inputs)

    def effect(self, a: int, b: int, c: int) -> None:
        if self.open and self.writers:
            return  # see forgive(): one run more could see what writers write, and then the two cannot be compared

        def fits(node: int) -> bool:
            return not self.open or not self.may_pulse[node]

        one, other, guard = self.pick(a, fits), self.pick(b, fits), self.pick(c, fits)
        level = self.level[one]
        kind = c % 8
        if kind in (4, 5, 6) and level == TOP:
            kind = 0
        if self.open:
            kind = kind % 3 or 1
        targets = [
            node
            for node, spec in enumerate(self.model.specs)
            if spec.kind == "cell" and self.level[node] > level and node not in self.targets
        ]
        if kind in (4, 6) and not targets:
            kind = 0
        target = targets[b % len(targets)] if targets else 0
        if kind in (4, 6):
            self.targets.add(target)
        pulse = self.pick(
            b, lambda node: self.model.specs[node].kind == "pulse" and self.level[node] > level % TOP
        )
        self.writers |= kind in (4, 5, 6)
        self.labels += 1
        label = str(self.labels)
        if self.open:
            self.made[-1].append(label)

        def child(world: World) -> None:
            world.log(label, "child", world.look(other))

        def program(world: World) -> None:
            value = world.look(one)
            if kind == 1:
                value = value, world.look(guard if isinstance(value, int) and value > 2 else other)
            elif kind == 2:
                value = world.read(one)
            world.log(label, value)
            if kind == 0:
                world.log(label, world.look(other))
            if not isinstance(value, int):
                return
            if kind == 3 and value > 3:
                raise Boom
            if kind == 4:
                world.write(target, value)
            if kind == 5:
                world.emit(pulse, value)
            if kind == 6:
                world.begin()
                world.write(target, added(value, 1))
                try:
                    world.emit(pulse, value)
                finally:
                    world.end(fails=value % 3 == 0)
            if kind == 7 and value % 2:
                world.make_effect(label + " child", child)

        self.both(lambda world: world.make_effect(label, program))

    def stop(self, a: int, *_: int) -> None:
        running = [one for one in self.model.watchers if one.owner is None]
        if running:
            self.end_effect(running[a % len(running)])

    def end_effect(self, one: Watcher) -> None:
        self.model.stop(one)
        self.live.effects.pop(one.label).stop()

    def finish(self) -> None:
        while self.open:
            self.commit()
        assert self.live.outcomes() == [seen(one) for one in self.model.cells().values()]
        assert self.live.logged == self.model.logged
        check(self.live.nodes)


def written(number: int) -> Any:
    return UNSET if number % 9 == 8 else number % 9


def replay(history: list[Instruction]) -> None:
    """Interpret a history on both; also what a failing example is turned into a named test with."""
    interpreted = History()
    try:
        for instruction in history:
            interpreted.do(instruction)
        interpreted.finish()
    finally:
        while interpreted.live.batches:
            interpreted.live.end(fails=True)
