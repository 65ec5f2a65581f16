"""A function in Lambda's runtime: warm and cold, ended by its timeout, dead, in error, too large, several at once."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reactflow.errors import ConfigurationError, Crashed, HandlerFailed, TimedOut, TooLarge
from reactflow.local import environment
from reactflow.local.emulator import find_emulator
from reactflow.local.runtime import LambdaRuntime
from reactflow.local.triggers import MemoryStream, StreamTrigger, Triggers, TriggerSettings
from tests.runtime.conftest import has_ended
from tests.tools import tool

CODE = """
import os, signal, time

calls = 0

def handler(event, context):
    global calls
    calls += 1
    do = event.get("do")
    print("asked to", do)
    if do == "sleep":
        time.sleep(event["seconds"])  # work that takes its time
    elif do == "exit":
        os._exit(3)
    elif do == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif do == "fail":
        raise ValueError("no é here")
    elif do == "answer":
        return event["answer"]
    elif do == "text":
        return "x" * event["size"]
    elif do == "set":
        return {1, 2}
    elif do == "environment":
        return dict(os.environ)
    return {
        "calls": calls, "process": os.getpid(), "left": context.get_remaining_time_in_millis(),
        "memory": context.memory_limit_in_mb, "name": context.function_name, "folder": os.getcwd(),
    }
