"""`reactflow dev` as a process: what it tells, and that it leaves nothing, whenever it is ended."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reactflow.cli.put import put_into
from reactflow.local import Cloud

ROOT = Path(__file__).parents[2]
Unique = Callable[[str], str]

ROOMS = """
import time
from reactflow import Cell, Flow, Service, cell, derived, row
from reactflow.aws import DynamoDB, Kinesis, S3, S3Object


class Room(Flow):
    length = cell(0.0)
    width = cell(0.0)
    area = length * width


class Note(Flow):
    note: Cell[S3Object] = cell()

    @derived
    def words(self) -> int:
        return len(self.note.read().decode().split())


class Slow(Flow):
    seconds: Cell[float] = cell()
    slept = seconds.map(lambda seconds: (print("asleep", flush=True), time.sleep(seconds), seconds)[2])


rooms = Service(Room, name="rooms", key="room", inputs=[Kinesis("STREAM", partition="room")],
                outputs=[row(Room.area) >> DynamoDB("areas-of-STREAM")])
plans = Service(Room, name="plans", key="room", inputs=[DynamoDB("plans-STREAM")],
                outputs=[row(Room.area) >> DynamoDB("planned-STREAM")])
notes = Service(Note, name="notes", key="name", inputs=[S3("notes-STREAM", key="in/{name}.txt")],
                outputs=[row(Note.words) >> DynamoDB("words-STREAM")])
slow = Service(Slow, name="slow", key="room", inputs=[Kinesis("STREAM", partition="room")])
"""


class Dev:
    """A running `reactflow dev`, whose lines can be waited for."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment |= {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder / "tmp")}
        (folder / "tmp").mkdir(exist_ok=True)
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reactflow.cli.main", "dev", *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._came = threading.Condition()
        self._is_over = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._came:
                self.lines.append(line.rstrip("\n"))
                self._came.notify_all()
        with self._came:
            self._is_over = True
            self._came.notify_all()

    def wait_for(self, text: str, seconds: float = 30.0) -> str:
        """The first line that holds a text, once it is there."""
        with self._came:
            self._came.wait_for(lambda: self._is_over or any(text in line for line in self.lines), seconds)
            found = [line for line in self.lines if text in line]
            assert found, f"no {text!r} in:\n" + "\n".join(self.lines)
            return found[0]

    @property
    def endpoint(self) -> str:
        return self.wait_for("cloud ").split()[1]

    def end(self, number: int = signal.SIGINT) -> int:
        """Send a signal, wait for the end, and return the exit code."""
        self.process.send_signal(number)
        return self.over()

    def over(self) -> int:
        code = self.process.wait(30.0)
        self._reader.join(10.0)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def ports(self) -> list[int]:
        return [int(port) for line in self.lines for port in re.findall(r"127\.0\.0\.1:(\d+)", line)[:1]]

    def assert_no_trace(self) -> None:
        """No port answers, and no file is left that was not asked for."""
        for port in self.ports():
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", port)) != 0, port
        assert list((self.folder / "tmp").iterdir()) == []


