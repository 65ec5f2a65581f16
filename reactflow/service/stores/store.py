"""What a store is: items by (service, unit), written only over the version that the writer read; and cases.

Beside its item, a unit may have contributions of units upstream. They are written in one transaction with the item,
over the item's version, so that whoever read item and contributions as of one moment writes over just these.

A store promises that a write is seen whole or not at all, that of several writers over one version exactly
one wins, and that what it returned as written stays. It must not look into an item's cells. Every store
passes the same tests.

Whether a case is open is said by its unit's item alone, and changes with it. So what is kept of a case need not be
written in one transaction with the item: it is kept before it is entered, and forgotten after it has left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, runtime_checkable

from reactflow.errors import InternalError, StateError
from reactflow.service.item import Item, check_size

if TYPE_CHECKING:
    from reactflow.service.contribution import Contribution
    from reactflow.service.quarantine import Case

MOST: Final = 99  # contributions in one transaction with their unit: the smallest store takes 100 items
MOST_BYTES: Final = 4_000_000  # of an item and its contributions, in one transaction of the smallest store
Now: TypeAlias = Callable[[], float]
"""A clock: seconds since 1970."""


@runtime_checkable
class Store(Protocol):
    """Where units and cases are kept. All functions may be called from any thread.

    ``in_flight`` is how many calls gain by being under way at once: 1 for a store of this machine, more for one that is
    waited for.

    All raise Transient for what may pass (a store that is locked, away or full), ConfigurationError for what
    will not (another program's file, no permission), StateError for an item that is too large, and Unreadable, a
    StateError too, for what is kept and cannot be read.
    """

    in_flight: int

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

    def pending(self, service: str, idle: float) -> Iterator[str]:
        """The texts of units whose stored item owes changes (``out``), and that were not written for ``idle`` seconds.

        The longest idle ones first, about. A unit may be told of a minute later than that, never earlier; and also one
        that has been written since: the item says what is so.
        """
        ...

    def keep(self, case: Case) -> None:
        """Keep a case; one that is kept already (same service and id) stays as it is."""
        ...

    def cases(self, service: str) -> list[Case]:
        """The cases of a service, oldest first."""
        ...

    def case(self, service: str, id: str) -> Case | None:
        """The case with this id, None when it is not kept."""
        ...

    def forget(self, service: str, ids: Collection[str]) -> None:
        """Keep cases no longer; those that are not kept are passed over."""
        ...

    def close(self) -> None:
        """Let go of files and connections; again is allowed."""
        ...


def encode_for_put(
    unit: str, item: Item, expected_v: int, contributions: Sequence[Contribution] = ()
) -> bytes:
    """The bytes of an item that is about to be written; raises StateError when there is too much to be kept."""
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
    if contributions:
        size = len(data) + sum(
            len(one.to_bytes()) + len((one.rank or "").encode()) + len(one.key) for one in contributions
        )
        if size > MOST_BYTES:
            raise StateError(
                f"unit {unit!r}: its item and {len(contributions)} contributions have {size} bytes, and {MOST_BYTES} "
                "are the most in one write: contribute shorter texts"
            )
    return data
