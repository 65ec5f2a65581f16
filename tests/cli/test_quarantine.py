"""Cases and units from the command line: looked at, tried again, given up."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reactflow import SQLiteStore
from reactflow.aws import DynamoDBStore
from reactflow.cli import main
from reactflow.cli.target import load
from reactflow.local import Cloud
from reactflow.service import Host
from reactflow.testing import kinesis_event

ROOMS = """
from reactflow import Cell, Flow, Service, cell, fold, folds
from reactflow.aws import Kinesis


class Room(Flow):
    width: Cell[float] = cell()
    divisor = cell(1)
    share = width / divisor
    widest = fold(width.changes(), folds.max)


rooms = Service(Room, name="rooms", key="room", inputs=[Kinesis("measurements", partition="room")])
widths = Kinesis("measurements", partition="room", fields={"width": "width"})
mended = Service(Room, name="rooms", key="room", inputs=[widths])
"""
STATE = "sqlite:state.db"
EVENT = kinesis_event(
    {"room": "a b", "width": 6}, {"room": "a b", "width": 9, "divisor": 0}, {"room": "a b", "width": 7},
    {"room": "c", "divisor": "one"}, b"not JSON", partition="room",
)  # fmt: skip


@pytest.fixture
def reactflow(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], request: Any
) -> Any:
    stem = f"operated_{abs(hash(request.node.name))}"
    (tmp_path / f"{stem}.py").write_text(ROOMS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    store = SQLiteStore("state.db")
    Host(load(f"{stem}:rooms"), store).handle(EVENT)
    store.close()

    def call(*arguments: str) -> tuple[int, str, str]:
        words = [one.replace("rooms:", f"{stem}:") for one in arguments]
        monkeypatch.setattr(sys, "argv", ["reactflow", *words])
        with pytest.raises(SystemExit) as ended:
            main.main()
        told = capsys.readouterr()
        return int(str(ended.value.code)), told.out, told.err

    return call


def names(call: Any) -> dict[str, str]:
    """The cases by the unit that they are of."""
    _, out, _ = call("quarantine", "list", "rooms:rooms", "--state", STATE, "--json")
    return {str(one["unit"]): one["case"] for one in json.loads(out)}


def test_list_tells_whose_cases_there_are_and_what_waits(reactflow: Any) -> None:
    code, out, _ = reactflow("quarantine", "list", "rooms:rooms", "--state", STATE)
    assert code == 0
    assert out.splitlines()[0] == "3 open cases of rooms"
    assert "no unit, its key could not be read: " in out
    assert "room='a b': " in out or "room=a b: " in out
    assert "holds its key: 1 later record waits behind it" in out
    assert "holds its key: 0 later records wait behind it" in out


def test_show_gives_the_record(reactflow: Any) -> None:
    name = names(reactflow)["room=a%20b"]
    code, out, _ = reactflow("quarantine", "show", "rooms:rooms", name, "--state", STATE)
    assert code == 0
    assert "cell share" in out
    assert '"partitionKey": "a b"' in out
    _, out, _ = reactflow("quarantine", "show", "rooms:rooms", name[:6], "--state", STATE, "--json")
    shown = json.loads(out)
    assert (shown["case"], shown["holds"], shown["waiting"], shown["reason"]["type"]) == (
        name, True, 1, "ZeroDivisionError",
    )  # fmt: skip


def test_redrive_tells_what_is_still_open_and_what_was_released(reactflow: Any) -> None:
    name = names(reactflow)["room=a%20b"]
    code, out, _ = reactflow("quarantine", "redrive", "rooms:rooms", name, "--state", STATE)
    assert code == 1
    assert out.startswith(f"{name}: in quarantine\n  ")
    assert "division by zero" in out
    code, out, _ = reactflow("quarantine", "redrive", "rooms:mended", name, "--state", STATE)
    assert (code, out) == (0, f"{name}: applied; behind it applied\n")
    assert name not in names(reactflow).values()
    code, out, _ = reactflow("units", "show", "rooms:rooms", "a b", "--state", STATE)
    assert code == 0
    assert "\n  width = 7.0\n" in out
    assert "\n  widest = 9.0\n" in out


@pytest.mark.parametrize("endpoint", ["the cloud's", "aws"])
def test_state_in_a_table_is_found_at_the_endpoint(
    reactflow: Any, cloud: Cloud, unique: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    table = unique("state")
    with cloud.exported():
        store = DynamoDBStore(table)
        store.create()
        (module,) = Path.cwd().glob("operated_*.py")
        Host(load(f"{module.stem}:rooms"), store).handle(EVENT)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    if endpoint == "aws":  # what the environment names, which here is no AWS either
        for name, value in cloud.environment().items():
            monkeypatch.setenv(name, value)
    where = ["--state", f"dynamodb:{table}", "--endpoint", "aws" if endpoint == "aws" else cloud.endpoint]
    code, out, _ = reactflow("quarantine", "list", "rooms:rooms", *where, "--json")
    assert code == 0
    (name,) = [one["case"] for one in json.loads(out) if one["unit"] == "room=a%20b"]
    assert reactflow("quarantine", "show", "rooms:rooms", name, *where)[0] == 0
    assert reactflow("quarantine", "redrive", "rooms:mended", name, *where)[0] == 0
    assert "\n  width = 7.0\n" in reactflow("units", "show", "rooms:rooms", "a b", *where)[1]


def test_skip_gives_up_several(reactflow: Any) -> None:
    found = list(names(reactflow).values())
    code, out, _ = reactflow("quarantine", "skip", "rooms:rooms", *found, "--state", STATE, "--json")
    assert code == 0
    assert [one["fates"] for one in json.loads(out)] == [{"skipped": 1}] * 3
    assert reactflow("quarantine", "list", "rooms:rooms", "--state", STATE)[1] == "rooms has no open case\n"


def test_unit_is_shown_as_it_is_stored(reactflow: Any) -> None:
    code, out, _ = reactflow("units", "show", "rooms:rooms", "room=a%20b", "--state", STATE, "--json")
    assert code == 0
    told = json.loads(out)
    assert (told["held"], told["waiting"], len(told["cases"]), told["v"]) == (True, 1, 1, 1)
    assert told["cells"] == {"width": 6.0, "divisor": 1, "share": 6.0, "widest": 6.0}
    assert (told["unset"], told["failed"]) == ([], {})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["quarantine", "list", "rooms:rooms"],
            "keeps its state in memory, of which nothing is left here: say where",
        ),
        (
            ["quarantine", "show", "rooms:rooms", "zz", "--state", STATE],
            "has no open case 'zz': `reactflow quarantine list`",
        ),
        (["quarantine", "show", "rooms:rooms", "", "--state", STATE], "has no open case ''"),
        (["units", "show", "rooms:rooms", "nobody", "--state", STATE], "has no unit room=nobody"),
        (["quarantine", "list", "rooms:rooms", "--state", "redis:x"], "--state redis:x names no store"),
        (
            ["quarantine", "list", "rooms:rooms", "--state", "sqlite:stat.db"],
            "there is no state of service 'rooms' at sqlite:stat.db, seen from ",
        ),
        (
            ["units", "show", "rooms:rooms", "a", "--state", "dynamodb:s", "--endpoint", "127.0.0.1:1"],
            "'127.0.0.1:1' is not an address: write it as http://127.0.0.1:1",
        ),
        (
            [
                "quarantine",
                "list",
                "rooms:rooms",
                "--state",
                "dynamodb:s",
                "--endpoint",
                "http://127.0.0.1:1",
            ],
            "nothing answers at http://127.0.0.1:1 (Connection refused): start `reactflow dev` there, or name",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line(reactflow: Any, arguments: list[str], says: str) -> None:
    code, out, err = reactflow(*arguments)
    assert (code, out) == (1, "")
    assert says in err
    assert err.count("\n") == 1
    assert not Path("stat.db").exists()


@pytest.mark.parametrize("command", [["quarantine", "list"], ["quarantine", "show"], ["quarantine", "redrive"],
                                     ["quarantine", "skip"], ["units", "show"]])  # fmt: skip
def test_help_shows_an_example(reactflow: Any, command: list[str]) -> None:
    code, out, _ = reactflow(*command, "--help")
    assert code == 0
    assert f"reactflow {' '.join(command)} rooms:rooms" in out.replace("operated", "rooms")


def test_state_may_be_set_for_the_folder(reactflow: Any) -> None:
    Path("pyproject.toml").write_text('[tool.reactflow]\nstate = "sqlite:state.db"\n', encoding="utf-8")
    code, out, _ = reactflow("quarantine", "list", "rooms:rooms")
    assert (code, out.splitlines()[0]) == (0, "3 open cases of rooms")
