"""A source: where events come from, as one frozen value with four functions.

``decode`` turns a record into a message, ``lane`` and ``position`` say where it stands in the order that the source
guarantees, ``acknowledge`` words what the trigger has to be told. A source promises nothing that its contract does not
state; it never looks into a flow and never keeps state. What a record means for the cells of a flow is the binding's
business (``binding``), when it is applied is the unit's (``unit``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from attrs import field, frozen

from reactflow.errors import Unfinished
from reactflow.service.options import as_paths, condition, one_of, paths, text

if TYPE_CHECKING:
    from reactflow.cells import Plan
    from reactflow.service.binding import Input, UnitEvent
    from reactflow.service.envelope import Envelope

Via = Literal["stream", "queue", "direct"]


@frozen
class Contract:
    """What a source may do to its records; bindings are checked against it.

    ``ordered``: within a lane, records arrive in the order of their positions. ``skips``: intermediate values may be
    missing, so that only the last one counts. ``replaces``: a record holds the whole value, so that an absent field is
    an absent value; otherwise a record is a patch, and an absent field leaves its cell alone. Every source may
    deliver a record more than once.
    """

    ordered: bool = True
    skips: bool = False
    replaces: bool = False


class Record(NamedTuple):
    """What a trigger hands over: one raw record, and what the trigger wants to hear of it.

    ``via`` is how it came: ``stream`` (the lowest unfinished one is reported), ``queue`` (every unfinished one is
    reported) or ``direct`` (asynchronous: nothing can be reported, only raised). ``receipt`` is the sequence number or
    message id to report. ``resource`` is ``kinesis/measurements``, ``dynamodb/employees`` or ``s3/photos``.
    ``unreadable`` says why no source can read it, when the envelope around it is broken already.
    """

    raw: Mapping[str, Any]
    resource: str
    via: Via = "stream"
    receipt: str = ""
    account: str = ""
    region: str = ""
    unreadable: str = ""


class Message(NamedTuple):
    """What a source read from a record: the fields now, and before where the source tells.

    ``new`` is None when the thing is gone; ``old`` is None when there was none before, or, with ``old_known`` false,
    when the source does not say.
    """

    new: Mapping[str, Any] | None
    old: Mapping[str, Any] | None = None
    old_known: bool = False
    time: datetime | None = None
    cause: Envelope | None = None


Reader: TypeAlias = "Callable[[Record], tuple[UnitEvent, str, str, float | None] | None]"
"""The quick way from a record to its event, lane, position and time (in seconds since 1970)."""


_FIELDS = paths("say which path in a record feeds which cell", {"length": "size.length"})


@frozen(kw_only=True)
class Source(ABC):
    """Base of every source, with the options that all of them share.

    Its four functions are ``decode``, ``lane``, ``position`` and ``acknowledge``; all else is what the binding asks.

    ``fields`` says which part of a record feeds which cell (``{cell: path}``, dots go into nested values); without it a
    field feeds the cell or pulse of its own name. ``where`` keeps only the records whose fields it accepts; one that no
    longer fits counts as a removal. ``extra="forbid"`` refuses records with fields that feed nothing. ``version`` is
    the path of a field that orders writes: a count from 0, a time in ISO text with its offset from UTC, or another
    text, which compares as text; ``order="arrival"`` takes records in the order in which they arrive.
    ``account`` refuses records of any other AWS account. ``start="latest"`` takes the occurrences of another service
    from whichever comes first; else an unordered source has to bring them from the first one on.

    Raises BindingError for an option of another kind.
    """

    fields: Mapping[str, str] | None = field(default=None, converter=as_paths, validator=_FIELDS)
    where: Callable[[Mapping[str, Any]], object] | None = field(default=None, validator=condition)
    extra: Literal["ignore", "forbid"] = field(default="ignore", validator=one_of("ignore", "forbid"))
    version: str | None = field(default=None, validator=text("updated_at"))
    order: Literal["arrival"] | None = field(default=None, validator=one_of(None, "arrival"))
    account: str | None = field(default=None, validator=text("123456789012"))
    start: Literal["latest"] | None = field(default=None, validator=one_of(None, "latest"))

    @property
    @abstractmethod
    def resource(self) -> str:
        """What the source reads, such as ``kinesis/measurements``."""

    @property
    def reach(self) -> str:
        """What of the resource is read: the resource, or a part of it such as ``s3/photos/in/``."""
        return self.resource

    @property
    @abstractmethod
    def contract(self) -> Contract:
        """What the source may do to its records."""

    def key_paths(self, names: Sequence[str]) -> Mapping[str, str]:
        """Where in a message's fields each part of the unit's key is found: ``{key name: path}``."""
        return {name: name for name in names}

    def feeds(self, plan: Plan) -> Mapping[str, str]:
        """Which source cells and pulses of a flow this source feeds, and from where: ``{cell: path}``."""
        if self.fields is not None:
            return self.fields
        from reactflow.cells import Kind  # the ground floor's names, needed only when a service is made

        return {
            node.name: node.name
            for node in plan.nodes
            if node.name and node.kind in (Kind.SOURCE, Kind.PULSE)
        }

    @abstractmethod
    def unit_is_one_lane(self, key_names: Sequence[str]) -> bool:
        """Whether all records of one unit are certain to be in one ordered lane."""

    def confirm_unit(self, record: Record, key_names: Sequence[str]) -> None:  # noqa: B027  # optional: it may be known
        """Compare a record with what ``unit_is_one_lane`` could only assume.

        Raises ConfigurationError when several lanes turn out to feed the unit: the binding is wrong, not the record.
        """

    @abstractmethod
    def decode(self, record: Record) -> Message | None:
        """Read a record; None when it is not for this input (it is counted as filtered).

        Raises RecordError for a record that cannot be read, with the key's fields where they could be.
        """

    def reader(self, bound: Input) -> Reader | None:
        """What reads, for an input of this source, records in which nothing is out of the ordinary.

        It gives what ``decode``, the binding, ``lane`` and ``position`` give together, or None for a record that they
        have to look at; there need not be any.
        """
        return None

    @abstractmethod
    def lane(self, record: Record) -> str:
        """The finest thing for which the source guarantees order, as text."""

    @property
    def retention(self) -> int:
        """For how many days at most a record may come again."""
        return 365

    @property
    def has_few_lanes(self) -> bool:
        """Whether there are so few lanes that each may be watched for itself."""
        return False

    def part_of_lane(self, record: Record) -> str:
        """What tells the parts of a lane apart that may be delivered side by side; empty when it comes as one."""
        return ""

    @abstractmethod
    def position(self, record: Record) -> str:
        """The record's place in its lane: text of fixed width that compares as text."""

    def acknowledge(self, records: Sequence[Record], unfinished: Collection[int]) -> object:
        """What the trigger is told, given the places in ``records`` of those that have to come again."""
        return report(records, unfinished)


