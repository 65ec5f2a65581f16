"""Operating a service: its cases and its units, looked at and decided on, in words or as JSON.

What is shown of a case is what went wrong; its record only where somebody asks for that case. Nothing is changed but by
``decided``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import date
from pathlib import Path
from sys import stderr
from typing import Any

from reactflow.aws import DynamoDBStore
from reactflow.cells import UNSET, Failure
from reactflow.cli.checks import check_address, check_answers, check_state, needs_aws
from reactflow.cli.target import load_services
from reactflow.cli.telling import counted, named, whose, worded
from reactflow.errors import ConfigurationError, RecordError, StateError
from reactflow.local import Cloud
from reactflow.service import Case, Host, Item, MemoryStore, Service
from reactflow.service.key import Key, UnitKey
from reactflow.service.stores import open_store
from reactflow.service.stores.in_turns import InTurns
from reactflow.service.stores.opening import SETTING
from reactflow.service.telemetry import hashed


def host_of(target: str, state: str) -> Host:
    """The host of the service that a target names, on a state that lasts. Raises ConfigurationError without one."""
    services = load_services(target)
    if len(services) != 1:
        raise ConfigurationError(
            f"{target} is a system of {', '.join(one.name for one in services)}: name one of them"
        )
    (service,) = services
    if state:
        check_state(state)
    if state or service.store is None:
        _check_there(state or os.environ.get(SETTING, ""), service)
    store = service.store if service.store is not None and not state else open_store(state or None)
    if isinstance(store, MemoryStore) and service.store is None:
        raise ConfigurationError(
            f"service {service.name!r} keeps its state in memory, of which nothing is left here: say where it is kept, "
            "as in --state sqlite:state.db"
        )
    return Host(service, store)


def _check_there(state: str, service: Service) -> None:
    """Raises ConfigurationError for a file that is not there: one would be made, and would have no case."""
    kind, _, path = state.partition(":")
    if kind == "sqlite" and path and Path(path).parent.is_dir() and not Path(path).exists():
        raise ConfigurationError(
            f"there is no state of service {service.name!r} at {state}, seen from {Path.cwd()}: "
            "name the file that the service writes, or call this in its folder"
        )


@contextmanager
def reached(host: Host, endpoint: str, *, publishes: bool = False) -> Iterator[None]:
    """The AWS at an endpoint, where the host's state, or what it is to publish, is kept in one.

    Only that one is read and written, with keys that are good for no other; "aws" is the one of the environment.
    Raises ConfigurationError when nothing answers.
    """
    store = host.store.store if isinstance(host.store, InTurns) else host.store
    uses_aws = isinstance(store, DynamoDBStore) or (publishes and needs_aws(host.service))
    if not uses_aws or endpoint == "aws":
        yield
    else:
        check_address(endpoint)
        check_answers(
            endpoint, "start `reactflow dev` there, or name the address that it says with --endpoint, or aws"
        )
        with Cloud.at(endpoint).exported():
            yield


def listed(host: Host, *, as_json: bool) -> str:
    """The open cases of a service."""
    cases = host.open_cases()
    items = {unit: host.store.get(host.service.name, unit) for one in cases if (unit := one.unit) is not None}
    found = [_summary(one, items.get(one.unit or "")) for one in cases]
    if as_json:
        return json.dumps(found, indent=2)
    if not cases:
        return f"{host.service.name} has no open case"
    lines = [f"{counted(len(cases), 'open case')} of {host.service.name}"]
    for case, about in zip(cases, found, strict=True):
        lines.append(f"  {about['case']}  {whose(case, host.service.key)}: {_reason(case)}")
        if about["holds"]:
            lines.append(f"  {'':16}  {_holds(about)}")
    return "\n".join(lines)


def _holds(about: Mapping[str, Any]) -> str:
    number = about["waiting"]
    return f"holds its key: {counted(number, 'later record')} {'waits' if number == 1 else 'wait'} behind it"


def shown(host: Host, name: str, *, as_json: bool) -> str:
    """One case with its record."""
    case = case_named(host, name)
    item = host.store.get(host.service.name, case.unit) if case.unit is not None else None
    about = _summary(case, item)
    if as_json:
        return json.dumps({**about, **case.to_json()}, indent=2)
    record = json.dumps(case.record, indent=2, ensure_ascii=False)
    holds = f"\n  {_holds(about)}" if about["holds"] else ""
    return f"{case}{holds}\n{record}"


def decided(host: Host, decision: str, names: Sequence[str], *, as_json: bool) -> tuple[str, int]:
    """Redrive or skip cases; returns what became of them, and the exit code: 1 when one is still open."""
    told, code = list[dict[str, Any]](), 0
    with redirect_stdout(stderr):
        for case in [case_named(host, name) for name in names]:
            report = host.redrive(case.id) if decision == "redrive" else host.skip(case.id)
            is_open = bool(report.transients or report.fates.get("quarantined"))
            code = max(code, int(is_open))
            reasons = [*report.transients, *(_reason(one) for one in report.cases)]
            told.append({
                "case": hashed(case.id), "id": case.id, "fates": dict(report.fates), "released": dict(report.released),
                "published": len(report.published), "still_open": is_open, "reasons": reasons,
            })  # fmt: skip
    if as_json:
        return json.dumps(told, indent=2), code
    return "\n".join(_decision(one) for one in told), code


def _decision(told: Mapping[str, Any]) -> str:
    released = f"; behind it {worded(told['released'])}" if any(told["released"].values()) else ""
    reasons = "".join(f"\n  {reason}" for reason in told["reasons"])
    return f"{told['case']}: {worded(told['fates'])}{released}{reasons}"


def unit_shown(host: Host, text: str, *, as_json: bool) -> str:
    """What is stored of a unit: its values, how far its lanes have come, what it owes, what waits."""
    service = host.service
    unit = _unit(service, text)
    item = host.store.get(service.name, unit.text)
    if item is None:
        raise ConfigurationError(f"service {service.name!r} has no unit {named(unit.fields())}")
    values = service.step.values(service.step.read(item.cells, item.gv, item.written)) if item.cells else {}
    cells = {name: _value(value) for name, value in values.items()}
    about: dict[str, Any] = {
        "unit": unit.text, "v": item.v, "flow": item.gv, "cells": cells, "marks": dict(item.marks),
        "numbers": dict(item.numbers), "owes": [one.id for one in item.out], "cases": list(item.open_cases),
        "held": item.held, "waiting": len(item.waiting),
    }  # fmt: skip
    if as_json:
        return json.dumps(about, indent=2)
    state = "held" if item.held else "open"
    lines = [f"{service.name}, unit {named(unit.fields())}: commit {item.v}, flow {item.gv}, {state}"]
    lines += [f"  {name} = {value}" for name, value in cells.items()]
    lines += [f"  lane {lane} at {position.lstrip('0') or '0'}" for lane, position in item.marks.items()]
    lines += [f"  output {name} at {n}" for name, n in item.numbers.items()]
    lines += [f"  due, if not published yet: {one.id}" for one in item.out]
    lines += [f"  case {hashed(id)}" for id in item.open_cases]
    verb = "waits" if len(item.waiting) == 1 else "wait"
    lines += [f"  {counted(len(item.waiting), 'record')} {verb}"] if item.waiting else []
    return "\n".join(lines)


def case_named(host: Host, name: str) -> Case:
    """The open case with this id, or this hash as ``list`` and the log show it. Raises ConfigurationError."""
    cases = host.open_cases()
    found = [one for one in cases if name in (one.id, hashed(one.id))]
    found = found or [one for one in cases if name and (hashed(one.id).startswith(name) or name in one.id)]
    if len(found) != 1:
        many = f"{len(found)} cases that fit" if found else "no open case"
        raise ConfigurationError(
            f"service {host.service.name!r} has {many} {name!r}: `reactflow quarantine list` shows them"
        )
    return found[0]


def _summary(case: Case, item: Item | None) -> dict[str, Any]:
    reason = case.reason
    holds = item is not None and item.held and item.open_cases[-1:] == (case.id,)
    return {
        "case": hashed(case.id), "id": case.id, "unit": case.unit, "kind": reason.kind, "cell": reason.cell,
        "message": reason.message, "line": reason.line, "time": case.time, "holds": holds,
        "waiting": len(item.waiting) if item is not None and holds else 0,
    }  # fmt: skip


def _reason(case: Case) -> str:
    return " ".join(case.reason.message.split())


def _unit(service: Service, text: str) -> UnitKey:
    key: Key = service.key
    try:
        return key.unit(*key.decode(text))
    except StateError:
        pass
    try:
        return key.unit(*(_READ[kind](text) for kind in key.types))
    except (RecordError, ValueError, TypeError):
        example = ",".join(f"{name}=..." for name in key.names)
        raise ConfigurationError(
            f"{text!r} is no key of service {service.name!r}: write it as {example}"
        ) from None


_READ: dict[type, Callable[[str], object]] = {str: str, int: int, date: date.fromisoformat}


def _value(value: object) -> str:
    if value is UNSET:
        return "unset"
    return f"{type(value.error).__name__}: {value.error}" if isinstance(value, Failure) else repr(value)
