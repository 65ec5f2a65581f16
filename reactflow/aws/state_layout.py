"""How a DynamoDB table keeps state: its keys and indexes, and what each of its items holds.

============== ==================== ================= ==============================================
what           ``pk``               ``sk``            beside it
============== ==================== ================= ==============================================
a unit         ``rooms/room=r1``    ``item``          ``v``, ``item``; ``owes``, ``since`` if it owes
a contribution its unit's           ``c/members/key`` ``order`` unless it is gone
a case         ``rooms/cases``      ``case/ID``       ``at``, ``case`` or the number of its ``parts``
a part of one  ``rooms/cases/HASH`` ``0001``          ``part``
============== ==================== ================= ==============================================

Every ``pk``, also that of the index of units that owe changes, begins with the service's name and a slash, which no
name holds: the condition ``dynamodb:LeadingKeys`` on ``rooms/*`` allows one service and no other.

Contributions are found by name and read in order of value. The first is their key, the second a local index, for such
an index can be read consistently; those that are gone are not in it. Road not taken: a second item for the order, which
would halve how many find room in one transaction.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from reactflow.errors import Unreadable
from reactflow.service.item import Item

if TYPE_CHECKING:
    from reactflow.service.contribution import Contribution

Attributes = Mapping[str, Any]

PARTITION: Final = "pk"
SORT: Final = "sk"
RANKED: Final = "ranked"  # the index of contributions in the order of their values
OWING: Final = "owing"  # the index of units that owe changes, by the time of their last write
ITEM: Final = "item"
SPREAD: Final = 8  # over so many partitions a service's units that owe changes are spread
GRAIN: Final = 60  # seconds: a unit that is written all the time is moved in that index so seldom
LONGEST: Final = 1024  # bytes of a sort key
_INDEXED: Final = {PARTITION: "S", SORT: "S", "order": "B", "owes": "S", "since": "N"}


def definition() -> dict[str, Any]:
    """What a new table is made with, as ``create_table`` takes it, beside its name."""

    def schema(*names: str) -> list[dict[str, str]]:
        return [
            {"AttributeName": name, "KeyType": kind}
            for name, kind in zip(names, ("HASH", "RANGE"), strict=True)
        ]

    ranked, owing = schema(PARTITION, "order"), schema("owes", "since")
    return {
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": schema(PARTITION, SORT),
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in _INDEXED.items()
        ],
        "LocalSecondaryIndexes": [
            {"IndexName": RANKED, "KeySchema": ranked, "Projection": {"ProjectionType": "ALL"}}
        ],
        "GlobalSecondaryIndexes": [
            {"IndexName": OWING, "KeySchema": owing, "Projection": {"ProjectionType": "KEYS_ONLY"}}
        ],
    }


def misfit(table: Attributes) -> str:
    """What of a table, as ``describe_table`` tells it, is not as a state table has it; empty when all is."""
    wanted = definition()
    if table["KeySchema"] != wanted["KeySchema"]:
        names = ", ".join(part["AttributeName"] for part in table["KeySchema"])
        return f"its primary key is ({names}), not ({PARTITION}, {SORT})"
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    for kind in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
        there = {one["IndexName"]: one["KeySchema"] for one in table.get(kind) or ()}
        for index in wanted[kind]:
            if there.get(index["IndexName"]) != index["KeySchema"]:
                return f"it has no index {index['IndexName']!r} as state needs it"
    wrong = [name for name, kind in _INDEXED.items() if types.get(name) != kind]
    return f"its attribute {wrong[0]!r} is not of type {_INDEXED[wrong[0]]}" if wrong else ""


# -- units ------------------------------------------------------------------------------------------------------------


def unit_key(service: str, unit: str) -> dict[str, Any]:
    """The primary key of a unit's item.

    >>> unit_key("rooms", "room=r1")
    {'pk': {'S': 'rooms/room=r1'}, 'sk': {'S': 'item'}}
    """
    return {PARTITION: {"S": f"{service}/{unit}"}, SORT: {"S": ITEM}}


def unit_attributes(service: str, unit: str, item: Item, data: bytes, now: float) -> dict[str, Any]:
    """A unit's item as the table keeps it; ``data`` is ``item`` as bytes, which are text."""
    made = {**unit_key(service, unit), "v": {"N": str(item.v)}, "item": {"S": data.decode()}}
    if item.owes:
        since = int(now) // GRAIN * GRAIN
        made |= {"owes": {"S": owing_partition(service, unit)}, "since": {"N": str(since)}}
    return made


