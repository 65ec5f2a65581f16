"""``why_not``: where a change ended, before it came to a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import CodeType
from typing import Any

from reactflow.cells.cause import Reason, WhyNot
from reactflow.cells.derived import EXPLICIT, Derived
from reactflow.cells.doing import LOCK, mine
from reactflow.cells.effect import Effect
from reactflow.cells.engine import ENGINE
from reactflow.cells.explaining import Explaining, latest
from reactflow.cells.fold import FoldCell
from reactflow.cells.node import LAZY, NEVER, Computed, Node, versions_seen
from reactflow.cells.readable import Readable, current_outcome, shown, unset_error
from reactflow.cells.semantics import UNSET, Failure
from reactflow.cells.tracing import Trace
from reactflow.cells.versions import event_of
from reactflow.cells.why import check, kind_of, part, written

SHOWN = 5  # inputs in a sentence


def why_not(cell: Readable[Any] | Effect, source: Readable[Any] | None = None) -> WhyNot:
    """Why a cell did not change, or an effect did not run, when ``source`` was last written.

    Without a source it is about the last write of all that the cell depends on, or that its function mentions. It names
    the cell at which the change ended: one that ran and came to an equal value, that is unset or failed, that does not
    read the source; or that the write itself was none, that a batch is open, that nobody had read a lazy cell. It reads
    the cell, which is computed if it has to be. What is not known it says, with the remedy: ``explaining()``.

    Raises DeclarationError for anything but a cell, pulse, fold or effect.

    >>> from reactflow import cell, derived
    >>> flag, width = cell(False, name="flag"), cell(4.0, name="width")
    >>> price = derived(lambda: width.value if flag.value else 0.0, name="price")
    >>> stop = price.subscribe(lambda value: None)
    >>> width.value = 9.0
    >>> print(why_not(price, width))
    price (0.0) did not change when width was set to 9.0 at ...
      price does not depend on width now: it mentions it, and its last run read flag (False), but ...
    >>> stop()
    """
    check(cell, "why_not")
    if source is not None:
        check(source, "why_not")
    with LOCK:
        return _Search(cell, source, latest()).answer()


class _Search:
    """One question. ``children`` are the ways down to the cell among all that it depends on."""

    def __init__(self, cell: Any, source: Any, log: Explaining) -> None:
        self.cell, self.log = cell, log
        self.before: int = cell.version
        self.was_lazy = isinstance(cell, Computed) and cell.state == LAZY
        self.outcome = current_outcome(cell) if isinstance(cell, Readable) else UNSET
        self.children: dict[Node, dict[Node, None]] = {cell: {}}
        stack: list[Node] = [cell]
        while stack:
            node = stack.pop()
            for one in node.inputs:
                if one not in self.children:
                    self.children[one] = {}
                    stack.append(one)
                self.children[one][node] = None
        self.source: Any = source if source is not None else self._last_written()
        self.carried: dict[Node, dict[Node, None]] = {}
        self.reached: dict[Node, None] = {}
        self.drawn: dict[Node, None] = {}

    def _last_written(self) -> Node | None:
        """The source that was written last, of those that the cell depends on or mentions."""
        sources = dict.fromkeys(one for one in self.children if not isinstance(one, Computed))
        for node in self.children:
            if isinstance(node, (Derived, Effect)):
                sources.update(
                    dict.fromkeys(one for one in mentioned(node.fn) if not isinstance(one, Computed))
                )
        return max((one for one in sources if one.version), key=lambda one: one.version, default=None)

    # --- the answer --------------------------------------------------------------------------------------------------

    def answer(self) -> WhyNot:
        """Ask each thing that can keep a change away, from the cell's own state to the walk down from the source."""
        cell, source = self.cell, self.source
        reasons: list[Reason] = []
        write = None
        if isinstance(cell, Effect) and cell.stopped:
            reasons.append(Reason("stopped", cell.name, f"{cell.name} was stopped", cell.where))
        elif source is None:
            reasons.append(self._not_written(cell))
        elif source not in self.children:
            reasons += self._not_upstream(source)
        elif not isinstance(source, Computed) and not source.version:
            reasons.append(self._not_written(source))
        else:
            reasons += self._after(source)
        if source is not None and source.version and not isinstance(source, Computed):
            write = written(source, source.version, self.log)
        reasons += self._equal_writes()
        return WhyNot(
            str(cell.name), kind_of(cell), cell.where, self.outcome, write, tuple(reasons),
            part(self.drawn, self.carried),
        )  # fmt: skip

    def _after(self, source: Any) -> list[Reason]:
        """The reasons, of a source that was written."""
        cell = self.cell
        name = str(cell.name)
        if cell is source:
            return [Reason("changed", name, f"it did, then{_unless_equal(cell)}", cell.where)]
        if isinstance(cell, Effect) and self._waits_for_batch():
            words = f"a batch is open: {name} runs when it ends, if something that it reads is another then"
            return [Reason("batch", name, words, cell.where)]
        stopped = self._walk(source)
        if cell in self.reached:
            if self.was_lazy and self.before != cell.version:
                words = (
                    f"nobody observes {name}: it was not read since, and is computed when it is read, as now"
                )
                return [Reason("lazy", name, words, cell.where)]
            return [self._reached(source)]
        if isinstance(cell, Effect) and not stopped:
            unset = [str(one.name) for one in cell.inputs if one.outcome is UNSET and not one.is_pulse]
            if unset:
                words = f"{name} waits: it read {', '.join(unset)}, which has no value"
                stopped.append(Reason("unset", name, words, cell.where))
        return stopped or [
            Reason("unknown", name, f"what kept it away from {name} is not known any more", cell.where)
        ]

    def _not_written(self, source: Any) -> Reason:
        """Nothing has happened since it was made, or nothing that left a trace."""
        kind, name = kind_of(source), str(source.name)
        if kind not in _HAPPENED:
            words = f"nothing that {name} depends on was written since it was made at {source.where}"
            words += _in_place(self.children)
        else:
            words = f"{name} {_HAPPENED[kind]} since it was made at {source.where}{_unless_equal(source)}"
        return Reason("not written", name, words, source.where)

    def _equal_writes(self) -> list[Reason]:
        """Writes that were none, as far as they are kept."""
        found = []
        for one in self.children if self.source is None else [self.source]:
            write = None if isinstance(one, Computed) else self.log.ignored_since(one, one.version)
            if write is not None:
                words = f"{one.name} was given an equal value at {write.site}: that is no change"
                found.append(Reason("equal write", str(one.name), words, str(write.site or "")))
        return found[:SHOWN]

    def _waits_for_batch(self) -> bool:
        return bool(ENGINE.levels) and not ENGINE.in_effects and mine()

    def _reached(self, source: Any) -> Reason:
        """It did change after all, or may have."""
        name, where = str(self.cell.name), self.cell.where
        trace = Trace(self.cell, self.log)
        if not isinstance(source, Computed) and trace.writes.get(source, NEVER) < source.version:
            words = f"{name} has changed since that write, whether because of it is not known any more"
            return Reason("unknown", name, words, where)
        return Reason("changed", name, f"it did: why({name}) tells on which way", where)

    # --- a source that is not among what the cell depends on ---------------------------------------------------------

    def _not_upstream(self, source: Any) -> list[Reason]:
        found = [
            node
            for node in self.children
            if isinstance(node, (Derived, Effect)) and source in mentioned(node.fn)
        ]
        for node in found or [self.cell]:  # beside each other, without an edge
            self.drawn.update(dict.fromkeys((source, *node.inputs, node)))
            self.carried[node] = dict.fromkeys(node.inputs)
        if found:
            return [self._mentions(node, source) for node in found]
        name, of = str(self.cell.name), str(source.name)
        words = f"{name} does not depend on {of}, nor does anything that it depends on"
        tracked = [node for node in self.children if isinstance(node, Computed) and node.tracked]
        if tracked:
            last = "; ".join(f"{node.name} read {_inputs(node)}" for node in tracked[:SHOWN])
            words += f". What finds its inputs by reading them did not read it: {last}"
        return [Reason("not downstream", name, words, self.cell.where)]

    def _mentions(self, node: Any, source: Any) -> Reason:
        name, of = str(node.name), str(source.name)
        if isinstance(node, Derived) and node.form == EXPLICIT:
            words = (
                f"{name} does not depend on {of}: its function mentions it, but {name} has its inputs given, "
                f"{_inputs(node)}. Give {of} as an input"
            )
            return Reason("not downstream", name, words, node.where)
        words = (
            f"{name} does not depend on {of} now: it mentions it, and its last run read {_inputs(node)}, "
            f"but not {of} (or with peek(), which does not subscribe)"
        )
        return Reason("not read", name, words, node.where)

    # --- the walk down -----------------------------------------------------------------------------------------------

    def _walk(self, source: Node) -> list[Reason]:
        """Follow a change from its source as far as it came; returns where and why it ended."""
        ended: dict[Node, Reason] = {}
        stack: list[tuple[Node, int]] = [(source, source.version)]
        reached: dict[Node, None] = {source: None}
        while stack:
            node, version = stack.pop()
            for reader in self.children[node]:
                if reader in reached:
                    continue
                self.carried.setdefault(reader, {})[node] = None
                after = self._answer_of(reader, node, version)
                if isinstance(after, Reason):
                    ended[reader] = after
                    continue
                ended.pop(reader, None)  # it came by another way
                reached[reader] = None
                stack.append((reader, after))
        self.reached = reached
        self.drawn = {**reached, **dict.fromkeys(ended)}
        return list(ended.values())

    def _answer_of(self, reader: Any, node: Node, version: int) -> int | Reason:
        """The version that a node's change gave to what reads it, or why it gave it none."""
        run = self.log.answer_to(reader, node, version)
        if run is not None:
            return run.version if run.changed else self._equal(reader)
        if isinstance(reader, Effect):
            return version if self._has_seen(reader, node, version) else _not_looked(reader, node)
        if reader.version >= version:
            if reader.state != LAZY and event_of(reader.version) > event_of(version):
                words = f"{reader.name} has changed since, so what it did then is not known any more"
                return Reason("unknown", str(reader.name), words, reader.where)
            return int(reader.version)
        if self._has_seen(reader, node, version):
            return self._equal(reader)
        return self._blocked(reader) or _not_looked(reader, node)

    def _has_seen(self, reader: Any, node: Node, version: int) -> bool:
        seen = dict(zip(reader.inputs, versions_seen(reader.inputs, reader.seen) or (), strict=False))
        return bool(seen.get(node, NEVER) >= version)

    def _blocked(self, reader: Any) -> Reason | None:
        """A reader that cannot run, for want of a value or because of a failure."""
        name = str(reader.name)
        if reader.outcome is UNSET and not reader.is_pulse:
            missing = ", ".join(unset_error(reader).missing) or "something that it reads"
            return Reason("unset", name, f"{name} is unset, as {missing} has no value", reader.where)
        if type(reader.outcome) is Failure:
            for one in reader.inputs:
                if one.outcome is reader.outcome:
                    words = f"{name} does not run: {one.name} failed with {shown(one.outcome)}"
                    return Reason("failed", name, words, reader.where)
        return None

    def _equal(self, reader: Any) -> Reason:
        """A reader that ran and came to what it was."""
        blocked = self._blocked(reader)
        if blocked is not None:
            return blocked
        name = str(reader.name)
        if reader.is_pulse:
            return Reason("equal", name, f"{name} ran and did not occur", reader.where)
        if type(reader.outcome) is Failure:
            words = f"{name} ran and failed as before, with {shown(reader.outcome)}"
            return Reason("failed", name, words, reader.where)
        how = "==" if reader.equal is None else f"equal={_called(reader.equal)}"
        made = f", made at {reader.where}" if reader.where != name else ""
        did = "took its step" if isinstance(reader, FoldCell) else "ran"
        words = (
            f"{name} {did} and came to an equal value, {shown(reader.outcome)} (compared with {how}){made}"
        )
        return Reason("equal", name, words, reader.where)


