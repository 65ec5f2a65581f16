"""The flow floor: named cells as a template, its methods, its state as bytes, and the step.

Read ``flow`` for what people touch, ``declaration`` for what a class body means, ``step`` for the flow as a function.
"""

from reactflow.flow.codec import Codec
from reactflow.flow.equality import same_value
from reactflow.flow.events import DEFAULT, Applied, Change, Changes, Event, State
from reactflow.flow.fingerprint import cell_hashes
from reactflow.flow.flow import Flow
from reactflow.flow.hidden import Hidden, hidden_cells
from reactflow.flow.methods import Method
from reactflow.flow.migration import Migration, migrate
from reactflow.flow.step import Step
from reactflow.flow.template import is_template, owner_of

__all__ = [
    "DEFAULT",
    "Applied",
    "Change",
    "Changes",
    "Codec",
    "Event",
    "Flow",
    "Hidden",
    "Method",
    "Migration",
    "State",
    "Step",
    "cell_hashes",
    "hidden_cells",
    "is_template",
    "migrate",
    "owner_of",
    "same_value",
]
