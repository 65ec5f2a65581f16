"""Development mode: a value that was changed in place is noticed and named.

A cell tells of a change when another value is written. A list that somebody appends to is the same list: nothing that
reads the cell hears of it. While the mode is on, a fingerprint of each mutable value is taken when it is set, or first
seen, and compared when the cell or something computed from it is read, and at the end of each event. Off, it costs
nothing: it listens as an ``Instrument``, and the reads that check are put into the classes only while it is on.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any
from weakref import ref

from reactflow.cells.cell import Cell
from reactflow.cells.content import fingerprint, kind_of_mutable
from reactflow.cells.derived import Derived
from reactflow.cells.doing import DOING
from reactflow.cells.instrument import Instrument
from reactflow.cells.looking import listen, unlisten
from reactflow.cells.naming import is_ours
from reactflow.cells.node import Node
from reactflow.cells.parentheses import makes_block
from reactflow.cells.readable import Readable
from reactflow.errors import ConfigurationError, MutationWarning

WALKED = 10_000  # cells that a read looks through
_ON, _OFF = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


class _Watch(Instrument):
    """The fingerprints. A cell is held weakly; each change in place is told once."""

    def __init__(self) -> None:
        # the value's own object keeps its id from being reused
        self.known: dict[ref[Any], tuple[object, int]] = {}

    def written(self, node: Any) -> None:
        """A new value: that is what it is compared with from now on."""
        self.take(node)

    def settled(self, node: Any, changed: bool) -> None:
        """The same, of a cell that was computed."""
        if changed:
            self.take(node)

    def computed(self, node: Any) -> None:
        """What is about to be read may not have been seen yet."""
        for one in node.inputs:
            self.see(one)

    def event_ended(self) -> None:
        """Look at everything."""
        self.check([node for node in (one() for one in list(self.known)) if node is not None])

    def see(self, node: Any) -> None:
        """Take the fingerprint of a value that is not known yet."""
        found = self.known.get(ref(node)) if isinstance(node, Readable) else None
        if found is None or found[0] is not node.outcome:
            self.take(node)

    def take(self, node: Any) -> None:
        """Take the fingerprint of a value, if it can be changed in place."""
        if not isinstance(node, Readable):
            return
        if kind_of_mutable(node.outcome):
            self.known[ref(node, self.forget)] = node.outcome, fingerprint(node.outcome)
        else:
            self.known.pop(ref(node), None)

    def forget(self, gone: ref[Any]) -> None:
        """A cell was collected."""
        self.known.pop(gone, None)

    def check(self, nodes: list[Any]) -> None:
        """Warn of each value that is not what it was; sources first, a value that several cells hold only once."""
        told: set[int] = set()
        for node in sorted(nodes, key=lambda one: bool(one.inputs)):
            found = self.known.get(ref(node))
            if found is None or found[0] is not node.outcome:
                continue
            now = fingerprint(node.outcome)
            if now == found[1]:
                continue
            self.known[ref(node, self.forget)] = node.outcome, now
            if id(node.outcome) not in told:
                told.add(id(node.outcome))
                warnings.warn(_warning(node), stacklevel=_level())

    def read(self, node: Any) -> None:
        """Look at a cell that is read, and at what it is computed from."""
        found: dict[Node, None] = {}
        stack: list[Any] = [node]
        while stack and len(found) < WALKED:
            one = stack.pop()
            if one not in found:
                found[one] = None
                stack += one.inputs
        self.check([one for one in found if ref(one) in self.known] if self.known else [])
        self.see(node)


def _warning(node: Any) -> MutationWarning:
    name, kind = str(node.name), kind_of_mutable(node.outcome)
    a = "an" if kind[0] in "aeion" else "a"
    holds = f"{name!r} (made at {node.where}) holds {a} {kind} that was changed in place"
    copy = _NEW.get(kind) or _COPY.get(kind, "copy.deepcopy({0})")
    copy = copy.format(f"{name}.value")
    if node.inputs:
        said = f"{holds} after it was computed: who reads it gets that, and nothing was told. Change a copy: {copy}"
    elif kind in _NEW:
        said = f"{holds}: nothing that reads it was told. Write a new one: {name}.value = {copy}"
    else:
        said = f"{holds}: nothing that reads it was told. Change a copy, {copy}, and write that"
    return MutationWarning(said, cell=name)


_NEW = {"list": "[*{0}, x]", "dict": "{{**{0}, key: x}}", "set": "{0} | {{x}}", "bytearray": "{0} + b'...'"}
_COPY = {"deque": "{0}.copy()", "ndarray": "{0}.copy()", "DataFrame": "{0}.copy()", "Series": "{0}.copy()"}


def _level() -> int:
    """How far up the user's own line is, for the warning."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and is_ours(frame):
        level, frame = level + 1, frame.f_back
    return level


