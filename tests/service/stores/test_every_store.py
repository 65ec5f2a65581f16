"""What every store promises: one suite, which each of them passes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from attrs import evolve

from reactflow.errors import InternalError, StateError
from reactflow.service import Case, Item, Reason, Store
from reactflow.service.item import HARD_LIMIT
from reactflow.service.key import LONGEST
from tests.service.stores.kinds import Clock, plant
from tests.service.stores.racing import UNIT, assert_each_version_was_won_once, case, full_item, race


def test_item_that_was_put_is_there(store: Store) -> None:
    assert store.get("rooms", UNIT) is None
    assert store.put("rooms", UNIT, full_item(), 0) is None
    assert store.get("rooms", UNIT) == full_item()
    assert store.put("rooms", UNIT, full_item().next(out=()), 1) is None
    assert store.get("rooms", UNIT) == full_item().next(out=())


def test_put_over_another_version_changes_nothing_and_returns_what_is_there(store: Store) -> None:
    store.put("rooms", UNIT, Item(v=1, cells=b"first"), 0)
    assert store.put("rooms", UNIT, Item(v=1, cells=b"rival"), 0) == Item(v=1, cells=b"first")
    assert store.put("rooms", UNIT, Item(v=3, cells=b"late"), 2) == Item(v=1, cells=b"first")
    assert store.get("rooms", UNIT) == Item(v=1, cells=b"first")


def test_put_over_a_unit_that_is_gone_returns_an_empty_item(store: Store) -> None:
    assert store.put("rooms", UNIT, Item(v=8), 7) == Item()
    assert store.get("rooms", UNIT) is None


def test_version_that_does_not_grow_by_one_is_an_error_of_ours(store: Store) -> None:
    with pytest.raises(InternalError, match="the version after 0 is 1, not 2"):
        store.put("rooms", UNIT, Item(v=2), 0)


def test_item_of_the_largest_size_is_kept_whole_and_one_byte_more_is_refused(store: Store) -> None:
    unit = "room=" + "r" * (LONGEST - len("room="))  # the longest key that there is
    empty = Item(v=1, cells=b"", out=full_item().out)
    largest = Item(v=1, cells=b"x" * (HARD_LIMIT - len(empty.to_bytes())), out=empty.out)
    with pytest.raises(
        StateError, match=rf"has {HARD_LIMIT + 1} bytes, and {HARD_LIMIT} are the most \(cells"
    ):
        store.put("rooms", unit, evolve(largest, cells=largest.cells + b"x"), 0)
    assert store.get("rooms", unit) is None
    assert store.put("rooms", unit, largest, 0) is None
    assert store.get("rooms", unit) == largest
    assert store.put("rooms", unit, largest, 0) == largest, "the refusal brings it, too"


def test_items_of_odd_texts_are_kept_whole(store: Store) -> None:
    odd = '\x00 \u00fc \U0001f600 " \\ \ufffe \uffff'
    item = Item(v=1, gv=odd, cells=b"\xff\xfe\x00", marks={odd: odd}, seen=(odd,), written={odd: ""})
    assert store.put("rooms", UNIT, item, 0) is None
    assert store.get("rooms", UNIT) == item


def test_write_whose_answer_was_lost_is_refused_with_what_it_wrote(store: Store) -> None:
    mine = Item(v=1, cells=b"mine", marks={"l": "1"})
    assert store.put("rooms", UNIT, mine, 0) is None
    assert store.put("rooms", UNIT, mine, 0) == mine, "asked for again"
    assert store.put("rooms", UNIT, mine.next(cells=b"rival"), 1) is None
    assert store.put("rooms", UNIT, mine, 0) == mine.next(cells=b"rival"), "a rival was there meanwhile"


@pytest.mark.parametrize(
    ("v", "data"),
    [
        (1, b"{}"),
        (1, b"text"),
        (1, b"null"),
        (1, Item(v=1).to_bytes()[:-9]),
        (1, Item(v=1).to_bytes().replace(b'"format":1', b'"format":2')),
        (1, b'{"format":1,"theirs":true}'),
    ],
)
def test_item_that_cannot_be_read_is_named_and_never_written_over(store: Store, v: int, data: bytes) -> None:
    plant(store, UNIT, v, data)
    for attempt in (
        lambda: store.get("rooms", UNIT),
        lambda: store.look("rooms", UNIT, [("rooms", "r1")]),
        lambda: store.put("rooms", UNIT, Item(v=1), 0),
        lambda: store.put("rooms", UNIT, Item(v=8), 7),
    ):
        with pytest.raises(StateError, match="room=r1"):
            attempt()
    plant(store, UNIT, 3, Item(v=3, cells=b"mended").to_bytes())
    assert store.put("rooms", UNIT, Item(v=4), 3) is None


def test_units_of_a_service_are_listed_in_order_and_apart_from_others(store: Store) -> None:
    for unit in ("room=b", "room=a", "()", "room=\u00fc"):
        store.put("rooms", unit, Item(v=1), 0)
    store.put("floors", "floor=1", Item(v=1), 0)
    assert list(store.units("rooms")) == ["()", "room=a", "room=b", "room=\u00fc"]
    assert list(store.units("floors")) == ["floor=1"]
    assert list(store.units("none")) == []


def test_units_may_be_written_while_they_are_listed(store: Store) -> None:
    for unit in ("a", "b"):
        store.put("rooms", unit, Item(v=1), 0)
    for unit in store.units("rooms"):
        store.put("rooms", unit, Item(v=2), 1)
        store.put("rooms", unit + "x", Item(v=1), 0)
    assert list(store.units("rooms")) == ["a", "ax", "b", "bx"]


def test_case_is_kept_once_and_in_order(store: Store, clock: Clock) -> None:
    for each in (case("2"), case("1"), case("2", "again"), case("1", service="floors")):
        clock.advance(1)
        store.keep(each)
    assert store.cases("rooms") == [case("2"), case("1")]
    assert store.cases("floors") == [case("1", service="floors")]


def test_case_of_a_lane_that_cannot_be_encoded_is_kept(store: Store) -> None:
    odd = Case(
        service="rooms", lane="s3/photos/\ud800", position="1", reason=Reason(kind="record", message="\udfff")
    )
    store.keep(odd)
    assert store.cases("rooms") == [odd]


def test_case_is_found_by_its_id_and_forgotten(store: Store) -> None:
    for position in ("1", "2", "3"):
        store.keep(case(position))
    store.keep(case("2", service="floors"))
    assert store.case("rooms", case("2").id) == case("2")
    store.forget("rooms", [case("2").id, "never there"])
    store.forget("rooms", [case("2").id])
    assert store.case("rooms", case("2").id) is None
    assert sorted(one.position for one in store.cases("rooms")) == ["1", "3"]
    assert store.cases("floors") == [case("2", service="floors")]
    store.keep(case("2", "anew"))
    assert store.case("rooms", case("2").id) == case("2", "anew")


def test_cases_of_any_size_and_any_id_are_kept_and_forgotten_whole(store: Store) -> None:
    sizes = (0, 1_000_000, 6_000_000)
    large = [
        Case(
            service="rooms",
            lane="s3/photos/" + "\u00fc" * 1024,
            position=str(size),
            record={"data": "x" * size},
            reason=Reason(kind="record", message="bad"),
        )
        for size in sizes
    ]
    for each in (*large, *large):
        store.keep(each)
    assert sorted(store.cases("rooms"), key=lambda one: int(one.position)) == large
    assert [store.case("rooms", one.id) for one in large] == large
    store.forget("rooms", [one.id for one in large])
    assert store.cases("rooms") == []


# -- units that owe changes --


def owing(v: int) -> Item:
    return Item(v=v, out=full_item().out)


def test_units_that_owe_changes_are_told_once_they_were_idle(store: Store, clock: Clock) -> None:
    store.put("rooms", "room=quiet", Item(v=1), 0)
    store.put("rooms", "room=a", owing(1), 0)
    store.put("floors", "floor=1", owing(1), 0)
    clock.advance(100)
    store.put("rooms", "room=b", owing(1), 0)
    clock.advance(100)
    assert list(store.pending("rooms", 300)) == []
    assert list(store.pending("rooms", 130)) == ["room=a"]
    assert list(store.pending("rooms", 30)) == ["room=a", "room=b"], "the longest idle first"
    assert list(store.pending("floors", 30)) == ["floor=1"]
    assert list(store.pending("none", 30)) == []


def test_unit_is_never_told_before_it_was_idle_and_a_minute_later_at_the_latest(
    store: Store, clock: Clock
) -> None:
    clock.advance(17.5)
    store.put("rooms", UNIT, owing(1), 0)
    clock.advance(29.9)
    assert list(store.pending("rooms", 30)) == []
    clock.advance(60.1)
    assert list(store.pending("rooms", 30)) == [UNIT]


def test_unit_that_was_written_since_is_idle_from_then_on(store: Store, clock: Clock) -> None:
    store.put("rooms", UNIT, owing(1), 0)
    clock.advance(1000)
    store.put("rooms", UNIT, owing(2), 1)
    assert list(store.pending("rooms", 300)) == []
    assert store.put("rooms", UNIT, owing(2), 1) == owing(2), "a refused write changes nothing of it"
    clock.advance(1000)
    assert list(store.pending("rooms", 300)) == [UNIT]


def test_unit_whose_changes_were_pruned_owes_nothing(store: Store, clock: Clock) -> None:
    store.put("rooms", UNIT, owing(1), 0)
    clock.advance(1000)
    store.put("rooms", UNIT, owing(1).next(out=()), 1)
    clock.advance(1000)
    assert list(store.pending("rooms", 0)) == []


def test_units_may_be_pruned_while_they_are_told(store: Store, clock: Clock) -> None:
    units = [f"room={number}" for number in range(30)]
    for unit in units:
        store.put("rooms", unit, owing(1), 0)
    clock.advance(1000)
    told = []
    for unit in store.pending("rooms", 60):
        told.append(unit)
        store.put("rooms", unit, Item(v=2), 1)
    assert sorted(told) == sorted(units)
    assert list(store.pending("rooms", 60)) == []


def test_store_is_closed_twice_without_harm(store: Store) -> None:
    store.close()
    store.close()


def test_of_many_threads_exactly_one_wins_each_version(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        wins = list(pool.map(partial(race, store), range(8)))
    assert_each_version_was_won_once(store, wins)