def read_unit(attributes: Attributes, service: str, unit: str, where: str) -> Item:
    """The item that a table keeps; raises Unreadable, which begins with ``where``, for anything else."""
    whose = f"{where}, service {service!r}"
    try:
        v, data = attributes["v"]["N"], attributes["item"]["S"]
    except (KeyError, TypeError) as error:
        raise Unreadable(
            f"{whose}: the item of unit {unit!r} is none of reactflow's: it has no attribute {error} of the right type"
        ) from error
    try:
        item = Item.from_bytes(data.encode(), unit)
    except Unreadable as error:
        raise Unreadable(f"{whose}: {error}") from error
    if str(item.v) != v:
        raise Unreadable(f"{whose}: unit {unit!r} has version {v} and says {item.v}")
    return item


def owing_partition(service: str, unit: str) -> str:
    """Where in the index a unit is found while it owes changes."""
    return owing_partitions(service)[zlib.crc32(unit.encode()) % SPREAD]


def owing_partitions(service: str) -> list[str]:
    """All partitions of the index that hold units of a service."""
    return [f"{service}/{place}" for place in range(SPREAD)]


# -- contributions ----------------------------------------------------------------------------------------------------


def contribution_key(service: str, unit: str, members: str, key: str) -> dict[str, Any]:
    """The primary key of a contribution."""
    return {PARTITION: {"S": f"{service}/{unit}"}, SORT: {"S": fitting("c", f"{members}/{key}")}}


def contribution_attributes(service: str, unit: str, one: Contribution) -> dict[str, Any]:
    """A contribution as the table keeps it."""
    made = {
        **contribution_key(service, unit, one.members, one.key),
        "members": {"S": one.members}, "key": {"S": one.key}, "data": {"S": one.to_bytes().decode()},
    }  # fmt: skip
    if one.rank is not None:
        made |= {"rank": {"S": one.rank}, "order": {"B": order_of(one.members, one.rank, one.key)}}
    return made


def read_contribution(attributes: Attributes, unit: str, where: str) -> Contribution:
    """The contribution that a table keeps; raises Unreadable for anything else."""
    from reactflow.service.contribution import Contribution  # of flows with members

    try:
        members, key = attributes["members"]["S"], attributes["key"]["S"]
        rank = attributes["rank"]["S"] if "rank" in attributes else None
        return Contribution.from_bytes(members, key, rank, attributes["data"]["S"].encode())
    except (KeyError, TypeError) as error:
        raise Unreadable(
            f"{where}: a contribution to unit {unit!r} is none of reactflow's: it has no attribute {error} of the "
            "right type"
        ) from error
    except Unreadable as error:
        raise Unreadable(f"{where}, unit {unit!r}: {error}") from error


def order_of(*texts: str) -> bytes:
    """Bytes that compare as the texts do, one after another, cut to what a sort key takes.

    >>> order_of("rooms", "ta", "r2") < order_of("rooms", "ta\\0", "r1") < order_of("rooms", "tb", "r1")
    True
    """
    return b"".join(text.encode().replace(b"\0", b"\0\xff") + b"\0\1" for text in texts)[:LONGEST]


# -- what else is kept ------------------------------------------------------------------------------------------------


def case_key(service: str, id: str) -> dict[str, Any]:
    """The primary key of a case."""
    return {PARTITION: {"S": f"{service}/cases"}, SORT: {"S": fitting("case", id)}}


def part_keys(service: str, digest: str, number: int) -> Sequence[dict[str, Any]]:
    """The primary keys of the parts of a case that is too long for one item; ``digest`` is that of its content."""
    return [
        {PARTITION: {"S": f"{service}/cases/{digest}"}, SORT: {"S": f"{place:04}"}}
        for place in range(1, number + 1)
    ]


def fitting(kind: str, text: str) -> str:
    """A sort key for a text of this kind: the text itself, or its hash where it is too long.

    >>> fitting("c", "rooms/kinesis|r1"), len(fitting("c", "x" * 2000))
    ('c/rooms/kinesis|r1', 66)
    """
    whole = f"{kind}/{text}"
    if len(whole.encode()) <= LONGEST:
        return whole
    return f"{kind}#{hashlib.sha256(text.encode()).hexdigest()}"


def unit_of(row: Mapping[str, Any]) -> str:
    """The unit that a row is of."""
    return str(row["pk"]["S"]).partition("/")[2]
