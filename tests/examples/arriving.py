"""Records as streams deliver them: in lanes, of which each keeps its order, and all of them in any order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reactflow.testing import kinesis_event

Record = dict[str, Any]


def lane(
    stream: str,
    *values: Mapping[str, Any],
    shard: int = 0,
    partition: str | None = None,
    arrived: Sequence[float] = (),
) -> list[Record]:
    """The records of one shard in their order; ``arrived`` in seconds since 1970."""
    records: list[Record] = kinesis_event(*values, stream=stream, shard=shard, partition=partition)["Records"]
    for record, at in zip(records, arrived, strict=False):
        record["kinesis"]["approximateArrivalTimestamp"] = at
    return records


def interleaved(lanes: Sequence[Sequence[Record]]) -> Iterator[list[Record]]:
    """Every order of all the records in which each lane has its own order."""
    if not any(lanes):
        yield []
    for place, each in enumerate(lanes):
        if each:
            rest = [*lanes[:place], each[1:], *lanes[place + 1 :]]
            for later in interleaved(rest):
                yield [each[0], *later]
