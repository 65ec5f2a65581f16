"""Writers that race for the versions of one unit, and what has to be so afterwards; and an item that has everything."""

from __future__ import annotations

from reactflow.service import Case, Item, Pending, Reason, Store

UNIT = "room=r1"


def case(position: str, message: str = "bad", service: str = "rooms") -> Case:
    return Case(service=service, lane="l", position=position, reason=Reason(kind="record", message=message))


def full_item() -> Item:
    change = Pending(
        id="rooms/area/r1/d/1", output="area", destination="d", n=1, values={"area": 12.0, "\u00fc": [1]}
    )
    return Item(
        v=1, gv="1a", cells=b"\xff\x00{}", marks={"l": "1"}, out=(change,), numbers={"area|d": 1}, held=True
    )


def race(store: Store, racer: int, rounds: int = 25) -> list[int]:
    """Write over whatever is there, again and again; the versions that were won."""
    won: list[int] = []
    item = store.get("rooms", UNIT) or Item()
    for _ in range(rounds):
        mine = item.next(marks={**item.marks, f"{racer}/{item.v + 1:06}": "won"})
        there = store.put("rooms", UNIT, mine, item.v)
        if there is None:
            won.append(mine.v)
        item = there or mine
    return won


def assert_each_version_was_won_once(store: Store, wins: list[list[int]]) -> None:
    won = sorted(v for each in wins for v in each)
    assert won == list(range(1, len(won) + 1))
    item = store.get("rooms", UNIT)
    assert item is not None
    assert item.v == len(won)
    assert sorted(item.marks) == sorted(f"{racer}/{v:06}" for racer, each in enumerate(wins) for v in each)
