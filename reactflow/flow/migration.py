"""State across versions of a flow: what one version wrote is read by the next.

Sources and folds keep what they hold, under their names; what is derived is computed anew. A cell that is new starts as
ever, one that is gone is left out, a changed default is for new units. A value says itself of which type it is, for the
codec keeps types apart; of which algebra a fold's state is, and which sources were unset, stands beside the state
(``written``). Whatever does not fit the cell that it is for is refused, unless a ``migrate`` of the flow takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from attrs import frozen

from reactflow.cells import UNSET, Fold, Kind, Node, Plan, Readable
from reactflow.errors import DeclarationError, StateError
from reactflow.flow.events import State
from reactflow.flow.fingerprint import fold_tag
from reactflow.flow.fitting import fits, type_name, widened

if TYPE_CHECKING:
    from reactflow.flow.codec import Codec
    from reactflow.flow.flow import Flow

T = TypeVar("T")

_UNSET = ""  # in ``written``: a source that had no value; a fold has the tag of its algebra


@frozen
class Migration:
    """What ``migrate`` says: how a cell takes over what an earlier version stored."""

    cell: Readable[Any]
    convert: Callable[[Any], Any] | None = None
    from_name: str = ""
    from_type: Any = None
    from_fold: str = ""


def migrate(
    cell: Readable[T],
    convert: Callable[[Any], T] | None = None,
    *,
    from_name: str = "",
    from_type: Any = None,
    from_fold: Fold[Any, Any] | str = "",
) -> Migration:
    """Say in a flow's body how a cell takes over what an earlier version of the flow stored.

    ``from_name`` is the cell's earlier name, if it was renamed. ``from_type`` is the earlier type, if it changed; left
    out, it is what the parameter of ``convert`` is annotated with. A record of a class that is gone, or that had other
    fields, comes as a dict: ``from_type=dict``. ``from_fold`` is the earlier algebra of a fold; ``convert`` gets its
    state then, and returns one of the new algebra. Several may be given for one cell, for several earlier versions.

    >>> from reactflow import Flow, cell
    >>> class Room(Flow):
    ...     length = cell(0)
    ...     height = cell(2.5)
    ...     migrations = [migrate(length, round, from_type=float), migrate(height, from_name="ceiling")]
    >>> Room.step().read(b'{"ceiling":3.0,"length":4.2}', "another version")
    {'length': 4, 'height': 3.0}
    """
    tag = from_fold.name if isinstance(from_fold, Fold) else from_fold
    if from_type is None and convert is not None and not tag:
        from_type = _parameter_type(convert)
    return Migration(cell, convert, from_name, from_type, tag)


def _parameter_type(convert: Callable[..., Any]) -> Any:
    try:
        hints = get_type_hints(convert)
    except Exception:  # none, or a name that only a type checker sees
        return None
    hints.pop("return", None)
    return next(iter(hints.values()), None)


def check_migrations(
    flow: str, migrations: Iterable[Migration], plan: Plan, cells: Mapping[str, Readable[Any]]
) -> dict[str, tuple[Migration, ...]]:
    """The migrations that a flow's body says, by cell; raises DeclarationError for one that can never be right."""
    names = {id(one): name for name, one in cells.items()}
    found: dict[str, tuple[Migration, ...]] = {}
    if not isinstance(migrations, (list, tuple)):
        raise DeclarationError(
            f"{flow}.migrations is {migrations!r}: write a list, migrations = [migrate(cell, ...)]"
        )
    for one in migrations:
        if not isinstance(one, Migration):
            raise DeclarationError(f"{flow}.migrations holds {one!r}; write migrate(cell, ...)")
        name = names.get(id(one.cell))
        if name is None:
            raise DeclarationError(
                f"{flow}.migrations: {one.cell!r} is no cell of {flow}; migrate one of its own"
            )
        _check(f"{flow}.migrations: migrate({name}, ...)", name, one, plan[name], plan)
        found[name] = (*found.get(name, ()), one)
    return found


