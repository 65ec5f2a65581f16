"""The command line as it is called: exit codes, one line for an error, help that teaches."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from reactflow.cli.main import COMMANDS, joined
from tests.cli.conftest import ROOMS


def commands() -> list[str]:
    """Every command as it is called, those of groups too."""
    found = []
    joint: Any = get_command(joined(COMMANDS))
    for name, command in joint.commands.items():
        inner = getattr(command, "commands", None)
        found += [f"{name} {one}" for one in inner] if inner else [name]
    return found


def test_help_shows_a_command_that_can_be_typed(reactflow: Any) -> None:
    called = reactflow("--help")
    assert called.code == 0
    assert "reactflow new hello && cd hello && reactflow dev" in called.out.replace("\n", " ")


@pytest.mark.parametrize("command", commands())
def test_the_help_of_every_command_shows_an_example_of_it(reactflow: Any, command: str) -> None:
    called = reactflow(*command.split(), "--help")
    assert called.code == 0
    assert f"reactflow {command} " in called.out.replace(f"Usage: reactflow {command}", "")
    assert "--json" in called.out
    assert "\x1b" not in called.out


def test_the_version_is_told(reactflow: Any) -> None:
    called = reactflow("--version")
    assert called.code == 0
    assert called.out.startswith("reactflow")


def test_without_a_command_the_help_is_shown_and_the_call_was_wrong(reactflow: Any) -> None:
    called = reactflow()
    assert called.code == 2
    assert "Commands:" in called.out + called.err


def test_what_cannot_be_done_is_one_line_and_ends_with_1(reactflow: Any) -> None:
    called = reactflow("dev", "rooms:Room")
    assert (called.code, called.out) == (1, "")
    assert called.err.endswith(
        "is the flow Room, and not a service: name what Service(...) or System(...) made\n"
    )


def test_graph_draws_a_flow_a_service_and_a_system(reactflow: Any) -> None:
    assert "area" in reactflow("graph", "rooms:Room").out
    assert "kinesis/measurements" in reactflow("graph", "rooms:rooms").out
    service = reactflow("graph", "rooms:areas").out
    assert all(name in service for name in ("kinesis/measurements", "length", "area", "dynamodb/areas"))
    assert "dynamodb/rooms" in reactflow("graph", "rooms:house").out
    assert reactflow("graph", "rooms:Room", "--format", "svg").out.startswith("<svg")


def test_graph_refuses_what_has_no_picture(reactflow: Any) -> None:
    called = reactflow("graph", "math:pi")
    assert called.code == 1
    assert "math:pi is a float: name a flow, a service, a system or a cell" in called.err


def test_an_event_is_one_that_invoke_takes(reactflow: Any, tmp_path: Path) -> None:
    event = reactflow("event", "kinesis", "measurements", '{"room": "a", "length": 3, "width": 1.5}')
    (tmp_path / "event.json").write_text(event.out)
    called = reactflow("invoke", "rooms:rooms", "--event", "event.json")
    assert (called.code, json.loads(called.out)) == (0, {"batchItemFailures": []})
    assert "1 record for room=a: applied" in called.err


def test_an_event_of_a_table_is_one_that_invoke_takes(reactflow: Any, tmp_path: Path) -> None:
    event = reactflow("event", "dynamodb", "rooms", '{"room": "a", "length": 3.25}', "--keys", "room")
    (tmp_path / "event.json").write_text(event.out)
    called = reactflow("invoke", "rooms:items", "--event", "event.json")
    assert "1 record for room=a: applied" in called.err


def test_an_event_of_a_bucket_encodes_its_keys_as_s3_does(reactflow: Any) -> None:
    made = json.loads(reactflow("event", "s3", "photos", "in/a b.jpg").out)
    assert made["Records"][0]["s3"]["object"]["key"] == "in/a+b.jpg"


def test_invoke_keeps_its_state_where_it_is_told(reactflow: Any, tmp_path: Path) -> None:
    event = reactflow("event", "kinesis", "measurements", '{"room": "a", "length": 3}')
    (tmp_path / "event.json").write_text(event.out)
    arguments = ("invoke", "rooms:rooms", "--event", "event.json", "--state", "sqlite:state.db")
    assert "applied" in reactflow(*arguments).err
    assert "seen before" in reactflow(*arguments).err


def test_invoke_tells_of_a_record_in_quarantine_and_what_to_do(reactflow: Any, tmp_path: Path) -> None:
    event = reactflow("event", "kinesis", "measurements", '{"room": "a", "length": "x"}')
    (tmp_path / "event.json").write_text(event.out)
    called = reactflow("invoke", "rooms:rooms", "--event", "event.json")
    assert called.code == 0
    assert "room=a: field 'length' of kinesis/measurements: expected float, got 'x' (str)" in called.err
    assert "correct it and put it again" in called.err


def test_what_a_module_prints_when_it_is_imported_does_not_spoil_the_output(
    reactflow: Any, tmp_path: Path
) -> None:
    (tmp_path / "loud_module.py").write_text(f"{ROOMS}\nprint('hello from the module')\n")
    drawn = reactflow("graph", "loud_module:rooms", "--format", "svg")
    assert drawn.out.startswith("<svg")
    assert "hello from the module" in drawn.err
    assert "hello" not in drawn.out


def test_what_a_cell_prints_does_not_spoil_the_answer(reactflow: Any, tmp_path: Path) -> None:
    (tmp_path / "loud_cells.py").write_text(
        ROOMS.replace("area = length * width", "area = length.map(lambda length: print('loud') or length)")
    )
    event = reactflow("event", "kinesis", "measurements", '{"room": "a", "length": 3}')
    (tmp_path / "event.json").write_text(event.out)
    called = reactflow("invoke", "loud_cells:rooms", "--event", "event.json")
    assert json.loads(called.out) == {"batchItemFailures": []}


def test_invoke_says_when_nothing_answers_and_the_service_writes(
    reactflow: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # another test's cloud may be up in this process
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    event = reactflow("event", "kinesis", "measurements", '{"room": "a", "length": 3}')
    (tmp_path / "event.json").write_text(event.out)
    called = reactflow("invoke", "rooms:areas", "--event", "event.json")
    assert (called.code, called.out) == (1, "")
    assert "nothing answers at http://127.0.0.1:9" in called.err
    assert "start `reactflow dev` there" in called.err


@pytest.mark.parametrize("command", ["dev", "invoke"])
def test_a_state_of_no_known_form_is_refused_by_the_name_of_the_flag(
    reactflow: Any, tmp_path: Path, command: str
) -> None:
    (tmp_path / "event.json").write_text("{}")
    event = ("--event", "event.json") if command == "invoke" else ()
    called = reactflow(command, "rooms:rooms", "--state", "foo", *event)
    assert (called.code, called.out) == (1, "")
    assert (
        "--state foo names no store: write memory, sqlite:PATH (sqlite:state.db) or dynamodb:" in called.err
    )
    assert "REACTFLOW_STATE" not in called.err


def test_a_state_of_the_environment_is_refused_by_its_name(
    reactflow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REACTFLOW_STATE", "foo")
    assert "REACTFLOW_STATE=foo names no store" in reactflow("dev", "rooms:rooms").err


def test_a_bad_line_of_standard_input_is_told_with_its_number(
    reactflow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in (("put",), ("event",)):
        monkeypatch.setattr("sys.stdin", io.StringIO('{"room": "a"}\n\n{}\n'))
        called = reactflow(*command, "kinesis", "measurements", "-")
        assert called.code == 1
        assert "line 3: '{}' is an object without a field: write one such as" in called.err


def test_standard_input_without_a_line_is_told(reactflow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert "standard input has no line" in reactflow("event", "kinesis", "measurements", "-").err


def test_all_packages_that_are_missing_are_named_at_once_with_both_ways(
    reactflow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ministack", "starlette", "uvicorn"):
        monkeypatch.setitem(sys.modules, name, None)
    called = reactflow("dev", "rooms:rooms")
    assert called.code == 1
    assert called.err == (
        "reactflow: reactflow dev needs ministack, starlette, uvicorn, not installed: pip install "
        "'reactflow-py[local]', or in a clone pip install '.[local]'\n"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("[]", "is a JSON list"),
        ('{"Records": [{}]}', "Records[0]"),
    ],
    ids=["no JSON", "nested too deep", "a list", "an empty record"],
)
def test_invoke_refuses_what_is_no_event(reactflow: Any, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "event.json").write_text(text)
    called = reactflow("invoke", "rooms:rooms", "--event", "event.json")
    assert called.code == 1
    assert called.err.count("\n") == 1
    assert said in called.err


def test_invoke_wants_one_service(reactflow: Any, tmp_path: Path) -> None:
    called = reactflow("invoke", "rooms:house", "--event", "none.json")
    assert called.code == 1
    assert "is a system of rooms, items: name the one service" in called.err


def test_put_writes_to_this_machine_only(reactflow: Any) -> None:
    called = reactflow(
        "put", "--endpoint", "https://kinesis.us-east-1.amazonaws.com", "kinesis", "m", '{"a": 1}'
    )
    assert called.code == 1
    assert "is not on this machine" in called.err


@pytest.mark.parametrize(
    ("endpoint", "better"),
    [
        ("localhost:4566", "http://localhost:4566"),
        ("127.0.0.1:4566", "http://127.0.0.1:4566"),
        ("here", "http://127.0.0.1:4566"),
        ("http://localhost:port", "http://127.0.0.1:4566"),
    ],
)
def test_an_endpoint_that_is_no_address_is_refused_with_one_that_is(
    reactflow: Any, endpoint: str, better: str
) -> None:
    called = reactflow("put", "--endpoint", endpoint, "kinesis", "m", '{"a": 1}')
    assert called.code == 1
    assert f"{endpoint!r} is not an address: write it as {better}" in called.err


def test_put_says_when_nothing_answers(reactflow: Any) -> None:
    called = reactflow("put", "--endpoint", "http://127.0.0.1:9", "kinesis", "m", '{"a": 1}')
    assert called.code == 1
    assert called.err.count("\n") == 1
    assert "nothing answers; is `reactflow dev` running?" in called.err


def test_a_setting_of_the_folder_is_taken_and_a_flag_wins(
    reactflow: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.reactflow]\nendpoint = "http://example.com"\n')
    assert "http://example.com is not on this machine" in reactflow("put", "kinesis", "m", '{"a": 1}').err
    called = reactflow("put", "--endpoint", "http://127.0.0.1:9", "kinesis", "m", '{"a": 1}')
    assert "nothing answers" in called.err


def test_an_unknown_setting_is_refused_with_a_suggestion(reactflow: Any, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.reactflow]\nprot = 1\n")
    called = reactflow("graph", "rooms:Room")
    assert called.code == 1
    assert "[tool.reactflow] has no setting 'prot' (did you mean 'port'?)" in called.err


def test_a_setting_of_another_type_is_refused(reactflow: Any, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.reactflow]\nport = "1"\n')
    assert "port = '1' is not a whole number" in reactflow("graph", "rooms:Room").err


@pytest.mark.parametrize("json_asked", [False, True])
def test_a_folder_that_cannot_be_written_is_told_in_one_line(
    reactflow: Any, tmp_path: Path, *, json_asked: bool
) -> None:
    (tmp_path / ".reactflow").touch()  # where a build would make a folder
    called = reactflow("build", "rooms:rooms", *(["--json"] if json_asked else []))
    said = (
        f"{tmp_path}/.reactflow/wheels: Not a directory: make it readable and writable, or name another place"
    )
    assert called.code == 1
    assert (
        json.loads(called.out)["error"]["message"] == said
        if json_asked
        else called.err == f"reactflow: {said}\n"
    )


def test_a_profile_that_there_is_not_is_told(reactflow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    called = reactflow("deploy", "rooms:rooms", "--plan")
    assert called.code == 1
    assert "AWS's settings: The config profile (nobody) could not be found" in called.err
