"""Sendings: what is put from outside in a run, as a user gave it or made up from the types of the cells.

A user gives plain values (fields for a stream, items for a table, names for a bucket) or whole events as Lambda
delivers them. What is made up is few units and small values, so that much meets much.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import unquote_plus

from reactflow.aws import S3, DynamoDB
from reactflow.aws.attribute_values import read_item
from reactflow.aws.host import open_event
from reactflow.cells import Kind
from reactflow.errors import ConfigurationError
from reactflow.service import Input, Service
from reactflow.service.decoding import short
from reactflow.testing.drawing import friendly
from reactflow.testing.events import START
from reactflow.testing.sim.cloud import Sending

Events = Iterable[Any] | Mapping[str, Iterable[Any]] | None
"""Values for the only input, or by the name of what is read (``measurements`` or ``kinesis/measurements``)."""


def outer_inputs(services: Sequence[Service]) -> list[Input]:
    """The inputs that no service of these feeds, one a resource."""
    written = {output.sink.destination for service in services for output in service.outputs}
    found = {one.source.resource: one for service in services for one in service.bound}
    return [one for resource, one in found.items() if resource not in written] or [*found.values()][:1]


def given(services: Sequence[Service], events: Events) -> list[Sending]:
    """What a user gave. Raises ConfigurationError for what is not read by any of the services."""
    inputs = outer_inputs(services)
    by_name = {one.source.resource: one.source.resource for service in services for one in service.bound}
    by_name |= {name.partition("/")[2]: name for name in by_name}
    if isinstance(events, Mapping) and "Records" not in events:
        parts = [(str(name), [*values]) for name, values in events.items()]
    else:
        if isinstance(events, (str, bytes)) or not isinstance(events, Iterable):
            raise ConfigurationError(
                f"events are {short(events)}: give a list, as in [{{'room': 'r1', ...}}]"
            )
        values = [events] if isinstance(events, Mapping) else [*events]
        if len(inputs) != 1 and not all(isinstance(one, Mapping) and "Records" in one for one in values):
            names = ", ".join(one.source.resource for one in inputs)
            raise ConfigurationError(
                f"there are several inputs, {names}: give the events of each, as in {{{names.split(', ')[0]!r}: [...]}}"
            )
        parts = [(inputs[0].source.resource, values)]
    found: list[Sending] = []
    for name, values in parts:
        if name not in by_name:
            raise ConfigurationError(_unread(name, by_name))
        for value in values:
            if isinstance(value, Mapping) and "Records" in value:
                records = open_event(value)
                if foreign := [one.resource for one in records if one.resource not in by_name]:
                    raise ConfigurationError(_unread(foreign[0], by_name))
                found += [_of_record(record.raw, record.resource) for record in records]
            else:
                found.append(_of_value(by_name[name], value))
    if not found:
        raise ConfigurationError(
            "there are no events: give some, or leave them out to have them made up from the types of the cells"
        )
    return found


def _unread(name: str, by_name: Mapping[str, str]) -> str:
    return f"no service reads {name!r}: they read {', '.join(sorted(set(by_name.values())))}"


def _of_value(resource: str, value: Any) -> Sending:
    if resource.startswith("dynamodb/") and isinstance(value, tuple) and len(value) == 2:
        return Sending(resource, value[1], before=value[0])
    if resource.startswith("s3/"):
        about = {"key": value} if isinstance(value, str) else dict(value)
        if str(about.get("event", "")).startswith("ObjectRemoved"):
            return Sending(resource, None, before={"key": about["key"]})
        body = about.get("body", b"x" * int(about.get("size", 5)))
        return Sending(resource, about["key"], body=body.encode() if isinstance(body, str) else body)
    if not isinstance(value, (Mapping, bytes, str)):
        raise ConfigurationError(
            f"an event of {resource} is {short(value)}: give its fields, as in {{'room': 'r1'}}"
        )
    return Sending(resource, value)


def _of_record(raw: Mapping[str, Any], resource: str) -> Sending:
    if "kinesis" in raw:
        return Sending(resource, base64.b64decode(raw["kinesis"]["data"]), key=raw["kinesis"]["partitionKey"])
    if "dynamodb" in raw:
        part = raw["dynamodb"]
        if raw["eventName"] == "REMOVE":
            return Sending(resource, None, before=read_item(part["Keys"], "a given event"))
        return Sending(resource, read_item(part["NewImage"], "a given event"))
    thing = raw["s3"]["object"] if "s3" in raw else raw["detail"]["object"]
    key = unquote_plus(thing["key"]) if "s3" in raw else thing["key"]
    removed = "Removed" in str(raw.get("eventName", "")) or "Deleted" in str(raw.get("detail-type", ""))
    return Sending(resource, None, before={"key": key}) if removed else Sending(resource, key, body=b"x" * 5)


# --- made up ---------------------------------------------------------------------------------------------------------


def made_up(services: Sequence[Service], chance: Random, count: int) -> list[Sending]:
    """Records made up from the types of the cells that they feed."""
    inputs = outer_inputs(services)
    tables: dict[str, dict[str, Mapping[str, Any]]] = {}
    return [_made_up(chance.choice(inputs), chance, place, tables) for place in range(count)]


def _made_up(
    one: Input, chance: Random, place: int, tables: dict[str, dict[str, Mapping[str, Any]]]
) -> Sending:
    resource, source = one.source.resource, one.source
    fields: dict[str, Any] = {}
    _fill(one, fields, chance, place)
    if isinstance(source, S3):
        key = source.template.format({name: fields.get(name, "x") for name in source.template.kinds})
        if chance.random() < 0.2:
            return Sending(resource, None, before={"key": key})
        return Sending(resource, key, body=b"x" * chance.randrange(5))
    if isinstance(source, DynamoDB):
        names = source.keys or tuple(one.paths[name] for name in one.key.plain_names[:2])
        key = repr([fields.get(name) for name in names])
        there = tables.setdefault(resource, {})
        if key in there and chance.random() < 0.15:
            return Sending(resource, None, before=there.pop(key))
        there[key] = fields
    return Sending(resource, fields)


def _fill(one: Input, fields: dict[str, Any], chance: Random, place: int) -> None:
    key = one.key
    for name, kind in zip(key.names, key.types, strict=True):
        if key.window is not None and name == key.window.name:
            moment = START + timedelta(seconds=chance.randrange(-100, 300))
            _write(fields, one.paths.get(name, key.window.on), _worded(key.window.write(moment)))
        else:
            _write(fields, one.paths.get(name, name), _key_value(kind, chance.randrange(3)))
    for gathering in one.gathers:
        for name, kind in zip(gathering.id.names, gathering.id.types, strict=True):
            _write(fields, name, _key_value(kind, chance.randrange(4)))
    for cell, path in one.feeds.items():
        node = one.plan[cell]
        if chance.random() < (0.6 if node.kind is Kind.SOURCE else 0.8):
            kind = (
                node.gathered.type
                if node.gathered is not None and hasattr(node.gathered, "type")
                else node.type
            )
            values = friendly(kind) or friendly(float)
            if path and values:
                _write(fields, path, _worded(chance.choice(values)))
    if one.source.version is not None:
        _write(fields, one.source.version, place)


def _key_value(kind: type, place: int) -> Any:
    if kind is int:
        return place
    return f"2026-11-2{place}" if kind is date else f"u{place}"


def _worded(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (datetime, date)) else value


def _write(fields: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for name in parents:
        fields = fields.setdefault(name, {})
    fields.setdefault(last, value)
