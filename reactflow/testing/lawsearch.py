"""The search for what refutes a law: a few occurrences on which two ways to fold them come to different results.

Lists of friendly values are tried first, the shortest before others, so that an example is as small as can be; then
lists drawn from a seeded source, of which one that refutes the law is made smaller before it is shown. Nothing found is
no proof, and the same is found each time. Two results are compared as a flow compares values, by type and value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from itertools import chain, combinations, combinations_with_replacement, islice, permutations
from random import Random
from typing import Any

from attrs import frozen

from reactflow.cells import Failure
from reactflow.cells.folds import Fold, Law
from reactflow.cells.semantics import UNSET, run
from reactflow.flow import same_value

LISTS = 1000  # lists of friendly values that are tried
DRAWS = 200  # lists that are drawn


@frozen(eq=False)
class Occurrence:
    """A value to fold, and the words for it: the value itself, or the event that it is computed from."""

    value: Any
    words: str


Occurrences = Sequence[Occurrence]
Draw = Callable[[Random], Occurrence | None]


def refutation(fold: Fold[Any, Any], law: Law, friendly: Occurrences, draw: Draw | None = None) -> str:
    """The smallest example that was found against a law of a fold, in words; empty if there is none.

    ``draw`` makes further occurrences, or None where it could not make one.

    >>> from reactflow import Fold
    >>> join = Fold("", lambda text, word: text + word, lambda one, other: one + other, name="join")
    >>> refutation(join, "commutative", [Occurrence("a", "'a'"), Occurrence("b", "'b'")])
    "'a' then 'b' gives 'ab', 'b' then 'a' gives 'ba'"
    """
    if law == "associative" and fold.merge is None:
        return "it has no merge=, so what was folded apart cannot be put together"
    differences = _DIFFERENCES[law]
    lists = chain.from_iterable(
        ways(friendly, count)
        for count in range(1, 5)
        for ways in (combinations, combinations_with_replacement)
    )
    for one in islice(lists, LISTS):
        if found := next(differences(fold, one), ""):
            return found
    chance = Random(0)
    for _ in range(DRAWS):
        drawn = [draw(chance) if draw else chance.choice(friendly) for _ in range(chance.randint(2, 5))]
        known = [one for one in drawn if one is not None]
        if next(differences(fold, known), ""):
            return _smallest(lambda tried: next(differences(fold, tried), ""), known, friendly)
    return ""


def is_usable(fold: Fold[Any, Any], occurrence: Occurrence) -> bool:
    """Whether a fold takes a value as its first occurrence."""
    return type(_shown(fold, _added(fold, [occurrence]))) is not Failure


def _smallest(against: Callable[[Occurrences], str], found: Occurrences, friendly: Occurrences) -> str:
    """The words of an example with as few and as friendly occurrences as still refute the law."""
    best = list(found)
    while True:
        fewer = [best[:place] + best[place + 1 :] for place in range(len(best))]
        plainer = [
            [*best[:place], one, *best[place + 1 :]]
            for place, old in enumerate(best)
            if not any(old is one for one in friendly)
            for one in friendly
        ]
        better = next((one for one in (*fewer, *plainer) if against(one)), None)
        if better is None:
            return against(best)
        best = better


# --- the laws: each yields the words of differences between two ways ---------------------------------------------


def _not_commutative(fold: Fold[Any, Any], given: Occurrences) -> Iterator[str]:
    """Another order of occurrences, and of the two states of a merge, has to come to the same, also where one fails."""
    whole = _added(fold, given)
    for order in islice(permutations(given), 1, 24):
        other = _added(fold, order)
        yield from _difference(fold, whole, _row(given), other, _row(order))
        if type(whole) is type(other) is Failure:  # an event that fails is undone alone, and the others count
            taken = _taken(fold, given), _taken(fold, order)
            yield from _difference(
                fold, taken[0], f"{_row(given)}, as far as it is taken,", taken[1], _row(order)
            )
    for one, other in _cuts(given):
        states = _added(fold, one), _added(fold, other)
        there, back = _merged(fold, *states), _merged(fold, *reversed(states))
        yield from _difference(fold, there, _together(one, other), back, _together(other, one))


def _not_associative(fold: Fold[Any, Any], given: Occurrences) -> Iterator[str]:
    """What is folded apart and merged, in whatever grouping, has to come to what is folded at once."""
    whole = _added(fold, given)
    for place in range(len(given) + 1):
        one, other = given[:place], given[place:]
        merged = _merged(fold, _added(fold, one), _added(fold, other))
        yield from _difference(fold, whole, _row(given), merged, _together(one, other))
    for one, rest in _cuts(given):
        for two, three in _cuts(rest):
            a, b, c = (_added(fold, part) for part in (one, two, three))
            left, right = _merged(fold, _merged(fold, a, b), c), _merged(fold, a, _merged(fold, b, c))
            words = f"({_together(one, two)}) merged with {_part(three)}"
            others = f"{_part(one)} merged with ({_together(two, three)})"
            yield from _difference(fold, left, words, right, others)


def _not_idempotent(fold: Fold[Any, Any], given: Occurrences) -> Iterator[str]:
    """An occurrence that comes twice, and a state that is merged with itself, have to change nothing."""
    whole = _added(fold, given)
    for place in range(1, len(given) + 1):
        doubled = [*given[:place], given[place - 1], *given[place:]]
        yield from _difference(fold, whole, _row(given), _added(fold, doubled), _row(doubled))
    twice = _merged(fold, whole, _added(fold, given))
    yield from _difference(fold, whole, _row(given), twice, f"{_part(given)} merged with itself")


_DIFFERENCES: Mapping[Law, Callable[[Fold[Any, Any], Occurrences], Iterator[str]]] = {
    "associative": _not_associative,
    "commutative": _not_commutative,
    "idempotent": _not_idempotent,
}

# --- states and results ------------------------------------------------------------------------------------------


def _added(fold: Fold[Any, Any], given: Occurrences) -> Any:
    """The state after occurrences from the zero on, or the failure of adding one."""
    state = _own(fold.zero)
    for one in given:
        state = run(fold.add, (state, one.value))
        if type(state) is Failure:
            break
    return state


def _taken(fold: Fold[Any, Any], given: Occurrences) -> Any:
    """The state after the occurrences that can be added, without those that fail."""
    state = _own(fold.zero)
    for one in given:
        added = run(fold.add, (state, one.value))
        if type(added) is not Failure and type(run(fold.result, (added,))) is not Failure:
            state = added
    return state


def _merged(fold: Fold[Any, Any], one: Any, other: Any) -> Any:
    """Two states as one; UNSET without a merge, which is then the same both ways."""
    for state in (one, other):
        if type(state) is Failure:
            return state
    return UNSET if fold.merge is None else run(fold.merge, (_own(one), _own(other)))


def _own(state: Any) -> Any:
    """A state of one's own, should a function change what it is given, which it may not."""
    return deepcopy(state) if _may_change(state) else state


