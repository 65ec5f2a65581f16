"""The answers: what the three services should come to, computed from their input alone, in plain Python.

Nothing of reactflow is used here, and nothing is read from what a service wrote.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from io import BytesIO
from typing import Any

from PIL import Image

from examples.data import Reading, TableWrite

Rows = dict[tuple[Any, ...], dict[str, Any]]


def thumbnails(photographs: Iterable[tuple[str, bytes]], most: int = 160) -> dict[str, tuple[int, int]]:
    """Object names of the thumbnails, with their width and height in pixels."""
    found: dict[str, tuple[int, int]] = {}
    for name, content in photographs:
        with Image.open(BytesIO(content)) as image:
            width, height = image.size
        scale = Fraction(most, max(width, height, most))
        size = tuple(max(round(side * scale), 1) for side in (width, height))
        found[name.replace("in/", "thumbnails/", 1) + ".jpg"] = (size[0], size[1])
    return found


def staff(history: Iterable[TableWrite]) -> Rows:
    """The rows of the SQL table after all writes: columns renamed, what an item lacks is None."""
    rows: Rows = {}
    for write in history:
        if write.employee is None:
            rows.pop((write.department, write.number), None)
            continue
        employee = write.employee
        cent = Decimal("0.01")
        rows[write.department, write.number] = {
            "name": employee["name"],
            "job": employee["title"],
            "email": employee.get("email"),
            "manager": employee.get("manager"),
            "monthly": (employee["salary"] / 12).quantize(cent, ROUND_HALF_EVEN),
        }
    return rows


def climate(readings: Iterable[Reading]) -> Rows:
    """Each month's count, mean, extremes and spread in degrees Celsius; the mean is that of exact fractions."""
    months: dict[tuple[Any, ...], list[float]] = {}
    for reading in readings:
        celsius = (reading["fahrenheit"] - 32) / 1.8
        months.setdefault((reading["station"], reading["month"]), []).append(celsius)
    rows: Rows = {}
    for key, values in months.items():
        exact = sum(map(Fraction, values)) / len(values)
        low, high = min(values), max(values)
        rows[key] = {
            "readings": len(values),
            "mean": float(exact),
            "coldest": low,
            "warmest": high,
            "spread": high - low,
        }
    return rows
