"""Keep another database in sync: every item of a DynamoDB table is a row of a SQL table, one column renamed."""

from __future__ import annotations

import os
from decimal import Decimal

from reactflow import Cell, Flow, Service, cell, row
from reactflow.aws import DynamoDB
from reactflow.sql import Table

DATABASE = os.environ.get("STAFF_DATABASE", "sqlite:///staff.db")


class Employee(Flow):
    """One employee, as the table has it, and what is computed from that."""

    name: Cell[str] = cell()
    title: Cell[str] = cell()
    salary: Cell[Decimal] = cell()
    email: Cell[str] = cell()  # not every item has one: the column is null then
    manager: Cell[int] = cell()
    monthly = salary.map(lambda yearly: round(yearly / 12, 2))


staff = Service(
    Employee,
    name="staff",
    key={"department": str, "number": int},
    inputs=[DynamoDB("employees", keys=("department", "number"))],
    outputs=[
        row(Employee.name, Employee.email, Employee.manager, Employee.monthly, job=Employee.title)
        >> Table(DATABASE, "staff")
    ],
)
handler = staff.handler
