"""A service tried under its policy: calls to AWS that no statement allows are denied, before they are sent.

``with permitted(statements_of(service, settings)):`` has every client of reactflow ask the statements first, on the
embedded cloud or any other. What is not allowed fails with the error that AWS itself raises, which names the action
and the resource; an object that is missing is forbidden to whoever may not list its bucket, as on S3. It must not let
a call through that it does not know: no policy without ``*`` allows that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final, NoReturn

from reactflow.aws.clients import each_client
from reactflow.deploy.statement import Statement
from reactflow.local.cloud import ACCOUNT, REGION
from reactflow.testing.grants import Need, allowing, matches_arn
from reactflow.testing.needed import Place, missing_object, needed

_ASKED: Final = "reactflow-asked"  # where a call's parameters are kept until its answer
_BEFORE, _AFTER = "before-parameter-build.*.*", "after-call.*.*"
# Code and status of an answer that denies; S3 answers a HEAD without a word.
_DENIED: Final = {"s3": ("AccessDenied", 403), "sqs": ("AccessDenied", 403)}
_OTHERS: Final = ("AccessDeniedException", 400)


class Permissions:
    """What was asked of the statements while they were in force; see ``permitted``."""

    def __init__(self, statements: Iterable[Statement], account: str, region: str, role: str) -> None:
        self.region, self.account, self.role = region, account, role
        self.partition = "aws-cn" if region.startswith("cn-") else "aws"
        parameters = {"AWS::AccountId": account, "AWS::Region": region, "AWS::Partition": self.partition}
        self.statements = tuple(one.of(parameters) for one in statements)
        self.used: set[tuple[str, str]] = set()
        """Each statement's ``sid`` with each of its actions that allowed a call."""
        self.denied: list[Need] = []
        """What no statement allowed, in order."""
        self._iterators: dict[str, str] = {}
        self._keys: dict[tuple[str, str], str] = {}
        self._aside = threading.local()
        self._by_key = [
            resource
            for one in self.statements
            if any("dynamodb:LeadingKeys" in keys for keys in one.conditions.values())
            for resource in one.resources
        ]

    def may(self, need: Need) -> bool:
        """Whether a statement allows what is needed; it is noted either way."""
        found = allowing(self.statements, need)
        self.used.update(
            (one.sid, action) for one in found for action in one.actions if action == need.action
        )
        if not found:
            self.denied.append(need)
        return bool(found)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What this thread calls inside is not asked about: what an operator does, or the world."""
        before = getattr(self._aside, "is_on", False)
        self._aside.is_on = True
        try:
            yield
        finally:
            self._aside.is_on = before

    def watch(self, client: Any) -> Callable[[], None]:
        """Have a client of boto3 ask from now on; returns what ends that."""
        events, number = client.meta.events, f"reactflow-{id(self)}-{id(client)}"

        def before(params: Mapping[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
            context[_ASKED] = dict(params)
            if not getattr(self._aside, "is_on", False):
                self._before(client, model.name, params)

        def after(parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
            if _ASKED in context:
                self._after(client, model.name, context.pop(_ASKED), parsed)

        events.register_first(_BEFORE, before, unique_id=f"{number}-before")
        events.register_first(_AFTER, after, unique_id=f"{number}-after")

        def end() -> None:
            events.unregister(_BEFORE, before, unique_id=f"{number}-before")
            events.unregister(_AFTER, after, unique_id=f"{number}-after")

        return end

    def _before(self, client: Any, operation: str, params: Mapping[str, Any]) -> None:
        service = client.meta.service_model.service_name
        for need in needed(service, operation, params, self._place(client)):
            if not self.may(need):
                self._deny(client, service, operation, need)

    def _after(self, client: Any, operation: str, asked: Mapping[str, Any], parsed: dict[str, Any]) -> None:
        service = client.meta.service_model.service_name
        status = parsed.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if operation in ("GetShardIterator", "GetRecords") and status < 300:
            arn = next(iter(needed(service, operation, asked, self._place(client)))).resource
            self._iterators[parsed.get("NextShardIterator") or parsed.get("ShardIterator") or ""] = arn
        elif service == "s3" and operation in ("GetObject", "HeadObject") and status == 404:
            need = missing_object(asked, self._place(client))
            is_asked = not getattr(self._aside, "is_on", False)
            if is_asked and parsed.get("Error", {}).get("Code") != "NoSuchBucket" and not self.may(need):
                parsed["Error"] = self._error(service, operation, need)
                parsed["ResponseMetadata"] = {**parsed["ResponseMetadata"], "HTTPStatusCode": 403}

    def _deny(self, client: Any, service: str, operation: str, need: Need) -> NoReturn:
        error = self._error(service, operation, need)
        kind = client.exceptions.from_code(error["Code"])
        _, status = _DENIED.get(service, _OTHERS)
        raise kind({"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}, operation)

    def _error(self, service: str, operation: str, need: Need) -> dict[str, str]:
        if operation.startswith("Head"):
            return {"Code": "403", "Message": "Forbidden"}
        code, _ = _DENIED.get(service, _OTHERS)
        who = f"arn:{self.partition}:sts::{self.account}:assumed-role/{self.role}/{self.role}"
        arn = f'"{need.resource}"' if service == "s3" else need.resource
        return {
            "Code": code,
            "Message": f"User: {who} is not authorized to perform: {need.action} on resource: {arn} because no "
            f"identity-based policy allows the {need.action} action",
        }

    def _place(self, client: Any) -> Place:
        def partition_key(table: str, index: str) -> str:
            arn = place.arn("dynamodb", f"table/{table}") + (f"/index/{index}" if index else "")
            if not any(matches_arn(resource, arn) for resource in self._by_key):
                return ""  # no statement asks for it
            if (table, index) not in self._keys:
                self._learn(client, table)
            return self._keys.get((table, index), "")

        region = client.meta.region_name or self.region
        place = Place(region, self.account, self.partition, partition_key, self._iterators)
        return place

    def _learn(self, client: Any, table: str) -> None:
        """Ask the cloud, not the statements, for the keys of a table and its indexes; one that is missing has none."""
        with self.aside(), suppress(client.exceptions.ResourceNotFoundException):
            self._note(table, client.describe_table(TableName=table)["Table"])

    def _note(self, table: str, told: Mapping[str, Any]) -> None:
        indexes = [*told.get("LocalSecondaryIndexes", ()), *told.get("GlobalSecondaryIndexes", ())]
        for name, schema in [
            ("", told["KeySchema"]),
            *((one["IndexName"], one["KeySchema"]) for one in indexes),
        ]:
            self._keys[table, name] = next(
                part["AttributeName"] for part in schema if part["KeyType"] == "HASH"
            )


@contextmanager
def permitted(
    statements: Iterable[Statement],
    *,
    clients: Iterable[Any] = (),
    account: str = ACCOUNT,
    region: str = REGION,
    role: str = "function",
) -> Iterator[Permissions]:
    """Deny every call that the statements do not allow, of all of reactflow's clients in this process and of ``clients``.

    ``account``, ``region`` and ``role`` are where and as whom the policy is tried; they stand for its pseudo
    parameters. Yields what was asked: ``used`` and ``denied``. Raises ConfigurationError for a parameter of a statement
    that has no value, and for a condition that is not known.

    >>> from reactflow.local import Cloud
    >>> sqs = Cloud.at("http://127.0.0.1:4566").client("sqs")
    >>> with permitted([], clients=[sqs]) as permissions:
    ...     sqs.list_queues()
    Traceback (most recent call last):
        ...
    botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the ListQueues operation: User: arn:aws:sts::123456789012:assumed-role/function/function is not authorized to perform: sqs:ListQueues on resource: * because no identity-based policy allows the sqs:ListQueues action
    """  # noqa: E501  # AWS's words are one line
    permissions = Permissions(statements, account, region, role)
    ends: dict[int, Callable[[], None]] = {}

    def begin(client: Any) -> None:
        if id(client) not in ends:
            ends[id(client)] = permissions.watch(client)

    def end(client: Any) -> None:
        if stop := ends.pop(id(client), None):
            stop()

    with ExitStack() as stack:
        for one in clients:
            begin(one)
            stack.callback(end, one)
        stack.enter_context(each_client(begin, end))
        yield permissions
