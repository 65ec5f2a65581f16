"""The ground floor: the live graph. Standard library only.

Read ``semantics`` for the rules, ``plan`` for what a graph is, ``engine`` and ``event`` for how a change propagates;
``cell``, ``derived``, ``pulse``, ``fold`` and ``effect`` are what people touch. Named here is what a flow is made of;
what is only for people to work with (``batch``, ``effect``, ``why``, ...) is in its own module.
"""

import os
from typing import TYPE_CHECKING

from reactflow.cells import folds
from reactflow.cells.cell import Cell, FlowLike, cell
from reactflow.cells.derived import Derived, derived
from reactflow.cells.fold import fold
from reactflow.cells.folds import Fold
from reactflow.cells.member_folds import MemberChange, MemberFold
from reactflow.cells.members import Members
from reactflow.cells.plan import Constant, Kind, Node, Plan
from reactflow.cells.pulse import Pulse, pulse
from reactflow.cells.readable import Readable
from reactflow.cells.semantics import UNSET, Failure
from reactflow.later import later

if TYPE_CHECKING:
    from reactflow.cells.graphview import GraphView, NodeView
    from reactflow.cells.instrument import Instrument
    from reactflow.cells.live import instantiate
else:
    __getattr__ = later(
        __name__,
        {
            "reactflow.cells.graphview": "GraphView NodeView",
            "reactflow.cells.instrument": "Instrument",
            "reactflow.cells.live": "instantiate",
        },
    )

__all__ = [
    "UNSET",
    "Cell",
    "Constant",
    "Derived",
    "Failure",
    "FlowLike",
    "Fold",
    "GraphView",
    "Instrument",
    "Kind",
    "MemberChange",
    "MemberFold",
    "Members",
    "Node",
    "NodeView",
    "Plan",
    "Pulse",
    "Readable",
    "cell",
    "derived",
    "fold",
    "folds",
    "instantiate",
    "pulse",
]

if "REACTFLOW_DEV" in os.environ:  # asked for from the start: see development
    from reactflow.cells.development import from_environment

    from_environment()
