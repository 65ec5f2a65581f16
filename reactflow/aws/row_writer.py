"""Rows in a DynamoDB table: each is written only over a lower number, an occurrence is written once.

A condition that fails is a success: something newer is there. The number is kept in ``_n`` and the envelope
in ``_event`` (its data is the row itself and is not kept twice). A row that is shared with others
(``shared``) has these two once for each output, ``_n:service/output``, and only the output's own attributes
are touched; after a removal the number stays there, so that even a late write changes nothing. It must not
read anything else of the row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import frozen

from reactflow.aws.attribute_values import write_item, write_key
from reactflow.aws.clients import client, error_code, speaking
from reactflow.aws.names import physical
from reactflow.aws.publishing import write_each
from reactflow.errors import BindingError, ConfigurationError, Transient
from reactflow.service.key import Key
from reactflow.service.sink import Publication

NUMBER = "_n"
EVENT = "_event"
ID = "_id"
UNIT = "unit"
_RIVALS = 8  # how often a shared row may change under our hands before the record is given back


def is_bookkeeping(name: str) -> bool:
    """Whether an attribute is ours and no field.

    >>> [is_bookkeeping(name) for name in ("_n", "_event:rooms/area", "_id", "_note", "area")]
    [True, True, True, False, False]
    """
    return name.partition(":")[0] in (NUMBER, EVENT, ID)


def unit_text(key: Mapping[str, Any]) -> str:
    """The text of a unit's key, the same that the unit is stored under.

    >>> unit_text({"site": "a/b", "line": 4, "day": "2026-11-23"})
    'site=a%2Fb,line=4,day=2026-11-23'
    """
    return Key.of({name: type(value) for name, value in key.items()}).unit(*key.values()).text


@frozen
class RowWriter:
    """Writes the publications of one table."""

    table: str
    keys: tuple[str, ...] | None = None
    shared: bool = False

    @property
    def destination(self) -> str:
        return f"dynamodb/{self.table}"

    def check(self, key_names: Sequence[str], *, is_log: bool = False) -> None:
        """Refuse a primary key that does not tell units apart, or in a log occurrences: raises BindingError."""
        if self.keys is None:
            return
        if is_log and ID not in self.keys:
            raise BindingError(
                f"{self.destination}: its key {self.keys!r} does not tell the occurrences of a unit apart, so that "
                f"only the first would be kept: make {ID!r} the sort key, as in keys=({self.keys[0]!r}, {ID!r})"
            )
        unknown = [name for name in self.keys if name not in (*key_names, UNIT, ID)]
        if unknown:
            raise BindingError(
                f"{self.destination}: its key {unknown[0]!r} is no field of the unit's key "
                f"({', '.join(key_names) or 'none'}): use those, or {UNIT!r} for the key's text"
            )
        if UNIT not in self.keys and (missing := [name for name in key_names if name not in self.keys]):
            raise BindingError(
                f"{self.destination}: its key {self.keys!r} leaves out {missing[0]!r}, so that two units "
                f"would write one row: add it, or make {UNIT!r} the partition key"
            )

    def key_attributes(self, key_names: Sequence[str], *, is_log: bool) -> tuple[str, ...]:
        """The names of the primary key's attributes, partition key first."""
        if self.keys is not None:
            return self.keys
        fits = len(key_names) == 1 or (len(key_names) == 2 and not is_log)
        names = tuple(key_names) if fits else (UNIT,)
        return (*names, ID) if is_log else names

    def primary_key(self, publication: Publication) -> dict[str, Any]:
        """The attributes that name the row of a publication, in plain values."""
        fields = publication.key
        names = self.key_attributes(tuple(fields), is_log=publication.kind == "occurrence")
        made: dict[str, Any] = {}
        for name in names:
            if name in fields:
                made[name] = fields[name]
            elif name == UNIT:
                if UNIT in publication.values:
                    raise ConfigurationError(
                        f"{self.destination}: the attribute {UNIT!r} holds the key's text, and the row "
                        f"{publication.id} has a value of that name: give the value another name in row(...)"
                    )
                made[name] = unit_text(fields)
            else:
                made[name] = publication.id
        return made

    def publish(self, batch: Sequence[Publication]) -> list[int]:
        """Write all; return the indices of those to be tried again."""

        def place(publication: Publication) -> str:
            return repr(sorted(self.primary_key(publication).items()))

        return write_each(batch, place, self._write)

    def encode(self, publication: Publication) -> tuple[dict[str, Any], dict[str, Any]]:
        """The typed attributes that name a row, and those that it is to have.

        Of a row that is shared, the second are what is set beside its key; of a removal they are none. Raises
        ConfigurationError for what DynamoDB can never keep.
        """
        what = f"{self.destination}, row {publication.id}"
        key = self.primary_key(publication)
        named = write_key(key, what)
        plain: dict[str, Any] = {}
        if self.shared and publication.kind != "occurrence":
            # The number comes first, so that the condition can name it: #s0.
            number, event = _own(publication)
            gone = publication.kind == "removal"
            values = {} if gone else {n: value for n, value in publication.values.items() if n not in key}
            about = {**_about(publication), "attributes": sorted(values)}
            plain = {number: publication.n, event: about, **values}
        elif publication.kind != "removal":
            plain = {**publication.values, NUMBER: publication.n, EVENT: _about(publication)}
            if publication.kind == "occurrence":
                plain[ID] = publication.id
        item = write_item({**plain, **key}, what)
        return named, {name: item[name] for name in plain} if self.shared else item

    def _write(self, publication: Publication) -> None:
        named, item = self.encode(publication)
        if publication.kind == "occurrence":
            self._guarded(
                "PutItem",
                Item={**item, **named},
                ConditionExpression="attribute_not_exists(#id)",
                ExpressionAttributeNames={"#id": ID},
            )
        elif self.shared:
            self._write_shared(publication, named, item)
        elif publication.kind == "removal":
            self._guarded("DeleteItem", Key=named, **_lower(NUMBER, publication.n))
        else:
            self._guarded("PutItem", Item=item, **_lower(NUMBER, publication.n))

    def _guarded(self, operation: str, **arguments: Any) -> bool:
        """Run a conditional write; False when its condition did not hold, for then something newer is there."""
        dynamodb = client("dynamodb")
        call: Callable[..., Any] = {
            "PutItem": dynamodb.put_item,
            "DeleteItem": dynamodb.delete_item,
            "UpdateItem": dynamodb.update_item,
        }[operation]
        try:
            with speaking(self.destination, f"dynamodb:{operation}"):
                call(TableName=physical(self.destination), **arguments)
        except ConfigurationError as error:
            if error_code(error.__cause__ or error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    # -- rows that are shared with others -----------------------------------------------------------------------------

    def _write_shared(self, publication: Publication, named: dict[str, Any], sets: Mapping[str, Any]) -> None:
        number, event = _own(publication)
        for _ in range(_RIVALS):
            exists, stored, written = self._look(named, number, event)
            if stored is not None and stored >= publication.n:
                return
            if publication.kind == "removal" and not exists:
                return  # nothing to take away; a number alone would make a row of nothing
            changes = _changes(sets, written)
            # The number that was read is compared with: what is to be removed was read together with it.
            changes["ConditionExpression"] = (
                "#s0 = :seen" if stored is not None else "attribute_not_exists(#s0)"
            )
            if stored is not None:
                changes["ExpressionAttributeValues"][":seen"] = {"N": str(stored)}
            if self._guarded("UpdateItem", Key=named, **changes):
                return
        raise Transient(
            f"{self.destination}, row {publication.id}: the row was changed by others {_RIVALS} times while it "
            "was written: tried again later"
        )

    def _look(self, named: dict[str, Any], number: str, event: str) -> tuple[bool, int | None, list[str]]:
        """Whether the row is there, our number on it, and which attributes we wrote last."""
        first = next(iter(named))
        with speaking(self.destination, "dynamodb:GetItem"):
            answer = client("dynamodb").get_item(
                TableName=physical(self.destination),
                Key=named,
                ConsistentRead=True,
                ProjectionExpression="#k, #n, #e.#a",
                ExpressionAttributeNames={"#k": first, "#n": number, "#e": event, "#a": "attributes"},
            )
        item = answer.get("Item") or {}
        written = item.get(event, {}).get("M", {}).get("attributes", {}).get("L", [])
        stored = int(item[number]["N"]) if number in item else None
        return bool(item), stored, [each["S"] for each in written]


def _lower(name: str, n: int) -> dict[str, Any]:
    return {
        "ConditionExpression": "attribute_not_exists(#n) OR #n < :n",
        "ExpressionAttributeNames": {"#n": name},
        "ExpressionAttributeValues": {":n": {"N": str(n)}},
    }


def _own(publication: Publication) -> tuple[str, str]:
    """Where the number and the envelope of an output stand in a row that is shared."""
    writer = "/".join(publication.id.split("/", 2)[:2])
    return f"{NUMBER}:{writer}", f"{EVENT}:{writer}"


def _about(publication: Publication) -> dict[str, Any]:
    return {name: value for name, value in publication.envelope.items() if name not in ("data", "previous")}


def _changes(sets: Mapping[str, Any], written: list[str]) -> dict[str, Any]:
    """The update that sets what the output has now and removes what it had before and has no more."""
    removed = [name for name in written if name not in sets]
    names = {f"#s{place}": name for place, name in enumerate(sets)}
    names |= {f"#r{place}": name for place, name in enumerate(removed)}
    update = "SET " + ", ".join(f"#s{place} = :s{place}" for place in range(len(sets)))
    if removed:
        update += " REMOVE " + ", ".join(f"#r{place}" for place in range(len(removed)))
    return {
        "UpdateExpression": update,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {f":s{place}": typed for place, typed in enumerate(sets.values())},
    }
