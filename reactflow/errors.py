"""Every exception that reactflow raises on purpose, in one tree.

    ReactflowError
    |- CellsError                     the live graph
    |  |- Unset                       a value was read that is not there (also a LookupError)
    |  |- CycleError                  cells that depend on themselves, or effects that keep feeding themselves
    |  |- ReadOnlyError               a write where none is allowed (also an AttributeError)
    |  |- TemplateError               a flow's template used as if it were live (also an AttributeError)
    |  `- OccurrenceError             a second emit of one pulse in one event
    |- DeclarationError               a cell, fold, flow or output declared in a way that cannot work (also a TypeError)
    |- BindingError                   a service whose inputs, key or outputs do not fit its flow (also a ValueError)
    |- ConfigurationError             a setting, store, endpoint or permission that is wrong or missing
    |  `- MissingExtra                an optional dependency that is not installed (also an ImportError)
    |- EventError                     one event that could not be applied
    |  |- RecordError                 a record that could not be decoded
    |  |  `- LateRecord               a record that came too late for its window
    |  |- Gap                         an occurrence of another service whose predecessor never came
    |  |- Held                        an event whose key waits behind a case
    |  |- CellError                   a cell of the flow that failed on an event
    |  |- CallError                   a direct invocation that could not be answered
    |  |- StateError                  state that cannot be stored or read back
    |  |  `- Unreadable               what a store keeps of a unit, and cannot be read: no record is to blame
    |  `- Superseded                  the object an event speaks of is gone or was replaced
    |- Transient                      a failure that may pass: try again
    |  `- Unfinished                  a delivery of which a part has to come again
    |- InvocationError                a function in Lambda's runtime that gave no answer
    |  |- TimedOut                    it took longer than its timeout, and was ended
    |  |- Crashed                     its process ended
    |  |- HandlerFailed               it raised, or could not be loaded
    |  `- TooLarge                    the event or the answer is larger than 6 MB
    `- InternalError                  a broken invariant of ours: please report it

and one warning:

    MutationWarning                   a cell's value was changed in place (a UserWarning)

Data is in fields, words are in the message. A user's own exception is never wrapped by the live graph: it is stored in
the cell and raised to the reader as it is.
"""

from __future__ import annotations

from collections.abc import Callable


class ReactflowError(Exception):
    """Root of the tree: ``except ReactflowError`` catches all that reactflow raises on purpose."""


class CellsError(ReactflowError):
    """Root of what the live graph raises."""


class Unset(CellsError, LookupError):
    """A cell without a value was read; ``missing`` names the source cells that have to be written first."""

    def __init__(self, message: str, missing: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self._missing = missing
        self._find: Callable[[], Unset] | None = None

    @classmethod
    def found_by(cls, find: Callable[[], Unset]) -> Unset:
        """An error whose words are found when somebody asks for them; inside derived cells nobody does."""
        made = cls("")
        made._find = find
        return made

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the source cells that have to be written first."""
        self._settle()
        return self._missing

    def _settle(self) -> None:
        if self._find is not None:
            found, self._find = self._find(), None
            self.args, self._missing = found.args, found._missing

    def __str__(self) -> str:
        self._settle()
        return super().__str__()


class CycleError(CellsError):
    """Cells that depend on themselves; ``path`` names them in order, the first one again at the end."""

    def __init__(self, message: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


class ReadOnlyError(CellsError, AttributeError):
    """A write to something that is computed, or from inside a derived cell."""


class TemplateError(CellsError, AttributeError):
    """A cell of a flow class was used as if it were live."""


class OccurrenceError(CellsError):
    """A pulse was emitted twice in one event."""


class DeclarationError(ReactflowError, TypeError):
    """A cell, fold, flow or output is declared in a way that cannot work; the message says the remedy."""


class BindingError(ReactflowError, ValueError):
    """A service whose inputs, key or outputs do not fit its flow; the message says the remedy."""


class ConfigurationError(ReactflowError):
    """A setting, store, endpoint or permission is wrong or missing."""


class MissingExtra(ConfigurationError, ImportError):
    """An optional dependency is not installed; the message is the command that installs it."""

    def __init__(self, user: str, needs: str, extra: str) -> None:
        super().__init__(f"{user} needs {needs}: pip install 'reactflow-py[{extra}]'")
        self.extra = extra


class EventError(ReactflowError):
    """One event could not be applied; nothing of it was."""


class RecordError(EventError):
    """A record could not be decoded; ``field`` is the path of the value at fault, where one is.

    ``key_fields`` holds the record's fields as far as they could be read, so that the unit it belongs to can be named.
    """

    def __init__(self, message: str, *, field: str = "", key_fields: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.key_fields = key_fields


class LateRecord(RecordError):
    """A record came too late for its window, and no ``late=`` says where to tell of it."""


class Gap(EventError):
    """An occurrence of another service came without the one before it, and its source has no later one to bring."""


class Held(EventError):
    """An event has to wait: a case holds its key."""


class CellError(EventError):
    """A cell of the flow failed on an event; ``error`` is what the user's function raised."""

    def __init__(self, message: str, *, cell: str, error: BaseException, line: str = "") -> None:
        super().__init__(message)
        self.cell = cell
        self.error = error
        self.line = line


class CallError(EventError):
    """A direct invocation could not be answered; ``public`` is the message without any value that was given."""

    def __init__(self, message: str, public: str = "") -> None:
        super().__init__(message)
        self.public = public or message


class StateError(EventError):
    """State that cannot be stored or read back; ``cell`` names the one at fault."""

    def __init__(self, message: str, *, cell: str = "") -> None:
        super().__init__(message)
        self.cell = cell


class Unreadable(StateError):
    """What a store keeps of a unit cannot be read: no record is to blame, and they wait for its mending."""


class Superseded(EventError):
    """The object that an event speaks of is gone or was replaced: a later event tells of it."""


class Transient(ReactflowError):
    """A failure that may pass, such as a throttled call: the same record is tried again."""


class Unfinished(Transient):
    """A part of a delivery has to come again, and its trigger can only be told so by an error."""


class InvocationError(ReactflowError):
    """A function in Lambda's runtime gave no answer to an event."""


class TimedOut(InvocationError):
    """A function took longer than its timeout, and its process was ended."""


class Crashed(InvocationError):
    """The process of a function ended before it answered; ``reason`` says how, such as ``exit status 3``."""

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class HandlerFailed(InvocationError):
    """A function raised, or could not be loaded; ``kind`` and ``words`` are the type and the message of its error."""

    def __init__(self, message: str, *, kind: str, words: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.words = words


class TooLarge(InvocationError):
    """An event, or the answer to one, is larger than Lambda hands on (6 MB)."""


class InternalError(ReactflowError):
    """An invariant of reactflow itself is broken: please report it."""


class MutationWarning(UserWarning):
    """The value of a cell was changed in place, so that nothing that reads it was told; ``cell`` is its name."""

    def __init__(self, message: str, *, cell: str = "") -> None:
        super().__init__(message)
        self.cell = cell
