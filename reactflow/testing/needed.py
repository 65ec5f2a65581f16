"""Which permissions a call of boto3 takes: the actions, on which ARNs, with what conditions may ask of.

The mapping is that of AWS's service authorization reference, for the services that reactflow calls; of any other call
it is the action of that name, on anything. It must not call AWS: what it has to know of a table, it asks for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from attrs import frozen

from reactflow.testing.grants import Need

Parameters = Mapping[str, Any]
PartitionKey = Callable[[str, str], str]
"""The name of the partition key of a table's index, "" for the table itself; empty where it is not known."""

_ITEMS: Final = {"GetItem": "Key", "DeleteItem": "Key", "UpdateItem": "Key", "PutItem": "Item"}
_PARTS: Final = {
    "Get": "GetItem", "Put": "PutItem", "Delete": "DeleteItem", "Update": "UpdateItem",
    "ConditionCheck": "ConditionCheckItem",
}  # fmt: skip
_WORD: Final = re.compile(r"(?<![:\w.])#?[A-Za-z_]\w*")
_NO_NAMES: Final = frozenset({
    "and", "or", "not", "in", "between", "begins_with", "contains", "size", "attribute_exists",
    "attribute_not_exists", "attribute_type",
})  # fmt: skip
_EQUAL: Final = re.compile(r"([#\w.-]+)\s*=\s*(:\w+)")


@frozen
class Place:
    """Where a call goes, and who knows what its parameters do not tell."""

    region: str
    account: str
    partition: str
    partition_key: PartitionKey
    iterators: Mapping[str, str]
    """The stream of each shard iterator that was handed out."""

    def arn(self, service: str, rest: str, *, is_global: bool = False) -> str:
        """The ARN of something of this account."""
        where = ":" if is_global else f"{self.region}:{self.account}"
        return rest if rest.startswith("arn:") else f"arn:{self.partition}:{service}:{where}:{rest}"


def needed(service: str, operation: str, given: Parameters, place: Place) -> list[Need]:
    """What a call takes; ``service`` is boto3's name of it, ``operation`` the API's (``PutItem``).

    >>> here = Place("eu-west-1", "123456789012", "aws", lambda table, index: "room", {})
    >>> for one in needed("s3", "PutObject", {"Bucket": "photos", "Key": "a", "IfMatch": "x"}, here):
    ...     print(one.action, one.resource)
    s3:PutObject arn:aws:s3:::photos/a
    s3:GetObject arn:aws:s3:::photos/a
    """
    made = _SERVICES.get(service, _other)(operation, given, place)
    return list(made) or [Need(f"{_PREFIXES.get(service, service)}:{operation}", "*")]


def missing_object(given: Parameters, place: Place) -> Need:
    """What it takes to be told that an object is not there, rather than that it is forbidden."""
    return Need("s3:ListBucket", _bucket(given, place), {**_owner(place), "s3:prefix": (given["Key"],)})


# -- DynamoDB ----------------------------------------------------------------------------------------------------


def _dynamodb(operation: str, given: Parameters, place: Place) -> Iterable[Need]:
    if operation in ("TransactWriteItems", "TransactGetItems"):
        for part in given["TransactItems"]:
            for kind, one in part.items():
                yield _item(_PARTS[kind], one, place)
    elif operation in ("BatchGetItem", "BatchWriteItem"):
        for table, wanted in given["RequestItems"].items():
            key = place.partition_key(table, "")
            items = wanted["Keys"] if operation == "BatchGetItem" else map(_written, wanted)
            leading = tuple(_text(item[key]) for item in items if key in item)
            yield _need(operation, _table(table, place), leading)
    elif operation in _ITEMS:
        yield _item(operation, given, place)
    elif operation in ("Query", "Scan"):
        index = given.get("IndexName", "")
        arn = _table(given["TableName"], place) + (f"/index/{index}" if index else "")
        asked = _asked(given, place.partition_key(given["TableName"], index)) if operation == "Query" else ()
        need = _need(operation, arn, asked)
        yield Need(need.action, arn, {**need.context, **_of_answer(given)})
    elif "TableName" in given:
        yield _need(operation, _table(given["TableName"], place), ())


def _item(operation: str, given: Parameters, place: Place) -> Need:
    key = place.partition_key(given["TableName"], "")
    item = given.get(_ITEMS.get(operation, "Key"), {})
    return _need(operation, _table(given["TableName"], place), (_text(item[key]),) if key in item else ())


def _need(operation: str, arn: str, leading: tuple[str, ...]) -> Need:
    return Need(f"dynamodb:{operation}", arn, {"dynamodb:LeadingKeys": leading} if leading else {})