# --- on and off ------------------------------------------------------------------------------------------------------


class Development:
    """The mode, as it was set: at the end of a ``with`` block it is again what it was before."""

    def __init__(self, on: bool, before: bool) -> None:
        self.on, self._before = on, before

    def __enter__(self) -> Development:
        return self

    def __exit__(self, *_: object) -> None:
        _switch(self._before)

    def __repr__(self) -> str:
        return f"<development mode {'on' if self.on else 'off'}>"


@makes_block
def development(on: bool = True) -> Development:
    """Notice values that are changed in place: switch it on (or off), or have it on for a ``with`` block.

    ``REACTFLOW_DEV=1`` in the environment has it on from the start. It warns with a ``MutationWarning`` that names the
    cell, what it holds, and what to write instead. Seen are list, dict, set, bytearray, deque, array, data classes,
    numpy arrays and pandas frames, also inside each other.

    It costs a walk through the value when it is set, when it is read, and at the end of every event: at most 10,000
    elements, 8 levels and 16 MB of an array; of what is larger a part is compared. The fast paths are off meanwhile.
    A value that was set before the mode was on is known from when it is first read or used.

    Raises ConfigurationError when ``on`` is not a bool.

    >>> import warnings
    >>> from reactflow import cell
    >>> rooms = cell(["hall"], name="rooms")
    >>> with development(), warnings.catch_warnings(record=True, action="always") as caught:
    ...     rooms.value.append("kitchen")
    ...     count = len(rooms.value)
    >>> print(caught[0].message)
    'rooms' (made at ...) holds a list that was changed in place: ... Write a new one: rooms.value = [*rooms.value, x]
    """
    if on is not True and on is not False:
        raise ConfigurationError(f"development({on!r}): give True or False")
    before = bool(_WATCH)
    _switch(on)
    return Development(on, before)


_WATCH: list[_Watch] = []
_READS: list[tuple[type, str, Any]] = []  # what the classes had before


def _switch(on: bool) -> None:
    if on and not _WATCH:
        watch = _Watch()
        _WATCH.append(watch)
        for owner in (Cell, Derived):
            _READS.append((owner, "value", owner.__dict__["value"]))
            setattr(owner, "value", _checking_property(owner.__dict__["value"], watch))  # noqa: B010  # a property
        _READS.append((Readable, "_read", Readable._read))
        setattr(Readable, "_read", _checking(Readable._read, watch))  # noqa: B010  # a method of its own for a while
        listen(watch)
    elif not on and _WATCH:
        unlisten(_WATCH.pop())
        while _READS:
            changed, name, was = _READS.pop()
            setattr(changed, name, was)


def _checking(read: Any, watch: _Watch) -> Any:
    """A way of reading that looks at what it gives."""

    def checked(node: Any) -> Any:
        value = read(node)
        if DOING.track is None and DOING.computing is None:
            watch.read(node)
        else:  # a function is running, into which a warning should not be raised: the event's end will look
            watch.see(node)
        return value

    return checked


def _checking_property(was: Any, watch: _Watch) -> Any:
    return property(_checking(was.__get__, watch), was.__set__, was.__delete__, was.__doc__)


def from_environment() -> None:
    """Switch it on if ``REACTFLOW_DEV`` says so; raises ConfigurationError for what is neither on nor off."""
    given = os.environ.get("REACTFLOW_DEV", "").strip().lower()
    if given not in _ON | _OFF:
        raise ConfigurationError(
            f"REACTFLOW_DEV={os.environ['REACTFLOW_DEV']!r}: give 1 for development mode, or 0 for none"
        )
    if given in _ON:
        _switch(True)
