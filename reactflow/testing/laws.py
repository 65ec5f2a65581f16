"""Laws, tested: whether a fold is associative, commutative, idempotent, or which occurrences show that it is not.

A law is what a source may do to occurrences without changing the result, and it is declared by whoever writes the fold.
A law that is declared and false is worse than none: a binding trusts it. ``check_laws`` looks for an example against
it, with ``reactflow.testing.lawsearch``. For a flow it computes what each fold sees from the fields of one event, along
its path; a fold whose path has state has no law at all, whatever its function declares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from random import Random
from typing import Any, get_args

from attrs import frozen

from reactflow.cells import UNSET, Constant, Failure, Kind, MemberChange, Node, Plan
from reactflow.cells.folds import Fold, Law
from reactflow.cells.semantics import evaluate
from reactflow.errors import DeclarationError
from reactflow.flow import Flow
from reactflow.flow.laws import PathLaws, fold_laws
from reactflow.service.counterexample import counterexample
from reactflow.testing.drawing import MOST, friendly, mixed, wild
from reactflow.testing.lawsearch import Draw, Occurrence, is_usable, refutation, short

LAWS: tuple[Law, ...] = get_args(Law)
Pool = tuple[list[Occurrence], Draw | None]
_UNTYPED: tuple[Any, ...] = (int, float, str)


@frozen
class LawCheck:
    """One law of one fold: whether it is declared, and an example against it in words, empty if none was found.

    >>> print(LawCheck("join", "commutative", True, "'a' then 'b' gives 'ab', 'b' then 'a' gives 'ba'"))
    join: not commutative, though declared: 'a' then 'b' gives 'ab', 'b' then 'a' gives 'ba'
    """

    fold: str
    law: Law
    declared: bool
    example: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is declared that is false."""
        return not (self.declared and self.example)

    def __str__(self) -> str:
        if self.example:
            return f"{self.fold}: not {self.law}{', though declared' * self.declared}: {self.example}"
        return f"{self.fold}: {self.law}{'' if self.declared else ', though not declared'}: no counter-example found"


def check_laws(
    fold: Fold[Any, Any] | type[Flow], values: Iterable[Any] | Mapping[str, Iterable[Any]] | None = None
) -> tuple[LawCheck, ...]:
    """Look for examples against the three laws of a fold, or of every fold of a flow; three checks for each.

    Of a fold, ``values`` are occurrences to try; without them ints, floats and text are tried, each by itself, as far
    as the fold takes them. Of a flow, pulses get values of their types; ``values={"reading": [...]}`` gives them for a
    pulse without a type, or instead; those of members are what is contributed. What is found is found again each time.
    Nothing found is no proof.

    Raises DeclarationError when there is no value that the fold takes, or no pulse of a name in ``values``.

    >>> from reactflow import Fold, folds
    >>> join = Fold("", lambda text, word: text + word, lambda one, other: one + other, name="join")
    >>> for check in check_laws(join):
    ...     print(check)
    join: associative, though not declared: no counter-example found
    join: not commutative: 'a' then 'b' gives 'ab', 'b' then 'a' gives 'ba'
    join: not idempotent: 'a' gives 'a', 'a' then 'a' gives 'aa'
    >>> all(check.ok for check in check_laws(folds.sum))
    True
    """
    if isinstance(fold, Fold):
        return _of_fold(fold, values)
    given_flow: object = fold
    if not (isinstance(given_flow, type) and issubclass(given_flow, Flow)):
        raise DeclarationError(
            f"check_laws({short(fold)}): give a Fold, such as folds.sum, or a flow's class"
        )
    if values is not None and not isinstance(values, Mapping):
        raise DeclarationError(
            f"check_laws({fold.__name__}, ...): give values by pulse, as in {{'reading': [1]}}"
        )
    given = {name: list(one) for name, one in (values or {}).items()}
    plan = fold.plan
    for name in given:
        if name not in plan.names or plan[name].kind is not Kind.PULSE:
            pulses = ", ".join(str(node.name) for node in plan if node.kind is Kind.PULSE) or "none"
            raise DeclarationError(f"check_laws: {fold.__name__} has no pulse {name!r}; it has {pulses}")
    return tuple(check for path in fold_laws(plan) for check in check_path(plan, path, given))


def check_path(
    plan: Plan, path: PathLaws, values: Mapping[str, Sequence[Any]] | None = None
) -> tuple[LawCheck, ...]:
    """The checks of one fold of a plan; else as ``check_laws`` of a flow.

    >>> from reactflow import Flow, Pulse, fold, folds, pulse
    >>> class Room(Flow):
    ...     reading: Pulse[float] = pulse()
    ...     latest = fold(reading.map(abs), folds.last)
    >>> print(check_path(Room.plan, *fold_laws(Room.plan), {"reading": [-3, 5]})[1])
    latest: not commutative: -3 then 5 gives 5, 5 then -3 gives 3
    """
    if path.state:
        return _of_state(plan, path)
    node = plan[path.name]
    fold: Any = node.fold
    given = values or {}
    pulses = [place for place in sorted(path.upstream) if plan.nodes[place].kind is Kind.PULSE]
    names = [str(plan.nodes[place].name) for place in pulses]
    untyped = [name for name in names if name not in given and plan[name].type in (None, Any)]
    pools: list[Pool] = []
    for kind in _UNTYPED if untyped else (None,):  # one type for all that have none
        types = {name: kind if name in untyped else _type_of(plan[name]) for name in names}
        few = {name: list(given.get(name) or friendly(types[name])) for name in names}
        for name in names:
            if plan[name].gathered is not None:
                few[name] = [_contributed(place, one) for place, one in enumerate(few[name])]
        events = _events(plan, node.inputs[0], few) if all(few.values()) else ()
        tried = list(islice((one for one in events if is_usable(fold, one)), MOST))
        if tried:
            pools.append((tried, _event_drawing(plan, path.name, types, given)))
    if not pools:
        raise DeclarationError(
            f"the fold {path.name!r} takes no value that can be made up for {', '.join(names)}: say some, as in "
            f"check_laws(..., values={{{names[0]!r}: [...]}}), or annotate the pulse with a type, as in Pulse[float]"
        )
    return _checks(path.name, fold, path.laws, pools)