def _check(title: str, name: str, one: Migration, node: Node, plan: Plan) -> None:
    if node.kind not in (Kind.SOURCE, Kind.FOLD):
        raise DeclarationError(
            f"{title}: {name!r} is {'a pulse' if node.is_pulse else 'derived'}, so nothing of it is taken over; "
            "migrate the sources and folds that it is computed from"
        )
    if node.kind is Kind.SOURCE and one.from_fold:
        return
    if one.from_name in plan.names and one.from_name:
        raise DeclarationError(
            f"{title}: {one.from_name!r} is a cell of this version too; take from_name out, or that cell"
        )
    if one.convert is None and not one.from_name:
        raise DeclarationError(
            f"{title} changes nothing; give a function, or from_name='...' for a renamed cell"
        )
    if node.kind is Kind.FOLD or one.from_name:
        if node.kind is Kind.FOLD and one.convert is not None and not one.from_fold:
            raise DeclarationError(f"{title}: say of which fold the state was: from_fold=folds.max")
        return
    if one.from_type is None:
        raise DeclarationError(f"{title}: say of which type the value was: from_type=int")
    if node.type is not None and type_name(one.from_type) == type_name(node.type):
        raise DeclarationError(
            f"{title}: {name!r} is of the same type, {type_name(node.type)}, before and after, so that nobody "
            f"could tell whether it was done; give the cell another name, and say from_name={name!r}"
        )


@frozen
class Migrations:
    """The migrations of one flow, and the reading of what its earlier versions stored."""

    flow: str
    by_cell: Mapping[str, tuple[Migration, ...]]
    tags: Mapping[str, str]
    defaulted: tuple[str, ...]

    @classmethod
    def of(cls, flow: type[Flow]) -> Migrations:
        """Those of a flow and its parents."""
        found: dict[str, tuple[Migration, ...]] = {}
        for base in flow.__mro__:
            for name, ones in check_migrations(
                flow.__name__, vars(base).get("migrations", ()), flow.plan, flow._cells
            ).items():
                found[name] = (*found.get(name, ()), *ones)
        nodes = [node for node in flow.plan if node.name is not None]
        tags = {str(node.name): fold_tag(node.fold, flow.codec) for node in nodes if node.fold is not None}
        sources = (node for node in nodes if node.kind is Kind.SOURCE and node.default is not UNSET)
        return cls(flow.__name__, found, tags, tuple(str(node.name) for node in sources))

    def written(self, state: Mapping[str, object]) -> dict[str, str]:
        """What stands beside a state for the next version: the algebra of each fold, and the sources without a value.

        >>> from reactflow import Flow, Pulse, cell, fold, folds, pulse
        >>> class Room(Flow):
        ...     length = cell(0.0)
        ...     reading: Pulse[int] = pulse()
        ...     total = fold(reading, folds.sum)
        >>> Room.step().migrations.written({"total": ("int", 5, 0)})
        {'total': 'sum', 'length': ''}
        """
        return {**self.tags, **{name: _UNSET for name in self.defaulted if name not in state}}

    def read(
        self, data: bytes, plan: Plan, codec: Codec, version: str, written: Mapping[str, str] | None
    ) -> State:
        """Sources and folds of this version, from state that another one wrote.

        Raises StateError for what does not fit. ``written`` is what ``written`` said of that state; None when it was
        stored without.
        """
        stored = codec.parse(data)
        tags = {} if written is None else written
        state: State = {}
        for node in plan:
            if node.name is None or node.kind not in (Kind.SOURCE, Kind.FOLD):
                continue
            value = self._value(node.name, node, stored, tags, written is not None, codec, version)
            if value is not UNSET:
                state[node.name] = value
        return state

    def renamed(self, by_name: Mapping[str, T]) -> dict[str, T]:
        """What was kept by the names of cells, by the names that they have now.

        >>> from reactflow import Flow, cell
        >>> class Room(Flow):
        ...     height = cell(2.5)
        ...     migrations = [migrate(height, from_name="ceiling")]
        >>> Room.step().migrations.renamed({"ceiling": "0042"})
        {'height': '0042'}
        """
        found = dict(by_name)
        for name, ones in self.by_cell.items():
            for one in ones:
                if one.from_name in found and name not in found:
                    found[name] = found.pop(one.from_name)
        return found

    def _value(
        self,
        name: str,
        node: Node,
        stored: Mapping[str, Any],
        tags: Mapping[str, str],
        is_tagged: bool,
        codec: Codec,
        version: str,
    ) -> object:
        """What a cell takes over; where nothing is stored for it, what it starts from."""
        ones = self.by_cell.get(name, ())
        earlier = [name, *(one.from_name for one in ones if one.from_name)]
        found = next((each for each in earlier if each in stored), None)
        if found is None:
            was_unset = any(tags.get(each) == _UNSET for each in earlier)
            return UNSET if was_unset else deepcopy(node.fold.zero if node.fold else node.default)
        tag = tags.get(found, "")
        value, problem = _read(codec, stored[found], name)
        is_own = found == name or any(one.from_name == found and one.convert is None for one in ones)
        if is_own and not problem and _is_state_of(node, value, tag, is_tagged, codec):
            return widened(value, node.type)
        for one in ones:
            if one.convert is None or (one.from_name or name) != found or not _is_from(one, tag, is_tagged):
                continue
            if fits(value, one.from_type):
                value, problem = _converted(one.convert, value, name, version), ""
                if _can_be(node, value):
                    return widened(value, node.type)
                break
        raise _misfit(self.flow, name, node, found, tag, value, version, problem)