_HAPPENED = {"cell": "was not written", "pulse": "has not occurred"}


def _not_looked(reader: Any, node: Node) -> Reason:
    words = f"{reader.name} has not looked at {node.name} since: nothing that was read or observed needed it"
    return Reason("lazy", str(reader.name), words, reader.where)


def _unless_equal(source: Any) -> str:
    """What to add about a source: perhaps it was given an equal value, or changed in place."""
    if source.is_pulse:
        return ""
    return f"; a write of an equal value is no change, and leaves no trace{_in_place([source])}"


def _in_place(nodes: Iterable[Any]) -> str:
    """What to add when one of these sources holds what is easily changed in place."""
    for one in nodes:
        if not isinstance(one, Computed) and isinstance(one.outcome, (list, dict, set, bytearray)):
            kind = type(one.outcome).__name__
            return (
                f". {one.name} holds a {kind}: changed in place, it is the same object, and that is no change"
            )
    return ""


def _inputs(node: Node) -> str:
    """What a node read, with the values."""
    some = [f"{one.name} ({shown(one.outcome, 30)})" for one in node.inputs[:SHOWN]]
    more = len(node.inputs) - len(some)
    return ", ".join(some) + (f" and {more} more" if more else "") if some else "nothing"


def _called(fn: object) -> str:
    return str(getattr(fn, "__name__", type(fn).__name__))


def mentioned(fn: Callable[..., Any]) -> dict[Node, None]:
    """The cells that a function mentions: in its closure, its globals and defaults, also in functions inside it.

    >>> from reactflow import cell
    >>> length = cell(3.0, name="length")
    >>> [one.name for one in mentioned(lambda: length.value)]
    ['length']
    """
    found: dict[Node, None] = {}
    for value in _values(fn):
        if isinstance(value, Node):
            found[value] = None
    return found


def _values(fn: Any) -> Iterator[object]:
    fn = getattr(fn, "__func__", fn)
    code = getattr(fn, "__code__", None)
    if not isinstance(code, CodeType):
        return
    yield from fn.__defaults__ or ()
    for one in fn.__closure__ or ():
        try:
            yield one.cell_contents
        except ValueError:  # not assigned yet
            continue
    codes = [code]
    while codes:
        code = codes.pop()
        yield from (fn.__globals__[name] for name in code.co_names if name in fn.__globals__)
        codes += (one for one in code.co_consts if isinstance(one, CodeType))
