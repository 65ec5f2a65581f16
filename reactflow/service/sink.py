"""A sink: where changes go, as one frozen value with one function.

``publish`` takes committed changes and makes them visible outside. It may be called again with the same ones, late, and
beside a rival; so a cell's row is written only over a lower number, and an occurrence carries a stable id. A sink never
sees a flow or a unit's state.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

if TYPE_CHECKING:
    from reactflow.cells import Readable
    from reactflow.service.output import Output, Row


@frozen
class Publication:
    """One committed change of an output, as a sink gets it.

    ``n`` counts the changes of this output for this unit, from 1. ``key`` holds the unit's key fields, after what
    ``by=`` keys the row by, and is part of ``values``; a bare cell's value is at its own name. ``kind``: ``row`` (a
    cell output's latest values), ``removal`` (the row is gone) or ``occurrence`` (one of a pulse output). ``bare``
    names the attribute that was bound alone (``Room.area >> sink``), else it is empty. ``envelope`` is the CloudEvent
    as plain data.
    """

    id: str
    n: int
    kind: Literal["row", "removal", "occurrence"]
    key: Mapping[str, Any]
    values: Mapping[str, Any]
    envelope: Mapping[str, Any]
    bare: str = ""


@frozen(kw_only=True)
class Sink(ABC):
    """Base of every sink; ``row(Room.area, limit=Room.peak) >> sink`` or ``Room.area >> sink`` makes an output."""

    @property
    @abstractmethod
    def destination(self) -> str:
        """What the sink writes, such as ``dynamodb/areas``."""

    @property
    def reach(self) -> str:
        """What of the destination is written: all of it, or a part such as ``s3/photos/thumbnails/``."""
        return self.destination

    @property
    def forgets(self) -> bool:
        """Whether nothing is left of a row that was removed, so that a write that comes late would bring it back."""
        return False

    def check(self, key_names: Sequence[str], output: Output) -> None:  # noqa: B027  # optional: a sink may take everything
        """Refuse an output that cannot be written here: raises BindingError with the remedy."""

    def confirm(self, publication: Publication) -> None:  # noqa: B027  # optional: a sink may take everything
        """Refuse a change that can never be written here, such as a number that the column has no room for.

        Raises RecordError that names what, the value and the remedy: the event that it comes from goes to quarantine,
        and nothing of it is applied. Pure, and without I/O: it is asked for each event, before anything is stored.
        The real ``n`` is not yet known then: the one that is shown may be larger.
        """

    def is_certain(self, columns: Mapping[str, Any]) -> bool:
        """Whether ``confirm`` is certain to take a row of these columns, where it has taken one of the same key.

        It is asked instead, event after event, so it must cost next to nothing; False is always right.
        """
        return False

    @abstractmethod
    def publish(self, batch: Sequence[Publication]) -> list[int]:
        """Write changes; return the places in ``batch`` of those that failed and may be tried again.

        Raises Transient when the sink is away, ConfigurationError for what will never work (a table that is missing).
        """

    def __rrshift__(self, values: Readable[Any] | Row) -> Output:
        # which speaks of sinks: imported late, to keep one way
        from reactflow.service.output import Output, Row

        return Output(row=values if isinstance(values, Row) else Row.bare(values), sink=self)
