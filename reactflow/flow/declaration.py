"""What a flow's class body declares: its cells by name, its methods as functions, and the plan they make.

Everything that can be wrong with a flow is found here, when its class is made, and refused with the line and the
remedy. Nothing of the user's is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from inspect import CO_OPTIMIZED, getattr_static
from itertools import pairwise
from types import FrameType, FunctionType
from typing import Any, NoReturn, get_args

from reactflow.cells import Cell, Derived, Kind, MemberFold, Plan, Readable
from reactflow.cells.derived import EXPLICIT, TRACKED
from reactflow.cells.effect import Effect
from reactflow.cells.fold import FoldCell
from reactflow.cells.naming import function_line, is_ours
from reactflow.cells.plan import Node, in_order
from reactflow.cells.pulse import Changes
from reactflow.errors import CycleError, DeclarationError
from reactflow.flow.declared import annotations_of
from reactflow.flow.equality import Wider, same_value
from reactflow.flow.hidden import hidden_cells
from reactflow.flow.methods import READS, Method, Reader, instructions, line_of, make_view, nested, place
from reactflow.flow.template import is_template, owner_of

# --- names --------------------------------------------------------------------------------------------------


def collect(flow: type, root: type) -> dict[str, Readable[Any]]:
    """The cells of a flow by name, its parents' first; refuses redefinitions and reserved names."""
    cells: dict[str, Readable[Any]] = {}
    origin: dict[str, str] = {}
    for base in reversed(flow.__mro__):
        if base is root:
            continue
        for name, value in vars(base).items():
            is_cell = isinstance(value, Readable)
            if is_cell and not issubclass(base, root):
                raise DeclarationError(
                    f"{base.__name__}.{name} is a cell, but {base.__name__} is no flow; "
                    f"write class {base.__name__}(Flow)"
                )
            if not issubclass(base, root):
                continue
            if name in RESERVED or (is_cell and name in _INTERNAL):
                raise DeclarationError(
                    f"{flow.__name__}.{name}: {name!r} is a name of Flow itself; call it something else, "
                    f"such as {name}_"
                )
            if name in cells and cells[name] is not value:
                raise DeclarationError(
                    f"{base.__name__}.{name} redefines the cell {name!r} of {origin[name]}; give it "
                    "another name, or take it out of the parent"
                )
            if is_cell:
                cells[name], origin[name] = value, base.__name__
    for name, annotation in annotations_of(flow).items():
        text = _written(annotation)
        maker = _MAKERS.get(text.split("[")[0].split(".")[-1])
        if maker and name not in cells and name not in vars(flow):
            raise DeclarationError(
                f"{flow.__name__}.{name} is only declared; write {name}: {text} = {maker}()"
            )
    return cells


def _written(annotation: object) -> str:
    """An annotation as one would write it: ``Cell[int]``, not with the modules that its classes come from."""
    if isinstance(annotation, str):
        return annotation
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation.__qualname__
    text = re.sub(r"ForwardRef\('([^']*)'[^)]*\)", r"\1", str(annotation))
    return re.sub(r"(?:[\w<>]+\.)+(?=\w)", "", text)


_MAKERS = {"Cell": "cell", "Pulse": "pulse", "Members": "members"}
RESERVED = frozenset({"cells", "codec", "of", "plan", "show", "step", "version"})
"""The names that Flow itself defines."""
_INTERNAL = frozenset(
    [
        "_cells",
        "_codec",
        "_keeper",
        "_made_step",
        "_members",
        "_plan",
        "_revision",
        "_types",
        "_version",
        "migrations",
    ]
)


def refuse_live(flow: type, own: Mapping[str, Readable[Any]], frame: FrameType | None) -> None:
    """Refuse cells that are in use elsewhere: making templates of them would take them away from there."""
    elsewhere: dict[int, str] = {}
    while frame is not None and is_ours(frame):
        frame = frame.f_back
    for scope in (frame.f_locals, frame.f_globals) if frame is not None else ():
        elsewhere.update((id(value), name) for name, value in scope.items() if isinstance(value, Readable))
    for name, cell in own.items():
        found = elsewhere.get(id(cell), cell.name if _is_in_use(cell) else "")
        if found:
            raise DeclarationError(
                f"{flow.__name__}.{name} is the live cell {found!r} ({cell.where}); make a new one in "
                f"the class body, or lift live cells with Flow.of({name}={found}, name={flow.__name__!r})"
            )


_LOOKS = {"value": "reads {0}.value", "peek": "calls {0}.peek()", "is_set": "reads {0}.is_set"}


