"""The function's entry: what Lambda asks for is made ready, and what goes wrong is one line without a payload."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reactflow import Cell, Flow, MemoryStore, Service, cell, row
from reactflow.aws import S3, DynamoDB, DynamoDBStore, Kinesis, clients, entry
from reactflow.aws.names import SETTING as NAMES
from reactflow.errors import CallError, ConfigurationError, InternalError, MissingExtra
from reactflow.service import Host
from reactflow.testing import kinesis_event

ROOT = Path(__file__).parent.parent.parent
ROOMS = """
from reactflow import Flow, Service, System, cell
from reactflow.aws import Kinesis

class Room(Flow):
    length = cell(0.0)
    area = length * 2.0

rooms = Service(Room, name="rooms", key="room", inputs=[Kinesis("m", partition="room")], store="memory")
halls = Service(Room, name="my-halls", key="hall", inputs=[Kinesis("h", partition="hall")], store="memory")
alone, both = System(rooms), System(rooms, halls)
"""


class Room(Flow):
    length = cell(0.0)
    area = length * 2.0


class Numbered(Flow):
    name: Cell[str] = cell()
    number = name.map(int)


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "house.py").write_text(ROOMS)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
    if "handler" in vars(entry):
        del entry.handler


@pytest.fixture
def _log() -> Iterator[None]:
    log = logging.getLogger("reactflow")
    before = log.handlers, log.level, log.propagate
    yield
    log.handlers, log.level, log.propagate = before


@pytest.mark.parametrize("target", ["house:rooms", "house:alone", "house:both.rooms"])
def test_lambda_gets_the_handler_of_the_service_that_is_named(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(entry.SETTING, target)
    handler = entry.handler
    assert handler(kinesis_event({"room": "r1", "length": 2}, stream="m", partition="room"), None) == {
        "batchItemFailures": []
    }
    assert handler({"room": "r1"}, None) == {"length": 2.0, "area": 4.0}
    assert entry.handler is handler, "it is made once"


def test_a_service_of_a_system_may_have_a_name_that_is_none_of_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(entry.SETTING, "house:both.my-halls")
    assert entry.handler({"hall": "h1", "length": 1}, None) == {"length": 1.0, "area": 2.0}


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (
            "",
            "REACTFLOW_SERVICE is not set: set it to the service that this function is, as module:attribute",
        ),
        (
            "house",
            "REACTFLOW_SERVICE=house: 'house' is not module:name: write house:NAME for NAME in house.py",
        ),
        ("hause:rooms", "there is no module 'hause' in"),
        ("hause:rooms", "put it into the function's package, or correct REACTFLOW_SERVICE"),
        ("house:room", "house has no 'room' (did you mean 'rooms'?)"),
        ("house:Room", "house:Room is the flow Room, and not a service: name what Service(...) made"),
        (
            "house:both",
            "is a system of several services: name one of them, house:both.NAME for NAME of rooms, my-halls",
        ),
        ("house:both.room", "house has no 'both.room' (did you mean 'rooms'?)"),
        (
            "broken:rooms",
            "REACTFLOW_SERVICE=broken:rooms: broken cannot be imported (broken.py:2: 1 / 0): ZeroDivision",
        ),
    ],
)
def test_what_cannot_be_loaded_is_one_clear_line(
    target: str, says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "broken.py").write_text("x = 1\n1 / 0\n")
    monkeypatch.setenv(entry.SETTING, target)
    with pytest.raises(ConfigurationError) as caught:
        entry.__getattr__("handler")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_missing_extra_keeps_its_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "extra.py").write_text(
        "from reactflow.errors import MissingExtra\nraise MissingExtra('Table', 'sqlalchemy', 'sql')\n"
    )
    monkeypatch.setenv(entry.SETTING, "extra:rooms")
    with pytest.raises(MissingExtra, match="pip install 'reactflow-py"):
        entry.__getattr__("handler")


def test_no_other_name_is_made() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'handle'"):
        entry.__getattr__("handle")


def test_settings_are_read_before_the_first_event(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(Room, key="room", inputs=[Kinesis("m", partition="room")], store=MemoryStore())
    for name, value, says in (
        (NAMES, "{", "REACTFLOW_NAMES is not JSON"),
        ("REACTFLOW_MARGIN", "soon", "REACTFLOW_MARGIN='soon' is no time"),
        ("REACTFLOW_METRICS", "yes", "REACTFLOW_METRICS='yes' is unknown: it is emf or off"),
    ):
        fresh = Service(Room, key="room", inputs=service.inputs, store=MemoryStore())
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            with pytest.raises(ConfigurationError, match=says):
                entry.handler_of(fresh)


def test_clients_that_every_event_needs_are_made_before_it_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[str] = []
    monkeypatch.setattr(entry, "client", made.append)
    source = Kinesis("m", partition="room")

    class Photo(Flow):
        size = cell(0)

    photo = S3("photos", key="in/{room}", fields={"size": "object.size"})
    output = row(Room.area) >> DynamoDB("areas")
    for service, needs in (
        (Service(Room, key=()), []),
        (Service(Room, key="room", inputs=[source], store=MemoryStore()), []),
        (Service(Room, key="room", inputs=[source], store=DynamoDBStore("state")), ["dynamodb"]),
        (Service(Room, key="room", inputs=[source], outputs=[output], store=MemoryStore()), ["dynamodb"]),
        (Service(Photo, key="room", inputs=[photo], store=DynamoDBStore("state")), ["dynamodb", "s3"]),
    ):
        made.clear()
        entry.handler_of(service)
        assert made == needs


def test_a_call_that_fails_tells_no_value() -> None:
    handler = entry.handler_of(Service(Numbered, name="numbers", key=()))
    for event in ({"name": 7345}, {"name": "secret"}):
        with pytest.raises(CallError) as caught:
            handler(event, None)
        assert str(caught.value).startswith("service 'numbers': ")
        assert "secret" not in str(caught.value)
        assert "7345" not in str(caught.value)
        assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_an_error_of_ours_has_no_trace_of_where_it_passed_through() -> None:
    handler = entry.handler_of(Service(Room, name="rooms", key="room"))
    with pytest.raises(ConfigurationError) as caught:
        handler({"Records": [{"eventSource": "aws:sns", "secret": "secret"}]}, None)
    assert "secret" not in str(caught.value)
    assert len(caught.traceback) == 2, "the test, and the handler"


def test_an_error_that_nobody_thought_of_tells_where_and_not_what(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(Room, name="rooms", key="room", store=MemoryStore())

    def handle(self: Host, event: object, context: object) -> object:
        raise ValueError("secret")

    monkeypatch.setattr(Host, "handle", handle)
    with pytest.raises(
        InternalError, match=r"^unexpected ValueError, of which the trace tells where"
    ) as caught:
        entry.handler_of(service)({}, None)
    assert "handle" in [one.name for one in caught.traceback]


@pytest.mark.usefixtures("_log")
def test_logs_are_lines_of_json_without_a_key_or_a_payload(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTFLOW_LOG", "json")
    written = io.StringIO()
    entry.write_logs(written)

    class Broken(MemoryStore):
        def put(self, *arguments: Any, **options: Any) -> Any:
            raise ValueError("secret")

    source = Kinesis("measurements", partition="room")
    service = Service(Room, name="rooms", key="room", inputs=[source], store=Broken())
    service.handler(kinesis_event({"room": "secret", "length": 1}, partition="room"))
    wrong, delivery = (json.loads(line) for line in written.getvalue().splitlines())
    assert "secret" not in written.getvalue()
    assert (wrong["level"], wrong["error"]) == ("ERROR", "ValueError")
    assert wrong["message"].startswith("service rooms, unit ")
    assert "test_entry.py" in wrong["at"]
    assert (delivery["event"], delivery["fates"]) == ("delivery", {"unfinished": 1})


def test_a_cold_handler_loads_nothing_that_it_does_not_need() -> None:
    program = (
        "import sys, reactflow.aws.entry as entry; entry.handler({'name': 'Ann'}, None);"
        "print(*sorted({name.split('.')[0] for name in sys.modules}));"
        "print(*sorted({name.split('.')[1] for name in sys.modules if name.startswith('reactflow.')}))"
    )
    environment = {"REACTFLOW_SERVICE": "examples.greetings:greetings", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT, env=environment
    )
    tops, floors = (set(line.split()) for line in done.stdout.splitlines())
    assert tops - sys.stdlib_module_names - {"__main__", "reactflow", "attr", "attrs", "examples"} <= {
        name for name in tops if name.startswith(("_", "sitecustomize"))
    }
    assert floors == {"aws", "cells", "errors", "flow", "later", "service"}


def test_a_client_is_made_once_in_a_process() -> None:
    first = clients.client("dynamodb")
    assert clients.client("dynamodb") is first
