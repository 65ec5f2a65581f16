"""How much CPU time an invocation takes, told in its answer: the emulator's own time is not a function's."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

Handler = Callable[[dict[str, Any], object], Any]


def timed(handler: Handler) -> Handler:
    """The handler, with ``cpu`` in its answer: seconds of the process, all threads."""

    def measured(event: dict[str, Any], context: object = None) -> Any:
        begun = time.process_time()
        answer = handler(event, context)
        return {**answer, "cpu": time.process_time() - begun}

    return measured
