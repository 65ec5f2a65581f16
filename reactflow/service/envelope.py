"""The envelope of an event between services: CloudEvents 1.0.

Source of the format: the CloudEvents specification, version 1.0.2, JSON format and the extensions named there
(distributed tracing, sequence). In a stream the envelope is the record's data, in a table an attribute of the item, on
an object its metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from reactflow.errors import RecordError
from reactflow.service.cloudevent import OPTIONAL, REMOVAL, attributes
from reactflow.service.decoding import short

LONGEST = 2048  # bytes of a text: it is kept with the unit, as a lane, or passed on
_NUMBER_WIDTH = 20  # digits: more changes than any output will ever have


@frozen(kw_only=True)
class Envelope:
    """One event of a service: what happened, to which unit, and what caused it.

    ``id`` is ``service/output/unit/destination/n``, stable over every retry; ``hops`` counts the services that the
    cause has come through.

    >>> from reactflow.service.cloudevent import ROW
    >>> event = Envelope(
    ...     id="rooms/area/r1/dynamodb:areas/1", source="/rooms", type=ROW, subject="r1", data={"area": 12.0}
    ... )
    >>> Envelope.from_json(event.to_json()) == event
    True
    """

    id: str
    source: str
    type: str
    subject: str = ""
    time: str = ""
    data: Mapping[str, Any] = field(factory=dict)
    traceparent: str = ""
    correlationid: str = ""
    causationid: str = ""
    sequence: str = ""
    hops: int = 0

    @property
    def is_removal(self) -> bool:
        """Whether it tells that a row is gone."""
        return self.type == REMOVAL

    def to_json(self) -> dict[str, Any]:
        """The envelope as plain data, empty attributes left out, as the JSON format of CloudEvents has it."""
        about = attributes(**{name: getattr(self, name) for name in ("id", "source", "type", *OPTIONAL)})
        return {**about, "datacontenttype": "application/json", "data": dict(self.data)}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Envelope:
        """Read an envelope; raises RecordError for an attribute that is missing, of the wrong type, or too long."""
        for name in ("id", "source", "type"):
            if not isinstance(plain.get(name), str) or not plain[name]:
                raise RecordError(f"the CloudEvent has no {name!r}: it is a required text", field=name)
        data, hops = plain.get("data", {}), plain.get("hops", 0)
        if not isinstance(data, Mapping):
            raise RecordError(
                f"the CloudEvent's 'data' is {type(data).__name__}, not an object", field="data"
            )
        if not isinstance(hops, int) or isinstance(hops, bool) or hops < 0:
            raise RecordError(f"the CloudEvent's 'hops' is {short(hops)}, not a count", field="hops")
        texts = ("subject", "time", "traceparent", "correlationid", "causationid", "sequence")
        given = {name: str(plain[name]) for name in texts if plain.get(name) is not None}
        made = cls(id=plain["id"], source=plain["source"], type=plain["type"], data=data, hops=hops, **given)
        for name in ("id", "source", "type", *texts):
            _check_text(getattr(made, name), name)
        return made

    @property
    def place(self) -> tuple[str, str] | None:
        """Lane and position of a change at its sender: what it was a change of, and its number; None when it has none.

        >>> from reactflow.service.cloudevent import ROW
        >>> Envelope(id="rooms/area/room=r1/kinesis:areas/7", source="/rooms", type=ROW, sequence="7").place
        ('edge/rooms/area/room=r1/kinesis:areas', '00000000000000000007')
        """
        lane, _, n = self.id.rpartition("/")
        if not lane or n != self.sequence or not (n.isascii() and n.isdigit()) or len(n) > _NUMBER_WIDTH:
            return None
        return f"edge/{lane}", n.zfill(_NUMBER_WIDTH)

    @staticmethod
    def is_one(plain: object) -> bool:
        """Whether plain data looks like a CloudEvent of reactflow's own types."""
        return (
            isinstance(plain, Mapping)
            and plain.get("specversion") == "1.0"
            and str(plain.get("type")).startswith("reactflow.")
        )


def _check_text(text: str, name: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise RecordError(
            f"the CloudEvent's {name!r} holds half of a surrogate pair: send whole text", field=name
        ) from None
    if size > LONGEST:
        raise RecordError(
            f"the CloudEvent's {name!r} has {size} bytes, and {LONGEST} are the most: {short(text)}",
            field=name,
        )
