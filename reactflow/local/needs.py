"""What services need of a cloud, found from their bindings: streams, tables, buckets and who is told of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date

from attrs import evolve

from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.errors import ConfigurationError
from reactflow.local.provision import BucketNeeded, KeyType, Need, Notification, StreamNeeded, TableNeeded
from reactflow.service import Service

LONGEST_QUEUE = 80  # characters of a queue's name
Said = tuple[str, Need]  # the service that says what is needed, "" for a guess; what is needed
_TYPES: dict[type, KeyType] = {str: "S", date: "S", int: "N"}


def needs_of(services: Iterable[Service], *, shards: int = 1) -> list[Need]:
    """Everything that the services read and write, each thing once; streams have ``shards`` shards.

    A bucket that is read is versioned and tells a queue of its own; a table that is read has a stream. A table's
    primary key is what its writer says, or a reader's ``keys=``; only for a table that nobody says it of, it is taken
    to be the reader's key. Raises ConfigurationError when two say otherwise.
    """
    needs: dict[str, Need] = {}
    sayers: dict[str, str] = {}
    found = [need for service in services for need in (*_inputs(service, shards), *_outputs(service, shards))]
    for who, need in sorted(found, key=lambda one: not one[0]):  # guesses last: what is said goes before them
        there = needs.get(need.resource)
        if who and there is not None:
            _check_keys(sayers[need.resource], there, who, need)
        sayers.setdefault(need.resource, who)
        needs[need.resource] = need if there is None else _joined(there, need)
    return list(needs.values())


def queue_of(service: Service, source: S3) -> str:
    """The queue in which a service's notifications of a bucket arrive; its name says whose they are."""
    name = f"reactflow-{service.name}-{source.bucket}".replace(".", "-")
    if len(name) <= LONGEST_QUEUE:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{name[: LONGEST_QUEUE - 13]}-{digest}"


def _inputs(service: Service, shards: int) -> list[Said]:
    found: list[Said] = []
    for one in service.bound:
        source = one.source
        if isinstance(source, Kinesis):
            found.append((service.name, StreamNeeded(source.stream, shards)))
        elif isinstance(source, DynamoDB):
            names = source.keys or tuple(one.paths[name] for name in service.key.plain_names[:2])
            key_types: dict[str, KeyType] = {
                one.paths[name]: kind for name, kind in _key_types(service).items()
            }
            if not names:
                raise ConfigurationError(
                    f"service {service.name!r}: what is the primary key of {source.resource}? Say DynamoDB("
                    f"{source.table!r}, keys=...)"
                )
            found.append(
                (service.name if source.keys else "", _table(source.table, names, key_types, stream=True))
            )
        elif isinstance(source, S3):
            told = Notification(queue_of(service, source), prefix=source.template.prefix)
            found.append((service.name, BucketNeeded(source.bucket, versioned=True, notify=(told,))))
    return found


def _outputs(service: Service, shards: int) -> list[Said]:
    found: list[Said] = []
    types = _key_types(service)
    for output in service.outputs:
        sink = output.sink
        if isinstance(sink, Kinesis):
            found.append((service.name, StreamNeeded(sink.stream, shards)))
        elif isinstance(sink, DynamoDB):
            names = sink.key_attributes((*output.by, *service.key.names), is_log=bool(output.pulse))
            by: dict[str, KeyType] = {
                name: "N" for name, cell in output.by.items() if service.flow.plan[cell].type is int
            }
            found.append((service.name, _table(sink.table, names, {**types, **by})))
        elif isinstance(sink, S3):
            found.append((service.name, BucketNeeded(sink.bucket)))
    return found


def _key_types(service: Service) -> dict[str, KeyType]:
    return {name: _TYPES[kind] for name, kind in zip(service.key.names, service.key.types, strict=True)}


def _table(name: str, keys: Sequence[str], types: dict[str, KeyType], *, stream: bool = False) -> TableNeeded:
    numbers = {key: types[key] for key in keys if types.get(key, "S") != "S"}
    return TableNeeded(name, keys[0], keys[1] if len(keys) > 1 else None, types=numbers, stream=stream)


def _check_keys(sayer: str, there: Need, who: str, need: Need) -> None:
    """Raises ConfigurationError when two services say otherwise what a table's primary key is."""
    if isinstance(there, TableNeeded) and isinstance(need, TableNeeded):
        said = [[each.partition, *([each.sort] if each.sort else [])] for each in (there, need)]
        if said[0] != said[1] or there.types != need.types:
            one, other = (f"({', '.join(names)})" for names in said)
            raise ConfigurationError(
                f"{need.resource}: for service {sayer!r} its primary key is {one}, for {who!r} {other}, of the types "
                f"{dict(there.types)} and {dict(need.types)}: say the same with keys=, or use two tables"
            )


def _joined(one: Need, other: Need) -> Need:
    """One need out of two for the same thing."""
    if isinstance(one, TableNeeded) and isinstance(other, TableNeeded):
        return evolve(one, stream=one.stream or other.stream)
    if isinstance(one, BucketNeeded) and isinstance(other, BucketNeeded):
        told = tuple(dict.fromkeys((*one.notify, *other.notify)))
        return evolve(one, versioned=one.versioned or other.versioned, notify=told)
    return one
