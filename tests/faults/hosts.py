"""Hosts as processes, seen from the test that lets them live and die."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import asdict, define, field

from reactflow.local import Cloud
from tests.faults.bank import Names

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 240.0  # seconds after which a host that says nothing is a failed test


@define
class Life:
    """One host: what it said so far, and how it ended (a negative number is a signal)."""

    nursery: Nursery
    number: int
    said: list[dict[str, Any]] = field(factory=list)
    ended: int | None = None

    def listen(self, seconds: float, until: str = "ended") -> bool:
        """Hear what it says, for so many seconds or until it says this word; whether it did."""
        deadline = time.monotonic() + seconds
        while self.ended is None:
            if any(until in each for each in self.said):
                return True
            line = self.nursery.line(deadline - time.monotonic())
            if line is None:
                return False
            self.said.append(line)
            self.ended = line.get("ended", self.ended)
        return any(until in each for each in self.said)

    def kill(self) -> None:
        """Kill it, if it still lives, and wait for its end. It has no time for anything."""
        if self.ended is None:
            os.kill(self.number, signal.SIGKILL)
            assert self.listen(PATIENCE)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Have it stand still, wherever it is; it does not know, and goes on afterwards."""
        os.kill(self.number, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.number, signal.SIGCONT)

    def listen_until_waiting(self) -> None:
        """Hear what it says until it has to wait for something, which it must."""
        assert self.listen(PATIENCE, until="waits for"), self.said
        assert self.ended is None, self.said

    def finish(self) -> dict[str, Any]:
        """Wait until it is idle and has ended; returns what it said last."""
        assert self.listen(PATIENCE), f"host {self.number} did not end in {PATIENCE:g} s: {self.said}"
        assert self.ended == 0, self.said
        return next(each for each in self.said if "idle" in each)

    @property
    def waits(self) -> list[str]:
        """What it had to wait for."""
        return [each["waits for"] for each in self.said if "waits for" in each]

    @property
    def was_killed(self) -> bool:
        return self.ended == -signal.SIGKILL


class Nursery:
    """The process that forks hosts."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._heard = b""
        assert self.line(PATIENCE) == {"ready": True}

    def line(self, seconds: float) -> dict[str, Any] | None:
        """The next line, or None when none comes in so many seconds."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + seconds
        while b"\n" not in self._heard:
            readable, _, _ = select.select(
                [self.process.stdout], [], [], max(0.0, deadline - time.monotonic())
            )
            if not readable:
                return None
            heard = os.read(self.process.stdout.fileno(), 65536)
            assert heard, "the nursery ended"
            self._heard += heard
        first, _, self._heard = self._heard.partition(b"\n")
        said: dict[str, Any] = json.loads(first)
        return said

    def host(self, cloud: Cloud, state: Path, names: Names, **more: Any) -> Life:
        """Have a host born on this state file."""
        assert self.process.stdin is not None
        order = {"endpoint": cloud.endpoint, "state": str(state), "names": asdict(names), **more}
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()
        # What it says itself may be heard before its birth is told.
        life, before = Life(self, 0), list[dict[str, Any]]()
        while not life.number:
            line = self.line(PATIENCE)
            assert line is not None
            life.number = line.get("born", 0)
            before.append(line)
        life.said = before
        return life

    def close(self) -> None:
        """End it; a host that still lives is killed by whoever let it live."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()


@contextmanager
def nursery() -> Iterator[Nursery]:
    """A nursery that is closed again."""
    one = Nursery()
    try:
        yield one
    finally:
        one.close()