"""
Made = Callable[..., LambdaRuntime]


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(CODE)
    return tmp_path


def test_a_function_is_started_by_the_first_event_and_warm_for_the_next(in_runtime: Made, code: Path) -> None:
    runtime = in_runtime("app.handler", code, timeout=7, memory_size=256, name="rooms")
    first, second = runtime({}), runtime({})
    assert [one["calls"] for one in (first, second)] == [1, 2]
    assert first["process"] == second["process"]
    assert 0 < first["left"] < 7000
    assert 6500 < second["left"] <= 7000
    assert (first["memory"], first["name"], first["folder"]) == ("256", "rooms", str(code))
    runtime.cool()
    assert runtime({})["calls"] == 1
    assert re.search(r"START RequestId.*asked to None.*END RequestId", runtime.logs(until="END"), re.DOTALL)


def test_what_takes_too_long_is_ended_and_the_next_event_finds_a_new_process(
    in_runtime: Made, code: Path
) -> None:
    runtime = in_runtime("app.handler", code, timeout=1)
    first = runtime({})
    with pytest.raises(
        TimedOut, match=r"function handler \(app.handler\): Task timed out after 1.00 seconds"
    ):
        runtime({"do": "sleep", "seconds": 60})
    assert has_ended(first["process"])
    assert runtime({})["calls"] == 1


@pytest.mark.parametrize(("do", "reason"), [("exit", "exit status 3"), ("kill", "signal: killed")])
def test_a_process_that_ends_is_a_crash_and_the_next_event_finds_a_new_one(
    in_runtime: Made, code: Path, do: str, reason: str
) -> None:
    runtime = in_runtime("app.handler", code, timeout=10)
    with pytest.raises(Crashed, match=f"its process ended: {reason}") as caught:
        runtime({"do": do})
    assert caught.value.reason == reason
    assert runtime({})["calls"] == 1


def test_an_error_says_its_type_and_its_message_and_keeps_the_process(in_runtime: Made, code: Path) -> None:
    runtime = in_runtime("app.handler", code, timeout=10)
    with pytest.raises(HandlerFailed, match="ValueError: no é here") as caught:
        runtime({"do": "fail"})
    assert (caught.value.kind, caught.value.words) == ("ValueError", "no é here")
    with pytest.raises(HandlerFailed, match=r"Runtime.MarshalError: .* set is not JSON serializable"):
        runtime({"do": "set"})
    assert runtime({})["calls"] == 3
    assert "[ERROR] ValueError: no é here" in runtime.logs(until="no é here")


@pytest.mark.parametrize(
    "answer",
    [None, [], "Task timed out after 3.00 seconds", {"errorMessage": "mine", "errorType": "mine"}, "é", 1.5],
)
def test_an_answer_is_what_the_function_gave_whatever_it_looks_like(
    in_runtime: Made, code: Path, answer: object
) -> None:
    assert in_runtime("app.handler", code, timeout=10)({"do": "answer", "answer": answer}) == answer


def test_six_megabytes_are_the_most_of_an_answer_and_of_an_event(in_runtime: Made, code: Path) -> None:
    runtime = in_runtime("app.handler", code, timeout=10)
    assert len(runtime({"do": "text", "size": 6 * 2**20 - 2})) == 6 * 2**20 - 2
    with pytest.raises(TooLarge, match=r"the answer is too large: .* payload size \(6291556 bytes\)"):
        runtime({"do": "text", "size": 6 * 2**20 + 200})
    with pytest.raises(
        TooLarge, match="the event has 6291557 bytes, and Lambda takes 6291456: cut it smaller"
    ):
        runtime({"text": "x" * 6291546})
    assert runtime({"text": "x" * (6291456 - 11)})["calls"] == 1


def test_nothing_of_this_environment_but_what_is_given_reaches_the_function(
    in_runtime: Made, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REACTFLOW_STATE", "memory")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a user's")
    monkeypatch.setenv("AWS_PROFILE", "a user's")
    found = in_runtime("app.handler", code, timeout=10, environment={"MINE": "1"})({"do": "environment"})
    assert "a user's" not in found.values()
    assert found.keys().isdisjoint({"REACTFLOW_STATE", "AWS_PROFILE", "AWS_ENDPOINT_URL", "HOME"})
    assert found["MINE"] == "1"
    assert found["LAMBDA_TASK_ROOT"] == str(code)


def test_as_many_run_side_by_side_as_there_are_environments_and_the_rest_wait(
    in_runtime: Made, code: Path
) -> None:
    runtime = in_runtime("app.handler", code, timeout=20, environments=2)
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(runtime, [{"do": "sleep", "seconds": 0.2}] * 5))
    processes = {one["process"] for one in answers}
    assert len(processes) == 2
    assert sum(max(one["calls"] for one in answers if one["process"] == each) for each in processes) == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("raise RuntimeError('cannot start')", "RuntimeError: cannot start"),
        (
            "import nothing_of_that_name",
            "Runtime.ImportModuleError: .*No module named 'nothing_of_that_name'",
        ),
        ("def handler(:", "Runtime.UserCodeSyntaxError: Syntax error in module 'bad'"),
        ("", "Runtime.HandlerNotFound: Handler 'handler' missing on module 'bad'"),
    ],
)
def test_code_that_cannot_be_loaded_fails_each_event_with_its_reason(
    in_runtime: Made, tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "bad.py").write_text(text)
    runtime = in_runtime("bad.handler", tmp_path, timeout=10)
    for _ in range(2):
        with pytest.raises(HandlerFailed, match=message):
            runtime({})


def test_code_that_ends_the_process_as_it_is_loaded_is_a_crash(in_runtime: Made, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("import os; os._exit(7)")
    with pytest.raises(Crashed, match="its process ended: it ended as it was loaded"):
        in_runtime("bad.handler", tmp_path, timeout=10)({})


# --- beginning and end -------------------------------------------------------------------------------------------


def test_closing_leaves_no_process_no_thread_and_no_port(in_runtime: Made, code: Path) -> None:
    runtime = in_runtime("app.handler", code, timeout=20, environments=2)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(runtime, [{"do": "sleep", "seconds": 0.2}] * 2))
    ports = [one.port for one in runtime._alive]
    runtime.close()
    runtime.close()
    assert all(has_ended(one["process"]) for one in answers)
    assert [one.name for one in threading.enumerate() if one.name == "lambda-log"] == []
    for port in ports:
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", port))
    with pytest.raises(ConfigurationError, match="is closed: make another LambdaRuntime"):
        runtime({})


def test_closing_while_a_function_is_at_work_ends_it(in_runtime: Made, code: Path) -> None:
    runtime = in_runtime("app.handler", code, timeout=60)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(runtime, {"do": "sleep", "seconds": 50})
        runtime.logs(until="asked to sleep", seconds=20)
        runtime.close()
        with pytest.raises(Crashed, match="the emulator did not answer"):
            answer.result(timeout=20)


def test_a_forgotten_function_is_ended(code: Path) -> None:
    process = LambdaRuntime("app.handler", code, emulator=tool("sam"))({})["process"]
    assert has_ended(process)


def test_a_function_does_not_outlive_the_process_that_started_it(code: Path) -> None:
    program = (
        "import sys, time; from reactflow.local.runtime import LambdaRuntime\n"
        f"runtime = LambdaRuntime('app.handler', {str(code)!r}, emulator={str(tool('sam'))!r})\n"
        "print(runtime({})['process'], flush=True); time.sleep(60)\n"
    )
    starter = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    function = int(starter.stdout.readline())
    starter.kill()
    starter.wait()
    starter.stdout.close()
    assert has_ended(function)


def test_an_emulator_that_was_killed_fails_what_is_under_way_and_is_made_anew(
    in_runtime: Made, code: Path
) -> None:
    runtime = in_runtime("app.handler", code, timeout=60)
    first = runtime({})
    emulator = int(Path(f"/proc/{first['process']}/stat").read_text().rpartition(")")[2].split()[1])
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(runtime, {"do": "sleep", "seconds": 50})
        runtime.logs(until="asked to sleep", seconds=20)
        os.kill(emulator, signal.SIGKILL)
        with pytest.raises(Crashed, match="the emulator did not answer"):
            answer.result(timeout=20)
    assert has_ended(first["process"])
    assert runtime({})["calls"] == 1


def test_a_port_that_another_takes_first_is_no_trouble(
    in_runtime: Made, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = environment._free_ports
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))  # taken, though nobody listens
        taken = [(other.getsockname()[1], free()[1])]
        monkeypatch.setattr(environment, "_free_ports", lambda: taken.pop() if taken else free())
        assert in_runtime("app.handler", code, timeout=10)({})["calls"] == 1
    assert taken == []


# --- what is wrong with it ---------------------------------------------------------------------------------------


def test_the_emulator_is_found_by_the_setting_and_by_sam_and_missed_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = tool("sam")
    found = find_emulator(sam)
    assert found.name.startswith("aws-lambda-rie-")
    assert find_emulator(found) == find_emulator(found.parent) == find_emulator(sam.parent.parent) == found
    monkeypatch.setenv("PATH", str(sam.parent))
    assert find_emulator() == found
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("REACTFLOW_EMULATOR", str(found.parent))
    assert find_emulator() == found
    monkeypatch.setenv("REACTFLOW_EMULATOR", str(tmp_path))
    with pytest.raises(
        ConfigurationError, match=r"there is no aws-lambda-rie-\w+ at .*pip install aws-sam-cli"
    ):
        find_emulator()
    monkeypatch.delenv("REACTFLOW_EMULATOR")
    with pytest.raises(ConfigurationError, match=r"is not on this machine: .* or set REACTFLOW_EMULATOR"):
        find_emulator()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"handler": "handler"}, "handler 'handler' names no function: write module.function"),
        ({"folder": "nowhere"}, "there is no folder '.*nowhere' with the code of app.handler"),
        ({"timeout": 0}, "timeout=0 of app.handler: it is a whole number from 1 to 900"),
        ({"timeout": 1.5}, "timeout=1.5 of app.handler: it is a whole number"),
        ({"memory_size": 64}, "memory_size=64 of app.handler: it is a whole number from 128 to 10240"),
        ({"environments": 0}, "environments=0 of app.handler: it is a whole number from 1 to 1000"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_remedy(
    code: Path, settings: dict[str, object], message: str
) -> None:
    given: dict[str, object] = {"handler": "app.handler", "folder": code, **settings}
    with pytest.raises(ConfigurationError, match=message):
        LambdaRuntime(**given)  # type: ignore[arg-type]  # that is what is refused


def test_a_trigger_does_with_a_timeout_and_a_crash_what_lambda_does(in_runtime: Made, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import os, pathlib, time\n"
        "def handler(event, context):\n"
        "    tries = pathlib.Path('tries')\n"
        "    with tries.open('a') as file: file.write(f'{len(event[\"Records\"])},')\n"
        "    number = tries.read_text().count(',')\n"
        "    if number == 1: time.sleep(60)\n"
        "    if number == 2: os._exit(1)\n"
        "    if number == 3: raise ValueError('no')\n"
    )
    stream = MemoryStream("s", now=lambda: 0.0)
    for number in range(4):
        stream.put("k", str(number).encode())
    runtime = in_runtime("app.handler", tmp_path, timeout=1)
    reasons: list[str] = []
    trigger = StreamTrigger(stream, runtime, TriggerSettings(backoff=0.0), function="f")
    Triggers([trigger], listener=lambda delivery: reasons.append(delivery.reason)).run_until_idle(
        30, quiet=0.0
    )
    assert [reason.partition(":")[0] for reason in reasons] == [
        "TimedOut",
        "Crashed",
        "HandlerFailed",
        "",
        "",
        "",
    ]
    assert (tmp_path / "tries").read_text() == "4,2,1,1,1,2,"
