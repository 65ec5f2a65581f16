"""Services that are drawn: the text of a module that Lambda's runtime can load, and records for its stream.

The same seed gives the same text and the same records. What is drawn has no meaning; it has what may go wrong: cells
that fail on some values, cut-offs, occurrences of changes, folds that need their order, cells that are not stored,
records that cannot be read. Some of what is drawn is no flow: ``drawn`` takes the next that is one.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from random import Random
from typing import Any

from attrs import define, field, frozen

from reactflow import Service
from reactflow.errors import BindingError, DeclarationError

HEAD = """
from reactflow import Cell, Flow, Fold, Pulse, Service, cell, derived, fold, folds, pulse, row
from reactflow.aws import DynamoDB, Kinesis
from tests.runtime import points

points.install()

def touched(value):
    points.reach("cell")
    return value

def parity(value):
    return value % 2 if isinstance(value, (int, float)) else len(value) % 2

def sturdy(value):
    if value == 3 or value == "bc":
        raise ValueError(f"no {value!r}")
    return value

def pair(one, other):
    return (one, other)

def either(one, other):
    return other if one else one

def mix(digest, value):
    points.reach("fold")
    return (digest * 31 + len(str(value))) % 1_000_003

IN_ORDER = Fold(0, mix, name="in_order")

