"""What a store is: items by (service, unit), written only over the version that the writer read; and cases.

Beside its item, a unit may have contributions of units upstream. They are written in one transaction with the item,
over the item's version, so that whoever read item and contributions as of one moment writes over just these.

A store promises that a write is seen whole or not at all, that of several writers over one version exactly
one wins, and that what it returned as written stays. It must not look into an item's cells. Every store
passes the same tests.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol, runtime_checkable

from reactflow.errors import InternalError
from reactflow.service.contribution import MOST, Contribution
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

    def put(
        self,
        service: str,
        unit: str,
        item: Item,
        expected_v: int,
        contributions: Sequence[Contribution] = (),
    ) -> Item | None:
        """Write an item if the stored one has the version ``expected_v`` (0: if there is none), in one step.

        With it, and only then, up to 99 ``contributions`` to the unit are written, in place of those of their names.
        Returns None when it was written, else the item that is there; an ``Item()`` (``v`` 0) when none is.
        ``item.v`` is ``expected_v + 1``.
        """
        ...

    def look(
        self, service: str, unit: str, names: Collection[tuple[str, str]]
    ) -> tuple[Item | None, dict[tuple[str, str], Contribution]]:
        """The item of a unit, and those of the contributions with these names that there are, as of one moment."""
        ...

    def ranked(
        self, service: str, unit: str, members: str, *, highest: bool, limit: int
    ) -> list[Contribution]:
        """The first contributions to a unit's ``members`` from the lowest rank on, or from the highest; no tombstones.

        In the order of rank and key, or, from the highest, exactly the other way round. What was written is seen.
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


def encode_for_put(
    unit: str, item: Item, expected_v: int, contributions: Sequence[Contribution] = ()
) -> bytes:
    """The bytes of an item that is about to be written; raises StateError when it is too large to be kept."""
    if len(contributions) > MOST:
        raise InternalError(
            f"unit {unit!r}: {len(contributions)} contributions at once, and {MOST} are the most"
        )
    if item.v != expected_v + 1:
        raise InternalError(
            f"unit {unit!r}: the version after {expected_v} is {expected_v + 1}, not {item.v}"
        )
    data = item.to_bytes()
    check_size(item, data, unit)
    return data
