"""A store in a DynamoDB table, for services that run on many machines: one item a unit, one conditional write a commit.

A write over another version than the one that was read is refused, and the refusal brings the item that is there, so
that nothing has to be read again. An answer that was lost is asked for again by botocore, and is then such a refusal,
with our own item. Throttling is waited out by botocore's standard mode, with jitter; where it lasts, it is Transient.
Reads are consistent: a warm host reads seldom, and a stale read costs a write.

Cases are kept in the same table, each under its id, longer ones in parts: one setting, one permission and no second
thing that may be away when a case has to be kept before its record is acknowledged. A bucket would have been cheaper
for cases of megabytes, which are rare. Parts are written before their case is, so that a case is whole or not there.

What a service needs of it: ``dynamodb:GetItem``, ``PutItem``, ``DeleteItem`` and ``Query`` on the table and on its
indexes, on ``LeadingKeys`` that begin with its name and a slash. Only ``units``, for windows that expire, needs
``Scan``, which has no leading keys, but asks for keys alone. How things are laid out is said in ``state_layout``.
"""

from __future__ import annotations

import hashlib
import heapq
import random
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from reactflow.aws.clients import client, error_code, speaking
from reactflow.aws.names import check_name, physical, shown
from reactflow.aws.state_layout import (
    GRAIN,
    ITEM,
    OWING,
    RANKED,
    case_key,
    contribution_attributes,
    contribution_key,
    definition,
    misfit,
    order_of,
    owing_partitions,
    part_keys,
    read_contribution,
    read_unit,
    unit_attributes,
    unit_key,
    unit_of,
)
from reactflow.errors import ConfigurationError, InternalError, StateError, Transient
from reactflow.service.decoding import short
from reactflow.service.item import Item
from reactflow.service.stores.store import MOST, Now, encode_for_put

if TYPE_CHECKING:
    from reactflow.service.contribution import Contribution
    from reactflow.service.quarantine import Case

IN_FLIGHT: Final = 16
LONGEST_PART: Final = 350_000  # characters of a case in one item, all of them ASCII
_PAGE: Final = 1000
_ATTEMPTS: Final = 5  # of a transaction that met another
_CANCELLED: Final = "TransactionCanceledException"
_CONFLICTS: Final = frozenset({
    "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded", "None"
})  # fmt: skip