class Drawn(Flow):
"""
VALUES: dict[str, list[Any]] = {
    "int": [0, 1, 2, 3, 4, -1],
    "float": [0.0, 1.0, 2.5, 3.0, -1.5],
    "str": ["", "a", "é", "bc"],
}
DEFAULTS = {"int": "1", "float": "0.0", "str": "'a'"}


@define
class Draft:
    """A flow as it is drawn: its lines, and the cells and pulses that it has so far, by name, with their kinds."""

    chance: Random
    lines: list[str] = field(factory=list)
    fed: dict[str, str] = field(factory=dict)
    cells: dict[str, str] = field(factory=dict)
    pulses: dict[str, str] = field(factory=dict)
    lost: set[str] = field(factory=set)  # cells that are not stored

    def draw(self) -> None:
        """Draw all of it."""
        self._source("s0", is_set=True)
        for number in range(1, self.chance.randint(2, 4)):
            self._source(f"s{number}", is_set=self.chance.random() < 0.7)
        for number in range(self.chance.randint(1, 3)):
            kind = self.chance.choice([*VALUES])
            self.lines.append(f"p{number}: Pulse[{kind}] = pulse()")
            self.pulses[f"p{number}"] = self.fed[f"p{number}"] = kind
        self._keep("d0", "s0.map(touched)", self.cells["s0"])
        self._keep("d1", "fold(p0, IN_ORDER)", "int")
        for number in range(2, self.chance.randint(5, 11)):
            self._derived(f"d{number}")

    def _source(self, name: str, *, is_set: bool) -> None:
        kind = self.chance.choice([*VALUES])
        self.lines.append(f"{name} = cell({DEFAULTS[kind]})" if is_set else f"{name}: Cell[{kind}] = cell()")
        self.cells[name] = self.fed[name] = kind

    def _keep(self, name: str, text: str, kind: str, *, is_pulse: bool = False) -> None:
        self.lines.append(f"{name} = {text}")
        (self.pulses if is_pulse else self.cells)[name] = kind

    def _derived(self, name: str) -> None:
        cells, pulses, pick = [*self.cells], [*self.pulses], self.chance.choice
        numbers = [one for one in cells if self.cells[one] in ("int", "float")]
        counted = [one for one in pulses if self.pulses[one] in ("int", "float")]
        one, other, pulse = pick(cells), pick(cells), pick(pulses)
        stored = pick([each for each in cells if each not in self.lost])
        match self.chance.randrange(13):
            case 0:
                self._keep(name, f"{one}.map(parity)", "int") if self.cells[one] != "any" else None
            case 1:
                self._keep(name, f"{one}.map(sturdy)", self.cells[one])
            case 2 if len(numbers) > 1:
                sign = pick("+-*")
                self._keep(name, f"{pick(numbers)} {sign} {pick(numbers)}", "float")
            case 3 if numbers:
                self._keep(name, f"12 / {pick(numbers)}", "float")
            case 4:
                self._keep(name, f"derived({pick(['pair', 'either'])}, {one}, {other})", "any")
            case 5:
                self.lines.append(f"@derived\ndef {name}(self):\n    return [self.{one}, str(self.{other})]")
                self.cells[name] = "any"
            case 6:
                self._keep(name, f"fold({pulse}, {pick(['folds.count', 'folds.last', 'IN_ORDER'])})", "any")
            case 7 if counted:
                self._keep(
                    name, f"fold({pick(counted)}, folds.{pick(['sum', 'max', 'min', 'mean'])})", "float"
                )
            case 8:
                self._keep(name, f"fold({stored}.changes(), {pick(['folds.count', 'IN_ORDER'])})", "int")
            case 9:
                self._keep(name, f"{stored}.changes()", self.cells[stored], is_pulse=True)
            case 10:
                self._keep(name, f"{pulse}.hold()", self.pulses[pulse])
            case 11:
                self._keep(name, f"derived(pair, {pulse}, {one})", "any", is_pulse=True)
            case _:
                self._keep(name, f"derived(either, {one}, {other}, stored=False)", "any")
                self.lost.add(name)

    def text(self, stem: str) -> str:
        """The module, with the service as ``service`` and its handler."""
        body = "\n".join(f"    {line}" for made in self.lines for line in made.split("\n"))
        columns = ", ".join(f"Drawn.{name}" for name in self.cells)
        logs = "".join(
            f"        row(Drawn.{name}, at=Drawn.d0, so_far=Drawn.d1) >> DynamoDB('{stem}-{name}'),\n"
            for name in self.pulses
        )
        return (
            f"{HEAD}{body}\n\nservice = Service(\n    Drawn, name='drawn', key='unit',\n"
            f"    inputs=[Kinesis('{stem}-stream', partition='unit')],\n    outputs=[\n"
            f"        row({columns}) >> DynamoDB('{stem}-rows'),\n{logs}    ],\n)\n"
            "handler = points.answering(service.handler)\n"
        )


@frozen
class Record:
    """A record of the stream: its partition key, its data, and what is in it: None for what is no JSON."""

    unit: str
    data: bytes
    fields: dict[str, Any] | None
    is_sound: bool = True


@frozen
class DrawnService:
    """A service that was drawn, with its module's name and text, its pulses, and what is fed, with its kind.

    Whoever compares states loads the module by this name: names of functions count in a flow's version.
    """

    service: Service
    module: str
    text: str
    pulses: tuple[str, ...]
    fed: dict[str, str]

    def records(self, chance: Random) -> list[Record]:
        """Records for its stream."""
        found = []
        for _ in range(chance.randint(14, 36)):
            unit, draw = f"u{chance.randint(1, 3)}", chance.random()
            if draw < 0.03:
                found.append(Record(unit, b"not JSON", None, False))
                continue
            names = chance.sample([*self.fed], chance.randint(1, min(3, len(self.fed))))
            fields: dict[str, Any] = {name: chance.choice(VALUES[self.fed[name]]) for name in names}
            if draw < 0.06:
                fields[names[0]] = {"no": "value"}
            data = json.dumps({"unit": unit, **fields}).encode()
            found.append(Record(unit, data, fields, draw >= 0.06))
        return found


def drawn(seed: object, stem: str, folder: Path) -> DrawnService:
    """The service of a seed, written to a module in the folder; the names of its tables begin with ``stem``."""
    chance = Random(f"flow {seed}")
    while True:
        draft = Draft(chance)
        draft.draw()
        text = draft.text(stem)
        path = folder / f"{stem.replace('-', '_')}.py"
        path.write_text(text)
        try:
            module = imported(path)
        except (DeclarationError, BindingError):
            continue
        return DrawnService(module.service, path.stem, text, tuple(draft.pulses), draft.fed)


def imported(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise
    return module
