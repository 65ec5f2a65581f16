"""The services that are put through faults, what is put on their stream, and the answer that has to come out.

Nothing about them forgives: a sum counts twice what comes twice, a digest tells the order, a log has a row for each
occurrence, and a second service is fed through a stream by the first. The answer is reckoned here by hand, record after
record, without a line of reactflow.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from attrs import field, frozen

from reactflow import Flow, Pulse, Service, System, fold, folds, pulse, row
from reactflow.aws import DynamoDB, Kinesis
from reactflow.cells.folds import Fold
from reactflow.local import Cloud
from reactflow.service.sink import Sink

PRIME = 1_000_003


def mix(digest: int, amount: int) -> int:
    """A step that tells the order: two amounts that change places give another digest."""
    return (digest * 31 + amount) % PRIME


IN_ORDER: Fold[int, int] = Fold(0, mix, name="in_order")


class Account(Flow):
    deposit: Pulse[int] = pulse()
    balance = fold(deposit, folds.sum)
    deposits = fold(deposit, folds.count)
    digest = fold(deposit, IN_ORDER)


class Audit(Flow):
    deposit: Pulse[int] = pulse()
    total = fold(deposit, folds.sum)
    digest = fold(deposit, IN_ORDER)


@frozen
class Names:
    """What a bank's streams and tables are called."""

    stream: str
    edge: str
    balances: str
    log: str
    audits: str

    @classmethod
    def of(cls, stem: str) -> Names:
        return cls(*(f"{stem}-{part}" for part in ("deposits", "edge", "balances", "log", "audits")))


def bank(names: Names, balances: Sink | None = None) -> System:
    """Accounts that are fed by a stream, and an audit that is fed by the accounts."""
    accounts = Service(
        Account,
        name="accounts",
        key="account",
        inputs=[Kinesis(names.stream, partition="account")],
        outputs=[
            row(Account.balance, Account.deposits, Account.digest) >> (balances or DynamoDB(names.balances)),
            row(Account.deposit, balance=Account.balance) >> DynamoDB(names.log),
            row(Account.deposit) >> Kinesis(names.edge, partition="account"),
        ],
    )
    audits = Service(
        Audit,
        name="audits",
        key="account",
        inputs=[Kinesis(names.edge, partition="account", fields={"deposit": "deposit"})],
        outputs=[row(Audit.total, Audit.digest) >> DynamoDB(names.audits)],
    )
    return System(accounts, audits)


@frozen
class Ledger:
    """What was put on the stream, account by account, in order."""

    put: dict[str, list[int]] = field(factory=dict)

    def deposit(self, cloud: Cloud, names: Names, chance: Random, count: int, *, accounts: int = 8) -> None:
        """Put some deposits on the stream, of accounts that are drawn."""
        drawn = [(f"a{chance.randrange(accounts)}", chance.randrange(1, 1000)) for _ in range(count)]
        self.give(cloud, names, drawn)

    def give(self, cloud: Cloud, names: Names, deposits: Iterable[tuple[str, int]]) -> None:
        """Put these deposits on the stream, in this order."""
        client = cloud.client("kinesis")
        for account, amount in deposits:
            self.put.setdefault(account, []).append(amount)
            data = json.dumps({"account": account, "deposit": amount}).encode()
            client.put_record(StreamName=names.stream, PartitionKey=account, Data=data)

    def balances(self) -> dict[str, dict[str, int]]:
        """What the table of balances has to hold."""
        found = {}
        for account, amounts in self.put.items():
            digest = 0
            for amount in amounts:
                digest = mix(digest, amount)
            found[account] = {"balance": sum(amounts), "deposits": len(amounts), "digest": digest}
        return found

    def log(self) -> dict[str, list[tuple[int, int]]]:
        """Of each account the occurrences that the log has to hold: the amount, and the balance with it."""
        return {
            account: [(amount, sum(amounts[: place + 1])) for place, amount in enumerate(amounts)]
            for account, amounts in self.put.items()
        }

    def audits(self) -> dict[str, dict[str, int]]:
        """What the table of audits has to hold."""
        return {
            account: {"total": one["balance"], "digest": one["digest"]}
            for account, one in self.balances().items()
        }

    def check(self, cloud: Cloud, names: Names, *, balances: bool = True) -> None:
        """Compare the tables with the answer: nothing lost, nothing doubled, nothing out of order."""
        if balances:
            assert rows(cloud, names.balances) == self.balances()
        assert rows(cloud, names.audits) == self.audits()
        assert logged(cloud, names.log) == self.log()


def rows(cloud: Cloud, table: str) -> dict[str, dict[str, int]]:
    """The rows of a table by account, without what reactflow keeps in them."""
    return {
        item["account"]["S"]: {
            name: int(value["N"])
            for name, value in item.items()
            if name != "account" and not name.startswith("_")
        }
        for item in scanned(cloud, table)
    }


def logged(cloud: Cloud, table: str) -> dict[str, list[tuple[int, int]]]:
    """The occurrences that a log holds, by account, in the order of their numbers, which have no holes."""
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for item in scanned(cloud, table):
        number = int(item["_id"]["S"].rpartition("/")[2])
        of_account = found.setdefault(item["account"]["S"], {})
        assert number not in of_account
        of_account[number] = (int(item["deposit"]["N"]), int(item["balance"]["N"]))
    for numbers in found.values():
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
    return {account: [numbers[n] for n in sorted(numbers)] for account, numbers in found.items()}


def scanned(cloud: Cloud, table: str) -> list[Mapping[str, Any]]:
    """All items of a table."""
    pages = cloud.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    return [item for page in pages for item in page["Items"]]
