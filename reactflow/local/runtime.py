"""The real Lambda runtime as a host: a handler in AWS's own emulator and runtime client, not in this process.

``LambdaRuntime`` is called like a handler, and so can be given to a trigger in place of one. What is real: the process
of its own, the start, the remaining time, the end by force at the timeout, the crash and the new start behind it, what
an error, a value that is no JSON and an answer over 6 MB become. What is not: memory is told to the function and not
limited, the start counts towards the timeout of the first request (on AWS it has 10 seconds of its own), and there is
no policy. Needs ``awslambdaric`` beside reactflow, and the emulator (see ``emulator``).

It must not know what a trigger makes of an error, and nothing of this process's environment reaches the function: no
credentials of a user, no profile, no endpoint but those that are given.
"""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import re
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reactflow.errors import ConfigurationError, Crashed, HandlerFailed, MissingExtra, TimedOut, TooLarge
from reactflow.local.cloud import REGION
from reactflow.local.emulator import find_emulator
from reactflow.local.environment import Environment, Launch

if TYPE_CHECKING:
    from types import TracebackType

LARGEST: Final = 6 * 1024 * 1024  # bytes of an event or an answer
_ERROR: Final = frozenset({"errorMessage", "errorType", "requestId", "stackTrace"})
_KEPT_LINES: Final = 100_000
_OURS: Final = Path(__file__).resolve().parents[2]  # what has this reactflow
_EXITED: Final = re.compile(r"Runtime exited (?:with error: )?(.*)")


