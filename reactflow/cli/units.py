"""``reactflow units``: what is stored of a unit, in words or as JSON. It changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated

import typer

from reactflow.cells import UNSET, Failure
from reactflow.cli.answers import json_text
from reactflow.cli.checks import state_name
from reactflow.cli.operating import Deployed, Local, State, bare, is_known, operated
from reactflow.cli.options import AsJson, Target
from reactflow.cli.telling import counted, named
from reactflow.errors import ConfigurationError, RecordError, StateError
from reactflow.service import Host, Item, Service
from reactflow.service.key import Key, UnitKey
from reactflow.service.telemetry import hashed

units = typer.Typer(no_args_is_help=True, help="What is stored of units.")


@units.command("show")
def show_unit(
    target: Target,
    key: Annotated[str, typer.Argument(metavar="KEY", help="the unit's key: room=r1, or only r1")],
    state: State = "",
    endpoint: Local = "",
    stage: Deployed = "",
    as_json: AsJson = False,
) -> None:
    """Show what is stored of a unit.

    Values, lanes, numbers of outputs, what is due, cases, what waits. What is due may be published already: the next
    write of the unit, or the sweeper, takes it away.

    \b
    reactflow units show rooms:rooms room=r1 --state sqlite:state.db
    """
    with operated(target, state=state, endpoint=endpoint, stage=stage) as host:
        print(unit_shown(host, key, as_json=as_json))


def unit_shown(host: Host, text: str, *, as_json: bool) -> str:
    """What is stored of a unit: its values, how far its lanes have come, what it owes, what waits."""
    service = host.service
    unit = _unit(service, text)
    item = host.store.get(service.name, unit.text)
    if item is None:
        if is_known(host) is False:
            raise ConfigurationError(
                f"{state_name(bare(host.store))} has no unit of service {service.name!r}: correct --state, or the "
                "service's name="
            )
        raise ConfigurationError(f"service {service.name!r} has no unit {named(unit.fields())}")
    values = service.step.values(service.step.read(item.cells, item.gv, item.written)) if item.cells else {}
    if as_json:
        return json_text(_data(service, unit, item, values))
    state = "held" if item.held else "open"
    lines = [f"{service.name}, unit {named(unit.fields())}: commit {item.v}, flow {item.gv}, {state}"]
    lines += [f"  {name} = {_words(value)}" for name, value in values.items()]
    lines += [f"  lane {lane} at {position.lstrip('0') or '0'}" for lane, position in item.marks.items()]
    lines += [f"  output {name} at {n}" for name, n in item.numbers.items()]
    lines += [f"  due, if not published yet: {one.id}" for one in item.out]
    lines += [f"  case {hashed(id)}" for id in item.open_cases]
    verb = "waits" if len(item.waiting) == 1 else "wait"
    lines += [f"  {counted(len(item.waiting), 'record')} {verb}"] if item.waiting else []
    return "\n".join(lines)


def _unit(service: Service, text: str) -> UnitKey:
    key: Key = service.key
    try:
        return key.unit(*key.decode(text))
    except StateError:
        pass
    try:
        (kind,) = key.types
        return key.unit(_READ[kind](text))
    except (RecordError, ValueError, TypeError):
        example = ",".join(f"{name}=..." for name in key.names)
        raise ConfigurationError(
            f"{text!r} is no key of service {service.name!r}: write it as {example}"
        ) from None


_READ: dict[type, Callable[[str], object]] = {str: str, int: int, date: date.fromisoformat}


def _data(service: Service, unit: UnitKey, item: Item, values: Mapping[str, object]) -> dict[str, object]:
    failed = {name: _words(value) for name, value in values.items() if isinstance(value, Failure)}
    return {
        "service": service.name,
        "unit": unit.text,
        "v": item.v,
        "flow": item.gv,
        "cells": {name: one for name, one in values.items() if one is not UNSET and name not in failed},
        "unset": [name for name, one in values.items() if one is UNSET],
        "failed": failed,
        "marks": dict(item.marks),
        "numbers": dict(item.numbers),
        "owes": [one.id for one in item.out],
        "cases": list(item.open_cases),
        "held": item.held,
        "waiting": len(item.waiting),
    }


def _words(value: object) -> str:
    if value is UNSET:
        return "unset"
    return f"{type(value.error).__name__}: {value.error}" if isinstance(value, Failure) else repr(value)
