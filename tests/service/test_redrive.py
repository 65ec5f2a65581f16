"""A case is redriven or skipped: through its unit's queue, once, in its own place, and what waits behind it follows."""

from __future__ import annotations

from typing import Any

import pytest

from reactflow import Cell, Flow, Pulse, Service, cell, fold, folds, pulse, row
from reactflow.aws import Kinesis
from reactflow.errors import ConfigurationError, Transient
from reactflow.service import Host, MemoryStore
from reactflow.service.queue import MOST_BYTES
from reactflow.testing import kinesis_event
from tests.service.faults import FaultyStore, Script
from tests.service.flows import item, values
from tests.service.recording import Table, check_publications

SOURCE = Kinesis("measurements", partition="room")


def flow(*, is_mended: bool, is_strict: bool = False) -> Any:
    """A flow that cannot divide by 0 until it is mended; a strict one needs its readings in order."""

    class Room(Flow):
        width: Cell[float] = cell()
        divisor = cell(1)
        reading: Pulse[int] = pulse()
        share = width / divisor.map((lambda value: value or 1) if is_mended else (lambda value: value))
        ratio = reading.map((lambda value: 12 // (value or 1)) if is_mended else (lambda value: 12 // value))
        total = fold(reading, folds.sum)

    class Strict(Room):
        widest = fold(Room.width.changes(), folds.max)

    return Strict if is_strict else Room


def service(store: Any, *tables: Table, **options: Any) -> Service:
    made = flow(**options)
    outputs = [row(made.share, made.divisor, made.total) >> table for table in tables[:1]]
    outputs += [made.ratio >> table for table in tables[1:]]
    return Service(made, name="rooms", key="room", inputs=[SOURCE], outputs=outputs, store=store)


def send(target: Any, *records: Any, start: int = 0) -> Any:
    event = kinesis_event(*records, partition="room", start=start)
    return target.handle(event) if isinstance(target, Host) else target.handler(event)


def cases(made: Service) -> list[str]:
    return [one.id for one in made.host.open_cases()]


# --- free cases: later events go on -------------------------------------------------------------------------------


def test_case_that_nothing_waits_for_is_redriven_in_its_own_place() -> None:
    store, table, log = MemoryStore(), Table(), Table("log")
    old = service(store, table, log, is_mended=False)
    send(old, {"room": "r1", "width": 6}, {"room": "r1", "divisor": 0, "width": 8},
         {"room": "r1", "divisor": 0, "reading": 0}, {"room": "r1", "width": 12, "reading": 3})  # fmt: skip
    assert values(old, "room=r1")["total"] == 3
    new = service(store, table, log, is_mended=True)
    second, third = cases(new)
    assert str(new.host.redrive(third)) == "1 records for 1 units: 1 applied"
    assert new.host.redrive(second).fates == {"superseded": 1}, "both of its cells were written later"
    found = values(new, "room=r1")
    assert (found["width"], found["divisor"], found["share"], found["total"]) == (12.0, 0, 12.0, 3)
    assert table.rows == {"room=r1": {"room": "r1", "share": 12.0, "divisor": 0, "total": 3}}
    assert log.occurrences("room=r1", "ratio") == [4, 12], "an occurrence is told when it is applied"
    left = item(new, "room=r1")
    assert (left.open_cases, left.turns, left.overtaken) == ((), (), {})
    assert store.cases("rooms") == [], "what is dealt with is kept no longer"
    check_publications([table, log])


def test_only_what_was_not_written_since_is_written() -> None:
    store = MemoryStore()
    send(service(store, is_mended=False), {"room": "r1", "width": 6}, {"room": "r1", "divisor": 0, "width": 8},
         {"room": "r1", "width": 12})  # fmt: skip
    new = service(store, is_mended=True)
    new.host.redrive(*cases(new))
    found = values(new, "room=r1")
    assert (found["width"], found["divisor"]) == (12.0, 0)


def test_cases_redriven_in_any_order_end_at_the_last() -> None:
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]):
        store = MemoryStore()
        poison = ({"room": "r1", "divisor": 0, "width": width} for width in (5, 6, 7))
        send(service(store, is_mended=False), *poison)
        new = service(store, is_mended=True)
        found = cases(new)
        for place in order:
            new.host.redrive(found[place])
        assert values(new, "room=r1")["width"] == 7.0, order