@pytest.fixture
def dev(tmp_path: Path, unique: Unique) -> Iterator[Callable[..., Dev]]:
    """Starts `reactflow dev` in a folder of its own, with a module of services."""
    (tmp_path / "rooms.py").write_text(ROOMS.replace("STREAM", unique("m")))
    started: list[Dev] = []

    def start(*arguments: str) -> Dev:
        started.append(Dev(tmp_path, *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.over()


def stream_of(running: Dev) -> str:
    return running.wait_for("made        kinesis/").split("/", 1)[1]


def test_one_service_of_each_trigger_tells_what_it_did_and_leaves_nothing(dev: Callable[..., Dev]) -> None:
    running = dev("rooms:rooms", "rooms:plans", "rooms:notes", "--port", "0")
    running.wait_for("ready")
    stream = stream_of(running)
    (running.folder / "a.txt").write_text("one two three")
    good, wrong = '{"room": "r1", "length": 3, "width": 4}', '{"room": "r2", "length": "x"}'
    put_into(running.endpoint, "kinesis", stream, [good, wrong])
    put_into(running.endpoint, "dynamodb", f"plans-{stream}", [good])
    put_into(running.endpoint, "s3", f"notes-{stream}", [f"in/a.txt={running.folder / 'a.txt'}"])
    running.wait_for(f"dynamodb/areas-of-{stream} room=r1: area=12.0")
    running.wait_for(f"dynamodb/planned-{stream} room=r1: area=12.0")
    running.wait_for(f"dynamodb/words-{stream} name=a: words=3")
    running.wait_for("quarantine  room=r2: field 'length'")
    running.wait_for("correct it and put it again")
    assert running.end() == 0
    assert running.lines[-1] == "stopped     4 records: 3 applied, 1 in quarantine" or (
        running.lines[-1] == "stopped     4 records: 1 in quarantine, 3 applied"
    )
    assert not any("\x1b" in line for line in running.lines)
    running.assert_no_trace()


def test_the_commands_that_it_says_to_try_work_as_they_stand(dev: Callable[..., Dev]) -> None:
    import shlex

    running = dev("rooms:rooms", "--port", "0", "--no-page")
    command = shlex.split(running.wait_for("try ").removeprefix("try"))
    running.wait_for("ready")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-m", "reactflow.cli.main", *command[1:]],
        cwd=running.folder,
        env=environment,
        check=True,
    )
    running.wait_for("1 record for room=a: applied")
    assert running.end() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_nothing_happens_ends_it(dev: Callable[..., Dev], number: int) -> None:
    running = dev("rooms:rooms", "--port", "0")
    running.wait_for("ready")
    assert running.end(number) == 0
    assert running.lines[-1] == "stopped     no record came"
    running.assert_no_trace()


@pytest.mark.parametrize("moment", ["cloud ", "made ", "page "])
def test_a_signal_while_it_starts_ends_it(dev: Callable[..., Dev], moment: str) -> None:
    running = dev("rooms:rooms", "--port", "0")
    running.wait_for(moment)
    assert running.end(signal.SIGTERM) in (0, 128 + signal.SIGTERM)
    running.assert_no_trace()


def test_a_signal_in_the_middle_of_a_delivery_lets_it_finish(dev: Callable[..., Dev]) -> None:
    running = dev("rooms:slow", "--port", "0", "--no-page")
    running.wait_for("ready")
    put_into(running.endpoint, "kinesis", stream_of(running), ['{"room": "r1", "seconds": 0.5}'])
    running.wait_for("asleep")
    assert running.end() == 0
    assert running.lines[-1] == "stopped     1 record: applied"


def test_a_second_signal_ends_it_at_once(dev: Callable[..., Dev]) -> None:
    running = dev("rooms:slow", "--port", "0", "--no-page")
    running.wait_for("ready")
    put_into(running.endpoint, "kinesis", stream_of(running), ['{"room": "r1", "seconds": 60}'])
    running.wait_for("asleep")
    running.process.send_signal(signal.SIGTERM)
    running.wait_for("stopping    after the delivery that is going on")
    assert running.end() == 128 + signal.SIGINT
    running.assert_no_trace()


def test_two_signals_while_nothing_happens_do_not_speak_of_a_delivery(dev: Callable[..., Dev]) -> None:
    running = dev("rooms:rooms", "--port", "0", "--no-page")
    running.wait_for("ready")
    running.process.send_signal(signal.SIGINT)
    running.process.send_signal(signal.SIGTERM)
    assert running.over() in (0, 128 + signal.SIGINT, 128 + signal.SIGTERM)
    told = "\n".join(running.lines)
    assert told.count("\nstopped     no record came") == 1
    assert "in the middle of a delivery" not in told
    running.assert_no_trace()


def test_what_a_module_prints_on_import_goes_to_standard_error(dev: Callable[..., Dev]) -> None:
    running = dev("rooms:rooms", "--port", "0", "--no-page")  # only to have a module in the folder
    running.wait_for("ready")
    assert running.end() == 0
    module = running.folder / "rooms.py"
    module.write_text(f"print('loud')\n{module.read_text()}")
    done = subprocess.run(
        [sys.executable, "-m", "reactflow.cli.main", "dev", "rooms:rooms", "--port", "0", "--until-idle"],
        cwd=running.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith("cloud ")
    assert done.stderr == "loud\n"


def test_the_page_is_titled_with_the_services(dev: Callable[..., Dev]) -> None:
    running = dev("rooms:rooms", "rooms:plans", "--port", "0")
    url = running.wait_for("page ").split()[1]
    running.wait_for("ready")
    with urllib.request.urlopen(f"{url}graph?format=json", timeout=10) as answer:
        assert json.load(answer)["title"] == "rooms, plans"
    assert running.end() == 0


def test_a_state_that_is_none_is_refused_before_anything_starts(dev: Callable[..., Dev]) -> None:
    running = dev("rooms:rooms", "--port", "0", "--state", "sqlite:nowhere/x.db")
    assert running.over() == 1
    (line,) = running.lines
    assert "the store nowhere/x.db cannot be made" in line


def test_a_store_of_a_service_s_own_is_told(dev: Callable[..., Dev], tmp_path: Path) -> None:
    own = (tmp_path / "rooms.py").read_text().replace('name="rooms",', 'name="rooms", store="sqlite:own.db",')
    (tmp_path / "rooms.py").write_text(own)
    running = dev("rooms:rooms", "rooms:slow", "--port", "0", "--no-page", "--until-idle")
    assert running.over() == 0
    states = [line.split(maxsplit=1)[1] for line in running.lines if line.startswith("state ")]
    assert [state.split()[0] for state in states] == ["memory", "sqlite:own.db"]
    assert states[1].endswith(", of rooms")


def test_until_idle_ends_by_itself(dev: Callable[..., Dev]) -> None:
    running = dev("rooms:rooms", "--port", "0", "--no-page", "--until-idle")
    assert running.over() == 0
    assert running.lines[-1].startswith("idle        no record came")


def test_a_port_that_is_taken_is_refused_in_one_line(dev: Callable[..., Dev]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        running = dev("rooms:rooms", "--port", str(port))
        assert running.over() == 1
    (line,) = running.lines
    assert line.startswith(f"reactflow: port {port} is taken: name another, --port 0 for any that is free")
    assert line.endswith(f"--endpoint http://127.0.0.1:{port}")


def test_an_endpoint_that_does_not_answer_is_refused_in_one_line(dev: Callable[..., Dev]) -> None:
    running = dev("rooms:rooms", "--endpoint", "http://127.0.0.1:9")
    assert running.over() == 1
    (line,) = running.lines
    assert "nothing answers at http://127.0.0.1:9" in line


def test_at_a_named_endpoint_a_restart_applies_nothing_twice(dev: Callable[..., Dev], cloud: Cloud) -> None:
    first = dev("rooms:rooms", "--endpoint", cloud.endpoint, "--no-page")
    first.wait_for("ready")
    assert first.wait_for("state ") == "state       sqlite:reactflow-dev.db"
    stream = stream_of(first)
    put_into(cloud.endpoint, "kinesis", stream, ['{"room": "r1", "length": 3, "width": 4}'])
    first.wait_for("area=12.0")
    assert first.end() == 0
    put_into(cloud.endpoint, "kinesis", stream, ['{"room": "r1", "length": 5}'])
    second = dev("rooms:rooms", "--endpoint", cloud.endpoint, "--no-page")
    second.wait_for("area=20.0")
    assert second.end() == 0
    assert second.lines[-1] == "stopped     2 records: 1 seen before, 1 applied" or (
        second.lines[-1] == "stopped     2 records: 1 applied, 1 seen before"
    )


def test_what_the_cloud_refuses_to_make_is_one_line(dev: Callable[..., Dev], tmp_path: Path) -> None:
    (tmp_path / "short.py").write_text(ROOMS.replace("areas-of-STREAM", "s").replace("STREAM", "mmm"))
    running = dev("short:rooms", "--port", "0", "--no-page")
    assert running.over() == 1
    assert "reactflow: dynamodb/s cannot be made at http://127.0.0.1:" in running.lines[-1]
    running.assert_no_trace()


def test_a_reader_that_goes_away_ends_it(tmp_path: Path, dev: Callable[..., Dev]) -> None:
    running = dev("rooms:rooms", "--port", "0", "--no-page")  # only to have a module in the folder
    running.wait_for("ready")
    assert running.end() == 0
    command = (
        f"{sys.executable} -m reactflow.cli.main dev rooms:rooms --port 0 --no-page --until-idle | head -1"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": tempfile.mkdtemp(dir=tmp_path)}
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.startswith("cloud")
    assert "Traceback" not in done.stderr
