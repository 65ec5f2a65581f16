"""Gathering: how an input's records become contributions to the members of a flow.

A record of an input that feeds members says of one contribution to each of them that it has a value, or that it is
gone. What tells the contribution is found here, and who may speak of it; when it is accepted is decided where it is
kept (``contributing``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from reactflow.cells.rank import rank_of
from reactflow.errors import BindingError, RecordError
from reactflow.service.contribution import Said
from reactflow.service.conversion import converter
from reactflow.service.decoding import ABSENT, decode_value, read_path, short
from reactflow.service.key import Key
from reactflow.service.scalars import Converter, Mismatch

if TYPE_CHECKING:
    from reactflow.cells import Plan
    from reactflow.service.source import Message, Source

_TYPES: Final = (None, Any, int, float, Decimal, str, date, datetime)


@frozen
class Gathering:
    """One cell of members that an input feeds: ``id`` tells its contributors apart, ``path`` is where the value is.

    ``is_alone`` says that one lane alone may speak of a contribution; ``is_told`` that only a sender of ours tells its
    order, by its own number.
    """

    members: str
    resource: str
    id: Key
    path: str
    type: Any
    is_alone: bool
    is_told: bool
    convert: Converter = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "convert", converter(self.type))

    def key_of(self, fields: Mapping[str, Any]) -> str:
        """What tells a contribution from all others: what it comes in by, and its id. Raises RecordError."""
        try:
            id = self.id.read(fields, {})
        except RecordError as error:
            said = f"the id of a contribution to {self.members!r}: {str(error).replace('the key', 'the id')}"
            raise RecordError(said, field=error.field) from error
        return f"{self.resource}|{id.values[0] if len(id.values) == 1 else id.text}"

    def said(self, fields: Mapping[str, Any], message: Message, *, is_gone: bool) -> Said:
        """What fields say of their contribution; one without a value is gone. Raises RecordError for a value unfit."""
        is_alone = self.is_alone or message.cause is not None
        key = self.key_of(fields)
        value = ABSENT if is_gone else read_path(fields, self.path)
        if value is ABSENT:
            return Said(self.members, key, None, None, is_alone)
        what = f"field {self.path!r} of {self.resource}"
        if value is None:
            raise RecordError(
                f"{what} is null, and {self.members!r} takes values: leave the field out when there is none",
                field=self.path,
            )
        try:
            decoded = self.convert(value)
        except Mismatch:  # once more, for the error that says where
            decoded = decode_value(value, self.type, what, field=self.path)
        try:
            if isinstance(decoded, bool):
                raise TypeError("a truth value is no number: contribute 0 or 1")
            return Said(self.members, key, decoded, rank_of(decoded), is_alone)
        except (TypeError, ValueError) as error:
            raise RecordError(f"{what} is {short(decoded)}: {error}", field=self.path) from error

    def check(self, message: Message) -> None:
        """Refuse a message that nothing orders among those of its contributor: raises RecordError."""
        if self.is_told and (message.cause is None or message.cause.place is None):
            raise RecordError(
                f"a record of {self.resource} that is no event of a service has no number of its contributor, and "
                f"the stream is not partitioned by what tells it ({', '.join(self.id.names)}): send it through a "
                "service, or say partition= on the input"
            )


def gatherings(source: Source, plan: Plan, feeds: Mapping[str, str], key: Key) -> tuple[Gathering, ...]:
    """The members that a source feeds; raises BindingError with the remedy for what cannot work."""
    named = {name: path for name, path in feeds.items() if plan[name].gathered is not None}
    if not named:
        return ()
    first = next(iter(named))
    if other := next((name for name in feeds if name not in named), ""):
        raise BindingError(
            f"{source.resource} feeds the members {first!r} and also {other!r}: a record says either what a "
            f"contributor contributes, or what the unit itself is. Say fields={{{first!r}: {named[first]!r}}} on this "
            f"input, and feed {other!r} by another one"
        )
    if source.contract.skips:
        raise BindingError(
            f"{source.resource} brings objects, and the members {first!r} take numbers, texts or dates"
        )
    for option in ("version", "order"):
        if getattr(source, option) is not None:
            raise BindingError(
                f"{source.resource} has {option}=, and feeds the members {first!r}, of which each contribution is "
                f"ordered by its contributor's own number: leave {option}= out"
            )
    return tuple(_gathering(source, plan, name, path, key) for name, path in named.items())


def _gathering(source: Source, plan: Plan, name: str, path: str, key: Key) -> Gathering:
    gathered = plan[name].gathered
    if gathered is None or not gathered.id:
        raise BindingError(
            f"{source.resource} feeds the members {name!r}, and these do not say what tells a contributor, nor where "
            f'its value is: write {name} = members("room", "area")'
        )
    if gathered.type not in _TYPES:
        shown = getattr(gathered.type, "__name__", str(gathered.type))
        raise BindingError(
            f"the members {name!r} are of {shown}: they take int, float, Decimal, str, date or datetime"
        )
    id = Key.of(gathered.id)
    is_one_lane = source.unit_is_one_lane((*key.plain_names, *id.names)) and source.contract.ordered
    if source.contract.replaces and not is_one_lane:
        raise BindingError(
            f"{source.resource}: several items may be one contribution to {name!r}, and nothing orders them: name the "
            f"attributes of the primary key in members(...), beside those of the service's key"
        )
    return Gathering(
        name, source.resource, id, path, gathered.type, source.contract.replaces, not is_one_lane
    )
