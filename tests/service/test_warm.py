"""What a warm host remembers may be forgotten at any time, and is when it weighs too much."""

from __future__ import annotations

from reactflow.service import Item, Key, Pending
from reactflow.service.warm import WarmCache

ROOM = Key.of("room")
R1, R2, R3 = (ROOM.unit(name) for name in ("r1", "r2", "r3"))
OWING = Item(
    v=3, out=(Pending(id="rooms/area/room=r1/memory:rows/1", output="area", destination="memory/rows", n=1),)
)


def test_item_is_recalled_until_it_is_forgotten() -> None:
    cache = WarmCache()
    cache.remember(R1, Item(v=1))
    assert cache.recall(R1) == Item(v=1)
    cache.forget(R1)
    assert cache.recall(R1) is None


def test_least_recently_used_gives_way_when_it_weighs_too_much() -> None:
    cache = WarmCache(heaviest=10_000)
    for unit in (R1, R2):
        cache.remember(unit, Item(v=1, cells=b"x" * 2000))
    cache.recall(R1)
    cache.remember(R3, Item(v=1, cells=b"x" * 2000))
    assert [cache.recall(unit) is not None for unit in (R1, R2, R3)] == [True, False, True]


def test_only_the_very_item_is_known_to_be_published() -> None:
    cache = WarmCache()
    assert not cache.is_published(R1, OWING)
    cache.note_published(R1, OWING)
    assert cache.is_published(R1, OWING)
    assert not cache.is_published(R1, OWING.next())
    cache.remember(R1, OWING.next())
    assert not cache.is_published(R1, OWING.next())
    cache.forget(R1)
    assert not cache.is_published(R1, OWING)


def test_item_that_owes_nothing_is_published() -> None:
    assert WarmCache().is_published(R1, Item(v=1))


def test_state_is_recalled_with_the_very_item_that_holds_it() -> None:
    cache, item = WarmCache(), Item(v=1)
    cache.remember(R1, item, {"length": 3.0})
    assert cache.recall_state(R1, item) == {"length": 3.0}
    assert cache.recall_state(R1, Item(v=1)) is None
    assert cache.recall_state(R2, item) is None


def test_state_that_something_could_change_is_not_remembered() -> None:
    cache, item = WarmCache(), Item(v=1)
    cache.remember(R1, item, {"length": 3.0, "points": [1]})
    assert cache.recall_state(R1, item) is None


def test_what_was_due_is_not_kept_once_it_is_published() -> None:
    cache = WarmCache()
    cache.remember(R1, OWING, {"length": 3.0})
    cache.note_published(R1, OWING)
    kept = cache.recall(R1)
    assert kept == OWING.settled()
    assert kept is not None
    assert (kept.v, kept.out, cache.recall_state(R1, kept)) == (3, (), {"length": 3.0})


def test_what_weighs_is_counted_anew_when_an_item_is_replaced() -> None:
    cache = WarmCache(heaviest=10_000)
    for v in range(1, 50):
        cache.remember(R1, Item(v=v, cells=b"x" * 2000))
    cache.remember(R2, Item(v=1, cells=b"x" * 2000))
    assert cache.recall(R1) is not None
    assert cache.recall(R2) is not None
