"""The feed: what happened, as plain entries, for whoever looks.

It promises that ``add`` never waits for a reader and never fails because of what is in an entry, that a reader who is
too slow loses its oldest entries and is told how many, and that counts include every entry ever added. It must not
know who adds (a host, a trigger) nor who reads.

An entry is a dict of plain data. All members are optional; these are known, and shown on the page:

    source    where the records came from: "kinesis/measurements"       lane      the shard or other lane
    service   who took them                                             unit      whose state changed
    records   how many                                                  counts    {"applied": 9, "duplicate": 1, ...}
    outcome   "done", "partly", "failed", "discarded", "lost"           message   a sentence, for a person
    ms        how long it took, in milliseconds                         lag_ms    how old the newest record was
    cases     quarantined records: [{"id", "short" (the id as the page shows it), "service", "unit", "message", ...}]

The feed adds ``n`` (1, 2, 3 ...) and ``time`` (ISO, UTC) if there is none.
"""

from __future__ import annotations

import json
import math
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

KEPT = 200  # entries that a reader who comes later still gets
QUEUED = 500  # entries that wait for one reader
REMEMBERED = 50  # failures and cases, which healthy entries do not push out
LONGEST = 2_000  # characters of one text
DEEPEST = 8
MEMBERS = 200

# What went as it should; every other outcome is listed as a failure.
GOOD = frozenset({"", "done", "ok"})

Entry = dict[str, Any]


class Follower:
    """One reader's queue; ``Feed.follow`` makes it. ``wake`` is called in the adding thread, and has to be quick."""

    __slots__ = ("_lock", "_queue", "_wake", "dropped", "is_ended")

    def __init__(self, wake: Callable[[], object], first: list[Entry], room: int) -> None:
        self._lock = threading.Lock()
        self._queue: deque[Entry] = deque(first, maxlen=room)
        self._wake = wake
        self.dropped = 0
        self.is_ended = False

    def take(self) -> tuple[list[Entry], int]:
        """What has come since the last time, oldest first, and how many before that were dropped."""
        with self._lock:
            entries, self._queue = list(self._queue), deque(maxlen=self._queue.maxlen)
            dropped, self.dropped = self.dropped, 0
        return entries, dropped

    def _put(self, entry: Entry) -> None:
        with self._lock:
            self.dropped += len(self._queue) == self._queue.maxlen
            self._queue.append(entry)
        self._wake()

    def _end(self) -> None:
        self.is_ended = True
        self._wake()


class Feed:
    """A ring of the last entries, counts of all, and the queues of those who follow. Safe in any thread.

    >>> feed = Feed()
    >>> feed.add({"source": "kinesis/measurements", "records": 2, "counts": {"applied": 1, "duplicate": 1}})
    >>> feed.state()["counts"]
    {'applied': 1, 'duplicate': 1}
    """

    def __init__(
        self,
        keep: int = KEPT,
        queue: int = QUEUED,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._lock = threading.RLock()
        self._now = now
        self._room = queue
        self._last: deque[Entry] = deque(maxlen=keep)
        self._failures: deque[Entry] = deque(maxlen=REMEMBERED)
        self._cases: deque[Entry] = deque(maxlen=REMEMBERED)
        self._counts: Counter[str] = Counter()
        self._followers: list[Follower] = []
        self._records = self._n = 0
        self._failed = self._quarantined = 0
        self._since = _iso(now())

    def add(self, entry: Mapping[str, object]) -> None:
        """Tell what happened. What is not plain data is told as text; long texts are cut."""
        mine: Entry = plain(dict(entry))
        with self._lock:
            self._n += 1
            mine["n"] = self._n
            mine.setdefault("time", _iso(self._now()))
            self._last.append(mine)
            if isinstance(records := mine.get("records"), int):
                self._records += records
            if isinstance(counts := mine.get("counts"), dict):
                for name, number in counts.items():
                    if isinstance(number, int) and (name in self._counts or len(self._counts) < MEMBERS):
                        self._counts[name] += number
            if str(mine.get("outcome", "")) not in GOOD:
                self._failed += 1
                self._failures.append(mine)
            if isinstance(cases := mine.get("cases"), list):
                self._quarantined += len(cases)
                self._cases.extend({"time": mine["time"], **case} for case in cases if isinstance(case, dict))
            for follower in self._followers:
                follower._put(mine)

    def state(self) -> dict[str, Any]:
        """Counts since the feed began, the last entries, failures and cases, newest first, as plain data."""
        with self._lock:
            return {
                "since": self._since,
                "entries": self._n,
                "records": self._records,
                "counts": dict(self._counts),
                "failed": self._failed,
                "quarantined": self._quarantined,
                "last": list(reversed(self._last)),
                "failures": list(reversed(self._failures)),
                "cases": list(reversed(self._cases)),
            }

    def follow(self, wake: Callable[[], object], after: int = 0) -> Follower:
        """A queue of the kept entries with a greater ``n`` and of all to come; ``wake`` is called for each of these."""
        with self._lock:
            after = after if after <= self._n else 0  # it followed another feed, before a restart
            first = [entry for entry in self._last if entry["n"] > after][-self._room :]
            follower = Follower(wake, first, self._room)
            follower.dropped = self._n - after - len(first)
            self._followers.append(follower)
            return follower

    def leave(self, follower: Follower) -> None:
        """No longer queue for a reader."""
        with self._lock:
            if follower in self._followers:
                self._followers.remove(follower)

    def end(self) -> None:
        """Tell those who follow now that nothing more comes."""
        with self._lock:
            followers, self._followers = self._followers, []
        for follower in followers:
            follower._end()

    @property
    def followers(self) -> int:
        """How many readers there are."""
        return len(self._followers)


def plain(value: object, levels: int = DEEPEST) -> Any:
    """A value as JSON has it, of bounded size; whatever else it is becomes text.

    >>> plain({"at": {1, 2}, "x": float("nan"), 3: (b"ab", None)})
    {'at': '{1, 2}', 'x': 'nan', '3': ["b'ab'", None]}
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and -(2**53) < value < 2**53:  # beyond that a page would round it
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, str):
        return _cut(str(value))
    if levels and isinstance(value, Mapping):
        some = list(value.items())[:MEMBERS]
        return {_text(name): plain(inner, levels - 1) for name, inner in some}
    if levels and isinstance(value, list | tuple):
        return [plain(inner, levels - 1) for inner in value[:MEMBERS]]
    return _text(value)


def dumps(value: object) -> str:
    """Plain data as JSON in ASCII, on one line, so that no text in it can end a line of the event stream."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _text(value: object) -> str:
    try:
        return _cut(str(value))
    except Exception as error:  # somebody's __str__; the entry is worth more than this member
        return f"<{type(value).__name__}, its str raises {type(error).__name__}>"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
