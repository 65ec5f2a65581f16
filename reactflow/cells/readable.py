"""What every cell of the live graph is: a named outcome with a version, which can be read and watched.

``Readable`` is the base of ``Cell``, ``Derived`` and ``Pulse``. It holds what propagation needs of any node and offers
what any node offers: reading, watching, building further cells. How a value comes about is the subclasses' business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from reactflow.cells.doing import DOING, Untracked
from reactflow.cells.engine import ENGINE
from reactflow.cells.naming import Site, calling_frame
from reactflow.cells.node import Computed, Node
from reactflow.cells.operators import Operators
from reactflow.cells.refusals import Refusals
from reactflow.cells.semantics import UNSET, Equal, Failure
from reactflow.errors import DeclarationError, Unset

if TYPE_CHECKING:
    from reactflow.cells.derived import Derived
    from reactflow.cells.effect import Effect
    from reactflow.cells.rx import Observer

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R")


class Readable(Node, Operators[T_co], Refusals):
    """A cell that can be read: ``value`` subscribes where it is tracked, ``peek()`` never does."""

    __slots__ = ("code", "given_name", "offset", "__weakref__")
    kind = "cell"

    def __init__(self, name: str | None, equal: Equal | None) -> None:
        self.outcome: Any = UNSET
        self.version = 0
        self.observers = None
        self.is_pulse = False
        self.equal = equal
        self.given_name = name
        frame = calling_frame(3)  # called by the constructor of the class, and that by a function of ours
        self.code = None if frame is None else frame.f_code
        self.offset = 0 if frame is None else frame.f_lasti

    @property
    def site(self) -> Site | None:
        """The place that made the cell."""
        return None if self.code is None else Site(self.code, self.offset)

    @site.setter
    def site(self, site: Site | None) -> None:
        self.code, self.offset = (None, 0) if site is None else site

    @property
    def name(self) -> str:
        """What the cell is called: its ``name=``, else the variable it was stored to, else ``file:line``."""
        if self.given_name is None:
            return (self.site and self.site.name) or self._unnamed()
        return self.given_name

    def _unnamed(self) -> str:
        """What a cell is called that nobody named."""
        return str(self.site or self.kind)

    @property
    def where(self) -> str:
        """The place that made the cell, as ``file:line``."""
        return str(self.site) if self.site else ""

    def _current(self) -> object:
        """The outcome now, computed first if it has to be."""
        return self.outcome

    def _read(self) -> Any:
        outcome = self._current()
        if outcome is UNSET or type(outcome) is Failure:
            self.explain(outcome)
        return outcome

    def explain(self, outcome: Any) -> NoReturn:
        """Raise what reading the cell gives when its outcome is no value."""
        if type(outcome) is Failure:
            outcome.throw()
        if DOING.computing is not None:
            raise Unset.found_by(lambda: unset_error(self))
        raise unset_error(self)

    def peek(self) -> T_co:
        """The value now, without subscribing. Raises what ``value`` raises.

        >>> from reactflow import cell
        >>> cell(3.0).peek()
        3.0
        """
        if DOING.track is None:
            return self._read()  # type: ignore[no-any-return]  # outcomes are untyped
        with Untracked():
            return self._read()  # type: ignore[no-any-return]  # as above

    @property
    def is_set(self) -> bool:
        """Whether reading would give a value (not unset, not failed); subscribes as reading does.

        >>> from reactflow import cell
        >>> height = cell()
        >>> height.is_set
        False
        """
        outcome = self._current()
        return outcome is not UNSET and type(outcome) is not Failure

    def map(
        self, fn: Callable[[T_co], R], *, equal: Equal | None = None, name: str | None = None
    ) -> Derived[R]:
        """A cell derived from this one alone by a plain function.

        Raises DeclarationError for what is no function of one value.

        >>> from reactflow import cell
        >>> cell(2.0).map("{:.1f} m2".format).value
        '2.0 m2'
        """
        from reactflow.cells.derived import derived

        if not callable(fn):
            raise DeclarationError(
                f"{self.name}.map({fn!r}): give a function of the value, as in {self.name}.map(round)"
            )
        return derived(fn, self, equal=equal, name=name)

    def changes(self, *, name: str | None = None) -> Derived[T_co]:
        """The pulse of this cell's changes: it occurs, with the new value, in each event that left another value.

        Changes are told from the moment that an effect, a fold or a subscription follows them. Raises DeclarationError
        when this is a pulse, each of whose occurrences counts already.

        >>> from reactflow import cell
        >>> length = cell(3.0)
        >>> stop = length.changes().subscribe(print)
        >>> length.value = 5.0
        5.0
        """
        from reactflow.cells.pulse import changes_of

        return changes_of(self, name)

    @overload
    def hold(self, *, name: str | None = None) -> Derived[T_co]: ...
    @overload
    def hold(self, default: R, *, name: str | None = None) -> Derived[T_co | R]: ...
    def hold(self, default: Any = UNSET, *, name: str | None = None) -> Derived[Any]:
        """A cell that keeps a pulse's latest occurrence; ``default`` (or unset) before the first.

        >>> from reactflow import pulse
        >>> reading = pulse()
        >>> latest = reading.hold(0.0)
        >>> reading.emit(5.0)
        >>> latest.value
        5.0
        """
        from reactflow.cells.fold import hold_of

        return hold_of(self, default, name)

    def subscribe(
        self,
        on_value: Callable[[T_co], object] | Observer | None = None,
        on_error: Callable[[Exception], object] | None = None,
        on_completed: object = None,
        *,
        scheduler: object = None,
    ) -> Effect:
        """Call a function with the value now, if there is one, and with each new one; call the result to stop.

        A stored error goes to ``on_error`` if it is given, else it arrives with the write that caused it. An observer
        of ReactiveX may stand for the functions. A cell never completes, and tells where it is written: what ReactiveX
        gives as ``on_completed`` and ``scheduler`` is not used. Raises DeclarationError for what cannot be called with
        a value, and ReadOnlyError inside a derived cell.

        >>> from reactflow import cell
        >>> length = cell(3.0)
        >>> stop = length.subscribe(print)
        3.0
        >>> length.value = 5.0
        5.0
        >>> stop()
        """
        from reactflow.cells.effect import watch
        from reactflow.cells.rx import callbacks

        return watch(self, *callbacks(self, on_value, on_error))

    def pipe(self, *operators: Callable[[Any], Any]) -> Any:
        """The cell as an Observable of ReactiveX, put through its operators.

        >>> from reactflow import cell
        >>> from reactivex import operators as ops
        >>> length = cell(3.0)
        >>> subscription = length.pipe(ops.map(lambda value: value * 2), ops.skip(1)).subscribe(print)
        >>> length.value = 5.0
        10.0
        >>> subscription.dispose()
        """
        from reactflow.cells.rx import piped  # of ReactiveX, which a service does without

        return piped(self, operators)

    def __repr__(self) -> str:
        if not ENGINE.computing():  # in a derived cell, what is shown must not run anything
            self._settle_for_display()
        return f"<{self.kind} {self.name}: {shown(self.outcome)}>"

    def _repr_html_(self) -> str:
        from html import escape  # in a notebook only

        self._settle_for_display()
        cells = "".join(f"<td>{escape(text)}</td>" for text in (self.name, shown(self.outcome), self.where))
        return f"<table><tr><th>{self.kind}</th><th>value</th><th>made at</th></tr><tr>{cells}</tr></table>"

    def _settle_for_display(self) -> None:
        with Untracked():
            self._current()


def shown(outcome: object, limit: int = 60) -> str:
    """An outcome in a few words, for a person."""
    if outcome is UNSET:
        return "unset"
    if type(outcome) is Failure:
        text = f"{type(outcome.error).__name__}: {outcome.error}"
    else:
        try:
            text = repr(outcome)
        except Exception as error:  # a picture must not fail because a value's repr does
            text = f"<{type(outcome).__name__}, its repr raises {type(error).__name__}>"
    return text if len(text) <= limit else text[: limit - 1] + "…"


def unset_error(node: Readable[Any]) -> Unset:
    """The error of reading an unset cell; names the source cells that are missing, and pulses that did not occur."""
    missing: dict[str, str] = {}  # by name, what to do about it
    seen: set[Node] = {node}
    stack: list[Node] = [node]
    while stack:
        current = stack.pop()
        if not current.inputs and not isinstance(current, Computed):
            missing[str(current.name)] = "emit" if current.is_pulse else "write"
        unset = [one for one in current.inputs if one.outcome is UNSET and one not in seen]
        seen.update(unset)
        stack.extend(reversed(unset))
    if node.is_pulse and "write" not in missing.values():
        return Unset(
            f"{node.name!r} is a pulse: it has a value only while an event is applied. Use .hold() or fold()"
        )
    names = tuple(sorted(missing, key=lambda name: missing[name] == "emit"))  # cells first, in order
    if names == (node.name,):
        return Unset(f"{node.name!r} is unset: write it first", names)
    if not names:
        return Unset(f"{node.name!r} is unset: its function reads something unset, or gave no value")
    todo = " and ".join(
        f"{verb} {', '.join(one for one in names if missing[one] == verb)}"
        for verb in ("write", "emit")
        if verb in missing.values()
    )
    return Unset(f"{node.name!r} is unset: {todo} first", names)


def current_outcome(node: Readable[Any]) -> object:
    """The outcome of a node now, without subscribing and without raising."""
    with Untracked():
        return node._current()
