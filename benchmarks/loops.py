"""The loops that change sources and read results, in the two ways in which libraries let one do so.

By attribute: ``source.value = 3`` and ``area.value``. By call: ``source.set(3)`` and ``area()``. A loop does nothing
else, so that what a library is measured with is its own notation and no layer of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

Loop = Callable[[range], object]
"""Changes something for each number of a range; returns what it read last, if it reads."""

READS = range(100)
"""How often a read-heavy work reads after each write."""

WRITES = 100
"""How often a write-heavy work writes before each read."""


class ByAttribute:
    """Loops for libraries whose cells have a ``value``."""

    batch: Callable[[], AbstractContextManager[Any]]

    def writes(self, source: Any) -> Loop:
        """Writes a source."""

        def loop(values: range) -> None:
            for value in values:
                source.value = value

        return loop

    def writes_and_reads(self, source: Any, out: Any) -> Loop:
        """Writes a source and reads a cell, in turns."""

        def loop(values: range) -> object:
            last = None
            for value in values:
                source.value = value
                last = out.value
            return last

        return loop

    def reads_often(self, source: Any, out: Any) -> Loop:
        """Reads a cell a hundred times after each write."""

        def loop(values: range) -> object:
            last = None
            for value in values:
                source.value = value
                for _ in READS:
                    last = out.value
            return last

        return loop

    def writes_often(self, source: Any, out: Any) -> Loop:
        """Writes a source a hundred times before each read."""

        def loop(values: range) -> object:
            last = None
            for value in values:
                for written in range(value * WRITES, value * WRITES + WRITES):
                    source.value = written
                last = out.value
            return last

        return loop

    def switches(self, flag: Any, odd: Any, even: Any) -> Loop:
        """Turns a flag over, then writes the two sources between which it chooses."""

        def loop(values: range) -> None:
            for value in values:
                flag.value = value
                odd.value = value
                even.value = -value

        return loop

    def writes_all(self, sources: Sequence[Any]) -> Loop:
        """Writes many sources in one batch."""
        batch = self.batch

        def loop(values: range) -> None:
            for value in values:
                with batch():
                    for source in sources:
                        source.value = value

        return loop

    def writes_four(self, a: Any, b: Any, c: Any, d: Any) -> Loop:
        """Writes four sources in one batch."""
        batch = self.batch

        def loop(values: range) -> None:
            for value in values:
                with batch():
                    a.value = value
                    b.value = value
                    c.value = -value
                    d.value = value

        return loop

    def writes_pairs(self, pairs: Sequence[tuple[Any, Any]]) -> Loop:
        """Takes one pair of sources after the other, and writes both in one batch."""
        batch, count = self.batch, len(pairs)

        def loop(values: range) -> None:
            for value in values:
                length, width = pairs[value % count]
                with batch():
                    length.value = value
                    width.value = value

        return loop


class ByCall:
    """Loops for libraries whose cells are written and read by a call; ``writer`` and ``reader`` say which."""

    batch: Callable[[], AbstractContextManager[Any]]

    def writer(self, source: Any) -> Callable[[Any], object]:
        """What writes a source."""
        raise NotImplementedError

    def reader(self, node: Any) -> Callable[[], Any]:
        """What reads a cell."""
        raise NotImplementedError

    def writes(self, source: Any) -> Loop:
        """Writes a source."""
        write = self.writer(source)

        def loop(values: range) -> None:
            for value in values:
                write(value)

        return loop

    def writes_and_reads(self, source: Any, out: Any) -> Loop:
        """Writes a source and reads a cell, in turns."""
        write, read = self.writer(source), self.reader(out)

        def loop(values: range) -> object:
            last = None
            for value in values:
                write(value)
                last = read()
            return last

        return loop

    def reads_often(self, source: Any, out: Any) -> Loop:
        """Reads a cell a hundred times after each write."""
        write, read = self.writer(source), self.reader(out)

        def loop(values: range) -> object:
            last = None
            for value in values:
                write(value)
                for _ in READS:
                    last = read()
            return last

        return loop

    def writes_often(self, source: Any, out: Any) -> Loop:
        """Writes a source a hundred times before each read."""
        write, read = self.writer(source), self.reader(out)

        def loop(values: range) -> object:
            last = None
            for value in values:
                for written in range(value * WRITES, value * WRITES + WRITES):
                    write(written)
                last = read()
            return last

        return loop

    def switches(self, flag: Any, odd: Any, even: Any) -> Loop:
        """Turns a flag over, then writes the two sources between which it chooses."""
        turn, write_odd, write_even = self.writer(flag), self.writer(odd), self.writer(even)

        def loop(values: range) -> None:
            for value in values:
                turn(value)
                write_odd(value)
                write_even(-value)

        return loop

    def writes_all(self, sources: Sequence[Any]) -> Loop:
        """Writes many sources in one batch."""
        batch, writers = self.batch, [self.writer(source) for source in sources]

        def loop(values: range) -> None:
            for value in values:
                with batch():
                    for write in writers:
                        write(value)

        return loop

    def writes_four(self, a: Any, b: Any, c: Any, d: Any) -> Loop:
        """Writes four sources in one batch."""
        batch = self.batch
        write_a, write_b, write_c, write_d = (self.writer(source) for source in (a, b, c, d))

        def loop(values: range) -> None:
            for value in values:
                with batch():
                    write_a(value)
                    write_b(value)
                    write_c(-value)
                    write_d(value)

        return loop

    def writes_pairs(self, pairs: Sequence[tuple[Any, Any]]) -> Loop:
        """Takes one pair of sources after the other, and writes both in one batch."""
        batch, count = self.batch, len(pairs)
        writers = [(self.writer(length), self.writer(width)) for length, width in pairs]

        def loop(values: range) -> None:
            for value in values:
                write_length, write_width = writers[value % count]
                with batch():
                    write_length(value)
                    write_width(value)

        return loop
