"""reactflow: write ``area = length * width`` once. In a notebook it is data binding, in production a service."""

from typing import TYPE_CHECKING

from reactflow.cells import (
    UNSET,
    Cell,
    Derived,
    Failure,
    Fold,
    Pulse,
    Readable,
    cell,
    derived,
    fold,
    folds,
    pulse,
)
from reactflow.errors import (
    BindingError,
    CellError,
    ConfigurationError,
    CycleError,
    DeclarationError,
    MutationWarning,
    ReactflowError,
    RecordError,
    Transient,
    Unset,
)
from reactflow.flow import Event, Flow, Step
from reactflow.later import later
from reactflow.service import MemoryStore, Service, row

if TYPE_CHECKING:
    from reactflow.cells import GraphView, Instrument, Members
    from reactflow.cells.batch import batch, snapshot
    from reactflow.cells.cause import Why, WhyNot
    from reactflow.cells.development import development
    from reactflow.cells.effect import Effect, effect, on_cleanup, untracked
    from reactflow.cells.explaining import explaining
    from reactflow.cells.looking import graph, instrumented
    from reactflow.cells.members import members
    from reactflow.cells.profiled import Profile, profiled
    from reactflow.cells.why import why
    from reactflow.cells.why_not import why_not
    from reactflow.flow import migrate
    from reactflow.service import OpenCase, SQLiteStore, System, open_case
    from reactflow.service.window import window
else:  # what not every handler needs
    __getattr__ = later(
        __name__,
        {
            "reactflow.cells.batch": "batch snapshot",
            "reactflow.cells.cause": "Why WhyNot",
            "reactflow.cells.development": "development",
            "reactflow.cells.effect": "Effect effect on_cleanup untracked",
            "reactflow.cells.explaining": "explaining",
            "reactflow.cells.graphview": "GraphView",
            "reactflow.cells.instrument": "Instrument",
            "reactflow.cells.looking": "graph instrumented",
            "reactflow.cells.members": "Members members",
            "reactflow.cells.profiled": "Profile profiled",
            "reactflow.cells.why": "why",
            "reactflow.cells.why_not": "why_not",
            "reactflow.flow": "migrate",
            "reactflow.service.opencase": "OpenCase open_case",
            "reactflow.service.stores.sqlite": "SQLiteStore",
            "reactflow.service.system": "System",
            "reactflow.service.window": "window",
        },
    )

__all__ = [
    "UNSET",
    "BindingError",
    "Cell",
    "CellError",
    "ConfigurationError",
    "CycleError",
    "DeclarationError",
    "Derived",
    "Effect",
    "Event",
    "Failure",
    "Flow",
    "Fold",
    "GraphView",
    "Instrument",
    "Members",
    "MemoryStore",
    "MutationWarning",
    "OpenCase",
    "Profile",
    "Pulse",
    "ReactflowError",
    "Readable",
    "RecordError",
    "SQLiteStore",
    "Service",
    "Step",
    "System",
    "Transient",
    "Unset",
    "Why",
    "WhyNot",
    "batch",
    "cell",
    "derived",
    "development",
    "effect",
    "explaining",
    "fold",
    "folds",
    "graph",
    "instrumented",
    "members",
    "migrate",
    "on_cleanup",
    "open_case",
    "profiled",
    "pulse",
    "row",
    "snapshot",
    "untracked",
    "why",
    "why_not",
    "window",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
