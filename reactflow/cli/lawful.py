"""The laws that the folds of services declare, each looked into, a line a law.

It promises to say something of every fold: what was found, that its path has state and so no law, or why it could not
be looked into. It reads no state and touches no AWS.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout

from reactflow.errors import DeclarationError
from reactflow.flow import Flow
from reactflow.flow.laws import PathLaws, fold_laws
from reactflow.service import Service
from reactflow.testing.laws import check_path


def folds_of(found: Iterable[type[Flow] | Service]) -> Iterator[tuple[str, type[Flow], PathLaws]]:
    """Every fold, with the flow it is in and the name of its service, or of the flow."""
    for one in found:
        name, flow = (one.name, one.flow) if isinstance(one, Service) else (one.__name__, one)
        for path in fold_laws(flow.plan):
            yield name, flow, path


def law_lines(found: Iterable[type[Flow] | Service]) -> Iterator[tuple[str, bool]]:
    """What is to be said of each law that is declared, and whether it is well.

    >>> from reactflow import Flow, fold, folds, pulse
    >>> class Room(Flow):
    ...     reading = pulse()
    ...     total = fold(reading, folds.sum)
    >>> for line, _ in law_lines([Room]):
    ...     print(line)
    Room.total: associative: no counter-example found
    Room.total: commutative: no counter-example found
    """
    for name, flow, path in folds_of(found):
        if not path.laws:
            seen = (
                f"what it sees depends on the cell {path.state!r}, so it has" if path.state else "it declares"
            )
            yield f"{name}.{path.name}: {seen} no law: its events are needed in one order", True
            continue
        try:
            with redirect_stdout(sys.stderr):  # checking runs the user's functions
                checks = check_path(flow.plan, path)
        except DeclarationError as error:
            yield f"{name}.{path.name}: not checked: {error}", True
            continue
        yield from ((f"{name}.{check}", check.ok) for check in checks if check.declared)
