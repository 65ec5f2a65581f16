"""The live graph without an engine: everything is computed anew, whenever it is asked for.

A model is obviously right because it keeps nothing but what was written, the states of folds, and what each effect saw
when it last ran. It has the same methods as ``live.Live``; programs of effects and of tracked cells run on either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from reactflow.cells.semantics import UNSET, Failure
from reactflow.errors import OccurrenceError, Unset


class Boom(Exception):
    """Raised by programs, and by batches that fail."""


class World(Protocol):
    """What a program can do: the live graph and the model both let it."""

    def look(self, node: int) -> Any: ...
    def read(self, node: int) -> Any: ...
    def write(self, node: int, value: object) -> None: ...
    def emit(self, node: int, value: object) -> None: ...
    def begin(self) -> None: ...
    def end(self, *, fails: bool) -> None: ...
    def log(self, *entry: object) -> None: ...
    def make_effect(self, label: str, program: Callable[[World], None]) -> None: ...


def seen(outcome: object) -> Any:
    """An outcome in a form that can be compared and logged."""
    if outcome is UNSET:
        return "unset"
    return outcome.says if isinstance(outcome, Failure) else outcome


def same_parity(old: Any, new: Any) -> bool:
    """An equality of source cells; what is unset is equal to nothing."""
    return UNSET not in (old, new) and bool(old % 2 == new % 2)


@dataclass(frozen=True)
class Spec:
    """A node: what it is, its inputs, its function, whether equal parity counts as equal.

    ``live`` makes, of the cells themselves, the function that the live graph has instead.
    """

    kind: str
    inputs: tuple[int, ...] = ()
    fn: Callable[..., Any] | None = None
    zero: Any = None
    parity: bool = False
    live: Callable[..., Callable[[], Any]] | None = None


@dataclass(eq=False)
class Watcher:
    """An effect: what it saw when it last ran, and who made it."""

    label: str
    program: Callable[[World], None]
    owner: Watcher | None
    saw: dict[int, Any] = field(default_factory=dict)


class Model:
    """See the module."""

    def __init__(self) -> None:
        self.specs: list[Spec] = []
        self.written: dict[int, Any] = {}  # of source cells
        self.occurring: dict[int, Any] = {}  # of pulses, in this event
        self.folds: dict[int, tuple[Any, Any]] = {}  # state and outcome after the last event
        self.base: dict[int, Any] = {}  # outcomes of all cells before this event
        self.settled: dict[int, Any] | None = None  # while effects run: outcomes of changes in their event
        self.pending: list[tuple[int, Any]] = []  # what effects emit
        self.saved: list[tuple[dict[int, Any], dict[int, Any], int]] = []
        self.watchers: list[Watcher] = []
        self.running: Watcher | None = None
        self.reads: dict[int, None] | None = None
        self.logged: list[tuple[object, ...]] = []
        # outcomes as things are: forgotten whenever anything changes
        self.known: dict[int, tuple[Any, bool]] = {}

    # --- outcomes ---------------------------------------------------------------------------------------------------

    def outcome(self, node: int) -> tuple[Any, bool]:
        """The outcome of a node as things are, and whether it is a pulse."""
        if node not in self.known:
            self.known[node] = self.compute(node)
        return self.known[node]

    def compute(self, node: int) -> tuple[Any, bool]:
        spec = self.specs[node]
        if spec.kind == "cell":
            return self.written[node], False
        if spec.kind == "pulse":
            return self.occurring.get(node, UNSET), True
        if spec.kind == "changes":
            if self.settled is not None:
                return self.settled.get(node, UNSET), True
            now = self.outcome(spec.inputs[0])[0]
            before = self.base.get(spec.inputs[0], now)
            return (UNSET if isinstance(now, Failure) or seen(now) == seen(before) else now), True
        if spec.kind == "fold":
            return (self.folds[node] if self.settled is not None else self.step(node))[1], False
        return self.tracked(spec) if spec.kind == "tracked" else self.explicit(spec)

    def explicit(self, spec: Spec) -> tuple[Any, bool]:
        given = [self.outcome(one) for one in spec.inputs]
        is_pulse = any(one for _, one in given)
        outcomes = [one for one, _ in given]
        if UNSET in outcomes:
            return UNSET, is_pulse
        for one in outcomes:
            if isinstance(one, Failure):
                return one, is_pulse
        try:
            return spec.fn(*outcomes) if spec.fn else None, is_pulse
        except Exception as error:
            return Failure(error), is_pulse

    def tracked(self, spec: Spec) -> tuple[Any, bool]:
        before, self.reads = self.reads, {}
        try:
            outcome: Any = spec.fn(self, *spec.inputs) if spec.fn else None
        except Unset:
            outcome = UNSET
        except Exception as error:
            outcome = Failure(error)
        finally:
            reads, self.reads = self.reads, before
        pulses = [one for one, is_pulse in map(self.outcome, reads) if is_pulse]
        return (UNSET if pulses and all(one is UNSET for one in pulses) else outcome), bool(pulses)

    def step(self, node: int) -> tuple[Any, Any]:
        """A fold after this event, as things are."""
        spec, (state, outcome) = self.specs[node], self.folds[node]
        value, is_pulse = self.outcome(spec.inputs[0])
        if value is UNSET or not is_pulse:
            return state, outcome
        if isinstance(value, Failure):
            return state, value
        try:
            after = spec.fn(state, value) if spec.fn else None
        except Exception as error:
            return state, Failure(error)
        return after, after

    def add(self, spec: Spec, default: object = UNSET) -> None:
        self.specs.append(spec)
        self.known = {}
        node = len(self.specs) - 1
        if spec.kind == "cell":
            for written in (self.written, self.base, *(one for one, *_ in self.saved)):
                written[node] = default
        if spec.kind == "fold":
            self.folds[node] = spec.zero, spec.zero

    # --- what a program can do --------------------------------------------------------------------------------------

    def look(self, node: int) -> Any:
        outcome, is_pulse = self.outcome(node)
        if self.reads is not None:
            self.reads.setdefault(node)
        elif self.running is not None:
            self.running.saw.setdefault(node, "unset" if is_pulse else seen(outcome))
        return seen(outcome)

    def read(self, node: int) -> Any:
        self.look(node)
        outcome, _ = self.outcome(node)
        if outcome is UNSET:
            raise Unset("")
        if isinstance(outcome, Failure):
            raise outcome.error
        return outcome

    def write(self, node: int, value: object) -> None:
        self.begin()
        for before in (self.base[node], self.written[node]):
            if self.specs[node].parity and same_parity(before, value):
                value = before
                break
        self.written[node] = value
        self.known = {}
        self.end(fails=False)

    def emit(self, node: int, value: object) -> None:
        if self.settled is not None:
            since = next((place for *_, place in self.saved), len(self.pending))
            if any(one == node for one, _ in self.pending[since:]):
                raise OccurrenceError
            self.pending.append((node, value))
            return
        if node in self.occurring:
            raise OccurrenceError
        self.begin()
        self.occurring[node] = value
        self.known = {}
        self.end(fails=False)

    def begin(self) -> None:
        if self.settled is None and not self.saved:
            self.base, self.known = self.cells(), {}
        self.saved.append((dict(self.written), dict(self.occurring), len(self.pending)))

    def end(self, *, fails: bool) -> None:
        written, occurring, pending = self.saved.pop()
        if fails:
            self.written, self.occurring, self.known = written, occurring, {}
            del self.pending[pending:]
        if self.settled is None and not self.saved:
            self.conclude()

    def log(self, *entry: object) -> None:
        self.logged.append(entry)

    # --- events -----------------------------------------------------------------------------------------------------

    def cells(self) -> dict[int, Any]:
        return {node: self.outcome(node)[0] for node in range(len(self.specs))}

    def conclude(self, *, begun: list[Watcher] | None = None) -> None:
        """Step the folds, run who saw something else, apply what they emit and write as the next event, and so on."""
        first: Exception | None = None
        errors: list[Exception] = []
        while True:
            now = {node: self.outcome(node) for node in range(len(self.specs))}
            self.folds = {node: self.step(node) for node in self.folds}
            runs = [one for one in self.watchers if changed(one, now)] if begun is None else begun
            self.base = {node: outcome for node, (outcome, _) in now.items()}
            self.settled = {
                node: outcome for node, (outcome, _) in now.items() if self.specs[node].kind == "changes"
            }
            self.known = {}
            for one in runs:
                if one in self.watchers:
                    try:
                        self.run(one)
                    except Exception as error:
                        first, errors = (error, errors) if begun else (first, [*errors, error])
            begun = None
            self.settled, self.occurring, self.known = None, {}, {}
            later = []
            for node, value in self.pending:
                if node in self.occurring:
                    later.append((node, value))
                else:
                    self.occurring[node] = value
            self.pending = later
            if not self.occurring and seen_all(self.cells()) == seen_all(self.base):
                break
        if first is not None:
            raise first
        if errors:
            raise ExceptionGroup("", errors)

    def run(self, watcher: Watcher) -> None:
        for one in [one for one in self.watchers if one.owner is watcher]:
            self.stop(one)
        before, self.running = self.running, watcher
        watcher.saw = {}
        try:
            watcher.program(self)
        except Unset:
            pass  # it waits
        finally:
            self.running = before

    def make_effect(self, label: str, program: Callable[[World], None]) -> None:
        watcher = Watcher(label, program, self.running)
        self.watchers.append(watcher)
        if self.saved or self.settled is not None:
            self.run(watcher)
        else:
            self.base, self.known = self.cells(), {}
            self.conclude(begun=[watcher])

    def stop(self, watcher: Watcher) -> None:
        for one in [one for one in self.watchers if one.owner is watcher]:
            self.stop(one)
        self.watchers.remove(watcher)


def seen_all(outcomes: dict[int, Any]) -> dict[int, Any]:
    """Outcomes in a form that can be compared."""
    return {node: seen(outcome) for node, outcome in outcomes.items()}


def changed(watcher: Watcher, now: dict[int, tuple[Any, bool]]) -> bool:
    """Whether a pulse that the effect read occurs, or a cell is another than it saw."""
    return any(
        (now[node][1] and now[node][0] is not UNSET) or seen(now[node][0]) != before
        for node, before in watcher.saw.items()
    )