class DynamoDBStore:
    """Keeps units and cases in the DynamoDB table ``table``; several services may share one.

    ``reactflow dev`` makes a table that is missing, and so does ``create()``. Of the units of a delivery at most
    ``in_flight`` (1 to 32) are read or written at once; ``now`` is the clock. Raises BindingError for what can be no
    table's name or number of calls. Nothing is asked of AWS before the first use.

    >>> DynamoDBStore("reactflow-state")
    DynamoDBStore('reactflow-state')
    """

    def __init__(self, table: str, *, in_flight: int = IN_FLIGHT, now: Now = time.time) -> None:
        check_name("DynamoDB", table)
        if type(in_flight) is not int or not 1 <= in_flight <= 32:
            raise ConfigurationError(
                f"DynamoDBStore({table!r}, in_flight={short(in_flight)}): say a number of calls from 1 to 32"
            )
        self.table, self.in_flight, self._now = table, in_flight, now

    def __repr__(self) -> str:
        return f"DynamoDBStore({self.table!r})"

    @property
    def resource(self) -> str:
        """The table, as errors speak of it."""
        return f"dynamodb/{self.table}"

    def create(self, *, max_seconds: float = 120.0) -> str:
        """Make the table where there is none, wait until it can be used, and return its ARN.

        Raises ConfigurationError for a table of that name that is none of ours, and for one that is not active in time.
        """
        dynamodb = client("dynamodb")
        try:
            with speaking(self.resource, "dynamodb:CreateTable"):
                dynamodb.create_table(TableName=physical(self.resource), **definition())
        except Transient as error:
            if error_code(error.__cause__ or error) != "ResourceInUseException":  # it is there
                raise
        deadline = time.monotonic() + max_seconds
        while True:
            with speaking(self.resource, "dynamodb:DescribeTable"):
                table = dynamodb.describe_table(TableName=physical(self.resource))["Table"]
            if wrong := misfit(table):
                raise ConfigurationError(
                    f"{shown(self.resource)} is no table of reactflow's state: {wrong}. Name another table"
                )
            if table["TableStatus"] == "ACTIVE":
                return str(table["TableArn"])
            if time.monotonic() > deadline:
                raise ConfigurationError(f"{self.resource} is not active after {max_seconds:g} s")
            time.sleep(
                min(0.5, max_seconds / 10)
            )  # a table takes seconds to be made, and only an answer tells of it

    # -- units --------------------------------------------------------------------------------------------------------

    def get(self, service: str, unit: str) -> Item | None:
        """See ``Store.get``."""
        there = self._get(unit_key(service, unit))
        return None if there is None else read_unit(there, service, unit, self.resource)

    def look(
        self, service: str, unit: str, names: Collection[tuple[str, str]]
    ) -> tuple[Item | None, dict[tuple[str, str], Contribution]]:
        """See ``Store.look``."""
        if not names:
            return self.get(service, unit), {}
        if len(names) > MOST:
            raise InternalError(f"unit {unit!r}: {len(names)} contributions at once, and {MOST} are the most")
        keys = [unit_key(service, unit), *(contribution_key(service, unit, *name) for name in names)]
        gets = [{"Get": {"TableName": physical(self.resource), "Key": key}} for key in keys]
        answer = self._transact("transact_get_items", "dynamodb:GetItem", gets)
        first, *others = (one.get("Item") for one in answer["Responses"])
        item = None if first is None else read_unit(first, service, unit, self.resource)
        found = [read_contribution(one, unit, self.resource) for one in others if one is not None]
        return item, {one.name: one for one in found}

    def put(
        self,
        service: str,
        unit: str,
        item: Item,
        expected_v: int,
        contributions: Sequence[Contribution] = (),
    ) -> Item | None:
        """See ``Store.put``."""
        data = encode_for_put(unit, item, expected_v, contributions)
        write = {
            "TableName": physical(self.resource),
            "Item": unit_attributes(service, unit, item, data, self._now()),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if expected_v:
            write |= {
                "ConditionExpression": "v = :v",
                "ExpressionAttributeValues": {":v": {"N": str(expected_v)}},
            }
        try:
            if not contributions:
                with self._speaking("dynamodb:PutItem"):
                    client("dynamodb").put_item(**write)
            else:
                others = [contribution_attributes(service, unit, one) for one in contributions]
                puts = [write, *({"TableName": physical(self.resource), "Item": one} for one in others)]
                self._transact("transact_write_items", "dynamodb:PutItem", [{"Put": one} for one in puts])
        except _RefusedError as refused:
            there = refused.item
            return Item() if there is None else read_unit(there, service, unit, self.resource)
        return None

    def ranked(
        self, service: str, unit: str, members: str, *, highest: bool, limit: int
    ) -> list[Contribution]:
        """See ``Store.ranked``."""
        rows = self._query(
            IndexName=RANKED,
            KeyConditionExpression="pk = :pk AND begins_with(#order, :members)",
            ExpressionAttributeNames={"#order": "order"},
            ExpressionAttributeValues={
                ":pk": unit_key(service, unit)["pk"],
                ":members": {"B": order_of(members)},
            },
            ScanIndexForward=not highest,
            ConsistentRead=True,
            Limit=min(limit, _PAGE),
        )
        found: list[Contribution] = []
        last = b""
        for row in rows:
            order = bytes(row["order"]["B"])
            if len(found) >= limit and order != last:  # what was cut to the same bytes is told apart below
                break
            found.append(read_contribution(row, unit, self.resource))
            last = order
        found.sort(key=lambda one: (one.rank or "", one.key), reverse=highest)
        return found[:limit]

    def units(self, service: str) -> Iterator[str]:
        """See ``Store.units``. It reads the whole table: for tools, not for handlers."""
        rows = self._pages(
            "scan",
            FilterExpression="sk = :item AND begins_with(pk, :service)",
            ExpressionAttributeValues={":item": {"S": ITEM}, ":service": {"S": f"{service}/"}},
            ProjectionExpression="pk",
            Select="SPECIFIC_ATTRIBUTES",  # as it is anyway; a policy can hold a scan to it
            ConsistentRead=True,
        )
        return iter(sorted(unit_of(row) for row in rows))

    def pending(self, service: str, idle: float) -> Iterator[str]:
        """See ``Store.pending``."""
        latest = int(self._now() - idle) - GRAIN

        def owing(partition: str) -> Iterator[tuple[int, str]]:
            rows = self._query(
                IndexName=OWING,
                KeyConditionExpression="owes = :owes AND since <= :latest",
                ExpressionAttributeValues={":owes": {"S": partition}, ":latest": {"N": str(latest)}},
            )
            return ((int(row["since"]["N"]), unit_of(row)) for row in rows)

        for _, unit in heapq.merge(*map(owing, owing_partitions(service))):
            yield unit

    # -- cases --------------------------------------------------------------------------------------------------------

    def keep(self, case: Case) -> None:
        """See ``Store.keep``."""
        content = case.to_bytes().decode("ascii")
        head = {**case_key(case.service, case.id), "at": {"N": str(int(self._now() * 1e6))}}
        if len(content) <= LONGEST_PART:
            head["case"] = {"S": content}
        else:
            # the parts are named by what they hold, so that two who keep one case never mix theirs
            parts = [content[at : at + LONGEST_PART] for at in range(0, len(content), LONGEST_PART)]
            digest = hashlib.sha256(content.encode()).hexdigest()
            for key, part in zip(part_keys(case.service, digest, len(parts)), parts, strict=True):
                with self._speaking("dynamodb:PutItem"):
                    client("dynamodb").put_item(
                        TableName=physical(self.resource), Item={**key, "part": {"S": part}}
                    )
            head |= {"digest": {"S": digest}, "parts": {"N": str(len(parts))}}
        try:
            with self._speaking("dynamodb:PutItem"):
                client("dynamodb").put_item(
                    TableName=physical(self.resource),
                    Item=head,
                    ConditionExpression="attribute_not_exists(pk)",
                )
        except _RefusedError:
            pass  # it is kept

    def cases(self, service: str) -> list[Case]:
        """See ``Store.cases``."""
        heads = list(
            self._query(
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": case_key(service, "")["pk"]},
                ConsistentRead=True,
            )
        )
        found = [(int(head.get("at", {}).get("N", 0)), self._case(service, head)) for head in heads]
        return [case for _, case in sorted(found, key=lambda one: (one[0], one[1].id))]

    def case(self, service: str, id: str) -> Case | None:
        """See ``Store.case``."""
        head = self._get(case_key(service, id))
        return None if head is None else self._case(service, head)

    def forget(self, service: str, ids: Collection[str]) -> None:
        """See ``Store.forget``."""
        for id in ids:
            head = self._delete(case_key(service, id))
            for key in _parts_of(service, head):
                self._delete(key)

    def close(self) -> None:
        """Nothing to let go of: clients are shared by the process."""

    def _case(self, service: str, head: Mapping[str, Any]) -> Case:
        from reactflow.service.quarantine import Case  # seldom

        whose = f"{self.resource}, case {head['sk']['S'].removeprefix('case/')!r} of service {service!r}"
        try:
            if "case" in head:
                return Case.from_bytes(head["case"]["S"].encode())
            parts = [self._get(key) or {} for key in _parts_of(service, head)]
            return Case.from_bytes("".join(part["part"]["S"] for part in parts).encode())
        except (KeyError, TypeError, ValueError) as error:
            raise StateError(f"{whose} cannot be read: it has no attribute {error}") from error
        except StateError as error:
            raise StateError(f"{whose}: {error}") from error

    # -- calls --------------------------------------------------------------------------------------------------------

    def _get(self, key: Mapping[str, Any]) -> dict[str, Any] | None:
        with self._speaking("dynamodb:GetItem"):
            answer = client("dynamodb").get_item(
                TableName=physical(self.resource), Key=key, ConsistentRead=True
            )
        found: dict[str, Any] | None = answer.get("Item")
        return found

    def _delete(self, key: Mapping[str, Any]) -> dict[str, Any]:
        with self._speaking("dynamodb:DeleteItem"):
            answer = client("dynamodb").delete_item(
                TableName=physical(self.resource), Key=key, ReturnValues="ALL_OLD"
            )
        return dict(answer.get("Attributes") or {})

    def _query(self, **arguments: Any) -> Iterator[dict[str, Any]]:
        return self._pages("query", **arguments)

    def _pages(self, operation: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """What a query or scan finds, page by page as it is asked for."""
        while True:
            with self._speaking(f"dynamodb:{operation.title()}"):
                answer = getattr(client("dynamodb"), operation)(
                    TableName=physical(self.resource), **arguments
                )
            yield from answer["Items"]
            if not answer.get("LastEvaluatedKey"):
                return
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _transact(self, operation: str, action: str, parts: Sequence[Mapping[str, Any]]) -> Any:
        """Run a transaction; one that met another is tried again, a little later each time."""
        attempt = 1
        while True:
            try:
                with self._speaking(action):
                    return getattr(client("dynamodb"), operation)(TransactItems=parts)
            except _ConflictError as conflict:
                if attempt == _ATTEMPTS:
                    raise Transient(f"{self.resource} is busy ({conflict}): tried again later") from conflict
            time.sleep(random.uniform(0, 0.02 * 2**attempt))  # by chance, so that the two do not meet again
            attempt += 1

    @contextmanager
    def _speaking(self, action: str) -> Iterator[None]:
        """Run one call; raises _RefusedError, _ConflictError, or what ``speaking`` raises, with this store's remedy."""
        try:
            with speaking(self.resource, action):
                yield
        except ConfigurationError as error:
            answer: dict[str, Any] = getattr(error.__cause__, "response", None) or {}
            code = error_code(error.__cause__ or error)
            if code == "ConditionalCheckFailedException":
                raise _RefusedError(answer.get("Item")) from error
            if code == _CANCELLED:
                self._cancelled(answer.get("CancellationReasons") or [], error)
            if code == "ResourceNotFoundException":
                raise ConfigurationError(
                    f"{shown(self.resource)}, where state is to be kept, does not exist: `reactflow dev` makes it on "
                    f"this machine; elsewhere make it once, with DynamoDBStore({self.table!r}).create()"
                ) from error
            if code == "ValidationException" and ("schema" in str(error) or "index" in str(error)):
                raise ConfigurationError(
                    f"{shown(self.resource)} is no table of reactflow's state: {error}. Name another table"
                ) from error
            raise

    def _cancelled(self, reasons: Sequence[Mapping[str, Any]], error: ConfigurationError) -> None:
        codes = [str(reason.get("Code", "None")) for reason in reasons]
        if "ConditionalCheckFailed" in codes:
            raise _RefusedError(reasons[codes.index("ConditionalCheckFailed")].get("Item")) from error
        if _CONFLICTS.issuperset(codes):
            raise _ConflictError(", ".join(sorted({*codes} - {"None"}))) from error


class _RefusedError(Exception):
    """A condition did not hold; ``item`` is what is there, None for nothing."""

    def __init__(self, item: dict[str, Any] | None) -> None:
        super().__init__("refused")
        self.item = item


class _ConflictError(Exception):
    """A transaction met another, or was throttled: nothing of it was done."""


def _parts_of(service: str, head: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    """The keys of the parts of a case that is too long for one item."""
    if "parts" not in head:
        return []
    return part_keys(service, head["digest"]["S"], int(head["parts"]["N"]))