def _may_change(state: Any) -> bool:
    return isinstance(state, (list, dict, set)) or (type(state) is tuple and any(map(_may_change, state)))


def _shown(fold: Fold[Any, Any], state: Any) -> Any:
    return state if state is UNSET or type(state) is Failure else run(fold.result, (state,))


def _difference(fold: Fold[Any, Any], one: Any, words: str, other: Any, others: str) -> Iterator[str]:
    if fold.merge is None and UNSET in (one, other):
        return  # nothing was merged
    results = _shown(fold, one), _shown(fold, other)
    if all(type(each) is Failure for each in results) or same_value(*results):
        return
    yield f"{words} gives {_told(results[0])}, {others} gives {_told(results[1])}"


def _told(result: Any) -> str:
    if type(result) is Failure:
        return f"{type(result.error).__name__}: {result.error}"
    return "no value" if result is UNSET else short(result)


# --- words -------------------------------------------------------------------------------------------------------


def short(value: Any) -> str:
    """A value as it is shown in an example."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _cuts(given: Occurrences) -> Iterator[tuple[Occurrences, Occurrences]]:
    return ((given[:place], given[place:]) for place in range(1, len(given)))


def _row(given: Occurrences) -> str:
    return " then ".join(one.words for one in given) or "nothing"


def _part(given: Occurrences) -> str:
    return f"({_row(given)})" if len(given) > 1 else _row(given)


def _together(one: Occurrences, other: Occurrences) -> str:
    return f"{_part(one)} merged with {_part(other)}"
