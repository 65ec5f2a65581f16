"""The demo's input: photographs, the history of a table of employees, a year of temperatures.

It is the same on every run and on every machine, so that an answer can be computed from it without reactflow. The
photographs and the temperatures are real and lie in `input/`, where SOURCES.md says whence; the employees are invented.
What it must not do: import reactflow, or reach for the network.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NotRequired, TypedDict

INPUT = Path(__file__).parent / "input"

# Object name -> file. The names hold what object names of the world hold: blanks, a plus, accents, a percent sign.
_PHOTOGRAPHS = {
    "in/ana/café + bar.png": "coffee.png",
    "in/ana/rocket.jpg": "rocket.jpg",
    "in/ana/100% cat.png": "chelsea.png",
    "in/björn/deep field.jpg": "hubble_deep_field.jpg",
    "in/björn/cameraman.png": "camera.png",
    "in/chloé/eye.jpg": "retina.jpg",
    "in/chloé/old coins.png": "coins.png",
}


def photographs() -> list[tuple[str, bytes]]:
    """Seven photographs, JPEG and PNG, in colour and grey, as (object name, content).

    >>> [name for name, content in photographs() if content.startswith(b"\\xff\\xd8")]
    ['in/ana/rocket.jpg', 'in/björn/deep field.jpg', 'in/chloé/eye.jpg']
    """
    return [(name, (INPUT / file).read_bytes()) for name, file in _PHOTOGRAPHS.items()]


def broken_photographs() -> list[tuple[str, bytes]]:
    """Two objects that no thumbnail can be made of: an upload that was cut short, and a text that calls itself PNG.

    >>> [(name, len(content)) for name, content in broken_photographs()]
    [('in/ana/cut short.jpg', 40000), ('in/björn/shopping list.png', 21)]
    """
    rocket = (INPUT / "rocket.jpg").read_bytes()
    return [
        ("in/ana/cut short.jpg", rocket[:40_000]),
        ("in/björn/shopping list.png", b"milk, bread, 6 apples"),
    ]


class Employee(TypedDict):
    """What is written of one employee, besides the key; `email` and `manager` are left out where there is none."""

    name: str
    title: str
    salary: Decimal
    """A year, in euros and cents."""
    email: NotRequired[str]
    manager: NotRequired[int]
    """The number of another of the department."""


@dataclass(frozen=True, slots=True)
class TableWrite:
    """One write to the table of employees, whose composite key is (`department`, `number`).

    An insert and a change hold the whole item in `employee`; for a delete it is None.
    """

    kind: Literal["insert", "change", "delete"]
    department: str
    number: int
    employee: Employee | None = None


_GIVEN = (
    "Ana",
    "Björn",
    "Chloé",
    "Dmitri",
    "Emeka",
    "Fatima",
    "Grace",
    "Hiro",
    "Ingrid",
    "José",
    "Kofi",
    "Lucía",
)
_FAMILY = (
    "O'Brien",
    "Müller",
    "Nuñez",
    "Okafor",
    "Petrov",
    "Sato",
    "Smith-Jones",
    "Tanaka",
    "de la Cruz",
    "Ünal",
)
_TITLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "engineering": ("engineer", "senior engineer", "principal engineer"),
        "sales": ("associate", "account manager", "director of sales"),
        "research": ("researcher", "senior researcher", "fellow"),
        "people & culture": ("partner", "senior partner", "head of people"),
    }
)


def employees(writes: int = 240, seed: int = 1992) -> list[TableWrite]:
    """The history of a company's table of employees: inserts, raises, promotions, moves and departures, in order.

    A move to another department changes the key: it is a delete and an insert. A number is given again, after its
    holder has left, so that a row comes back under a key which was deleted; a few changes change nothing. `writes` is
    how many at least.

    >>> history = employees()
    >>> sorted({write.kind for write in history})
    ['change', 'delete', 'insert']
    >>> history == employees()
    True
    """
    rng = random.Random(seed)
    staff: dict[tuple[str, int], Employee] = {}
    free: dict[str, list[int]] = {department: list(range(12, 0, -1)) for department in _TITLES}
    history: list[TableWrite] = []

    def insert(department: str, employee: Employee) -> None:
        number = free[department].pop()
        staff[department, number] = employee
        history.append(TableWrite("insert", department, number, employee))

    def delete(key: tuple[str, int]) -> Employee:
        department, number = key
        free[department].append(number)  # the next to come gets it
        history.append(TableWrite("delete", department, number))
        return staff.pop(key)

    def change(key: tuple[str, int], employee: Employee) -> None:
        staff[key] = employee
        history.append(TableWrite("change", *key, employee))

    while len(history) < writes:
        room = [department for department in _TITLES if free[department]]
        act = rng.random()
        if room and (len(staff) < 8 or act < 0.25):
            department = rng.choice(room)
            insert(department, _newcomer(rng, department, staff))
            continue
        key = rng.choice(sorted(staff))
        department, _ = key
        if act < 0.62:
            change(key, _raised(rng, department, staff[key]))
        elif act < 0.70:
            change(key, _without_manager(staff[key]))
        elif act < 0.88:
            delete(key)
        elif room:
            other = rng.choice(room)
            insert(other, {**delete(key), "title": _TITLES[other][0]})
    return history


def _newcomer(rng: random.Random, department: str, staff: Mapping[tuple[str, int], Employee]) -> Employee:
    given, family = rng.choice(_GIVEN), rng.choice(_FAMILY)
    employee = Employee(
        name=f"{given} {family}",
        title=_TITLES[department][0],
        salary=Decimal(rng.randrange(38_000_00, 62_000_00))
        / 100,  # cents are exact, in the table and after it
    )
    if rng.random() < 0.7:
        employee["email"] = f"{given}.{family}@example.com".lower().replace(" ", "").replace("'", "")
    colleagues = sorted(number for where, number in staff if where == department)
    if colleagues:
        employee["manager"] = colleagues[0]
    return employee


def _raised(rng: random.Random, department: str, employee: Employee) -> Employee:
    titles = _TITLES[department]
    rank = titles.index(employee["title"])
    percent = rng.choice((2, 3, 5))
    if rank + 1 < len(titles) and rng.random() < 0.3:
        rank, percent = rank + 1, 12
    salary = (employee["salary"] * (100 + percent) / 100).quantize(Decimal("0.01"))
    return {**employee, "title": titles[rank], "salary": salary}


def _without_manager(employee: Employee) -> Employee:
    left = employee.copy()
    left.pop("manager", None)  # an attribute that is absent from now on: its column is to become NULL
    return left


class Reading(TypedDict):
    """One temperature, as a weather station sends it."""

    station: str
    month: str
    """`2010-01` ... `2010-12`: with `station` the key of a row."""
    time: str
    """ISO 8601, the station's local time, without an offset."""
    fahrenheit: float


_STATIONS = {"San Francisco": "san-francisco.csv", "Seattle": "seattle.csv"}


def readings(every: int = 3) -> list[Reading]:
    """The temperatures of San Francisco and Seattle over 2010, in the order of time, one every `every` hours (1 to 24).

    All hours are 17,518 readings. Every third are 5,838, some 240 for each (station, month), of which there are 24.

    >>> len(readings()), readings()[0]
    (5838, {'station': 'San Francisco', 'month': '2010-01', 'time': '2010-01-01T00:00:00', 'fahrenheit': 47.8})
    """
    found: list[Reading] = []
    for station, file in _STATIONS.items():
        with (INPUT / file).open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                time = datetime.fromisoformat(row["date"].replace("/", "-"))
                if time.hour % every == 0:
                    found.append(
                        Reading(
                            station=station,
                            month=f"{time:%Y-%m}",
                            time=time.isoformat(),
                            fahrenheit=float(row["temp"]),
                        )
                    )
    return sorted(found, key=lambda reading: (reading["time"], reading["station"]))
