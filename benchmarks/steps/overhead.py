"""What durability costs: a service's work on a delivery against the bare step on the same events, stage by stage.

The bare step is given decoded events, grouped by unit, and keeps packed states in a dict: nothing is stored, nothing
told. *Committed* adds marks, the encoded item, the changes due and the conditional write, in memory; *published* hands
these changes to a sink that keeps rows in a dict; the *handler* also opens the trigger's event, decodes its records and
groups them.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from benchmarks.steps.measure import WARM, seconds
from benchmarks.steps.service import RECORDS, HandlerWork, Table, rooms
from reactflow.aws.host import open_event
from reactflow.service import Host
from reactflow.service.arrival import Arrival

Groups = dict[str, list[Arrival]]


class Overhead(NamedTuple):
    """Microseconds a record of the bare step, and the ratios to it of each stage with all before it."""

    work: HandlerWork
    step: float
    committed: float
    published: float
    handler: float


def grouped(host: Host, event: dict[str, Any]) -> Groups:
    """A trigger's event as arrivals of each unit, as the host groups them."""
    found: Groups = {}
    for place, record in enumerate(open_event(event)):
        for arrival in host.read(place, record):
            found.setdefault(arrival.event.unit.text, []).append(arrival)
    return found


def bare(host: Host, states: dict[str, Any]) -> Callable[[Groups], None]:
    """The step on events that are decoded and grouped, states in a dict."""
    step = host.service.step
    initial = step.pack(step.initial())

    def deliver(groups: Groups) -> None:
        for unit, arrivals in groups.items():
            states[unit] = step.run(states.get(unit, initial), [one.event.event for one in arrivals])[0]

    return deliver


def measure_overhead(work: HandlerWork, rounds: int) -> Overhead:
    """Measure one work. Raises ValueError when a stage leaves other states than the bare step."""
    host, whole = rooms(Table()).host, rooms(Table())
    states: dict[str, Any] = {}
    step = bare(host, states)
    times: list[tuple[float, ...]] = []
    for number, event in enumerate(work.events(WARM + rounds)):
        groups = grouped(host, event)
        parts: list[Any] = []

        def commit(groups: Groups, parts: list[Any] = parts) -> None:
            parts += [host.apply(arrivals[0].event.unit, arrivals, []) for arrivals in groups.values()]

        def publish(parts: Sequence[Any]) -> None:
            host.publish(parts, [])

        took = (
            seconds(step, groups), seconds(commit, groups), seconds(publish, parts), seconds(whole.handler, event),
        )  # fmt: skip
        if number >= WARM:
            times.append(took)
        elif wrong := differences(host, states):
            raise ValueError(f"{work.name}: {wrong}")
    ratios = [
        (committing / step_alone, (committing + publishing) / step_alone, handling / step_alone)
        for step_alone, committing, publishing, handling in times
    ]
    committed, published, handler = (statistics.median(stage) for stage in zip(*ratios, strict=True))
    alone = statistics.median(one[0] for one in times)
    return Overhead(work, alone / RECORDS * 1e6, committed, published, handler)


def differences(host: Host, states: dict[str, Any]) -> str:
    """Where what is stored is not what the bare step came to; empty when it is everywhere."""
    step = host.service.step
    for unit, packed in states.items():
        item = host.store.get(host.service.name, unit)
        stored = item and step.codec.decode(item.cells)
        if stored != step.unpack(packed):
            return f"unit {unit} is {stored}, and not {step.unpack(packed)}"
    return ""
