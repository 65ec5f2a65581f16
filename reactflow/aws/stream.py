"""What the sources that are read as streams (Kinesis, DynamoDB) have in common.

Their options, where the unit's key is found in their records, and how their sequence numbers and times are
read. It must not know what a record of either looks like.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from reactflow.aws.origin import named
from reactflow.errors import BindingError, RecordError
from reactflow.service.decoding import short
from reactflow.service.options import as_paths, paths, text
from reactflow.service.source import Record, Source

_KEY = paths("say where a part of the unit's key is found", {"order": "id"})


@frozen(kw_only=True)
class StreamSource(Source):
    """Base of the sources that are read as streams.

    ``key`` says where parts of the unit's key are found, when not at their own names (``{"order": "id"}``).
    ``region`` refuses records of any other region.
    """

    key: Mapping[str, str] | None = field(default=None, converter=as_paths, validator=_KEY)
    region: str | None = field(default=None, validator=text("eu-west-1"))

    def key_paths(self, names: Sequence[str]) -> Mapping[str, str]:
        """Where each part of a unit's key is found; raises BindingError for a name that the key does not have."""
        given = self.key or {}
        if unknown := [name for name in given if name not in names]:
            raise BindingError(
                f"{self.resource}: key= speaks of {unknown[0]!r}, which is no part of the unit's key "
                f"({', '.join(names) or 'none'})"
            )
        return {name: given.get(name, name) for name in names}

    def paths_in(self, names: Sequence[str]) -> set[str]:
        """The paths at which the parts of a key are found; a name that is a path already stays one."""
        return {(self.key or {}).get(name, name) for name in names}


def padded(number: object, width: int, record: Record) -> str:
    """A record's sequence number in ``width`` digits; raises RecordError for what is none."""
    if not isinstance(number, str) or not number.isascii() or not number.isdigit() or len(number) > width:
        raise RecordError(f"{named(record)} has the sequence number {short(number)}: it should be digits")
    return number.zfill(width)
