"""State across versions of a flow: what one version wrote is read by the next.

Sources and folds keep what they hold, under their names; what is derived is computed anew. A cell that is new starts as
ever, one that is gone is left out, a changed default is for new units. A value says itself of which type it is, for the
codec keeps types apart; of which algebra a fold's state is, which sources were unset, and by what members are told
apart, stands beside the state (``written``). Whatever does not fit the cell that it is for is refused, unless a
``migrate`` of the flow takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from attrs import frozen

from reactflow.cells import UNSET, Fold, Kind, MemberFold, Node, Plan, Readable
from reactflow.errors import DeclarationError, StateError
from reactflow.flow.events import State
from reactflow.flow.fingerprint import fold_tag
from reactflow.flow.fitting import fits, type_name, widened
from reactflow.flow.misfit import can_be, check_made, converted, misfit

if TYPE_CHECKING:
    from reactflow.flow.codec import Codec
    from reactflow.flow.flow import Flow

T = TypeVar("T")

_UNSET = ""  # in ``written``: a source that had no value; a fold has the tag of its algebra
_HASHED = "hash"  # in ``written``: of a cell that is not stored there is only this
_OF, _BY = " of members ", "members by "  # in ``written``: a fold of members, and the members themselves


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
    flow: str, migrations: object, plan: Plan, cells: Mapping[str, Readable[Any]]
) -> dict[str, tuple[Migration, ...]]:
    """The migrations that a flow's body says, by cell; raises DeclarationError for one that can never be right."""
    if isinstance(migrations, (str, Migration)) or not isinstance(migrations, Sequence):
        raise DeclarationError(
            f"{flow}.migrations is {migrations!r:.80}, and has to be a list: migrations = [migrate(cell, ...)]"
        )
    names = {id(one): name for name, one in cells.items()}
    found: dict[str, tuple[Migration, ...]] = {}
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
    hashed: tuple[str, ...] = ()
    of_members: tuple[str, ...] = ()

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
        tags = {str(node.name): tag for node in nodes if (tag := _tag(node, flow.plan, flow.codec))}
        sources = (node for node in nodes if node.kind is Kind.SOURCE and node.default is not UNSET)
        hashed = (str(node.name) for node in nodes if node.stored is False)
        defaulted = tuple(str(node.name) for node in sources)
        of_members = (str(node.name) for node in nodes if isinstance(node.fold, MemberFold))
        return cls(flow.__name__, found, tags, defaulted, tuple(hashed), tuple(of_members))

    def written(self, state: Mapping[str, object]) -> dict[str, str]:
        """What stands beside a state for the next version: the algebra of each fold, the sources without a value, the
        cells of which there is only a hash, and by what members are told apart.

        >>> from reactflow import Flow, Pulse, cell, fold, folds, pulse
        >>> class Room(Flow):
        ...     length = cell(0.0)
        ...     reading: Pulse[int] = pulse()
        ...     total = fold(reading, folds.sum)
        >>> Room.step().migrations.written({"total": ("int", 5, 0)})
        {'total': 'sum', 'length': ''}
        """
        unset = {name: _UNSET for name in self.defaulted if name not in state}
        return {**self.tags, **unset, **{name: _HASHED for name in self.hashed if name in state}}

    def unlike(self, written: Mapping[str, str] | None) -> tuple[str, ...]:
        """The folds that are new in this version, or fold otherwise than they did in the one that wrote ``written``."""
        there = written or {}
        return tuple(
            name for name, tag in self.tags.items() if not tag.startswith(_BY) and there.get(name) != tag
        )

    def read(
        self,
        data: bytes,
        plan: Plan,
        codec: Codec,
        version: str,
        written: Mapping[str, str] | None,
        anew: Collection[str] = (),
    ) -> State:
        """Sources and folds of this version, from state that another one wrote; those in ``anew`` are left out.

        Raises StateError for what does not fit. ``written`` is what ``written`` said of that state; None when it was
        stored without.
        """
        stored = codec.parse(data)
        tags = {} if written is None else written
        self._check_members(tags, version)
        state: State = {}
        for node in plan:
            if node.name is None or node.kind not in (Kind.SOURCE, Kind.FOLD) or node.name in anew:
                continue
            value = self._value(node.name, node, stored, tags, written is not None, codec, version)
            if value is not UNSET:
                state[node.name] = value
        return state

    def _check_members(self, tags: Mapping[str, str], version: str) -> None:
        """Refuse members that are known by another name or told apart by other fields than those that are stored."""
        now = {name: tag for name, tag in self.tags.items() if tag.startswith(_BY)}
        for name, tag in now.items():
            if (was := tags.get(name, tag)) != tag and was.startswith(_BY):
                raise StateError(
                    f"the contributions to {self.flow}.{name} that version {version} stored are told apart by "
                    f"{was.removeprefix(_BY)}, and now by {tag.removeprefix(_BY)}, so that each would count "
                    "twice. Tell them apart as before, or start anew: give the members, and the cells kept of them, "
                    "other names",
                    cell=name,
                )
        for name in self.of_members:
            of = tags.get(name, "").partition(_OF)[2]
            if of and of not in now:
                raise StateError(
                    f"cell {name!r} of {self.flow} was kept of the members {of!r} by version {version}, and their "
                    f"contributions are stored under that name: call the members {of!r} as before, or start anew: give "
                    f"{name!r} another name too",
                    cell=name,
                )

    def shown(
        self, data: bytes, codec: Codec, written: Mapping[str, str] | None, now: Mapping[str, object]
    ) -> dict[str, object]:
        """What the outcomes ``now`` were when another version wrote them, so that what differs is a change.

        A cell that is new was unset, and so, as far as anybody can tell, was a fold that folded otherwise.
        """
        stored = codec.parse(data)
        known = {name: value for name, plain in stored.items() for value in _read(codec, plain, name)[:1]}
        unlike = self.unlike(written) if written is not None else ()
        before: dict[str, object] = {}
        for name, outcome in now.items():
            if name in self.tags:
                before[name] = UNSET if name in unlike else outcome
            elif name in known:
                before[name] = known[name]
            else:  # a source that had another name shows what it had
                names = [one.from_name for one in self.by_cell.get(name, ())]
                before[name] = outcome if any(one in stored for one in names) else UNSET
        return before

    def is_renamed(self, old: Sequence[str], new: Sequence[str]) -> bool:
        """Whether cells are the same ones as before, under the names that they have now."""
        return len(old) == len(new) and all(
            one == now or any(each.from_name == one for each in self.by_cell.get(now, ()))
            for one, now in zip(old, new, strict=True)
        )

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
        found = next((each for each in earlier if each in stored and tags.get(each) != _HASHED), None)
        if found is None:
            was_unset = any(tags.get(each) == _UNSET for each in earlier)
            return UNSET if was_unset else deepcopy(node.fold.zero if node.fold else node.default)
        tag = tags.get(found, "")
        value, problem = _read(codec, stored[found], name)
        is_own = found == name or any(one.from_name == found and one.convert is None for one in ones)
        if is_own and not problem and self._is_state_of(node, value, tag, is_tagged):
            return value if node.fold else widened(value, node.type)
        for one in ones:
            if one.convert is None or (one.from_name or name) != found or not _is_from(one, tag, is_tagged):
                continue
            for given in (value, _as_dict(codec, stored[found], name)):
                if fits(given, one.from_type):
                    made = converted(one.convert, given, name, version)
                    check_made(self.flow, name, node, made, given, codec, version)
                    return made if node.fold else widened(made, node.type)
        raise misfit(self.flow, name, node, found, tag, self.tags.get(name, ""), value, version, problem)

    def _is_state_of(self, node: Node, value: object, tag: str, is_tagged: bool) -> bool:
        """Whether a stored value is one of this cell, as it is now."""
        if node.fold is not None and is_tagged and tag != self.tags[str(node.name)]:
            return False
        return (node.fold is not None or not tag) and can_be(node, value)