def _of_fold(fold: Fold[Any, Any], values: Iterable[Any] | None) -> tuple[LawCheck, ...]:
    pools: list[Pool] = []
    for kind in (None,) if values is not None else (*_UNTYPED, list[int]):
        if kind == list[int] and pools:
            break  # it takes single values
        tried = [Occurrence(one, short(one)) for one in (friendly(kind) if values is None else values)]
        if usable := [one for one in tried if is_usable(fold, one)]:
            pools.append((usable, _drawing(fold, kind) if values is None else None))
    if not pools:
        raise DeclarationError(
            f"the fold {fold.name!r} takes none of the values that were tried: say some that it takes, as in "
            "check_laws(fold, values=[...])"
        )
    return _checks(fold.name, fold, fold.laws, pools)


def _checks(
    name: str, fold: Fold[Any, Any], declared: frozenset[Law], pools: Sequence[Pool]
) -> tuple[LawCheck, ...]:
    def example(law: Law) -> str:
        return next((found for one, draw in pools if (found := refutation(fold, law, one, draw))), "")

    return tuple(LawCheck(name, law, law in declared, example(law)) for law in LAWS)


def _drawing(fold: Fold[Any, Any], kind: Any) -> Draw:
    def draw(chance: Random) -> Occurrence | None:
        value = wild(kind, chance)
        made = Occurrence(value, short(value))
        return made if is_usable(fold, made) else None

    return draw


def _event_drawing(
    plan: Plan, name: str, types: Mapping[str, Any], given: Mapping[str, Sequence[Any]]
) -> Draw:
    node = plan[name]
    fold: Any = node.fold

    def draw(chance: Random) -> Occurrence | None:
        event = {
            one: chance.choice(given[one]) if one in given else wild(kind, chance)
            for one, kind in types.items()
        }
        for one in types:
            if plan[one].gathered is not None:
                event[one] = _contributed(chance.randrange(10**9), event[one])
        found = _occurrence(plan, node.inputs[0], event, names_it=len(types) > 1)
        return found if found is not None and is_usable(fold, found) else None

    return draw


def _type_of(node: Node) -> Any:
    """The type of the values to make up: of members, that of a contribution."""
    if node.gathered is None:
        return node.type
    return float if node.gathered.type in (None, Any) else node.gathered.type


def _contributed(number: int, value: Any) -> tuple[MemberChange, ...]:
    """A contribution that comes: the laws of folds of members are of changes of different ones."""
    return (MemberChange(f"|x{number}", None, value),)


def _of_state(plan: Plan, path: PathLaws) -> tuple[LawCheck, ...]:
    """A fold over state has no laws; of the order of its events there may be an example."""
    names = [
        str(plan.nodes[place].name) for place in sorted(path.upstream) if plan.nodes[place].kind in _GIVEN
    ]
    shown = counterexample(plan, path.name, [(0, names, False)], ordered=False, count=4)
    why = f"what it sees depends on the cell {path.state!r}"
    return tuple(
        LawCheck(path.name, law, False, shown if law == "commutative" and shown else why) for law in LAWS
    )


_GIVEN = (Kind.SOURCE, Kind.PULSE)


def _events(plan: Plan, place: int, pools: Mapping[str, Sequence[Any]]) -> Iterable[Occurrence]:
    """What a fold sees of events that give all of its pulses, and of those that give some."""
    absent: Any = UNSET
    choices = [[*pool, absent] if len(pools) > 1 else list(pool) for pool in pools.values()]
    for chosen in mixed(choices):
        event = {name: value for name, value in zip(pools, chosen, strict=True) if value is not UNSET}
        found = _occurrence(plan, place, event, names_it=len(pools) > 1)
        if found is not None:
            yield found


def _occurrence(plan: Plan, place: int, event: Mapping[str, Any], *, names_it: bool) -> Occurrence | None:
    """What occurs at a place of the plan in an event; None if nothing does, or a function fails.

    Its words are the value that the event gives, with the pulse's name where there are several.
    """
    outcomes: dict[int, object] = {}
    stack = [place]
    while stack:
        one = stack[-1]
        node = plan.nodes[one]
        missing = [needed for needed in node.inputs if needed not in outcomes]
        if missing:
            stack.extend(missing)
            continue
        stack.pop()
        if node.fn is None:
            outcomes[one] = event.get(str(node.name), UNSET)
        else:
            arguments = [
                each.value if isinstance(each, Constant) else outcomes[each] for each in node.arguments
            ]
            outcomes[one] = evaluate(node.fn, arguments)
    seen = outcomes[place]
    if seen is UNSET or type(seen) is Failure:
        return None
    words = " with ".join(f"{name}={_word(value)}" for name, value in event.items())
    return Occurrence(seen, words if names_it else _word(*event.values()))


def _word(value: Any) -> str:
    """A value as an example shows it; a contribution by its id and its value."""
    is_contributed = type(value) is tuple and value and type(value[0]) is MemberChange
    return f"{value[0].key[1:]}:{short(value[0].new)}" if is_contributed else short(value)
