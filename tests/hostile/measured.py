"""What a call takes: processor time and memory."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

MOST_SECONDS = 20.0
"""Of processor time, for a delivery: what is guarded against takes hours."""


def measured(run: Callable[[], T], most_bytes: int) -> T:
    """What a call gives, which must take neither long nor more than so many bytes of memory at any moment."""
    tracemalloc.start()
    begun = time.process_time()
    try:
        found = run()
        took, (_, peak) = time.process_time() - begun, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert took < MOST_SECONDS, f"it took {took:.1f} s"
    assert peak <= most_bytes, f"it took {peak:,} bytes, and {most_bytes:,} are the most"
    return found
