"""Orders joined with payments: whatever order the two streams come in, each record once, the rows are the same."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import answers
from examples.payments import orders
from reactflow import MemoryStore, Service
from reactflow.service import Host
from tests.examples.arriving import Record, interleaved, lane
from tests.service.recording import Table, check_publications

Ordered = Sequence[tuple[str, str, str]]
Paid = Sequence[tuple[str, str]]


def service_on(table: Table) -> Service:
    """The example's service, writing to a table of the test's own."""
    (output,) = orders.outputs
    return evolve(orders, outputs=[evolve(output, sink=table)], store=MemoryStore())


def lanes_of(ordered: Ordered, *paid: Paid) -> list[list[Record]]:
    """One shard of orders, and the payments in a shard each."""
    states = [{"order": order, "customer": who, "total": float(total)} for order, who, total in ordered]
    told = [[{"id": order, "amount": float(amount)} for order, amount in shard] for shard in paid]
    return [
        lane("orders", *states, partition="order"),
        *(lane("payments", *shard, shard=number) for number, shard in enumerate(told)),
    ]


def answer(ordered: Ordered, *paid: Paid) -> dict[str, dict[str, Any]]:
    """What it should come to, computed plainly."""
    states = [(order, who, Decimal(total)) for order, who, total in ordered]
    return answers.payments(states, [(order, Decimal(amount)) for shard in paid for order, amount in shard])


def rows_of(table: Table) -> dict[str, dict[str, Any]]:
    return {
        one["order"]: {name: value for name, value in one.items() if name != "order"}
        for one in table.rows.values()
    }


def deliver(host: Host, records: Sequence[Record]) -> None:
    """What one stream's trigger delivers."""
    assert host.handle({"Records": list(records)}) == {"batchItemFailures": []}


ORDERED = [("o1", "ana", "30.10"), ("o2", "björn", "5"), ("o1", "ana", "30.30")]
PAID = [("o1", "10.10"), ("o1", "20.20")], [("o3", "7"), ("o2", "4")]


def test_every_order_of_two_streams_comes_to_the_same_rows_with_each_record_twice() -> None:
    wanted = answer(ORDERED, *PAID)
    assert [wanted[order]["settled"] for order in ("o1", "o2")] == [True, False]
    count = 0
    for arriving in interleaved(lanes_of(ORDERED, *PAID)):
        table = Table("orders")
        host = Host(service_on(table), MemoryStore())
        for place, record in enumerate(arriving):
            deliver(host, [record])
            deliver(host, [arriving[place // 2]])  # one that was there before
        assert rows_of(table) == wanted
        check_publications([table])
        count += 1
    assert count == 210  # 7! / (3! 2! 2!)


def test_a_payment_is_kept_for_an_order_that_is_not_there_yet() -> None:
    table = Table("orders")
    host = Host(service_on(table), MemoryStore())
    states, paid = lanes_of([("o1", "ana", "10")], [("o1", "4")])
    deliver(host, paid)
    assert rows_of(table) == {}
    deliver(host, states)
    assert rows_of(table)["o1"]["due"] == Decimal(6)


AMOUNTS = st.sampled_from(["0.1", "0.2", "12.34", "-5", "1000000.01"])
NAMES = st.sampled_from(["o1", "o2", "o3"])
PAYMENTS = st.lists(st.tuples(NAMES, AMOUNTS), max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(NAMES, st.sampled_from("ab"), AMOUNTS), max_size=6), PAYMENTS, PAYMENTS, st.data())
def test_any_deliveries_of_any_history_come_to_what_is_computed_plainly(
    ordered: Ordered, first: Paid, second: Paid, data: st.DataObject
) -> None:
    table = Table("orders")
    service = service_on(table)
    hosts = [Host(service, service.host.store) for _ in range(2)]  # two processes, each with its own memory
    lanes = lanes_of(ordered, first, second)
    done = [0] * len(lanes)
    while any(at < len(each) for at, each in zip(done, lanes, strict=True)):
        number = data.draw(st.sampled_from([n for n, each in enumerate(lanes) if done[n] < len(each)]))
        start = max(0, done[number] - data.draw(st.integers(0, 2)))  # some of it again
        end = done[number] + data.draw(st.integers(1, 3))
        deliver(hosts[data.draw(st.integers(0, 1))], lanes[number][start:end])
        done[number] = end
    assert rows_of(table) == answer(ordered, first, second)
    check_publications([table])


def test_the_two_streams_feed_cells_of_their_own() -> None:
    fed = {one.source.resource: set(one.feeds) for one in orders.bound}
    assert fed == {"kinesis/orders": {"customer", "total"}, "kinesis/payments": {"payment"}}
