"""Glitch-freedom: no observer sees values that do not belong together, and nothing runs twice or in vain."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from reactflow import Cell, Derived, Readable, batch, cell, derived, effect, fold, folds, pulse
from tests.cells.heat import Heat, Log, cold_and_hot
from tests.cells.undone import logged

Make = Callable[[Callable[..., Any], Any], Derived[Any]]  # a derived cell, of a function and its inputs


def explicitly(fn: Callable[..., Any], *inputs: Readable[Any]) -> Derived[Any]:
    return derived(fn, *inputs)


def by_tracking(fn: Callable[..., Any], *inputs: Any) -> Derived[Any]:
    return derived(lambda: fn(*[one.value for one in inputs]))


both_forms = pytest.mark.parametrize("make", [explicitly, by_tracking], ids=["explicit", "tracked"])


@both_forms
@cold_and_hot
def test_a_diamond_is_never_seen_half_new_and_runs_each_cell_once(heat: Heat, make: Any) -> None:
    ran = Log()
    top = cell(1)
    left = make(lambda value: logged(ran, "left", value + 1), top)
    right = make(lambda value: logged(ran, "right", value * 10), top)
    bottom = make(lambda one, other: logged(ran, "bottom", (one, other)), left, right)
    effect(lambda: ran.append(bottom.value))
    effect(lambda: ran.append((left.value, right.value)))
    heat(top, 2, 3)
    for number in heat.rounds():
        ran.take()
        top.value = number + 5
        entries = ran.take()
        assert (sorted(entries[:2]), entries[2:]) == (
            ["left", "right"],
            ["bottom", (number + 6, number * 10 + 50), (number + 6, number * 10 + 50)],
        )


@both_forms
@cold_and_hot
def test_ways_of_different_length_meet_without_a_glitch(heat: Heat, make: Any) -> None:
    ran = Log()
    top = cell(1)
    long: Any = top
    for _ in range(30):
        long = make(lambda value: value + 1, long)
    meeting = make(lambda short, long: logged(ran, "meeting", long - short), top, long)
    crossing = make(lambda one, short: logged(ran, "crossing", one + short), meeting, top)
    effect(lambda: ran.append((meeting.value, crossing.value)))
    heat(top, 2, 3)
    for number in heat.rounds():
        ran.take()
        top.value = number + 5
        assert ran.take() == ["meeting", "crossing", (30, number + 35)]


@cold_and_hot
def test_the_two_forms_mixed_meet_without_a_glitch(heat: Heat) -> None:
    ran = Log()
    length, width = cell(1), cell(1)
    area = length * width
    doubled = derived(lambda: logged(ran, "doubled", area.value * 2))
    ratio = derived(lambda one, other: logged(ran, "ratio", one / other), doubled, area)
    check = derived(lambda: logged(ran, "check", ratio.value * area.value - doubled.value))
    effect(lambda: ran.append((area.value, ratio.value, check.value)))
    heat(length, 2, 3)
    heat(width, 2, 3)
    for number in heat.rounds():
        ran.take()
        with batch():
            length.value, width.value = number + 2, number + 3
        area_now = (number + 2) * (number + 3)
        assert ran.take() == ["doubled", "ratio", "check", (area_now, 2.0, 0.0)]


@cold_and_hot
def test_a_cell_runs_only_if_one_of_its_inputs_really_changed(heat: Heat) -> None:
    ran = Log()
    source = cell(1)
    parity = derived(lambda value: logged(ran, "parity", value % 2), source)
    sign = derived(lambda: logged(ran, "sign", source.value > 0))
    of_parity = derived(lambda value: logged(ran, "of parity", -value), parity)
    of_sign = derived(lambda: logged(ran, "of sign", not sign.value))
    of_both = derived(lambda one, other: logged(ran, "of both", (one, other)), of_parity, of_sign)
    effect(lambda: ran.append(of_both.value))
    heat(source, 3, 5, 7)
    for _ in heat.rounds():
        ran.take()
        source.value = 3
        assert sorted(ran.take()) == ["parity", "sign"]
        source.value = 4
        entries = ran.take()
        assert (sorted(entries[:3]), entries[3:]) == (
            ["of parity", "parity", "sign"],
            ["of both", (0, False)],
        )
        source.value = -4
        entries = ran.take()
        assert (sorted(entries[:3]), entries[3:]) == (["of sign", "parity", "sign"], ["of both", (0, True)])
        source.value = 1


@cold_and_hot
def test_observed_cells_are_current_before_any_effect_runs(heat: Heat) -> None:
    ran = Log()
    source = cell(1)
    shallow = source + 1
    deep = (source * 2).map(lambda value: value).map(lambda value: logged(ran, "deep", value))
    tracked = derived(lambda: logged(ran, "tracked", deep.value + source.value))
    effect(lambda: ran.append(("first", shallow.value, deep.peek(), tracked.peek())))
    effect(lambda: ran.append(("second", tracked.value)))
    effect(lambda: ran.append(("third", deep.value)))
    heat(source, 2, 3)
    for number in heat.rounds():
        ran.take()
        source.value = now = number + 10
        assert ran.take() == [
            "deep", "tracked", ("first", now + 1, 2 * now, 3 * now), ("second", 3 * now), ("third", 2 * now),
        ]  # fmt: skip


@cold_and_hot
def test_effects_run_once_an_event_in_the_order_in_which_they_were_made(heat: Heat) -> None:
    ran = Log()
    one, other = cell(0), cell(0)
    total = one + other
    for name in range(5):
        effect(lambda name=name: ran.append((name, total.value, one.value)))  # type: ignore[misc]
    heat(one, 1, 2)
    heat(other, 1, 2)
    for number in heat.rounds():
        ran.take()
        with batch():
            one.value = number + 1
            other.value = number + 2
        assert ran.take() == [(name, 2 * number + 3, number + 1) for name in range(5)]


@cold_and_hot
def test_a_pulse_its_fold_and_a_cell_are_seen_as_of_one_event(heat: Heat) -> None:
    ran = Log()
    reading, rate = pulse(), cell(1)
    priced = reading * rate
    total = fold(priced, folds.sum)
    count = fold(reading, folds.count)
    mean = derived(lambda: logged(ran, "mean", total.value / count.value if count.value else 0.0))
    effect(
        lambda: ran.append((priced.value, total.value, count.value, mean.value)) if priced.is_set else None
    )
    heat(rate, 2, 3)
    before, steps = 0, 0
    for number in heat.rounds():
        ran.take()
        with batch():
            reading.emit(10)
            rate.value = number + 2
        before, steps = before + 10 * (number + 2), steps + 1
        assert ran.take() == ["mean", (10 * (number + 2), before, steps, before / steps)]


class Layers:
    """A random deep graph of sources, explicit, tracked and dynamic cells, which knows what each should have."""

    def __init__(self, seeded: random.Random, size: int) -> None:
        self.sources = [cell(at, name=f"source {at}") for at in range(4)]
        self.cells: list[Cell[int] | Derived[int]] = [*self.sources]
        self.expected: list[Callable[[list[int]], int]] = []
        self.ran = Log()
        for at in range(size):
            picks = [seeded.randrange(max(0, len(self.cells) - 12), len(self.cells)) for _ in range(3)]
            self.add(f"node {at}", seeded.randrange(4), *picks)

    def add(self, name: str, kind: int, one: int, other: int, third: int) -> None:
        a, b, c = self.cells[one], self.cells[other], self.cells[third]
        ran = self.ran
        if kind == 0:
            made = derived(lambda x, y: logged(ran, name, (x * 3 + y) % 1000), a, b, name=name)
            self.expected.append(lambda now: (now[one] * 3 + now[other]) % 1000)
        elif kind == 1:
            made = a.map(lambda x: logged(ran, name, x // 4), name=name)
            self.expected.append(lambda now: now[one] // 4)
        elif kind == 2:
            made = derived(lambda: logged(ran, name, (a.value + b.value + c.value) % 1000), name=name)
            self.expected.append(lambda now: (now[one] + now[other] + now[third]) % 1000)
        else:
            made = derived(lambda: logged(ran, name, b.value if a.value % 2 else c.value), name=name)
            self.expected.append(lambda now: now[other] if now[one] % 2 else now[third])
        self.cells.append(made)

    def should_be(self) -> list[int]:
        now = [one.peek() for one in self.sources]
        for fn in self.expected:
            now.append(fn(now))
        return now


@pytest.mark.parametrize("seed", range(8))
@cold_and_hot
def test_in_a_deep_mixed_graph_each_cell_runs_at_most_once_and_all_that_is_seen_belongs_together(
    heat: Heat, seed: int
) -> None:
    seeded = random.Random(seed)
    layers = Layers(seeded, 60)
    seen: list[list[int]] = []
    stop = effect(lambda: seen.append([one.value for one in layers.cells]))
    half = effect(lambda: [one.value for one in layers.cells[::2]] and None)
    heat(layers.sources[0], *range(50))
    for _ in range(20 if heat.number_of_rounds > 1 else 5):
        layers.ran.take()
        seen.clear()
        with batch():
            for one in seeded.sample(layers.sources, seeded.randrange(1, 4)):
                one.value = seeded.randrange(1000)
        runs = Counter(layers.ran.take())
        assert not [name for name, times in runs.items() if times > 1]
        assert seen in ([], [layers.should_be()])
        assert [one.value for one in layers.cells] == layers.should_be()
        assert layers.ran.take() == []  # all of it was current before the effect ran
    stop()
    half()


@pytest.mark.parametrize("seed", range(4))
def test_in_a_deep_mixed_graph_that_nobody_observes_a_read_runs_each_cell_at_most_once(seed: int) -> None:
    seeded = random.Random(seed)
    layers = Layers(seeded, 60)
    for _ in range(20):
        seeded.choice(layers.sources).value = seeded.randrange(1000)
        assert layers.ran.take() == []
        at = seeded.randrange(len(layers.cells))
        assert layers.cells[at].value == layers.should_be()[at]
        runs = Counter(layers.ran.take())
        assert not [name for name, times in runs.items() if times > 1]
        assert layers.cells[at].value == layers.should_be()[at]
        assert layers.ran.take() == []
