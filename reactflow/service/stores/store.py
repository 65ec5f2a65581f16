"""What a store is: items by (service, unit), written only over the version that the writer read; and cases.

A store promises that a write is seen whole or not at all, that of several writers over one version exactly
one wins, and that what it returned as written stays. It must not look into an item's cells. Every store
passes the same tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from reactflow.errors import InternalError
from reactflow.service.item import Item, check_size
from reactflow.service.quarantine import Case


@runtime_checkable
class Store(Protocol):
    """Where units and cases are kept. All functions may be called from any thread.

    All raise Transient for what may pass (a store that is locked, away or full), ConfigurationError for what
    will not (another program's file, no permission), and StateError for an item that cannot be read or is too
    large.
    """

    def get(self, service: str, unit: str) -> Item | None:
        """The item of a unit, None when there is none. It may be a little old: ``put`` finds out."""
        ...

    def put(self, service: str, unit: str, item: Item, expected_v: int) -> Item | None:
        """Write an item if the stored one has the version ``expected_v`` (0: if there is none), in one step.

        Returns None when it was written, else the item that is there; an ``Item()`` (``v`` 0) when none is.
        ``item.v`` is ``expected_v + 1``.
        """
        ...

    def units(self, service: str) -> Iterator[str]:
        """The texts of all units of a service, in the order of the texts."""
        ...

    def keep(self, case: Case) -> None:
        """Keep a case; one that is kept already (same service and id) stays as it is."""
        ...

    def cases(self, service: str) -> list[Case]:
        """The cases of a service, oldest first."""
        ...

    def close(self) -> None:
        """Let go of files and connections; again is allowed."""
        ...


def encode_for_put(unit: str, item: Item, expected_v: int) -> bytes:
    """The bytes of an item that is about to be written; raises StateError when it is too large to be kept."""
    if item.v != expected_v + 1:
        raise InternalError(
            f"unit {unit!r}: the version after {expected_v} is {expected_v + 1}, not {item.v}"
        )
    data = item.to_bytes()
    check_size(item, data, unit)
    return data