def _written(request: Parameters) -> Parameters:
    found: Parameters = (
        request["PutRequest"]["Item"] if "PutRequest" in request else request["DeleteRequest"]["Key"]
    )
    return found


def _asked(given: Parameters, key: str) -> tuple[str, ...]:
    """The value that a query asks the partition key to have."""
    names = given.get("ExpressionAttributeNames", {})
    values = given.get("ExpressionAttributeValues", {})
    for name, value in _EQUAL.findall(given.get("KeyConditionExpression", "")):
        if names.get(name, name) == key and value in values:
            return (_text(values[value]),)
    return ()


def _of_answer(given: Parameters) -> dict[str, tuple[str, ...]]:
    """What conditions may ask of the answer to a query or scan: which attributes it is made of."""
    names = given.get("ExpressionAttributeNames", {})
    texts = [given.get(f"{each}Expression", "") for each in ("Projection", "Filter", "KeyCondition")]
    words = [each for text in texts for each in _WORD.findall(text) if each.lower() not in _NO_NAMES]
    found = {"dynamodb:Attributes": tuple(dict.fromkeys(names.get(each, each) for each in words))}
    if "Select" in given:
        found["dynamodb:Select"] = (given["Select"],)
    return {key: values for key, values in found.items() if values}


def _text(typed: Mapping[str, Any]) -> str:
    return str(next(iter(typed.values())))


def _table(name: str, place: Place) -> str:
    return place.arn("dynamodb", name if name.startswith("arn:") else f"table/{name}")


# -- streams and queues ------------------------------------------------------------------------------------------


def _streams(operation: str, given: Parameters, place: Place) -> Iterable[Need]:
    arn = given.get("StreamArn") or place.iterators.get(given.get("ShardIterator", ""))
    if arn:
        yield Need(f"dynamodb:{operation}", arn)


def _kinesis(operation: str, given: Parameters, place: Place) -> Iterable[Need]:
    arn = given.get("StreamARN") or place.iterators.get(given.get("ShardIterator", ""))
    if arn or "StreamName" in given:
        yield Need(f"kinesis:{operation}", arn or place.arn("kinesis", f"stream/{given['StreamName']}"))


def _sqs(operation: str, given: Parameters, place: Place) -> Iterable[Need]:
    name = given.get("QueueName") or given.get("QueueUrl", "").rstrip("/").rpartition("/")[2]
    if name:
        yield Need(f"sqs:{operation.removesuffix('Batch')}", place.arn("sqs", name))


# -- S3 ----------------------------------------------------------------------------------------------------------

_READS: Final = {"GetObject": "GetObject", "HeadObject": "GetObject", "DeleteObject": "DeleteObject"}
_LISTS: Final = {
    "ListObjects": "ListBucket", "ListObjectsV2": "ListBucket", "HeadBucket": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
}  # fmt: skip


def _s3(operation: str, given: Parameters, place: Place) -> Iterable[Need]:
    if "Bucket" not in given:
        return
    owner, bucket = _owner(place), _bucket(given, place)
    if operation in _LISTS:
        prefix = {"s3:prefix": (given["Prefix"],)} if "Prefix" in given else {}
        yield Need(f"s3:{_LISTS[operation]}", bucket, {**owner, **prefix})
        return
    if "Key" not in given:
        yield Need(f"s3:{operation}", bucket, owner)
        return
    thing = f"{bucket}/{given['Key']}"
    action = _READS.get(operation, operation)
    yield Need(f"s3:{action}{'Version' * (action in _READS and bool(given.get('VersionId')))}", thing, owner)
    if operation in ("PutObject", "DeleteObject") and given.get("IfMatch", "*") != "*":
        yield Need("s3:GetObject", thing, owner)  # a condition on what is there tells of it


def _bucket(given: Parameters, place: Place) -> str:
    return place.arn("s3", given["Bucket"], is_global=True)


def _owner(place: Place) -> dict[str, tuple[str, ...]]:
    return {"aws:ResourceAccount": (place.account,), "s3:ResourceAccount": (place.account,)}


def _other(operation: str, given: Parameters, place: Place) -> Iterable[Need]:
    return ()


_PREFIXES: Final = {"dynamodbstreams": "dynamodb", "events": "events"}
_SERVICES: Final[Mapping[str, Callable[[str, Parameters, Place], Iterable[Need]]]] = {
    "dynamodb": _dynamodb,
    "dynamodbstreams": _streams,
    "kinesis": _kinesis,
    "sqs": _sqs,
    "s3": _s3,
}
