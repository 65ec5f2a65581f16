"""A stand-in for DynamoDB on this machine: tables in memory behind its protocol, and conditions that hold or do not.

It does what the functions that are measured ask for (GetItem, PutItem, UpdateItem with SET, DeleteItem), and answers as
DynamoDB does. It takes a fraction of a millisecond a call, where an emulator takes ten: both sides of a comparison use
it, so that neither waits for it much. What it is asked is counted. It must not be used to show that something works.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

Item: TypeAlias = dict[str, dict[str, Any]]

_TOKEN = re.compile(r"\s*(\(|\)|,|=|<>|<=|>=|<|>|[#:]?[A-Za-z_][\w.]*)")


class Tables:
    """Tables by name, with the names of their keys, and how often each call was made."""

    def __init__(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        self.keys = dict(keys)
        self.rows: dict[str, dict[tuple[str, ...], Item]] = {}
        self.calls: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Empty all tables, and forget what was counted."""
        with self._lock:
            self.rows = {name: {} for name in self.keys}
            self.calls = Counter()

    def call(self, operation: str, asked: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """The HTTP status and the answer to one call."""
        table = asked["TableName"]
        with self._lock:
            rows = self.rows[table]
            self.calls[f"{operation} {table}"] += 1
            named = asked["Item"] if operation == "PutItem" else asked["Key"]
            key = tuple(json.dumps(named[name]) for name in self.keys[table])
            there = rows.get(key)
            if operation == "GetItem":
                return 200, {} if there is None else {"Item": there}
            condition = asked.get("ConditionExpression")
            if condition and not holds(condition, there or {}, asked):
                refused: dict[str, Any] = {"__type": "#ConditionalCheckFailedException", "message": "refused"}
                if there is not None and asked.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
                    refused["Item"] = there
                return 400, refused
            if operation == "PutItem":
                rows[key] = asked["Item"]
            elif operation == "DeleteItem":
                rows.pop(key, None)
            elif operation == "UpdateItem":
                rows[key] = {**(there or asked["Key"]), **_sets(asked)}
            else:
                return 400, {"__type": "#UnknownOperationException", "message": operation}
            return 200, {}


def _sets(asked: Mapping[str, Any]) -> Item:
    """What an update of the form ``SET #a = :a, #b = :b`` sets."""
    names, values = asked.get("ExpressionAttributeNames", {}), asked["ExpressionAttributeValues"]
    pairs = [one.split("=") for one in asked["UpdateExpression"].removeprefix("SET ").split(",")]
    return {names.get(name.strip(), name.strip()): values[value.strip()] for name, value in pairs}


def holds(condition: str, item: Item, asked: Mapping[str, Any]) -> bool:
    """Whether a condition holds of an item: comparisons, ``attribute_exists``, ``AND``, ``OR`` and parentheses.

    >>> asked = {"ExpressionAttributeNames": {"#n": "_n"}, "ExpressionAttributeValues": {":n": {"N": "10"}}}
    >>> guard = "attribute_not_exists(#n) OR #n < :n"
    >>> [holds(guard, item, asked) for item in ({}, {"_n": {"N": "9"}}, {"_n": {"N": "10"}})]
    [True, True, False]
    """
    tokens = _TOKEN.findall(condition)[::-1]
    names, values = asked.get("ExpressionAttributeNames", {}), asked.get("ExpressionAttributeValues", {})

    def either() -> bool:
        found = both()
        while tokens and tokens[-1].upper() == "OR":
            tokens.pop()
            found = both() or found
        return found

    def both() -> bool:
        found = one()
        while tokens and tokens[-1].upper() == "AND":
            tokens.pop()
            found = one() and found
        return found

    def one() -> bool:
        token = tokens.pop()
        if token == "(":
            found = either()
            tokens.pop()
            return found
        if token in ("attribute_exists", "attribute_not_exists"):
            _, name, _ = tokens.pop(), tokens.pop(), tokens.pop()
            return (names.get(name, name) in item) is (token == "attribute_exists")
        compared, value = tokens.pop(), values[tokens.pop()]
        there = item.get(names.get(token, token))
        if there is None or there.keys() != value.keys():
            return False
        (kind, left), (_, right) = next(iter(there.items())), next(iter(value.items()))
        if kind == "N":
            left, right = float(left), float(right)
        return bool({"=": left == right, "<": left < right, ">": left > right}[compared])

    return either()


class StandIn:
    """Tables behind an address on this machine, for the length of a ``with`` block."""

    def __init__(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        self.tables = tables = Tables(keys)

        class Answering(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, answer = tables.call(self.headers["X-Amz-Target"].rpartition(".")[2], asked)
                body = json.dumps(answer).encode()
                head = (
                    f"HTTP/1.1 {status} OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n"
                )
                self.wfile.write(head.encode() + body)

            def setup(self) -> None:
                super().setup()
                self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self._server.daemon_threads = True

    @property
    def endpoint(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> StandIn:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
