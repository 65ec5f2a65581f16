"""Members across versions of a flow: their contributions are stored items, and outlive what is kept of them."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from reactflow import Flow, Fold, Members, MemoryStore, Pulse, Service, cell, fold, members, pulse, row
from reactflow.service import Host
from tests.service.flows import item
from tests.service.recording import Table
from tests.service.test_members import EDGE, Building, in_, receiver, sent
from tests.service.wire import as_records

WIRE = as_records(
    sent(in_("b1", "r1", 3.0), in_("b1", "r2", 4.0), in_("b1", "r1", 5.0), in_("b1", "r3", 1.0)), "areas"
)


def moved(flow: Any, *, first: Any = Building, after: int = 2) -> tuple[dict[str, Any], Any]:
    """What the row of a building is when another version of the flow goes on after a few records, and the answer."""
    store, table = MemoryStore(), Table()
    shown = [getattr(flow, name) for name in flow.plan.names if flow.plan[name].gathered is None]
    receiver(flow=first, store=store).handler({"Records": WIRE[:after]})
    service = Service(
        flow,
        name="buildings",
        key="building",
        inputs=[EDGE],
        outputs=[row(*shown, name="total") >> table],
        store=store,
    )
    answer = Host(service, store).handle({"Records": WIRE[after:]})
    return table.rows.get("building=b1", {}), answer


def test_a_fold_that_folds_otherwise_is_made_anew_from_the_contributions() -> None:
    class New(Flow):
        rooms: Members[float] = members("room", "area")
        total = rooms.mean()
        number = rooms.sum()
        least = rooms.max()
        top = rooms.top(1)

    found, answer = moved(New)
    assert answer == {"batchItemFailures": []}
    assert found == {
        "building": "b1", "total": 10.0 / 3, "number": 10.0, "least": 5.0, "top": (("r1", 5.0),),
    }  # fmt: skip


def test_what_is_kept_anew_is_told_although_the_next_record_changes_nothing() -> None:
    class New(Flow):
        rooms: Members[float] = members("room", "area")
        least = rooms.max()
        unit = cell("m2")

    again = as_records(sent(in_("b1", "r1", 3.0), in_("b1", "r1", 4.0), in_("b1", "r1", 3.0)), "areas")
    store, old, new = MemoryStore(), Table(), Table()
    receiver(old, store=store).handler({"Records": [*again[:1], WIRE[1]]})
    service = Service(
        New, name="buildings", key="building", inputs=[evolve(EDGE, fields={"rooms": "area"})], store=store,
        outputs=[row(New.least, New.unit, name="total") >> old, row(New.unit) >> new],
    )  # fmt: skip
    service.handler({"Records": again[1:]})
    assert old.rows["building=b1"] == {"building": "b1", "least": 4.0, "unit": "m2"}
    assert new.rows["building=b1"] == {"building": "b1", "unit": "m2"}


def test_a_fold_may_be_of_other_members_of_the_flow() -> None:
    class Two(Flow):
        rooms: Members[float] = members("room", "area")
        halls: Members[float] = members("room", "hall")
        total = rooms.sum()

    class Swapped(Flow):
        rooms: Members[float] = members("room", "area")
        halls: Members[float] = members("room", "hall")
        total = halls.sum()
        number = rooms.count()

    found, _ = moved(Swapped, first=Two)
    assert found == {"building": "b1", "total": 0, "number": 3}


def test_members_that_have_another_name_are_refused_since_each_would_count_twice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Renamed(Flow):
        halls: Members[float] = members("room", "area")
        total = halls.sum()

    found, answer = moved(Renamed)
    assert len(answer["batchItemFailures"]) == 1
    assert (
        f"cell 'total' of Renamed was kept of the members 'rooms' by version {Building.version}, and their "
        "contributions are stored under that name: call the members 'rooms' as before, or start anew: "
        "give 'total' another name too"
    ) in caplog.text
    assert found == {}

    class Anew(Flow):
        halls: Members[float] = members("room", "area")
        all = halls.sum()

    assert moved(Anew)[0] == {"building": "b1", "all": 6.0}


def test_members_that_are_told_apart_otherwise_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    class Otherwise(Flow):
        rooms: Members[float] = members(("room", "building"), "area")
        all = rooms.sum()

    _, answer = moved(Otherwise)
    assert len(answer["batchItemFailures"]) == 1
    assert (
        f"the contributions to Otherwise.rooms that version {Building.version} stored are told apart by room (str), "
        "and now by room (str), building (str), so that each would count twice"
    ) in caplog.text


def test_a_fold_of_ones_own_may_be_named_as_one_of_members_is_told() -> None:
    class Words(Flow):
        word: Pulse[int] = pulse()
        kept: Any = fold(word, Fold(0, max, name="top of members of old"))

    class Next(Words):
        more = Words.kept.map(abs)

    step = Words.step()
    state = step.initial()
    assert Next.step().read(step.codec.encode(state), step.version, step.migrations.written(state)) == {
        "kept": 0, "more": 0,
    }  # fmt: skip


def test_the_versions_that_a_unit_had_are_known_to_a_warm_host_too() -> None:
    class New(Building):
        double = Building.total * 2.0

    store, table = MemoryStore(), Table()
    receiver(Table(), store=store).handler({"Records": WIRE[:1]})
    new = Service(
        New, name="buildings", key="building", inputs=[EDGE], outputs=[row(New.double) >> table], store=store
    )
    for record in WIRE[1:]:
        new.handler({"Records": [record]})
        assert item(new, "building=b1").past == (Building.version,)
    late: Any = receiver(Table(), store=store).handler({"Records": WIRE[3:]})
    assert len(late["batchItemFailures"]) == 1