def report(records: Sequence[Record], unfinished: Collection[int]) -> dict[str, list[dict[str, str]]]:
    """Word an answer as Lambda's partial batch response.

    A stream is told the lowest unfinished record (it delivers that one and all after it again), a queue every
    unfinished message. What came directly cannot be told: raises Unfinished, so that the whole event comes again.

    >>> records = [Record({}, "kinesis/s", receipt="11"), Record({}, "kinesis/s", receipt="12")]
    >>> report(records, {1})
    {'batchItemFailures': [{'itemIdentifier': '12'}]}
    >>> report(records, ())
    {'batchItemFailures': []}
    """
    failed = [records[place] for place in sorted(unfinished)]
    if any(record.via == "direct" for record in failed):
        raise Unfinished(
            f"{len(failed)} of {len(records)} records could not be finished: the event has to come again"
        )
    if failed and failed[0].via == "stream":
        failed = failed[:1]
    receipts = dict.fromkeys(record.receipt for record in failed)
    return {"batchItemFailures": [{"itemIdentifier": receipt} for receipt in receipts]}


def moment(seconds: object) -> datetime | None:
    """The time that seconds since 1970 stand for, in UTC; None for what is no time.

    >>> moment(0).isoformat(), moment("now")
    ('1970-01-01T00:00:00+00:00', None)
    """
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool):
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):
            return None
    return None
