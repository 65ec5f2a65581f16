"""The sweeper: what units owe though no record of theirs comes.

The last changes of a unit stay in its item until the next commit, whether they were published or not; a removal that a
sink cannot remember is looked at a second time; records that were released may still wait. All of that is found in idle
units, published, and pruned in one more write over the version that was read. A unit that is written meanwhile is not
idle, and left alone.
"""

from __future__ import annotations

import zlib
from collections import Counter
from typing import TYPE_CHECKING

from reactflow.errors import ConfigurationError, EventError, Transient
from reactflow.service.deadline import NO_DEADLINE, Deadline
from reactflow.service.item import Pending
from reactflow.service.key import UnitKey
from reactflow.service.outbox import look_again, publish, waiting
from reactflow.service.redrive import queued
from reactflow.service.report import Report
from reactflow.service.retention import expired, expires
from reactflow.service.sink import Publication
from reactflow.service.succession import refuse_newer

if TYPE_CHECKING:
    from reactflow.service.host import Host
    from reactflow.service.quarantine import Case


def sweep(host: Host, idle: float, deadline: Deadline = NO_DEADLINE) -> Report:
    """Publish and prune what units owe that were not written for ``idle`` seconds; returns what was published.

    What cannot be published now, or after the deadline, is told by the report's ``transients``, and found again by the
    next call; what became of records that waited behind a case by its ``released``. Raises ConfigurationError for a
    sink that will never work, after all other units were swept.
    """
    key, published, transients = host.service.key, list[Publication](), list[str]()
    cases: list[Case] = []
    released: Counter[str] = Counter()
    broken: list[ConfigurationError] = []
    units: list[str] = []
    for text in list(host.store.pending(host.service.name, idle)):
        try:
            deadline.check()
        except Transient as error:
            transients.append(str(error))
            break
        deadline.note_work()
        try:
            unit = key.unit(*key.decode(text))
            published += _swept(host, unit, broken, cases, released)
            units.append(text)
        except (Transient, EventError) as error:
            transients.append(f"unit {text}: {error}")
        except ConfigurationError as error:
            broken.append(error)
    if broken:
        raise broken[0]
    return Report(
        0,
        {},
        cases=tuple(cases),
        transients=tuple(transients),
        units=tuple(units),
        published=tuple(published),
        released=released,
        service=host.service.name,
    )


def expire(host: Host, deadline: Deadline = NO_DEADLINE) -> Report:
    """Have units of windows that nothing can change any more forget their cells and marks; returns which.

    It looks at every unit, until the deadline, where the key has a window that is not kept for ever: to be called once
    a day or so. Which one it begins with depends on the time, so that all have their turn though no call has time for
    all. Rows outside stay, so do the numbers of outputs. Raises Transient when the store is away.
    """
    service, store = host.service, host.store
    units: list[str] = []
    is_for_ever = service.key.window is None or service.key.window.keep is None
    there = [] if is_for_ever else list(store.units(service.name))
    first = zlib.crc32(str(int(host.clock())).encode()) % len(there) if there else 0
    for text in there[first:] + there[:first]:
        if deadline.is_over():
            break
        deadline.note_work()
        unit: UnitKey = service.key.unit(*service.key.decode(text))
        end = expires(service, unit)
        if end is None:
            break  # the key has no window, or one that is kept for ever
        if end < host.clock() and (item := store.get(service.name, text)) is not None:
            new = expired(item)
            if new is not None and store.put(service.name, text, new, item.v) is None:
                host.warm.forget(unit)
                units.append(text)
    return Report(0, {}, units=tuple(units), service=service.name)


def _swept(
    host: Host,
    unit: UnitKey,
    broken: list[ConfigurationError],
    cases: list[Case],
    released: Counter[str],
) -> list[Publication]:
    """What was published of one unit; of records that waited, what became of them is noted."""
    service, store, now = host.service, host.store, host.clock()
    item = store.get(service.name, unit.text)
    if item is None or not item.owes:
        return []
    refuse_newer(service, unit, item)
    if item.is_released:
        part = host.apply(unit, queued(host, unit, item.waiting[:1]), broken)
        cases += part.cases
        released.update(part.fates.values())
        done, late = host.publish([part], broken)
        if why := part.transient or late.get(unit):
            raise Transient(why)
        return done
    withdrawn: list[Pending] = []
    owed = waiting(service, item, {}, now, withdrawn=withdrawn)
    if publish(owed):
        raise Transient("its changes could not be published yet")
    kept = {one.id: one for one in (*withdrawn, *look_again(service, item.out, now, host.longest))}
    out = [kept[one.id] for one in item.out if one.id in kept]
    if out != [*item.out] and store.put(service.name, unit.text, item.next(out=out), item.v) is None:
        host.warm.forget(unit)
    return [publication for _, publication in owed]
