"""Writing many rows or objects at once: in order where they meet, side by side where they do not.

Shared by the sinks that make one call a row. What has the same ``place`` is written one after another; after
the first that fails the rest of its place waits. A failure of one place never keeps another from being
written, and what will never work is raised only after all else has been tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reactflow.aws.clients import is_stood_in
from reactflow.errors import ConfigurationError, Transient
from reactflow.service.sink import Publication

SIDE_BY_SIDE = 8  # calls under way at once


def write_each(
    batch: Sequence[Publication], place: Callable[[Publication], str], write: Callable[[Publication], None]
) -> list[int]:
    """Write every publication; return the indices of those that met a Transient or stood behind one.

    Raises the first ConfigurationError, after everything else was written.
    """
    places: dict[str, list[int]] = {}
    for index, publication in enumerate(batch):
        places.setdefault(place(publication), []).append(index)
    broken: dict[int, ConfigurationError] = {}

    def write_place(indices: list[int]) -> list[int]:
        for done, index in enumerate(indices):
            try:
                write(batch[index])
            except Transient:
                return indices[done:]
            except ConfigurationError as error:
                broken[index] = error
                return indices[done:]
        return []

    if len(places) == 1 or is_stood_in():
        failed = [write_place(indices) for indices in places.values()]
    else:
        from concurrent.futures import ThreadPoolExecutor  # when there are several for the first time

        with ThreadPoolExecutor(
            min(SIDE_BY_SIDE, len(places) or 1), thread_name_prefix="reactflow-sink"
        ) as pool:
            failed = list(pool.map(write_place, places.values()))
    if broken:
        raise broken[min(broken)]
    return sorted(index for indices in failed for index in indices)
