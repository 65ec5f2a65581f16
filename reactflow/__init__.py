"""reactflow: write ``area = length * width`` once; bind it to a notebook or to event streams."""

from reactflow.cells import (
    Cell,
    Derived,
    Failure,
    Fold,
    GraphView,
    Instrument,
    Pulse,
    Readable,
    batch,
    cell,
    derived,
    effect,
    fold,
    folds,
    graph,
    instrumented,
    on_cleanup,
    pulse,
    snapshot,
    untracked,
)