def _tag(node: Node, plan: Plan, codec: Codec) -> str:
    """What a state of this cell was made by, empty for one of which nothing has to be said."""
    if node.gathered is not None:
        return _BY + (
            ", ".join(f"{name} ({kind.__name__})" for name, kind in node.gathered.id.items()) or "id"
        )
    if node.fold is None:
        return ""
    if isinstance(node.fold, MemberFold):
        return f"{node.fold.name}{_OF}{plan.nodes[node.inputs[0]].name}"
    return fold_tag(node.fold, codec)


def _read(codec: Codec, plain: object, name: str) -> tuple[object, str]:
    """A stored value and what is wrong with it: one of a class that is gone or was another is a dict of its fields."""
    try:
        return codec.from_plain(deepcopy(plain), name), ""
    except StateError as error:
        return _as_dict(codec, plain, name), str(error)


def _as_dict(codec: Codec, plain: object, name: str) -> object:
    try:
        return codec.from_plain(as_dicts(plain), name)
    except StateError:
        return UNSET


def as_dicts(plain: Any) -> Any:
    """Stored data with every record as the dict of its fields, and every enum member as its name.

    >>> as_dicts([{"$": "app.Point", "v": {"x": 1.0}}, {"$": "app.Color", "v": "RED"}])
    [{'x': 1.0}, 'RED']
    """
    if isinstance(plain, list):
        return [as_dicts(one) for one in plain]
    if not isinstance(plain, dict):
        return plain
    if "." in str(plain.get("$")):
        return as_dicts(plain["v"])
    return {key: as_dicts(one) for key, one in plain.items()}


def _is_from(one: Migration, tag: str, is_tagged: bool) -> bool:
    """Whether a migration is for what stands beside the state; without a tag it is taken at its word."""
    is_from = f"{tag} ".startswith(f"{one.from_fold} ") if one.from_fold else not tag
    return is_from or (not is_tagged and bool(one.from_fold))
