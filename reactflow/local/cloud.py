"""The cloud that a service is developed against: MiniStack as a child process, or any endpoint that is named.

``Cloud.start()`` promises: it listens on 127.0.0.1 only, is ready when ``start`` returns, and leaves no process,
port or file behind, however this process ends (``child`` says how). ``Cloud.at(endpoint)`` starts and stops nothing.
Clients made here use keys that are good for nothing and never a proxy, so nothing reaches the real AWS. It must not
change this process's environment, except inside ``exported()``.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, overload
from urllib.parse import urlsplit

from reactflow.errors import ConfigurationError, MissingExtra

if TYPE_CHECKING:
    from types import TracebackType

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodbstreams import DynamoDBStreamsClient
    from types_boto3_kinesis import KinesisClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

REGION = "us-east-1"
ACCOUNT = "123456789012"
_KEPT_LINES = 400


class _Child:
    """The running child: its process, its last lines, its folder. Knows no Cloud, so that a forgotten one is ended."""

    def __init__(self, port: int, region: str) -> None:
        self.lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self.announced = threading.Event()
        self.port = 0
        self.folder = ""
        self.owner = os.getpid()
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-u",
                "-P",
                str(Path(__file__).with_name("child.py")),
                str(self.owner),
                str(port),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_child_environment(region),
            start_new_session=True,  # ctrl-c is ours to handle; and it and what it starts are one group to end
        )
        assert self.process.stdout is not None
        self.reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self.reader.start()

    def _read(self, output: IO[bytes]) -> None:
        with contextlib.suppress(ValueError, OSError):
            for raw in output:
                line = raw.decode(errors="replace").rstrip("\n")
                if not self.announced.is_set() and line.startswith('{"port"'):
                    told = json.loads(line)
                    self.port, self.folder = told["port"], told["folder"]
                    self.announced.set()
                else:
                    self.lines.append(line)
        self.announced.set()

    def end(self) -> None:
        """End the child and all it started; remove its folder. Safe to call twice; does nothing in a fork."""
        if os.getpid() != self.owner:
            return
        # Once it has been waited for, its number may be another process's: leave that alone.
        if self.process.returncode is None:
            for sign in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.process.pid, sign)
                try:
                    self.process.wait(timeout=3.0)
                    break
                except subprocess.TimeoutExpired:
                    continue
        self.reader.join(timeout=3.0)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def _child_environment(region: str) -> dict[str, str]:
    """This process's environment without anything that speaks of an AWS account or of another emulator."""
    foreign = ("AWS_", "MINISTACK_", "LOCALSTACK_", "DOCKER_", "PYTEST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    for name in ("SERVICES", "EDGE_PORT", "USE_SSL", "LOG_LEVEL", "PYTHONWARNINGS", "PYTHONSTARTUP"):
        kept.pop(name, None)
    return kept | {"AWS_REGION": region, "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


class Cloud:
    """An AWS endpoint to develop against: embedded (``Cloud.start()``) or named (``Cloud.at(url)``).

    >>> with Cloud.start() as cloud:
    ...     cloud.client("kinesis").list_streams()["StreamNames"]
    []
    """

    def __init__(self, endpoint: str, *, region: str = REGION, _child: _Child | None = None) -> None:
        self.endpoint = endpoint
        self.region = region
        self._child = _child
        self._end = weakref.finalize(self, _child.end) if _child is not None else None
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    @classmethod
    def start(cls, *, port: int = 0, region: str = REGION, timeout: float = 30.0) -> Cloud:
        """Start the embedded cloud and wait until it answers.

        ``port`` 0 takes a free one; ``timeout`` is in seconds. Raises MissingExtra without MiniStack, and
        ConfigurationError, with what the child said, when it does not come up in time.

        >>> cloud = Cloud.start()
        >>> cloud.endpoint.startswith("http://127.0.0.1:")
        True
        >>> cloud.stop()
        """
        if os.name != "posix":
            raise ConfigurationError(
                "the embedded cloud runs on Linux and macOS: name an endpoint instead, "
                "Cloud.at('http://127.0.0.1:4566')"
            )
        missing = [name for name in ("ministack", "boto3") if importlib.util.find_spec(name) is None]
        if missing:
            raise MissingExtra("reactflow.local", ", ".join(missing), "local")
        child = _Child(port, region)
        try:
            _wait_until_ready(child, timeout)
        except BaseException:
            child.end()
            raise
        return cls(f"http://127.0.0.1:{child.port}", region=region, _child=child)

    @classmethod
    def at(cls, endpoint: str, *, region: str = REGION) -> Cloud:
        """Use an endpoint that somebody else runs; nothing is started or stopped.

        Raises ConfigurationError for anything that is not an http(s) address.

        >>> Cloud.at("http://127.0.0.1:4566").endpoint
        'http://127.0.0.1:4566'
        """
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError(
                f"endpoint {endpoint!r} is not an address: write it as http://127.0.0.1:4566"
            )
        return cls(endpoint.rstrip("/"), region=region)

    @property
    def running(self) -> bool:
        """Whether the embedded cloud is up; of a named endpoint nothing is known, so True."""
        return self._child is None or self._child.process.poll() is None

    def log(self) -> str:
        """The last lines that the embedded cloud printed; empty for a named endpoint."""
        return "" if self._child is None else "\n".join(self._child.lines)

    def environment(self) -> dict[str, str]:
        """The environment variables with which boto3, the AWS command line and Lambda code use this cloud.

        >>> Cloud.at("http://127.0.0.1:4566").environment()["AWS_ENDPOINT_URL"]
        'http://127.0.0.1:4566'
        """
        host = urlsplit(self.endpoint).hostname or ""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": ",".join(filter(None, (os.environ.get("NO_PROXY", ""), host))),
        }

    @contextlib.contextmanager
    def exported(self) -> Iterator[None]:
        """Put ``environment()`` into this process's environment, and what was there back afterwards.

        Variables that would win over it (a profile, a session token, an endpoint of one service) are taken out.

        >>> with Cloud.at("http://127.0.0.1:4566").exported():
        ...     os.environ["AWS_ENDPOINT_URL"]
        'http://127.0.0.1:4566'
        """
        before = dict(os.environ)
        for name in list(os.environ):
            if name.startswith("AWS_"):
                del os.environ[name]
        os.environ.update(self.environment())
        try:
            yield
        finally:
            for name in set(os.environ) | set(before):
                if name.startswith("AWS_") or name == "NO_PROXY":
                    if name in before:
                        os.environ[name] = before[name]
                    else:
                        os.environ.pop(name, None)

    @overload
    def client(self, name: Literal["s3"]) -> S3Client: ...
    @overload
    def client(self, name: Literal["sqs"]) -> SQSClient: ...
    @overload
    def client(self, name: Literal["kinesis"]) -> KinesisClient: ...
    @overload
    def client(self, name: Literal["dynamodb"]) -> DynamoDBClient: ...
    @overload
    def client(self, name: Literal["dynamodbstreams"]) -> DynamoDBStreamsClient: ...
    @overload
    def client(self, name: str) -> Any: ...
    def client(self, name: str) -> Any:
        """A boto3 client of this cloud, made once a name. Raises MissingExtra without boto3.

        >>> Cloud.at("http://127.0.0.1:4566").client("s3").meta.endpoint_url
        'http://127.0.0.1:4566'
        """
        with self._lock:
            if name not in self._clients:
                self._clients[name] = self._make_client(name)
            return self._clients[name]

    def _make_client(self, name: str) -> Any:
        try:
            import boto3
            from botocore.config import Config
        except ImportError:
            raise MissingExtra("reactflow.local", "boto3", "local") from None
        session = boto3.session.Session(
            aws_access_key_id="local", aws_secret_access_key="local", region_name=self.region
        )
        config = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"total_max_attempts": 3, "mode": "standard"},
            proxies={},
            s3={"addressing_style": "path"},
            max_pool_connections=20,
        )
        make: Any = session.client
        return make(name, endpoint_url=self.endpoint, config=config)

    def stop(self) -> None:
        """End the embedded cloud and remove what it wrote; of a named endpoint nothing. May be called twice."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()
        if self._end is not None:
            self._end()

    def __enter__(self) -> Cloud:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"Cloud({self.endpoint!r}{'' if self.running else ', stopped'})"


def _wait_until_ready(child: _Child, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    child.announced.wait(timeout)
    while time.monotonic() < deadline:
        code = child.process.poll()
        if code is not None:
            child.reader.join(timeout=1.0)
            raise ConfigurationError(
                f"the embedded cloud ended with code {code} as it started; {_said(child)}"
            )
        if child.port and _healthy(child.port):
            return
        time.sleep(0.02)  # it is up in some 0.2 s, and tells of it only by answering
    raise ConfigurationError(
        f"the embedded cloud did not answer within {timeout:g} s; {_said(child)}\n"
        "Give it longer with Cloud.start(timeout=...), or name a running endpoint: Cloud.at('http://127.0.0.1:4566')"
    )


def _said(child: _Child) -> str:
    lines = list(child.lines)[-30:]
    return "it said:\n  " + "\n  ".join(lines) if lines else "it said nothing"


def _healthy(port: int) -> bool:
    # Not urllib: it would ask a configured proxy.
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2.0)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
