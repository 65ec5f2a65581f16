"""The ends: what stands in tables, buckets and logs when a run is over, held against what was committed.

Every row has to be its last change, and every occurrence has to be there once, with what it said. What was committed is
right already: that was checked when it was. What is compared is what the sink itself would write.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from attrs import evolve

from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.aws.row_writer import is_bookkeeping
from reactflow.cells import UNSET, Failure
from reactflow.errors import Superseded
from reactflow.service import Output, Service
from reactflow.service.item import Pending
from reactflow.service.json_writer import write_json
from reactflow.service.outbox import as_publication
from reactflow.service.sink import Publication
from reactflow.testing.sim.cloud import Cloud
from reactflow.testing.sim.dynamodb import typed
from reactflow.testing.sim.ledger import Ledger
from reactflow.testing.sim.model import Model
from reactflow.testing.sim.sinks import Kept, Watched, row_place
from reactflow.testing.sim.violation import Violation


def check_ends(service: Service, model: Model, ledger: Ledger, cloud: Cloud) -> None:
    """Raises Violation for a row that is not the last one, or an occurrence that is missing or another."""
    sent = {stream: _sent(stream, cloud) for stream in cloud.kinesis.streams}
    for pending in ledger.last(service.name).values():
        output = service.outputs_by_name.get((pending.output, pending.destination))
        if output is None:
            continue
        wanted = _publication(service, model, output, pending)
        if wanted is None:
            continue  # what it is made of is gone, and what told of that could not be applied
        sink = output.sink.inner if isinstance(output.sink, Watched) else output.sink
        found, expected = _found(sink, wanted, cloud, sent), _expected(sink, wanted)
        if found != expected:
            what = {"row": "the last row", "removal": "the removal"}.get(wanted.kind, "the occurrence")
            raise Violation("I12", f"{what} {wanted.id} has to be {expected}, and there is {found}")
        if isinstance(sink, Kinesis) and wanted.kind == "occurrence":
            _check_order(wanted, sent[sink.stream])


def _publication(service: Service, model: Model, output: Output, pending: Pending) -> Publication | None:
    """A change as its sink gets it, with the values that are not stored as they are at the end."""
    made = as_publication(service, pending)
    if not pending.recompute:
        return made
    unit = model.units[str(pending.envelope["subject"])]
    values = service.step.values(unit.state)
    more = {column: values[name] for column, name in output.cells.items() if name in service.unstored}
    if any(isinstance(value, Failure) and isinstance(value.error, Superseded) for value in more.values()):
        return None
    more = {
        name: value for name, value in more.items() if value is not UNSET and not isinstance(value, Failure)
    }
    data = {**made.values, **more}
    return evolve(made, values=data, envelope={**made.envelope, "data": data})


def _found(sink: object, one: Publication, cloud: Cloud, streams: Mapping[str, Mapping[str, Any]]) -> Any:
    if isinstance(sink, DynamoDB):
        table = cloud.dynamodb.tables[sink.table]
        there = table.items.get(table.place(typed(sink._writer().primary_key(one))))
        owned = () if sink.owns is None else table.keys  # of a row that is shared, the key is nobody's
        return None if there is None else {n: v for n, v in _bare(there).items() if n not in owned}
    if isinstance(sink, S3):
        version = cloud.s3.buckets[sink.bucket].objects.get(sink._writer().object_key(one))
        return None if version is None else version.body
    if isinstance(sink, Kinesis):
        return streams[sink.stream].get(
            one.id
        )  # that no number is beyond the last one is watched as it is written
    assert isinstance(sink, Kept)
    return sink.log.get(one.id) if one.kind == "occurrence" else sink.rows.get(row_place(one))


def _expected(sink: object, one: Publication) -> Any:
    if isinstance(sink, Kinesis):
        return json.loads(write_json(one.envelope))
    if one.kind == "removal":
        return None
    if isinstance(sink, DynamoDB):
        return _bare(sink._writer().encode(one)[1])
    if isinstance(sink, S3):
        return sink._writer().encode(one)[1]["Body"]
    return dict(one.values)


def _bare(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if not is_bookkeeping(name)}


def _sent(stream: str, cloud: Cloud) -> dict[str, Any]:
    """The envelopes in a stream by their ids, in the order in which they first came."""
    found: dict[str, Any] = {}
    for shard in cloud.kinesis.streams[stream].shards.values():
        for entry in shard.entries:
            plain = _plain(json.loads(entry.text))
            if isinstance(plain, dict) and "specversion" in plain:
                found.setdefault(plain["id"], plain)
    return found


def _plain(raw: Mapping[str, Any]) -> Any:
    try:
        return json.loads(base64.b64decode(raw["kinesis"]["data"]))
    except ValueError:
        return None


def _check_order(one: Publication, sent: Mapping[str, Any]) -> None:
    """The occurrences of a unit come in their order, each for the first time."""
    stem = one.id.rpartition("/")[0]
    numbers = [int(id.rpartition("/")[2]) for id in sent if id.rpartition("/")[0] == stem]
    if numbers != sorted(numbers):
        raise Violation("I8", f"the occurrences {stem} came in the order {numbers}")