def former(data: bytes, codec: Codec) -> dict[str, object]:
    """State of another version as far as this one can read it: what its cells held."""
    readable = ((name, *_read(codec, plain, name)) for name, plain in codec.parse(data).items())
    return {name: value for name, value, problem in readable if not problem}


def _read(codec: Codec, plain: object, name: str) -> tuple[object, str]:
    """A stored value and what is wrong with it: one of a class that is gone or was another is a dict of its fields."""
    try:
        return codec.from_plain(deepcopy(plain), name), ""
    except StateError as error:
        problem = str(error)
    try:
        value = codec.from_plain(_as_dicts(plain), name)
    except StateError:
        value = UNSET
    return value, problem


def _as_dicts(plain: Any) -> Any:
    """Stored data with every record as the dict of its fields, and every enum member as its name."""
    if isinstance(plain, list):
        return [_as_dicts(one) for one in plain]
    if not isinstance(plain, dict):
        return plain
    if "." in str(plain.get("$")):
        return _as_dicts(plain["v"])
    return {key: _as_dicts(one) for key, one in plain.items()}


def _is_state_of(node: Node, value: object, tag: str, is_tagged: bool, codec: Codec) -> bool:
    """Whether a stored value is one of this cell, as it is now."""
    if node.fold is not None and is_tagged and tag != fold_tag(node.fold, codec):
        return False
    return (node.fold is not None or not tag) and _can_be(node, value)


def _is_from(one: Migration, tag: str, is_tagged: bool) -> bool:
    """Whether a migration is for what stands beside the state; without a tag it is taken at its word."""
    return one.from_fold in (tag, tag.split(" ")[0]) or (not is_tagged and bool(one.from_fold))


def _can_be(node: Node, value: object) -> bool:
    """Whether a value can be a cell's: all that can be said of a fold's state that was stored without a tag."""
    if node.fold is None:
        return fits(value, node.type)
    if type(value) is not type(node.fold.zero):
        return False
    try:
        node.fold.result(value)
    except Exception:
        return False
    return True


def _converted(convert: Callable[[Any], Any], value: object, name: str, version: str) -> object:
    try:
        return convert(value)
    except Exception as error:
        raise StateError(
            f"the migration of cell {name!r} from version {version} failed on {value!r:.80}: "
            f"{type(error).__name__}: {error}; nothing was changed: mend its function and deploy again",
            cell=name,
        ) from error


def _misfit(
    flow: str, name: str, node: Node, found: str, tag: str, value: object, version: str, problem: str
) -> StateError:
    was = f" (as {found!r})" if found != name else ""
    head = f"cell {name!r} of {flow} cannot take over what version {version or '?'} stored{was}: "
    if node.fold is not None:
        now = node.fold.name
        what = (
            f"it is the state of the fold {tag.split(' ')[0]!r}"
            if tag
            else f"{value!r:.60} is not the state of this fold"
        )
        remedy = (
            f"the cell folds by {now!r} now. Give it another name, so that it starts anew, or convert the state: "
            f"migrations = [migrate({name}, fn, from_fold={tag.split(' ')[0] or '...'!r})]"
        )
    elif tag:
        what = f"it is the state of the fold {tag.split(' ')[0]!r}"
        remedy = (
            f"the cell is a source now. Give it another name, or convert the state: "
            f"migrations = [migrate({name}, fn, from_fold={tag.split(' ')[0]!r})]"
        )
    else:
        kind = "a record" if problem else type(value).__name__
        what = problem or f"{value!r:.60} is {kind}"
        remedy = (
            f"the cell is {type_name(node.type) or 'another'} now. Say how it is converted: "
            f"migrations = [migrate({name}, fn, from_type={'dict' if problem else kind})], or give the cell another "
            "name"
        )
    return StateError(f"{head}{what}, and {remedy}", cell=name)
