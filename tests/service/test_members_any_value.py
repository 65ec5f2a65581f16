"""Members of every kind of value, several fed by one record: what is kept is what a plain computation comes to.

Contributions come twice, late and from rooms that move; they are delivered in any pieces, to hosts of which none knows
what another wrote.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reactflow import Cell, Flow, Members, MemoryStore, Service, cell, members, row
from reactflow.aws import Kinesis
from reactflow.service import Host
from reactflow.testing import kinesis_event
from tests.service.recording import Table, check_publications
from tests.service.test_members import EDGE
from tests.service.wire import Wire, as_records


class Room(Flow):
    area: Cell[Any] = cell()
    label: Cell[str] = cell()
    building: Cell[str | None] = cell()


class Building(Flow):
    areas: Members[Any] = members("room", "area")
    labels: Members[str] = members("room", "label")
    total = areas.sum()
    number = areas.count()
    mean = areas.mean()
    least = areas.min()
    most = areas.max()
    top = areas.top(3)
    first = labels.min()
    last = labels.top(1)
    named = labels.count()


NUMBERS = st.sampled_from([0, 1, -1, 2, 2**70, 0.0, 0.1, 0.2, -0.3, 1e16, 5e-324, 2.0])
ROOMS = [f"r{number}" for number in range(6)]
RECORDS = st.fixed_dictionaries(
    {"room": st.sampled_from(ROOMS)},
    optional={
        "area": NUMBERS, "label": st.sampled_from(["a", "b", "B", "ä", ""]),
        "building": st.sampled_from(["b1", "b2", None])
    },
)  # fmt: skip


def plainly(records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The rows of the buildings, from what each room is at last."""
    rooms: dict[str, dict[str, Any]] = {}
    for record in records:
        rooms.setdefault(record["room"], {}).update(record)
    rows: dict[str, dict[str, Any]] = {}
    for building in ("b1", "b2"):
        here = {name: room for name, room in rooms.items() if room.get("building") == building}
        areas = {name: room["area"] for name, room in here.items() if "area" in room}
        labels = {name: room["label"] for name, room in here.items() if "label" in room}
        if not areas and not labels:
            continue
        exact = sum(map(Fraction, areas.values()), Fraction())
        is_whole = all(isinstance(one, int) for one in areas.values())
        found: dict[str, Any] = {"building": building, "number": len(areas), "named": len(labels)}
        found["total"] = int(exact) if is_whole else float(exact)
        ordered = sorted(areas, key=lambda name: (Fraction(areas[name]), name), reverse=True)
        found["top"] = tuple((name, areas[name]) for name in ordered[:3])
        named = sorted(labels, key=lambda name: (labels[name], name), reverse=True)
        found["last"] = tuple((name, labels[name]) for name in named[:1])
        if areas:
            found |= {
                "mean": float(exact / len(areas)),
                "least": areas[ordered[-1]],
                "most": areas[ordered[0]],
            }
        if labels:
            found["first"] = labels[named[-1]]
        rows[f"building={building}"] = found
    return rows


@settings(max_examples=150, deadline=None)
@given(records=st.lists(RECORDS, min_size=1, max_size=30), data=st.data())
def test_what_is_kept_is_what_a_plain_computation_comes_to(records: Any, data: st.DataObject) -> None:
    wire = Wire("areas", partition="building")
    rooms = Service(
        Room, name="rooms", key="room", inputs=[Kinesis("rooms", partition="room")],
        outputs=[row(Room.area, Room.label, by=Room.building, name="row") >> wire], store=MemoryStore(),
    )  # fmt: skip
    for place, record in enumerate(records):
        rooms.handler(kinesis_event(record, stream="rooms", partition="room", start=place))
    if not wire.sent:
        return
    again = data.draw(st.lists(st.sampled_from(wire.sent), max_size=5))
    arriving = as_records(data.draw(st.permutations([*wire.sent, *again])), "areas")
    table, store = Table(), MemoryStore()
    shown = [getattr(Building, name) for name in Building.plan.names if name not in ("areas", "labels")]
    buildings = Service(
        Building, name="buildings", key="building", inputs=[EDGE], outputs=[row(*shown) >> table], store=store
    )
    hosts = [Host(buildings, store), Host(buildings, store)]
    while arriving:
        size = data.draw(st.integers(1, 12))
        host = data.draw(st.sampled_from([*hosts, Host(buildings, store)]))
        assert host.handle({"Records": arriving[:size]}) == {"batchItemFailures": []}
        arriving = arriving[size:]
    assert hosts[0].open_cases() == []
    found, wanted = (
        {unit: dict(sorted(one.items())) for unit, one in sorted(rows.items())}
        for rows in (table.rows, plainly(records))
    )
    assert (found, repr(found)) == (wanted, repr(wanted))  # 1 and 1.0 are two values
    check_publications([table])
