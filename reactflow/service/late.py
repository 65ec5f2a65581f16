"""Late records: what is told of one that came after its window's ``keep``, and where.

A late record changes no cell. It is an occurrence of an output of its own, ``late``, and goes the way of every other:
committed with the record's mark in the unit's item, then published, with the id ``service/late/unit/destination/n``. So
it survives a crash, and is told again only under the same id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from reactflow.errors import BindingError
from reactflow.service.decoding import decode_value
from reactflow.service.item import Pending, number_name
from reactflow.service.key import Key, UnitKey
from reactflow.service.outbox import Cause, as_publication, occurrence
from reactflow.service.output import LATE, Output, Row
from reactflow.service.window import Late

if TYPE_CHECKING:
    from reactflow.service.service import Service

COLUMNS: Final = ("record", "arrived", "removal")


def late_output(key: Key) -> Output | None:
    """The output that tells of late records, where the key's window has a sink for them.

    Its columns: ``record`` (the fields as they came), ``arrived`` (ISO text) and ``removal`` (whether it said that
    something is gone), beside the fields of the key. Raises BindingError for a key with fields of these names.
    """
    if key.window is None or key.window.late is None:
        return None
    for name in COLUMNS:
        if name in key.names:
            raise BindingError(
                f"the key's field {name!r} is also a column of what is told of late records: give the key's field "
                f"another name, and say where it is with key={{name: {name!r}}} on the input"
            )
    cells = {name: f"late {name}" for name in COLUMNS}  # no cell is named so
    made = Output(Row((), "late"), key.window.late, "late", cells, LATE)
    made.sink.check(key.names, made)
    return made


def late_change(
    service: Service, unit: UnitKey, output: Output, numbers: Mapping[str, int], late: Late, cause: Cause
) -> tuple[Pending, dict[str, int]]:
    """What is due for a late record, and the outputs' numbers after it.

    Raises RecordError for one that the sink can never write, StateError for one that cannot be stored.
    """
    counter = number_name(output.name, output.sink.destination)
    n = numbers.get(counter, 0) + 1
    record = decode_value(dict(late.fields), None, "a late record")
    values = {"record": record, "arrived": late.arrived, "removal": late.removal}
    pending = occurrence(service, unit, output, values, n, cause)
    output.sink.confirm(as_publication(service, pending))
    return pending, {**numbers, counter: n}
