"""Writing to a Kinesis stream: CloudEvents as records, the records of one partition key in order.

It must not read a stream; that is ``kinesis``. It is loaded when something is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from attrs import frozen

from reactflow.aws.clients import client, speaking
from reactflow.aws.names import physical
from reactflow.errors import ConfigurationError, Transient
from reactflow.service.json_reader import SIZE
from reactflow.service.json_writer import as_text
from reactflow.service.key import Key
from reactflow.service.sink import Publication
from reactflow.service.writable import encoding, json_bytes

_BATCH_RECORDS = 500
_BATCH_BYTES = 5 << 20
LONGEST_KEY = 256  # characters of a partition key


@frozen
class StreamWriter:
    """Writes the publications of one stream; ``partition`` is as ``Kinesis`` has it."""

    stream: str
    partition: str | None

    @property
    def destination(self) -> str:
        return f"kinesis/{self.stream}"

    def publish(self, batch: Sequence[Publication]) -> list[int]:
        """Write the envelopes as records, those with one partition key in order and never one past another.

        A request holds at most one record a partition key, for the records of one request may be stored in any order.
        """
        waiting: dict[str, list[int]] = {}
        data: dict[int, bytes] = {}
        broken: ConfigurationError | None = None
        for index, publication in enumerate(batch):
            try:
                to, data[index] = self.record(publication)
            except ConfigurationError as error:
                broken = broken or error
            else:
                waiting.setdefault(to, []).append(index)
        failed: list[int] = []
        stored = False
        while waiting:
            for request in _requests([(to, indices[0]) for to, indices in waiting.items()], data):
                try:
                    refused = self._put(request, data)
                    stored = stored or len(refused) < len(request)
                except Transient:
                    if not stored:
                        raise
                    refused = {index for _, index in request}
                for to, index in request:
                    if index in refused:
                        failed += waiting.pop(to)
                    else:
                        waiting[to].pop(0)
            waiting = {to: indices for to, indices in waiting.items() if indices}
        if broken is not None:
            raise broken
        return sorted(failed)

    def record(self, publication: Publication) -> tuple[str, bytes]:
        """The partition key and the data of a record; raises ConfigurationError for what can never be one."""
        what = f"{self.destination}: the record {publication.id}"
        data = json_bytes(publication.envelope, what)
        with encoding(what):
            to = self._partition_key(publication, what)
            size = len(data) + len(to.encode())
        if size > SIZE:
            raise ConfigurationError(
                f"{what} has {size} bytes with its partition key, and {SIZE} are the most: publish less, or "
                "put the large value into S3 and publish its name"
            )
        return to, data

    def _partition_key(self, publication: Publication, what: str) -> str:
        if self.partition is not None:
            values = {**publication.values, **publication.key}
            if values.get(self.partition) is None:
                raise ConfigurationError(
                    f"{what} has no {self.partition!r} to be partitioned by: add it to the row, or "
                    "partition by a field of the key"
                )
            return partition_key(as_text(values[self.partition]))
        if len(publication.key) == 1:
            return partition_key(as_text(next(iter(publication.key.values()))))
        kinds = {name: type(value) for name, value in publication.key.items()}
        return partition_key(Key.of(kinds).unit(*publication.key.values()).text)

    def _put(self, request: list[tuple[str, int]], data: Mapping[int, bytes]) -> set[int]:
        records = [{"Data": data[index], "PartitionKey": to} for to, index in request]
        with speaking(self.destination, "kinesis:PutRecords"):
            answer = client("kinesis").put_records(StreamName=physical(self.destination), Records=records)
        stored = zip(request, answer["Records"], strict=True)
        return {index for (_, index), result in stored if result.get("ErrorCode")}


def partition_key(text: str) -> str:
    """The partition key for a value's text: the text, or its SHA-256 where Kinesis has no room for it.

    >>> partition_key("r1"), len(partition_key("x" * 300)), len(partition_key(""))
    ('r1', 64, 64)
    """
    return text if 0 < len(text) <= LONGEST_KEY else hashlib.sha256(text.encode()).hexdigest()


def _requests(records: list[tuple[str, int]], data: Mapping[int, bytes]) -> list[list[tuple[str, int]]]:
    """Cut one record a partition key into requests of at most 500 records and 5 MiB."""
    cut: list[list[tuple[str, int]]] = [[]]
    size = 0
    for to, index in records:
        weight = len(data[index]) + len(to.encode())
        if cut[-1] and (len(cut[-1]) == _BATCH_RECORDS or size + weight > _BATCH_BYTES):
            cut.append([])
            size = 0
        cut[-1].append((to, index))
        size += weight
    return cut
