"""One execution environment of Lambda: the emulator as a child process, with the function's runtime as its child.

It takes one request at a time: a second one while the first is under way ends the emulator, so whoever drives it holds
a lock. After a timeout or a crash the emulator kills the runtime and starts it anew with the next request. It must not
outlive the process that started it: a shell holds the other end of a pipe and ends the emulator when that closes, by
whatever end of that process (also SIGKILL); a fork that holds the pipe open delays that. ``end()`` leaves no process
and no thread behind.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final, Protocol

from attrs import field, frozen

from reactflow.errors import ConfigurationError

PATH: Final = "/2015-03-31/functions/function/invocations"
_GRACE: Final = 15.0  # seconds that the emulator may take beyond the function's timeout, to end it and say so
_PATIENCE: Final = 10.0  # seconds in which it has to listen
_LAST_WORDS: Final = 3.0  # seconds in which all has to end that was asked to
_ATTEMPTS: Final = 5  # others may take the ports that were found free
# Runs what it is given, and ends it when standard input closes.
_KEEPER: Final = (
    'exec 3<&0; "$@" </dev/null 3<&- & child=$!; { read -r _; kill -TERM $child; } <&3 & watch=$!; '
    "exec 3<&- </dev/null; wait $child; status=$?; kill $watch 2>/dev/null; exit $status"
)


class Log(Protocol):
    """What takes the lines that an environment writes."""

    def append(self, line: str, /) -> object: ...


@frozen
class Launch:
    """How an environment is started: the emulator, the command of the runtime, its environment, folder and timeout."""

    emulator: Path
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    folder: Path
    timeout: int


class Environment:
    """A running environment. Raises ConfigurationError, with what it said, when it does not start."""

    def __init__(self, launch: Launch, log: Log) -> None:
        self._launch = launch
        self._log = log
        self._owner = os.getpid()
        for attempt in range(_ATTEMPTS):
            self.port, api = _free_ports()
            said: list[str] = []
            self._start(api, said)
            try:
                if self._listens():
                    return
            except BaseException:
                self.end()
                raise
            self.end()
            if not any("address already in use" in line for line in said) or attempt == _ATTEMPTS - 1:
                raise ConfigurationError(
                    f"the emulator {launch.emulator} did not start: {' | '.join(said[:3]) or 'it said nothing'}"
                )

    def _start(self, api: int, said: list[str]) -> None:
        addresses = (
            "--runtime-interface-emulator-address", f"127.0.0.1:{self.port}",
            "--runtime-api-address", f"127.0.0.1:{api}",
        )  # fmt: skip
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _KEEPER, "sh", str(self._launch.emulator), *addresses, *self._launch.command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._launch.folder,
            env=dict(self._launch.environment),
            start_new_session=True,  # ctrl-c is ours to handle; and all that it starts is one session to end
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(
            target=_read, args=(self._process.stdout, self._log, said), name="lambda-log", daemon=True
        )
        self._reader.start()

    @property
    def is_alive(self) -> bool:
        """Whether the emulator runs."""
        try:
            # It is not waited for here: until ``end()`` does, its number, by which its session is told, is its own.
            found = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return False
        return found is None

    def post(self, body: bytes) -> tuple[int, bytes]:
        """Hand an event to the function; returns the HTTP status and the body of the answer.

        Raises OSError or HTTPException when the emulator does not answer: it is of no use then any more.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self._launch.timeout + _GRACE)
        try:
            connection.request("POST", PATH, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def end(self) -> None:
        """End it, with all that it started. May be called twice; does nothing in a fork."""
        if os.getpid() != self._owner:
            return
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        deadline = time.monotonic() + _LAST_WORDS
        while self._reader.is_alive() and self.is_alive and time.monotonic() < deadline:
            self._reader.join(timeout=0.02)  # it ends when nobody can write any more: when all have ended
        if self._process.returncode is None:
            _kill_session(self._process.pid)
            self._process.wait()
        self._reader.join(timeout=_LAST_WORDS)
        with contextlib.suppress(OSError):
            self._process.stdout.close()

    def _listens(self) -> bool:
        """Wait until it listens; whether it does, and did not end."""
        deadline = time.monotonic() + _PATIENCE
        while self.is_alive and time.monotonic() < deadline:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as one,
            ):
                if (
                    one.getsockname() != one.getpeername()
                ):  # a free port of this range may be connected to itself
                    return True
            time.sleep(0.002)  # it listens in a few milliseconds, and tells of it only by answering
        return False


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _read(output: IO[bytes], log: Log, said: list[str]) -> None:
    with contextlib.suppress(ValueError, OSError):
        for raw in output:
            line = raw.decode(errors="replace").rstrip("\n")
            if len(said) < 20:
                said.append(line)
            for part in line.split("\r"):  # the runtime writes an error and its traceback as one line
                log.append(part)


def _kill_session(leader: int) -> None:
    """Kill what is left of a session: the emulator puts the runtime into a group of its own."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):
            # pid (name) state parent group session ..., where the name may hold anything
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == leader:
                os.kill(int(entry.name), signal.SIGKILL)
