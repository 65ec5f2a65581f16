"""Which fold stands which source: every pair is bound, and the table of the guide says what came of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from reactflow import Cell, Flow, Fold, Pulse, Service, cell, fold, folds, pulse
from reactflow.aws import S3, DynamoDB, Kinesis, S3Object
from reactflow.errors import BindingError
from reactflow.flow.laws import LATTICE, fold_laws

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "laws.md"
FOLDS: dict[str, Fold[Any, Any]] = {
    "max": folds.max,
    "min": folds.min,
    "union": folds.union,
    "last_by": folds.last_by("at"),
    "first_by": folds.first_by("at"),
    "sum": folds.sum,
    "count": folds.count,
    "mean": folds.mean,
    "last": folds.last,
    "first": folds.first,
}
OF_STATE = "area.changes()"
LENGTHS, WIDTHS = {"length": "length"}, {"width": "width"}
OBJECT = {"photo": "object"}
# what feeds a pulse of one event's field, and what feeds the cells under the fold over state
SOURCES: dict[str, tuple[Callable[[], list[Any]], Callable[[], list[Any]]]] = {
    "`Kinesis`, `partition=`": (
        lambda: [Kinesis("a", partition="id")],
        lambda: [Kinesis("a", partition="id")],
    ),
    "`Kinesis`": (lambda: [Kinesis("a")], lambda: [Kinesis("a", version="at")]),
    "two of `Kinesis`": (
        lambda: [Kinesis("a", partition="id"), Kinesis("b", partition="id")],
        lambda: [
            Kinesis("a", partition="id", fields=LENGTHS),
            Kinesis("b", partition="id", fields=WIDTHS),
        ],
    ),
    '`Kinesis`, `order="arrival"`': (
        lambda: [Kinesis("a", order="arrival")],
        lambda: [Kinesis("a", order="arrival")],
    ),
    "`DynamoDB`": (lambda: [DynamoDB("t")], lambda: [DynamoDB("t")]),
    "`DynamoDB`, many items a unit": (
        lambda: [DynamoDB("t", keys=("id", "part"))],
        lambda: [DynamoDB("t", version="at")],
    ),
    "`S3`": (
        lambda: [S3("b", key="in/{id}/{name}", fields=OBJECT)],
        lambda: [S3("b", key="in/{id}", fields=OBJECT)],
    ),
}
REASONS = ("not ordered", "no order among each other", "may skip values in between")


class Room(Flow):
    length = cell(0.0)
    width = cell(0.0)
    area = length * width
    result = fold(area.changes(), folds.max)


class Photo(Flow):
    photo: Cell[S3Object] = cell()
    size = photo.map(lambda photo: photo.size)
    result = fold(size.changes(), folds.max)


def of_one_event(algebra: Fold[Any, Any], *, is_object: bool) -> type[Flow]:
    if is_object:
        photo: Pulse[S3Object] = pulse()
        return Flow.of(photo=photo, result=fold(photo.map(lambda photo: photo.size), algebra), name="Photos")
    reading: Pulse[Any] = pulse()
    return Flow.of(reading=reading, result=fold(reading, algebra), name="Readings")


def verdict(flow: type[Flow], inputs: list[Any]) -> str:
    try:
        Service(flow, name="x", key="id", inputs=inputs)
    except BindingError as error:
        said = str(error) if "the fold 'result'" in str(error) else ""
        return f"refused: {next((one for one in REASONS if one in said), str(error))}"
    (path,) = fold_laws(flow.plan)
    return "accepted" if path.laws >= LATTICE else "accepted, with marks"  # which keep duplicates out


OF_STATES: tuple[type[Flow], type[Flow]] = (Room, Photo)


def table() -> list[str]:
    """The table as the guide has it: folds of one verdict everywhere share a column."""
    verdicts: dict[str, tuple[str, ...]] = {}
    for name, algebra in FOLDS.items():
        verdicts[name] = tuple(
            verdict(of_one_event(algebra, is_object=source == "`S3`"), fields())
            for source, (fields, _) in SOURCES.items()
        )
    verdicts[OF_STATE] = tuple(
        verdict(OF_STATES[source == "`S3`"], cells()) for source, (_, cells) in SOURCES.items()
    )
    columns: dict[tuple[str, ...], list[str]] = {}
    for name, found in verdicts.items():
        columns.setdefault((*found, "" if name != OF_STATE else name), []).append(f"`{name}`")
    lines = [["source", *(" ".join(names) for names in columns.values())], ["---"] * (len(columns) + 1)]
    lines += [[source, *(found[row] for found in columns)] for row, source in enumerate(SOURCES)]
    return [f"| {' | '.join(line)} |" for line in lines]


def test_the_table_of_the_guide_is_what_binding_every_fold_to_every_source_comes_to() -> None:
    page = [line for line in GUIDE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert page == table()


def test_every_built_in_fold_is_in_the_table() -> None:
    algebras = {name for name in folds.__all__ if name not in ("Fold", "Law", "SameTypeFold")}
    assert algebras == FOLDS.keys()
