"""Units side by side on a store that is waited for: while the call of one is under way, another is worked on.

Only the waiting is shared. Whoever works has the *turn* and hands it on while a call is under way, so that what a flow
computes runs one unit after another, as on a store of this machine: no function of a user has to stand several threads.
Road not taken: one call of the store with the writes of many units. What has to be computed anew when one of them is
refused is known to the unit alone, so that it would have to be cut into pieces that can be interrupted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from reactflow.service.item import Item
from reactflow.service.stores.store import Store

if TYPE_CHECKING:
    from reactflow.service.contribution import Contribution
    from reactflow.service.quarantine import Case

Answer = TypeVar("Answer")


def in_turns(store: Store) -> Store:
    """A store that ``side_by_side`` gains from; the very same one where nothing is gained."""
    return store if store.in_flight <= 1 or isinstance(store, InTurns) else InTurns(store)


def side_by_side(store: Store, jobs: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """What the jobs return, in their order; on a store that is waited for, several are under way at once.

    Raises what the first of them that failed has raised; so a job keeps its errors to itself where others must go on.
    """
    if not isinstance(store, InTurns) or len(jobs) < 2:
        return [job() for job in jobs]
    return store.run(jobs)


class InTurns:
    """A store whose callers work one at a time, and wait at once. Outside ``run`` it is just the store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.in_flight = store.in_flight
        self._turn = threading.Lock()
        self._mine = threading.local()

    def __repr__(self) -> str:
        return repr(self.store)

    def run(self, jobs: Sequence[Callable[[], Answer]]) -> list[Answer]:
        """See ``side_by_side``."""

        def in_turn(job: Callable[[], Answer]) -> Answer:
            with self._turn:
                self._mine.has_turn = True
                try:
                    return job()
                finally:
                    self._mine.has_turn = False

        from concurrent.futures import ThreadPoolExecutor  # when there are several for the first time

        workers = min(self.in_flight, len(jobs))
        with ThreadPoolExecutor(workers, thread_name_prefix="reactflow-store") as pool:
            return list(pool.map(in_turn, jobs))  # which calls off what has not begun when it is interrupted

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Hand the turn on while a call is under way, if this thread has it."""
        if not getattr(self._mine, "has_turn", False):
            yield
            return
        self._mine.has_turn = False
        self._turn.release()
        try:
            yield
        finally:
            self._turn.acquire()
            self._mine.has_turn = True

    def get(self, service: str, unit: str) -> Item | None:
        """See ``Store.get``."""
        with self._waiting():
            return self.store.get(service, unit)

    def look(
        self, service: str, unit: str, names: Collection[tuple[str, str]]
    ) -> tuple[Item | None, dict[tuple[str, str], Contribution]]:
        """See ``Store.look``."""
        with self._waiting():
            return self.store.look(service, unit, names)

    def ranked(
        self, service: str, unit: str, members: str, *, highest: bool, limit: int
    ) -> list[Contribution]:
        """See ``Store.ranked``."""
        with self._waiting():
            return self.store.ranked(service, unit, members, highest=highest, limit=limit)

    def put(
        self,
        service: str,
        unit: str,
        item: Item,
        expected_v: int,
        contributions: Sequence[Contribution] = (),
    ) -> Item | None:
        """See ``Store.put``."""
        with self._waiting():
            return self.store.put(service, unit, item, expected_v, contributions)

    def keep(self, case: Case) -> None:
        """See ``Store.keep``."""
        with self._waiting():
            self.store.keep(case)

    def cases(self, service: str) -> list[Case]:
        """See ``Store.cases``."""
        with self._waiting():
            return self.store.cases(service)

    def case(self, service: str, id: str) -> Case | None:
        """See ``Store.case``."""
        with self._waiting():
            return self.store.case(service, id)

    def forget(self, service: str, ids: Collection[str]) -> None:
        """See ``Store.forget``."""
        with self._waiting():
            self.store.forget(service, ids)

    def units(self, service: str) -> Iterator[str]:
        """See ``Store.units``."""
        return self.store.units(service)

    def pending(self, service: str, idle: float) -> Iterator[str]:
        """See ``Store.pending``."""
        return self.store.pending(service, idle)

    def close(self) -> None:
        """See ``Store.close``."""
        self.store.close()
