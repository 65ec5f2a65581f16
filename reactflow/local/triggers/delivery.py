"""One invocation of a handler: what it gets, and what a listener is told of it.

The handler gets what Lambda would give it: an event that is fresh from JSON text at every try (so that what it changes
in it is not seen again) and a context. It must not be called from anywhere else in ``triggers``.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Literal

from attrs import field, frozen

from reactflow.local.cloud import ACCOUNT, REGION
from reactflow.local.triggers.clock import Clock

Handler = Callable[[Any, Any], object]
Outcome = Literal["done", "partly", "failed", "discarded", "lost", "filtered"]

_log = logging.getLogger("reactflow.local")


@frozen
class LambdaContext:
    """What Lambda passes as ``context``; ``deadline`` is in seconds since 1970, by the trigger's clock."""

    function_name: str
    deadline: float
    clock: Clock = field(repr=False)
    aws_request_id: str = field(factory=lambda: str(uuid.uuid4()))
    function_version: str = "$LATEST"
    memory_limit_in_mb: str = "512"
    client_context: None = None
    identity: None = None

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        return f"local/[{self.function_version}]{self.aws_request_id.replace('-', '')}"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the handler's timeout; never below 0."""
        return max(0, int((self.deadline - self.clock.now()) * 1000))


@frozen
class Delivery:
    """One thing that happened to a batch; ``str()`` is the line that a console shows.

    ``outcome``: *done*; *partly*, or *failed*: ``unfinished`` records come again after ``wait`` seconds; *discarded*:
    the trigger gave them up, ``event`` holds them, ``kept`` says where they are kept; *filtered*: they match no filter;
    *lost*: a shard went away with records that nobody read.
    """

    source: str
    shard: str
    records: int
    outcome: Outcome
    unfinished: int = 0
    attempt: int = 1
    seconds: float = 0.0
    wait: float = 0.0
    reason: str = ""
    answer: object = field(default=None, repr=False)
    error: BaseException | None = field(default=None, repr=False)
    event: Mapping[str, Any] | None = field(default=None, repr=False)
    kept: str = ""

    def __str__(self) -> str:
        count = f"{self.records} record{'' if self.records == 1 else 's'}"
        place = f"{self.source} {self.shard}".rstrip()
        took = f"in {self.seconds * 1000:.1f} ms"
        if self.outcome == "done":
            return f"{place}: {count} done {took}"
        if self.outcome == "discarded":
            return f"{place}: {count} DISCARDED: {self.reason}{f'; kept in {self.kept}' if self.kept else ''}"
        if self.outcome == "filtered":
            return f"{place}: {count} filtered: {self.reason}"
        if self.outcome == "lost":
            return f"{place}: LOST: {self.reason}"
        again = f"{self.unfinished} of {count} unfinished {took}, try {self.attempt}"
        return f"{place}: {again}: {self.reason}" if self.reason else f"{place}: {again}"


Listener = Callable[[Delivery], None]


def log_delivery(delivery: Delivery) -> None:
    """The listener when none is given: a line to the logger ``reactflow.local``; what is not done is a warning."""
    _log.log(logging.INFO if delivery.outcome in ("done", "filtered") else logging.WARNING, "%s", delivery)


@frozen
class Call:
    """A handler with what is needed to call it as Lambda does.

    One that takes longer than its timeout is not cut short, as Lambda would; but its answer does not count either.
    """

    handler: Handler
    timeout: float
    function: str

    def __call__(self, text: str, clock: Clock) -> Result:
        """Deliver an event, fresh from its text."""
        begun = clock.now()
        context = LambdaContext(self.function, begun + self.timeout, clock)
        try:
            answer = self.handler(json.loads(text), context)
        # A handler that exits fails its batch, as in Lambda; ctrl-c is the user's and goes through.
        except (Exception, SystemExit) as error:
            return Result(clock.now() - begun, error=error)
        seconds = clock.now() - begun
        if seconds > self.timeout:
            late = TimeoutError(f"the handler took {seconds:.2f} s, and its timeout is {self.timeout:g} s")
            return Result(seconds, error=late)
        return Result(seconds, answer=answer)


@frozen
class Result:
    """What came of one call: an answer, or an error."""

    seconds: float
    answer: object = None
    error: BaseException | None = None

    @property
    def reason(self) -> str:
        """Why the call failed; empty when it answered."""
        return "" if self.error is None else f"{type(self.error).__name__}: {self.error}"