class LambdaRuntime:
    """A function in Lambda's runtime: ``runtime(event)`` gives its answer.

    ``handler`` is ``module.function``, found in the ``folder`` of the code (as on AWS the first place where modules are
    looked for, and the current folder). ``environment`` are the function's variables, ``timeout`` is in seconds (1 to
    900), ``memory_size`` in MB. ``emulator`` is the emulator's file, its folder or a ``sam``; ``python`` runs the
    function (by default the one that runs this). ``path`` are the folders in which modules are looked for behind
    ``folder``, by default the one that has this reactflow: a package that brings all it needs is tried with ``()``.

    An *environment* is a process that takes one request at a time; it is made by the first request, and reused while
    warm. ``environments`` is how many there may be: with more than one, calls from several threads (a trigger with
    ``workers``) run side by side, each in an environment of its own that shares nothing with the others but what the
    function stores. A call waits while all are busy, where Lambda would throttle it.

    Raises ConfigurationError when the emulator, ``awslambdaric`` or the folder is not there, or a setting cannot be.

    A service, in the folder of its module (the guide on delivery puts it behind the triggers of this machine)::

        settings = {"REACTFLOW_SERVICE": "rooms:rooms", "REACTFLOW_STATE": "memory"}
        with LambdaRuntime("reactflow.aws.entry.handler", ".", environment=settings) as function:
            function({"Records": []})

    >>> LambdaRuntime("rooms")
    Traceback (most recent call last):
        ...
    reactflow.errors.ConfigurationError: handler 'rooms' names no function: write module.function, as in rooms.handler
    """

    def __init__(
        self,
        handler: str,
        folder: str | os.PathLike[str] = ".",
        *,
        environment: Mapping[str, str] | None = None,
        timeout: int = 60,
        memory_size: int = 512,
        name: str = "handler",
        environments: int = 1,
        emulator: str | os.PathLike[str] | None = None,
        python: str = sys.executable,
        path: Sequence[str | os.PathLike[str]] = (_OURS,),
    ) -> None:
        code = Path(folder).absolute()
        _check(handler, code, timeout, memory_size, environments)
        if python == sys.executable and importlib.util.find_spec("awslambdaric") is None:
            raise MissingExtra("reactflow.local.runtime", "awslambdaric", "runtime")
        self.name = name
        self.handler = handler
        self.timeout = timeout
        self._launch = Launch(
            find_emulator(emulator),
            (python, "-m", "awslambdaric", handler),
            {**_base((code, *path), name, timeout, memory_size), **(environment or {})},
            code,
            timeout,
        )
        self._most = environments
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._free = threading.Condition()
        self._idle: list[Environment] = []
        self._alive: set[Environment] = set()
        self._is_closed = False
        self._finalizer = weakref.finalize(self, _end_all, self._alive)

    # --- calling -----------------------------------------------------------------------------------------------------

    def __call__(self, event: object, context: object = None) -> Any:
        """The function's answer to an event. ``context`` is not used: the runtime makes one, with the real time left.

        Raises TimedOut, Crashed, HandlerFailed (it raised, or could not be loaded) or TooLarge; each is what Lambda
        counts as a failed invocation. Raises ConfigurationError when the emulator does not start, or after ``close()``.
        """
        body = json.dumps(event, separators=(",", ":")).encode()
        if len(body) > LARGEST:
            raise TooLarge(
                f"{self._who}: the event has {len(body)} bytes, and Lambda takes {LARGEST}: cut it smaller"
            )
        environment = self._take()
        try:
            status, answer = environment.post(body)
        except (OSError, http.client.HTTPException) as error:
            self._drop(environment)
            raise Crashed(
                f"{self._who}: the emulator did not answer ({type(error).__name__}: {error})",
                reason="no answer",
            ) from error
        except BaseException:  # ctrl-c: the environment is still busy, and a second request would end it
            self._drop(environment)
            raise
        self._give_back(environment)
        return self._judged(status, answer)

    def _judged(self, status: int, body: bytes) -> Any:
        """The answer, or the error that it tells of."""
        try:
            answer = json.loads(body) if body else None
        except ValueError:
            text = body.decode(errors="replace").strip()
            if status == http.client.OK and text.startswith("Task timed out"):
                raise TimedOut(
                    f"{self._who}: {text}: give it more time (its timeout is {self.timeout} s), or smaller batches"
                ) from None
            raise Crashed(f"{self._who}: {text}", reason=text) from None
        if status == http.client.OK and not (isinstance(answer, dict) and answer.keys() == _ERROR):
            return answer
        told = answer if isinstance(answer, dict) else {}
        kind, words = str(told.get("errorType", "")), str(told.get("errorMessage", ""))
        if kind == "Function.ResponseSizeTooLarge":
            raise TooLarge(
                f"{self._who}: the answer is too large: {words} Answer with less, or with where it is kept"
            )
        if not told or kind == "Runtime.ExitError":
            found = _EXITED.search(words)
            reason = found.group(1) if found else words or "it ended as it was loaded"
            raise Crashed(f"{self._who}: its process ended: {reason}", reason=reason)
        raise HandlerFailed(f"{self._who}: {kind}: {words}", kind=kind, words=words)

    # --- environments ------------------------------------------------------------------------------------------------

    def _take(self) -> Environment:
        """An environment for one request: the one that was used last, a new one, or one that others give back."""
        with self._free:
            while True:
                if self._is_closed:
                    raise ConfigurationError(f"{self._who} is closed: make another LambdaRuntime")
                while self._idle:
                    environment = self._idle.pop()
                    if environment.is_alive:
                        return environment
                    self._end(environment)
                if len(self._alive) < self._most:
                    made = Environment(self._launch, self._lines)
                    self._alive.add(made)
                    return made
                self._free.wait()

    def _give_back(self, environment: Environment) -> None:
        with self._free:
            if self._is_closed:
                self._end(environment)
            else:
                self._idle.append(environment)
            self._free.notify_all()

    def _drop(self, environment: Environment) -> None:
        with self._free:
            self._end(environment)
            self._free.notify_all()

    def _end(self, environment: Environment) -> None:
        self._alive.discard(environment)
        environment.end()

    def cool(self) -> None:
        """End the environments that are idle, so that the next request is a cold start."""
        with self._free:
            while self._idle:
                self._end(self._idle.pop())
            self._free.notify_all()

    def close(self) -> None:
        """End all environments, also those at work: their calls raise Crashed. May be called twice."""
        with self._free:
            self._is_closed = True
            self._idle.clear()
            _end_all(self._alive)
            self._free.notify_all()

    def logs(self, *, until: str = "", seconds: float = 5.0) -> str:
        """What all environments wrote so far (the last 100,000 lines), as it would be in CloudWatch.

        Lines may arrive a moment after the answer: with ``until``, waits for that text, at most so many seconds.
        """
        deadline = time.monotonic() + seconds
        while True:
            text = "\n".join(line for line in tuple(self._lines) if " (rapid) " not in line)
            if not until or until in text or time.monotonic() > deadline:
                return text
            time.sleep(0.01)  # the lines come through a pipe, and nothing tells of their end

    @property
    def _who(self) -> str:
        return f"function {self.name} ({self.handler})"

    def __enter__(self) -> LambdaRuntime:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return (
            f"LambdaRuntime({self.handler!r}, {str(self._launch.folder)!r}, {len(self._alive)} environments)"
        )


def _end_all(environments: set[Environment]) -> None:
    while environments:
        environments.pop().end()


def _check(handler: str, folder: Path, timeout: int, memory_size: int, environments: int) -> None:
    if not re.fullmatch(r"[\w./]+\.\w+", handler):
        raise ConfigurationError(
            f"handler {handler!r} names no function: write module.function, as in rooms.handler"
        )
    if not folder.is_dir():
        raise ConfigurationError(
            f"there is no folder {str(folder)!r} with the code of {handler}: name the one it is in"
        )
    for what, value, least, most in (
        ("timeout", timeout, 1, 900),
        ("memory_size", memory_size, 128, 10_240),
        ("environments", environments, 1, 1000),
    ):
        if type(value) is not int or not least <= value <= most:
            raise ConfigurationError(
                f"{what}={value!r} of {handler}: it is a whole number from {least} to {most}"
            )


def _base(
    path: Sequence[str | os.PathLike[str]], name: str, timeout: int, memory_size: int
) -> dict[str, str]:
    """What a function finds in its environment beside its own variables; no account of this machine's user."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": os.pathsep.join(os.path.abspath(one) for one in path),
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "LAMBDA_TASK_ROOT": os.fspath(path[0]),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{version}",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_size),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
    }
