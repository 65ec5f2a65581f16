"""Join two streams: orders and what was paid for them, one live graph for each order, in whatever order they come."""

from __future__ import annotations

from decimal import Decimal

from reactflow import Cell, Flow, Pulse, Service, cell, fold, folds, pulse, row
from reactflow.aws import DynamoDB, Kinesis


class Order(Flow):
    """One order: its latest state, and every payment for it."""

    customer: Cell[str] = cell()
    total: Cell[Decimal] = cell()
    payment: Pulse[Decimal] = pulse()
    payments = fold(payment, folds.count)
    paid = fold(payment, folds.sum)
    due = total - paid
    settled = due.map(lambda due: due <= 0)


orders = Service(
    Order,
    name="orders",
    key="order",
    inputs=[
        Kinesis("orders", partition="order", fields={"customer": "customer", "total": "total"}),
        Kinesis(
            "payments", key={"order": "id"}, fields={"payment": "amount"}
        ),  # in as many lanes as it likes
    ],
    outputs=[
        row(Order.customer, Order.total, Order.payments, Order.paid, Order.due, Order.settled)
        >> DynamoDB("orders")
    ],
)
handler = orders.handler