def test_twice_is_once_and_a_case_that_is_closed_does_nothing() -> None:
    store = MemoryStore()
    send(
        service(store, is_mended=False),
        {"room": "r1", "reading": 0, "divisor": 0},
        {"room": "r1", "reading": 5},
    )
    new = service(store, is_mended=True)
    (case,) = store.cases("rooms")
    assert new.host.redrive(case.id).fates == {"applied": 1}
    store.keep(case)  # as a process might that was overtaken
    before = item(new, "room=r1")
    assert Host(new, store).redrive(case.id).fates == {"duplicate": 1}
    assert Host(new, store).skip(case.id).fates == {"duplicate": 1}
    assert item(new, "room=r1") == before
    assert values(new, "room=r1")["total"] == 5


def test_case_that_fails_again_stays() -> None:
    store = MemoryStore()
    old = service(store, is_mended=False)
    send(old, {"room": "r1", "reading": 0})
    (id,) = cases(old)
    before = item(old, "room=r1")
    report = old.host.redrive(id)
    assert report.fates == {"quarantined": 1}
    assert report.cases[0].reason.cell == "ratio"
    assert item(old, "room=r1") == before
    assert cases(old) == [id]


def test_case_that_there_is_not_is_refused() -> None:
    made = service(MemoryStore(), is_mended=True)
    with pytest.raises(ConfigurationError, match="service 'rooms' has no case 'x@1'"):
        made.host.redrive("x@1")


# --- held keys: later events wait -----------------------------------------------------------------------------------

HELD = ({"room": "r1", "width": 6}, {"room": "r1", "width": 9, "divisor": 0}, {"room": "r1", "width": 7, "reading": 1},
        {"room": "r1", "divisor": 2}, {"room": "r2", "width": 1})  # fmt: skip


def test_key_with_a_general_fold_is_held_and_others_go_on() -> None:
    store, table = MemoryStore(), Table()
    old = service(store, table, is_mended=False, is_strict=True)
    reports: list[Any] = []
    object.__setattr__(old.host, "listener", reports.append)
    assert send(old, *HELD) == {"batchItemFailures": []}
    assert reports[0].fates == {"applied": 2, "quarantined": 1, "held": 2, "filtered": 0}
    assert sum(reports[0].fates.values()) == 5
    assert set(table.rows) == {"room=r1", "room=r2"}
    assert len(cases(old)) == 1, "what waits is no case"
    held = item(old, "room=r1")
    assert (held.held, len(held.open_cases), len(held.waiting)) == (True, 1, 2)
    send(old, *HELD)
    assert item(old, "room=r1") == held, "seen before"


def test_redrive_releases_what_waits_in_order() -> None:
    store, table = MemoryStore(), Table()
    send(service(store, table, is_mended=False, is_strict=True), *HELD)
    new = service(store, table, is_mended=True, is_strict=True)
    report = new.host.redrive(*cases(new))
    assert (report.fates, report.released) == ({"applied": 1}, {"applied": 2})
    found = values(new, "room=r1")
    assert (found["width"], found["divisor"], found["widest"], found["total"]) == (7.0, 2, 9.0, 1)
    left = item(new, "room=r1")
    assert (left.held, left.open_cases, left.waiting, left.turns) == (False, (), (), ())
    assert store.cases("rooms") == []
    check_publications([table])


def test_skip_gives_up_the_case_and_releases_what_waits() -> None:
    store = MemoryStore()
    old = service(store, is_mended=False, is_strict=True)
    send(old, *HELD)
    report = old.host.skip(*cases(old))
    assert (report.fates, report.released) == ({"skipped": 1}, {"applied": 2})
    found = values(old, "room=r1")
    assert (found["width"], found["widest"], found["total"]) == (7.0, 7.0, 1)


def test_next_poison_that_waited_holds_the_key_again() -> None:
    store = MemoryStore()
    old = service(store, is_mended=False, is_strict=True)
    send(old, *HELD, {"room": "r1", "width": "wide"}, {"room": "r1", "width": 8})
    report = old.host.skip(*cases(old))
    assert report.released == {"applied": 2, "quarantined": 1}
    held = item(old, "room=r1")
    assert (held.held, len(held.open_cases), len(held.waiting)) == (True, 1, 1)
    (case,) = old.host.open_cases()
    assert "'wide'" in case.reason.message
    old.host.skip(case.id)
    assert values(old, "room=r1")["width"] == 8.0


