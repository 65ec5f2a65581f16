"""What services need of a cloud, found from their bindings: streams, tables, buckets and who is told of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from attrs import evolve

from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.local.provision import BucketNeeded, KeyType, Need, Notification, StreamNeeded, TableNeeded
from reactflow.service import Service

_TYPES: dict[type, KeyType] = {str: "S", date: "S", int: "N"}


def needs_of(services: Iterable[Service], *, shards: int = 1) -> list[Need]:
    """Everything that the services read and write, each thing once; streams have ``shards`` shards.

    A bucket that is read is versioned and tells a queue of its own; a table that is read has a stream.
    """
    needs: dict[str, Need] = {}
    for service in services:
        for need in [*_inputs(service, shards), *_outputs(service, shards)]:
            there = needs.get(need.resource)
            needs[need.resource] = need if there is None else _joined(there, need)
    return list(needs.values())


def queue_of(service: Service, source: S3) -> str:
    """The queue in which a service's notifications of a bucket arrive."""
    return f"reactflow-{service.name}-{source.bucket}".replace(".", "-")[:80]


def _inputs(service: Service, shards: int) -> list[Need]:
    found: list[Need] = []
    for one in service.bound:
        source = one.source
        if isinstance(source, Kinesis):
            found.append(StreamNeeded(source.stream, shards))
        elif isinstance(source, DynamoDB):
            names = source.keys or tuple(one.paths[name] for name in service.key.names[:2])
            types = {one.paths[name]: kind for name, kind in _key_types(service).items()}
            found.append(_table(source.table, names, types, stream=True))
        elif isinstance(source, S3):
            told = Notification(queue_of(service, source), prefix=source.template.prefix)
            found.append(BucketNeeded(source.bucket, versioned=True, notify=(told,)))
    return found


def _outputs(service: Service, shards: int) -> list[Need]:
    found: list[Need] = []
    types = _key_types(service)
    for output in service.outputs:
        sink = output.sink
        if isinstance(sink, Kinesis):
            found.append(StreamNeeded(sink.stream, shards))
        elif isinstance(sink, DynamoDB):
            found.append(
                _table(sink.table, sink.key_attributes(service.key.names, is_log=bool(output.pulse)), types)
            )
        elif isinstance(sink, S3):
            found.append(BucketNeeded(sink.bucket))
    return found


def _key_types(service: Service) -> dict[str, KeyType]:
    return {name: _TYPES[kind] for name, kind in zip(service.key.names, service.key.types, strict=True)}


def _table(name: str, keys: Sequence[str], types: dict[str, KeyType], *, stream: bool = False) -> TableNeeded:
    numbers = {key: types[key] for key in keys if types.get(key, "S") != "S"}
    return TableNeeded(name, keys[0], keys[1] if len(keys) > 1 else None, types=numbers, stream=stream)


def _joined(one: Need, other: Need) -> Need:
    """One need out of two for the same thing."""
    if isinstance(one, TableNeeded) and isinstance(other, TableNeeded):
        return evolve(one, stream=one.stream or other.stream)
    if isinstance(one, BucketNeeded) and isinstance(other, BucketNeeded):
        told = tuple(dict.fromkeys((*one.notify, *other.notify)))
        return evolve(one, versioned=one.versioned or other.versioned, notify=told)
    return one
