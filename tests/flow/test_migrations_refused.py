"""Migrations that can never be right are refused when the flow is made; a revision is a version of its own."""

from __future__ import annotations

from typing import Any, cast

import pytest

from reactflow import Flow, Pulse, cell, fold, folds, migrate, pulse
from reactflow.errors import DeclarationError


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda c: migrate(c["area"], abs, from_type=int),
            "'area' is derived, so nothing of it is taken over",
        ),
        (lambda c: migrate(c["reading"], from_name="r"), "'reading' is a pulse"),
        (
            lambda c: migrate(c["length"], abs, from_type=float),
            "is of the same type, float, before and after",
        ),
        (lambda c: migrate(c["length"], abs), "say of which type the value was: from_type=int"),
        (lambda c: migrate(c["length"]), "changes nothing; give a function, or from_name"),
        (lambda c: migrate(c["length"], from_name="width"), "'width' is a cell of this version too"),
        (lambda c: migrate(c["peak"], tuple), "say of which fold the state was: from_fold=folds.max"),
        (lambda c: migrate(cell(1), int, from_type=str), "is no cell of Wrong; migrate one of its own"),
        (lambda c: "length", r"migrations holds 'length'; write migrate\(cell"),
    ],
)
def test_a_migration_that_can_never_be_right_is_refused_when_the_flow_is_made(
    make: Any, message: str
) -> None:
    with pytest.raises(DeclarationError, match=message):

        class Wrong(Flow):
            length = cell(3.0)
            width = cell(4.0)
            reading: Pulse[float] = pulse()
            area = length * width
            peak = fold(reading, folds.max)
            migrations = [make({"length": length, "area": area, "reading": reading, "peak": peak})]


def test_migrations_that_are_no_list_are_refused_with_what_to_write() -> None:
    def make(given: Any) -> None:
        class Wrong(Flow):
            length = cell(3.0)
            migrations = cast("Any", given or migrate(length, from_name="size"))

    for given in (None, "length", 3):
        with pytest.raises(
            DeclarationError, match=r"Wrong.migrations is .* and has to be a list: migrations = \["
        ):
            make(given)


def test_a_cell_cannot_be_called_migrations() -> None:
    with pytest.raises(DeclarationError, match="'migrations' is a name of Flow itself"):

        class Wrong(Flow):
            migrations = cell(3.0)  # type: ignore[assignment]


def test_a_revision_makes_a_version_of_its_own() -> None:
    def make(number: int) -> Any:
        class Made(Flow, revision=number):
            length = cell(3.0)

        return Made

    assert make(1).version == make(1).version
    assert len({make(0).version, make(1).version, make(2).version}) == 3
    assert make(2).step().read(b'{"length":4.0}', make(1).version, {}) == {"length": 4.0}
