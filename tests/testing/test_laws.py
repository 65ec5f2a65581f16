"""Laws are refuted with an example that a person understands, or nothing is found against them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import frozen

from reactflow import Flow, Fold, Members, Pulse, cell, derived, fold, folds, members, pulse
from reactflow.aws import S3Object
from reactflow.cells.folds import Law
from reactflow.errors import DeclarationError
from reactflow.testing import LawCheck, check_laws

ALL: frozenset[Law] = frozenset({"associative", "commutative", "idempotent"})
SUM: frozenset[Law] = frozenset({"associative", "commutative"})


def half(one: Any, other: Any) -> Any:
    return other if one is None else one if other is None else (one + other) / 2


MEAN_OF_MEANS: Fold[float, float] = Fold(None, half, half, laws=SUM, name="mean_of_means")
NAIVE: Fold[float, float] = Fold(
    0.0, lambda total, one: total + one, lambda one, other: one + other, laws=SUM, name="naive"
)
LAST_WRITE: Fold[Any, Any] = Fold(
    None, lambda _, new: new, lambda one, other: one if other is None else other, laws=ALL, name="last_write"
)
JOIN: Fold[str, str] = Fold(
    "", lambda text, word: text + word, lambda one, other: one + other, laws=SUM, name="join"
)


def said(algebra: Any, values: Any = None) -> dict[str, str]:
    return {check.law: check.example for check in check_laws(algebra, values)}


def test_the_mean_of_means_is_refuted() -> None:
    found = said(MEAN_OF_MEANS)
    assert found["associative"] == "1 then 2 then 3 gives 2.25, 1 merged with (2 then 3) gives 1.75"
    assert found["commutative"] == "1 then 2 then 3 gives 2.25, 1 then 3 then 2 gives 2.0"


def test_plain_addition_of_floats_is_refuted() -> None:
    found = said(NAIVE)
    whole = "0.1 then 0.2 then 0.3 gives 0.6000000000000001"
    assert found["associative"] == f"{whole}, 0.1 merged with (0.2 then 0.3) gives 0.6"
    assert found["commutative"] == f"{whole}, 0.2 then 0.3 then 0.1 gives 0.6"
    assert said(NAIVE, [1.0, 2.0, 3.0])["associative"] == "", "whole numbers add up exactly"


def test_the_last_write_without_a_version_is_refuted_and_with_one_is_not() -> None:
    assert said(LAST_WRITE)["commutative"] == "1 then 2 gives 2, 2 then 1 gives 1"
    versioned = [{"at": at, "level": level} for at in (1, 2) for level in (0.1, 0.2)]
    assert set(said(folds.last_by("at"), versioned).values()) == {""}


def test_the_concatenation_of_text_is_associative_and_nothing_else() -> None:
    associative, commutative, idempotent = check_laws(JOIN)
    assert (associative.ok, commutative.ok, idempotent.ok) == (True, False, True)
    assert str(commutative) == (
        "join: not commutative, though declared: 'a' then 'b' gives 'ab', 'b' then 'a' gives 'ba'"
    )
    assert str(idempotent) == "join: not idempotent: 'a' gives 'a', 'a' then 'a' gives 'aa'"
    assert str(associative) == "join: associative: no counter-example found"


BUILT_IN = [folds.sum, folds.count, folds.mean, folds.max, folds.min, folds.union, folds.last, folds.first]


@pytest.mark.parametrize("algebra", BUILT_IN, ids=lambda one: one.name)
def test_a_built_in_fold_has_the_laws_that_it_declares_and_no_others(algebra: Fold[Any, Any]) -> None:
    checks = check_laws(algebra)
    assert all(check.ok for check in checks), [str(check) for check in checks]
    assert {check.law for check in checks if not check.example} == algebra.laws


def test_a_fold_without_a_merge_is_not_associative() -> None:
    longest: Fold[str, str] = Fold(
        "", lambda kept, word: max(kept, word, key=lambda one: (len(one), one)), laws=ALL, name="longest"
    )
    found = said(longest)
    assert found == {
        "associative": "it has no merge=, so what was folded apart cannot be put together",
        "commutative": "",
        "idempotent": "",
    }


def test_a_merge_that_prefers_one_side_is_refuted_though_single_steps_are_right() -> None:
    first: Fold[int, int] = Fold(0, max, lambda one, other: one or other, laws=ALL, name="left")
    assert said(first)["commutative"] == "1 merged with 2 gives 1, 2 merged with 1 gives 2"


def test_what_only_unusual_values_show_is_found_and_made_small() -> None:
    capped: Fold[int, int] = Fold(0, lambda total, one: min(total + one, 100), laws=SUM, name="capped")
    assert said(capped, [1, 2, 3])["commutative"] == ""
    example = said(capped)["commutative"]
    assert example.count(" then ") == 2, example


def test_a_failure_that_depends_on_the_order_is_a_difference() -> None:
    rising: Fold[int, int] = Fold(0, lambda state, one: one if one > state else 1 // 0, name="rising")
    assert said(rising, [1, 2])["commutative"].startswith(
        "1 then 2 gives 2, 2 then 1 gives ZeroDivisionError: "
    )


@frozen
class Reading:
    at: int
    celsius: float


class Room(Flow):
    celsius: Pulse[float] = pulse()
    hours: Pulse[int] = pulse()
    reading: Pulse[Reading] = pulse()
    level = cell(0.0)
    anything = pulse()
    warmth = fold(celsius * hours, folds.sum)
    naive = fold(celsius.map(abs), NAIVE)
    newest = fold(reading, folds.last_by("at"))
    average = fold(reading.map(lambda reading: reading.celsius), MEAN_OF_MEANS)
    words = fold(anything, JOIN)
    peak = fold(level.changes(), folds.max)


@pytest.fixture(scope="module")
def of_room() -> tuple[LawCheck, ...]:
    return check_laws(Room)


def test_a_fold_of_a_flow_is_checked_along_its_path_with_values_of_the_types_of_its_pulses(
    of_room: tuple[LawCheck, ...],
) -> None:
    checks = {(check.fold, check.law): check for check in of_room}
    assert len(checks) == 18
    assert [name for name, check in checks.items() if not check.ok] == [
        ("naive", "associative"), ("naive", "commutative"), ("average", "associative"), ("average", "commutative"),
        ("words", "commutative"),
    ]  # fmt: skip
    assert checks["naive", "commutative"].example == (
        "0.1 then 0.2 then 0.3 gives 0.6000000000000001, 0.2 then 0.3 then 0.1 gives 0.6"
    )
    assert checks["warmth", "idempotent"].example.startswith("celsius=0.1 with hours=1 gives 0.1, ")
    assert checks["average", "commutative"].example.startswith("Reading(at=1, celsius=0.1) then ")


def test_a_fold_over_state_has_no_law_and_shows_events_whose_order_counts(
    of_room: tuple[LawCheck, ...],
) -> None:
    peak = [check for check in of_room if check.fold == "peak"]
    assert [check.declared for check in peak] == [False] * 3
    assert peak[1].example.startswith("level=2.0, level=4.0, level=3.0, level=1.0 give 4.0, and ")
    assert str(peak[0]) == "peak: not associative: what it sees depends on the cell 'level'"


class Many(Flow):
    one: Pulse[int] = pulse()
    two: Pulse[int] = pulse()
    three: Pulse[int] = pulse()
    photo: Pulse[S3Object] = pulse()
    both = derived(lambda one, two, three: one, one, two, three)
    first = fold(both, folds.first)
    smallest = fold(photo.map(lambda photo: photo.size), folds.first)


def test_what_one_of_many_pulses_or_fields_decides_is_found() -> None:
    checks = {(check.fold, check.law): check.example for check in check_laws(Many)}
    assert checks["first", "commutative"] == (
        "one=1 with two=1 with three=1 then one=2 with two=2 with three=2 gives 1, "
        "one=2 with two=2 with three=2 then one=1 with two=1 with three=1 gives 2"
    )
    assert checks["smallest", "commutative"].endswith(" gives 2")


def test_values_are_given_for_pulses_that_have_no_type_or_whose_values_matter() -> None:
    class Sensor(Flow):
        reading = pulse()
        total = fold(reading.map(lambda reading: reading["celsius"]), NAIVE)

    with pytest.raises(
        DeclarationError, match=r"the fold 'total' takes no value .* values=\{'reading': \[\.\.\.\]\}"
    ):
        check_laws(Sensor)
    whole = {"reading": [{"celsius": 1.0}, {"celsius": 2.0}]}
    assert all(check.ok for check in check_laws(Sensor, whole))
    parts = {"reading": [{"celsius": 0.1}, {"celsius": 0.2}, {"celsius": 0.3}]}
    assert not all(check.ok for check in check_laws(Sensor, parts))
    with pytest.raises(DeclarationError, match="Sensor has no pulse 'level'; it has reading"):
        check_laws(Sensor, {"level": [1]})


def test_what_cannot_be_checked_is_refused_with_the_remedy() -> None:
    with pytest.raises(
        DeclarationError, match=r"takes none of the values that were tried: say some that it takes"
    ):
        check_laws(folds.last_by("at"))
    with pytest.raises(DeclarationError, match=r"give a Fold, such as folds\.sum, or a flow's class"):
        check_laws(sum)  # type: ignore[arg-type]  # refused when it runs too
    with pytest.raises(DeclarationError, match="give values by pulse"):
        check_laws(Room, [1, 2])


def test_the_same_is_found_each_time() -> None:
    capped: Fold[int, int] = Fold(0, lambda total, one: min(total + one, 100), laws=SUM, name="capped")
    assert check_laws(capped) == check_laws(capped)
    assert check_laws(JOIN)[0] == LawCheck("join", "associative", True)


class Building(Flow):
    rooms: Members[Decimal] = members("room", "area")
    anything = members("room", "size")
    total = rooms.sum()
    largest = rooms.top(2)
    mean = anything.mean()
    most = fold(total.changes(), folds.max)


def test_folds_of_members_are_checked_with_contributions_of_their_type() -> None:
    checks = {(check.fold, check.law): check for check in check_laws(Building)}
    for name in ("total", "largest", "mean"):
        assert checks[name, "commutative"] == LawCheck(name, "commutative", True)
        assert not checks[name, "associative"].declared
    assert checks["total", "idempotent"].example == (
        "x0:Decimal('0.1') gives Decimal('0.1'), x0:Decimal('0.1') then x0:Decimal('0.1') gives Decimal('0.2')"
    )
    assert checks["most", "commutative"].example.startswith("rooms=x2:Decimal('2'), rooms=x1:Decimal('2'), ")
    assert all(check.ok for check in check_laws(Building, {"anything": [1, 2.5]}))


class Mixed(Flow):
    reading: Pulse[int | str] = pulse()
    highest = fold(reading, folds.max)
    many = fold(reading, folds.count)


def test_a_result_that_depends_on_which_of_two_types_came_first_is_a_difference() -> None:
    checks = {(check.fold, check.law): check for check in check_laws(Mixed)}
    assert str(checks["highest", "commutative"]) == (
        "highest: not commutative, though declared: 1 then 'a', as far as it is taken, gives 1, 'a' then 1 gives 'a'"
    )
    assert checks["many", "commutative"].ok


def test_a_fold_that_changes_its_state_in_place_is_tried_from_a_zero_of_its_own() -> None:
    def add(state: tuple[list[int]], one: int) -> tuple[list[int]]:
        state[0].append(one)
        return state

    number: Fold[int, int] = Fold(
        ([],), add, lambda one, other: (one[0] + other[0],), lambda state: len(state[0]), SUM, name="number"
    )
    assert all(check.ok for check in check_laws(number))
    assert number.zero == ([],)
