"""The ground floor: the live graph. Standard library only.

Read ``semantics`` for the rules, ``plan`` for what a graph is, ``engine`` and ``event`` for how a change propagates;
``cell``, ``derived``, ``pulse``, ``fold`` and ``effect`` are what people touch.
"""

from reactflow.cells import folds
from reactflow.cells.batch import batch, snapshot
from reactflow.cells.cause import Reason, Why, WhyNot, Written
from reactflow.cells.cell import Cell, FlowLike, cell
from reactflow.cells.derived import Derived, derived
from reactflow.cells.development import Development, development, from_environment
from reactflow.cells.effect import Effect, effect, on_cleanup, untracked
from reactflow.cells.explaining import Explaining, explaining
from reactflow.cells.fold import fold
from reactflow.cells.folds import Fold
from reactflow.cells.graphview import GraphView, NodeView
from reactflow.cells.instrument import Instrument
from reactflow.cells.live import instantiate
from reactflow.cells.looking import graph, instrumented
from reactflow.cells.member_folds import MemberChange, MemberFold
from reactflow.cells.members import Members, members
from reactflow.cells.plan import Constant, Kind, Node, Plan
from reactflow.cells.profiled import Profile, ProfileRow, profiled
from reactflow.cells.pulse import Pulse, pulse
from reactflow.cells.readable import Readable
from reactflow.cells.semantics import UNSET, Failure
from reactflow.cells.why import why
from reactflow.cells.why_not import why_not

__all__ = [
    "UNSET",
    "Cell",
    "Constant",
    "Derived",
    "Development",
    "Effect",
    "Explaining",
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
    "Profile",
    "ProfileRow",
    "Pulse",
    "Readable",
    "Reason",
    "Why",
    "WhyNot",
    "Written",
    "batch",
    "cell",
    "derived",
    "development",
    "effect",
    "explaining",
    "fold",
    "folds",
    "graph",
    "instantiate",
    "instrumented",
    "members",
    "on_cleanup",
    "profiled",
    "pulse",
    "snapshot",
    "untracked",
    "why",
    "why_not",
]

from_environment()
