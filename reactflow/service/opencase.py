"""An open case on the live graph: what was there, what the record did to it, and a test for the mended flow.

``open_case(rooms)`` takes a case out of quarantine, with the state of its unit; ``replay()`` applies its record to live
cells, which ``why`` explains; ``replay(Mended)`` does so with another flow. Nothing of it is written: it is redriven
when the mended service runs.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from pprint import pformat
from typing import TYPE_CHECKING, Any

from attrs import frozen

from reactflow.cells import UNSET, Failure
from reactflow.cells.batch import batch
from reactflow.cells.readable import current_outcome
from reactflow.errors import ConfigurationError, EventError, RecordError, StateError
from reactflow.flow import DEFAULT, Event, Flow, State
from reactflow.flow.alive import alive
from reactflow.service.decoding import short
from reactflow.service.item import Item
from reactflow.service.quarantine import Case
from reactflow.service.reading import read
from reactflow.service.redrive import record_of
from reactflow.service.telemetry import hashed

if TYPE_CHECKING:
    from reactflow.service.service import Service


def open_case(service: Service, id: str = "") -> OpenCase:
    """A case of a service, with the state of its unit; without ``id`` the only one that is open.

    ``id`` is the case's id, or its short name as ``reactflow quarantine list`` shows it, or any part of either that no
    other case has. Raises ConfigurationError when there is not exactly one such case.
    """
    host, wanted = getattr(service, "host", None) if not isinstance(service, type) else None, str(id)
    if host is None:
        raise ConfigurationError(
            f"open_case({short(service)}) takes a service: give what Service(...) made, as in open_case(rooms)"
        )
    there = host.open_cases()
    cases = [one for one in there if wanted in (one.id, hashed(one.id))]
    cases = cases or [one for one in there if wanted in one.id or hashed(one.id).startswith(wanted)]
    if len(cases) != 1:
        which = f" that fit {short(wanted)}" if wanted else ""
        listed = "".join(f"\n{hashed(one.id)}  {one}" for one in (cases or there)[:5])
        remedy = f"name one of these:{listed}" if there else f"{host.store!r} holds none"
        raise ConfigurationError(
            f"service {service.name!r} has {len(cases) or 'no'} open cases{which}, and one is wanted: {remedy}"
        )
    (case,) = cases
    item = service.host.store.get(service.name, case.unit) if case.unit is not None else None
    return OpenCase(service, case, item or Item())


@frozen(eq=False, repr=False)
class OpenCase:
    """A case, and the item of its unit as it is: of a held key just as it was when the record came."""

    service: Service
    case: Case
    item: Item

    def __repr__(self) -> str:
        waits = (
            len(self.item.waiting) if self.item.held and self.item.open_cases[-1:] == (self.case.id,) else 0
        )
        later = "1 later record waits" if waits == 1 else f"{waits} later records wait"
        behind = f"\n  it holds its key: {later} behind it" if waits else ""
        return f"{self.case}{behind}"

    def replay(self, flow: type[Flow] | None = None) -> Replay:
        """Apply the record to live cells in the unit's state, with the service's own flow or with another one.

        What goes wrong is in the replay's ``error``; a cell that fails keeps its failure, to be asked ``why``.
        """
        service = self.service if flow is None or flow is self.service.flow else self._with(flow)
        step, item = service.step, self.item
        state = step.read(item.cells, item.gv, item.written) if item.cells else step.initial()
        live = alive(service.flow, state)
        before = step.values(state)
        error: Exception | None = None
        try:
            event = self._event(service)
            _apply(live, service.flow, event)
            step.apply(state, event)
        except EventError as failed:
            error = failed
        after = {name: current_outcome(getattr(live.cells, name)) for name in before}
        return Replay(self, service, live, error, before, after)

    def _with(self, flow: type[Flow]) -> Service:
        from reactflow.service.service import Service

        mine, named = self.service, getattr(getattr(flow, "plan", None), "names", None)
        if named is not None and not named.keys() & mine.flow.plan.names.keys():
            raise ConfigurationError(
                f"{flow.__name__} has no cell of {mine.flow.__name__}: replay a case with a mended {mine.flow.__name__}"
            )
        return Service(flow, name=mine.name, key=mine.key, inputs=mine.inputs, store=mine.host.store)

    def _event(self, service: Service) -> Event:
        found = [
            one for one in read(service, 0, record_of(self.case))
            if self.case.unit is None or one.event.unit.text == self.case.unit
        ]  # fmt: skip
        if not found:
            raise RecordError("as the service is now, the record says nothing to the unit of the case")
        event = found[0].event
        if event.error is not None:
            raise event.error
        if event.said:
            raise RecordError(
                "the record speaks of a contribution, and members are not replayed on live cells"
            )
        return event.event

    def to_json(self) -> dict[str, Any]:
        """The case and the state before it, as plain data."""
        item = self.item
        written = None if item.written is None else dict(item.written)
        return {"case": self.case.to_json(), "cells": item.cells.decode(), "gv": item.gv, "written": written}

    @classmethod
    def from_json(cls, service: Service, plain: Mapping[str, Any]) -> OpenCase:
        """Read what ``to_json`` gave; raises StateError for what is no case."""
        try:
            item = Item(cells=plain["cells"].encode(), gv=plain["gv"], written=plain["written"])
            case = Case.from_json(plain["case"])
        except (KeyError, TypeError, AttributeError) as error:
            raise StateError(
                f"{short(plain)} is no case: give what to_json() or save_test() wrote"
            ) from error
        return cls(service, case, item)


def _apply(live: Any, flow: type[Flow], event: Event) -> None:
    with batch():
        for name, value in event.writes.items():
            one = getattr(live.cells, name)
            value = flow.plan[name].default if value is DEFAULT else value
            if value is UNSET:
                one.unset()
            else:
                one.value = value
        for name, value in event.occurrences.items():
            getattr(live.cells, name).emit(value)


@frozen(eq=False, repr=False)
class Replay:
    """What a record does: ``live`` is the flow after it, ``error`` what keeps it from being applied, or None."""

    opened: OpenCase
    service: Service
    live: Any
    error: Exception | None
    before: State
    after: State

    def __repr__(self) -> str:
        said = f"still fails: {self.error}" if self.error is not None else "can be applied"
        return f"{said}\n{self.diff()}"

    def diff(self) -> Diff:
        """The cells that the record changes, before and after it."""
        moved = {
            name: (self.before[name], now)
            for name, now in self.after.items()
            if _shown(self.before[name]) != _shown(now)
        }
        return Diff(moved)

    def save_test(self, path: str | Path) -> Path:
        """Write a test for pytest that fails until the service's flow takes the record; returns where it is.

        It holds the record and the state before it: real data, so look at it before it goes anywhere. Raises
        ConfigurationError for a service that no module has, which a test could not import, and for a file that cannot
        be written.
        """
        module, name = _home(self.opened.service)
        file, data = Path(path), self.opened.to_json()
        case = self.opened.case
        mark = hashlib.sha256(case.id.encode()).hexdigest()[:8]
        message = json.dumps(" ".join(case.reason.message.split()))[1:-1].replace('\\"', "'")
        text = (
            f'"""A record that service {case.service!r} could not apply: {message}"""\n\n'
            f"from {module} import {name}\n\nfrom reactflow import OpenCase\n\n"
            f"KEPT = {pformat(data, width=100, sort_dicts=False)}\n\n\n"
            f"def test_case_{mark}_can_be_applied() -> None:\n"
            f"    replay = OpenCase.from_json({name}, KEPT).replay()\n"
            f"    assert replay.error is None, replay.error\n"
            f"    # say what has to be there then, as in: assert replay.live.area == 12.0\n"
        )
        try:
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"{file} cannot be written ({error.strerror}): name a file for pytest, as in test_case.py, in a folder "
                "that is there"
            ) from error
        return file


@frozen(repr=False)
class Diff:
    """Cells before and after an event, by name."""

    cells: Mapping[str, tuple[object, object]]

    def __repr__(self) -> str:
        width = max(map(len, self.cells), default=0)
        lines = [
            f"{name:<{width}}  {_shown(old)} -> {_shown(new)}" for name, (old, new) in self.cells.items()
        ]
        return "\n".join(lines) or "no cell changes"


def _shown(value: object) -> str:
    if isinstance(value, Failure):
        return f"{type(value.error).__name__}: {value.error}"
    return "unset" if value is UNSET else short(value)


def _home(service: Service) -> tuple[str, str]:
    """The module and the name under which a test can import a service."""
    names = [service.flow.__module__, *sys.modules]
    for module in names:
        if module == "__main__":
            continue
        for name, value in list(vars(sys.modules.get(module, sys)).items()):
            if value is service:
                return module, name
    raise ConfigurationError(
        f"service {service.name!r} is in no module that a test could import: write it into a file, import it from there"
    )
