"""The answers: what the three services should come to, computed from their input alone, in plain Python.

Nothing of reactflow is used here, and nothing is read from what a service wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from io import BytesIO
from math import fsum
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


def payments(
    orders: Iterable[tuple[str, str, Decimal]], payments: Iterable[tuple[str, Decimal]]
) -> dict[str, dict[str, Any]]:
    """The last state of each order (order, customer, total), with all that was paid for it (order, amount)."""
    paid: dict[str, list[Decimal]] = {}
    for order, amount in payments:
        paid.setdefault(order, []).append(amount)
    rows: dict[str, dict[str, Any]] = {}
    for order, customer, total in orders:
        amounts = paid.get(order, [])
        due = total - sum(amounts)
        rows[order] = {
            "customer": customer, "total": total, "payments": len(amounts), "paid": sum(amounts), "due": due,
            "settled": due <= 0,
        }  # fmt: skip
    return rows


def minutes(
    readings: Iterable[tuple[str, float, float, float]], keep: int = 86_400
) -> tuple[dict[tuple[str, str], dict[str, Any]], list[tuple[str, float, float]]]:
    """Each sensor's minutes, and the late readings, of (sensor, seconds of the reading, of its arrival, celsius)."""
    kept: dict[tuple[str, str], list[float]] = {}
    late: list[tuple[str, float, float]] = []
    for sensor, ts, arrived, celsius in readings:
        if Fraction(ts) < Fraction(arrived) - keep:
            late.append((sensor, ts, celsius))
            continue
        start = datetime.fromtimestamp(ts // 60 * 60, UTC)
        kept.setdefault((sensor, f"{start:%Y-%m-%dT%H:%M:%SZ}"), []).append(celsius)
    rows = {
        key: {
            "readings": len(values),
            "mean": float(sum(map(Fraction, values)) / len(values)),
            "warmest": max(values),
        }
        for key, values in kept.items()
    }
    return rows, sorted(late)


def buildings(measured: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What each building's rooms add up to, from what is known of each room at last."""
    rooms: dict[str, dict[str, Any]] = {}
    for one in measured:
        rooms.setdefault(one["room"], {"length": 0.0, "width": 0.0, "building": None}).update(one)
    found: dict[str, list[tuple[float, str]]] = {}
    for name, one in rooms.items():
        if one["building"] is not None:
            found.setdefault(one["building"], []).append((one["length"] * one["width"], name))
    return {
        building: {
            "building": building,
            "total": fsum(area for area, _ in areas),
            "number": len(areas),
            "mean": float(sum(Fraction(area) for area, _ in areas) / len(areas)),
            "smallest": min(areas)[0],
            "largest": tuple((room, area) for area, room in sorted(areas, reverse=True)[:3]),
        }
        for building, areas in found.items()
    }