def test_more_than_is_taken_up_at_once_is_released_in_order() -> None:
    store = MemoryStore()
    old = service(store, is_mended=False, is_strict=True)
    send(old, *HELD, *({"room": "r1", "reading": 1, "width": place} for place in range(600)))
    old.host.skip(*cases(old))
    found = values(old, "room=r1")
    assert (found["total"], found["width"], found["widest"]) == (601, 599.0, 599.0)
    assert store.cases("rooms") == []


def test_key_whose_queue_is_full_stops_and_loses_nothing() -> None:
    store = MemoryStore()
    old = service(store, is_mended=False, is_strict=True)
    send(old, *HELD[:2])
    records = [{"room": "r1", "reading": 1} for _ in range(MOST_BYTES // 150)]
    answer = send(old, *records, start=2)
    assert answer["batchItemFailures"], "it comes again"
    waiting = item(old, "room=r1").waiting
    assert 0 < len(waiting) < len(records)
    assert send(old, *records, start=2) == answer
    assert item(old, "room=r1").waiting == waiting
    old.host.skip(*cases(old))
    assert send(old, *records, start=2) == {"batchItemFailures": []}
    assert values(old, "room=r1")["total"] == len(records)


def test_crash_between_two_writes_of_a_release_is_made_good_by_the_next_record() -> None:
    store = FaultyStore(Script())
    old = service(store, is_mended=False, is_strict=True)
    send(old, *HELD)
    (id,) = cases(old)
    asked: list[str] = []

    def is_away(point: str) -> bool:
        asked.append(point)
        return asked.count("case") > 1  # the case is dealt with, and what waits cannot be read

    store.fault = is_away
    assert old.host.skip(id).transients
    store.fault = Script()
    left = item(old, "room=r1")
    assert (left.is_released, left.owes) == (True, True)
    send(Host(old, store), {"room": "r1", "reading": 4}, start=9)
    found = values(old, "room=r1")
    assert (found["total"], found["width"], found["widest"]) == (5, 7.0, 7.0)


# --- cases of no unit -------------------------------------------------------------------------------------------------


def test_case_of_no_unit_is_applied_once_to_the_unit_that_is_found() -> None:
    store = MemoryStore()
    made = flow(is_mended=True)
    old = Service(
        made, name="rooms", key="room", inputs=[Kinesis("measurements", order="arrival")], store=store
    )
    event = kinesis_event({"place": "r1", "reading": 3}, {"place": "r1", "reading": 4}, partition="place")
    old.handler(event)
    first, second = cases(old)
    source = Kinesis("measurements", key={"room": "place"}, order="arrival")
    new = Service(made, name="rooms", key="room", inputs=[source], store=store)
    assert new.host.redrive(second).fates == {"applied": 1}
    assert new.host.redrive(first).fates == {"applied": 1}
    assert values(new, "room=r1")["total"] == 7
    new.handler(event)
    old.handler(event)
    assert values(new, "room=r1")["total"] == 7, "they come again, and were seen"
    assert [new.host.redrive(id).fates for id in (first, second)] == [{"duplicate": 1}, {"duplicate": 1}]
    assert values(new, "room=r1")["total"] == 7


def test_case_of_no_unit_is_skipped() -> None:
    made = service(MemoryStore(), is_mended=True)
    send(made, b"not JSON")
    (id,) = cases(made)
    assert made.host.redrive(id).fates == {"quarantined": 1}
    assert made.host.skip(id).fates == {"skipped": 1}
    assert cases(made) == []


def test_quarantine_that_is_away_blocks_the_key_and_drops_nothing() -> None:
    class Away(MemoryStore):
        is_away = True

        def keep(self, case: Any) -> None:
            if self.is_away:
                raise Transient("the quarantine is away")
            super().keep(case)

    store = Away()
    old = service(store, is_mended=False, is_strict=True)
    assert len(send(old, *HELD)["batchItemFailures"]) == 1
    assert values(old, "room=r1")["width"] == 6.0
    assert values(old, "room=r2")["width"] == 1.0
    store.is_away = False
    assert send(old, *HELD) == {"batchItemFailures": []}
    assert len(item(old, "room=r1").waiting) == 2


def test_warm_process_with_an_old_item_still_redrives_what_is_open() -> None:
    store = MemoryStore()
    old = service(store, is_mended=False, is_strict=True)
    stale = Host(old, store)
    stale.handle(kinesis_event({"room": "r1", "width": 6}, partition="room"))
    stale.sweep(-1.0)
    send(Host(old, store), *HELD)
    (id,) = cases(old)
    assert stale.skip(id).fates == {"skipped": 1}
    assert values(old, "room=r1")["width"] == 7.0