def refuse_constants(flow: type, own: Mapping[str, Readable[Any]], frame: FrameType | None) -> None:
    """Refuse a class body that takes a value out of a cell of its own: it would be a constant for ever.

    The body is looked for among the code of the frame that makes the class; one that is not found is not judged.
    """
    bodies = [
        code
        for code in (nested(frame.f_code) if frame is not None else ())
        if code.co_qualname == flow.__qualname__ and not code.co_flags & CO_OPTIMIZED
    ]
    if len(bodies) != 1:
        return
    listing = instructions(bodies[0])
    for cell, look in pairwise(listing):
        if (
            cell.opname == "LOAD_NAME"
            and cell.argval in own
            and look.opname in READS
            and look.argval in _LOOKS
        ):
            name = cell.argval
            raise DeclarationError(
                f"{flow.__name__} {_LOOKS[look.argval].format(name)} in its class body at "
                f"{place(bodies[0], line_of(look, bodies[0]))}, which would stay what it is now; compute with the "
                f"cell itself: {name} + 1, or in a method: self.{name}"
            )


def _is_in_use(cell: Readable[Any]) -> bool:
    written = isinstance(cell, Cell) and cell.outcome is not cell.default
    watched = any(isinstance(one, Effect) for one in cell.observers or ())
    return written or watched


# --- methods ------------------------------------------------------------------------------------------------


def lower_methods(flow: type, own: Mapping[str, Readable[Any]], cells: Mapping[str, Readable[Any]]) -> None:
    """Turn the ``@derived`` methods of a class into functions of explicit inputs, in place."""
    attributes = _attributes(flow)
    names = {one: name for name, one in own.items()}
    readers: dict[Derived[Any], Reader] = {}
    for one in in_order_of_use(own.values()):
        if not isinstance(one, Derived) or one.form == EXPLICIT or is_template(one):
            continue
        name = names.get(one, one.name)
        if one.form == TRACKED and not _is_method(one.fn):
            _refuse_tracked(flow, name, one)
        reader = Reader(flow.__name__, name, cells, attributes)
        reader.read(one.fn)  # type: ignore[arg-type]  # a method is a plain function
        if not reader.inputs:
            raise DeclarationError(
                f"{flow.__name__}.{name} reads no cell at {function_line(one.fn)}, so it never changes; "
                "read one as self.<name>, or make it a plain class attribute"
            )
        readers[one] = reader
    members = {name: value for reader in readers.values() for name, value in reader.members.items()}
    view = make_view(flow.__name__, members)
    for one, reader in readers.items():
        one.arguments = tuple(cells[name] for name in reader.names)
        one.inputs = tuple(dict.fromkeys(one.arguments))
        one.fn = Method(one.fn, reader.names, view)
        one.form = EXPLICIT
    _refuse_cycles({id(one): reader for one, reader in readers.items()}, cells, flow)
    for one in in_order(own.values(), {}):
        # a method that reads a pulse is one, and so is what is derived from it
        if isinstance(one, Derived) and not isinstance(one, (Changes, FoldCell)) and not is_template(one):
            one.is_pulse = any(needed.is_pulse for needed in one.inputs)
    check_overrides(flow, members)


def in_order_of_use(roots: Iterable[Readable[Any]]) -> list[Readable[Any]]:
    """All that some cells are computed from, cycles allowed."""
    found: dict[Any, None] = {}
    stack: list[Any] = [*roots]
    while stack:
        one = stack.pop()
        if one not in found:
            found[one] = None
            stack.extend(one.inputs)
    return list(found)


def _attributes(flow: type) -> dict[str, object]:
    """What else a class and its parents have: helpers and constants, as they are stored there."""
    found: dict[str, object] = {}
    for base in reversed(flow.__mro__[:-1]):
        if base.__module__.startswith("reactflow.flow."):
            continue
        found.update((name, value) for name, value in vars(base).items() if not isinstance(value, Readable))
    return {
        name: value for name, value in found.items() if not (name.startswith("__") and name.endswith("__"))
    }


def _is_method(fn: object) -> bool:
    return isinstance(fn, FunctionType) and fn.__code__.co_argcount > 0


def _refuse_tracked(flow: type, name: str, one: Derived[Any]) -> NoReturn:
    raise DeclarationError(
        f"{flow.__name__}.{name} is tracked ({function_line(one.fn) or one.where}): what it reads is "
        "only known by running it. In a flow, name its inputs: derived(fn, a, b), or write it as a method: "
        f"@derived def {name}(self): ..."
    )


def check_overrides(flow: type, own: Mapping[str, object]) -> None:
    """Refuse a helper or constant that replaces one which a parent's methods read: they are fixed with the parent."""
    for base in flow.__mro__[1:]:
        for name, member in vars(base).get("_members", {}).items():
            now = getattr_static(flow, name, member)
            if now is not member:
                raise DeclarationError(
                    f"{flow.__name__}.{name} replaces what a method of {base.__name__} reads; give it "
                    f"another name, or make {name!r} a cell of {base.__name__}"
                )
    flow._members = dict(own)  # type: ignore[attr-defined]  # read above, by the subclasses


def _refuse_cycles(readers: Mapping[int, Reader], cells: Mapping[str, Readable[Any]], flow: type) -> None:
    """Refuse cells that depend on themselves, with the line of the read that closes the circle."""
    try:
        in_order(cells.values(), {one: name for name, one in cells.items()})
    except CycleError as error:
        by, needed = error.path[-2], error.path[-1]
        reader = readers.get(id(cells.get(by)))
        line = reader.inputs.get(needed, "") if reader is not None else cells[by].where if by in cells else ""
        raise CycleError(
            f"{flow.__name__}: {' -> '.join(error.path)}; {by!r} reads {needed!r} at {line}. A cell of "
            "a flow cannot depend on itself: split the cell, or fold a pulse",
            error.path,
        ) from None


# --- the plan -----------------------------------------------------------------------------------------------


def make_plan(flow: str, cells: Mapping[str, Readable[Any]], types: Mapping[str, Any]) -> Plan:
    """The plan of a flow's cells, with the equality and the storing that flows have."""
    _refuse_strangers(flow, cells)
    plan = Plan.of(cells, equal=same_value, types=types)
    nodes = []
    for node in plan.nodes:
        _check_node(flow, node, plan)
        is_own = node.name is not None and node.equal is not None and node.equal is not same_value
        # an unnamed intermediate has none of its own
        equal = Wider(node.equal) if is_own and node.equal else same_value
        stored = node.stored
        if node.kind is Kind.DERIVED and node.name is not None and not node.is_pulse and stored is None:
            stored = node.type is not bytes
        nodes.append(replace(node, equal=equal, stored=stored))
    finished = Plan(tuple(nodes), plan.names)
    for node in finished.nodes:
        _check_stored(flow, node, finished)
    return finished


def _refuse_strangers(flow: str, cells: Mapping[str, Readable[Any]]) -> None:
    known = set(map(id, cells.values()))
    for one in in_order_of_use(cells.values()):
        owner = owner_of(one)
        if owner and id(one) not in known:
            users = (
                name for name, cell in cells.items() if any(used is one for used in in_order_of_use([cell]))
            )
            raise DeclarationError(
                f"{flow}.{next(users)} uses {owner}.{one.name}, a cell of another flow; inherit from "
                f"{owner}, or connect the two as services"
            )


def _check_node(flow: str, node: Node, plan: Plan) -> None:
    title = f"{flow}.{node.name or f'unnamed cell at {node.where}'}"
    functions = [node.fn, node.equal]
    if node.fold is not None:
        functions += [node.fold.add, node.fold.merge, node.fold.result]
    for fn in functions:
        for hidden in hidden_cells(fn) if fn is not None and fn is not same_value else ():
            raise DeclarationError(
                f"{title} reaches the live {hidden.name!r} at {hidden.place}, which is no input of it; "
                f"make {hidden.name!r} a cell of the flow and pass it: derived(fn, a, b), or read it as "
                "self.<name> in a method"
            )
    for one in node.inputs:
        if plan.nodes[one].gathered is not None and not isinstance(node.fold, MemberFold):
            name = plan.nodes[one].name
            raise DeclarationError(
                f"{title} reads the members {name!r} ({node.where}), of which no cell holds all: use {name}.sum(), "
                ".count(), .mean(), .min(), .max() or .top(n), and derive from these"
            )
    if node.kind is Kind.FOLD:
        if not plan.nodes[node.inputs[0]].is_pulse:
            raise DeclarationError(
                f"{title} folds a cell ({node.where}); fold its .changes(), or make it a pulse"
            )
        if node.equal is not same_value:
            raise DeclarationError(
                f"{title} has equal= ({node.where}), but a flow keeps what a fold accumulates, not what "
                "it showed last; derive a cell of it with equal="
            )
    if node.kind is Kind.CHANGES:
        source = plan.nodes[node.inputs[0]]
        if source.name is None:
            raise DeclarationError(
                f"{flow}: .changes() at {node.where} is of a cell without a name, of which no value is "
                "kept; give it one: name = ..., then name.changes()"
            )
        if source.is_pulse:
            raise DeclarationError(
                f"{flow}.{source.name} is a pulse: use it without .changes() ({node.where})"
            )
    if node.is_pulse and node.stored is not None:
        raise DeclarationError(f"{title} is a pulse, which is never stored ({node.where}); leave stored= out")


def _check_stored(flow: str, node: Node, plan: Plan) -> None:
    if node.kind is Kind.CHANGES and plan.nodes[node.inputs[0]].stored is False:
        source = plan.nodes[node.inputs[0]].name
        raise DeclarationError(
            f"{flow}.{source} is not stored, so it has no .changes() ({node.where}); declare it with "
            "stored=True, or take the changes of what it is made from"
        )
    if (
        node.kind is Kind.DERIVED
        and node.name is not None
        and node.stored is False
        and node.equal is not same_value
    ):
        raise DeclarationError(
            f"{flow}.{node.name} has equal= but is not stored, so that there is no old value to compare "
            f"({node.where}); leave equal= out, or declare it with stored=True"
        )
