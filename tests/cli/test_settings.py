"""Settings: a flag, else the environment, else the folder's `pyproject.toml`, else the default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reactflow.cli.settings import KNOWN, defaults
from reactflow.deploy.settings import settings_for
from reactflow.errors import ConfigurationError
from tests.cli.test_main import commands


def written(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(text)
    return folder


def test_every_command_that_a_setting_names_is_there() -> None:
    assert {one for known in KNOWN.values() for one in known.commands} - set(commands()) == set()


def test_targets_are_taken_by_commands_that_are_given_none(reactflow: Any, tmp_path: Path) -> None:
    (module,) = tmp_path.glob("rooms_*.py")
    written(tmp_path, f'[tool.reactflow]\ntargets = ["{module.stem}:rooms"]\n')
    assert "kinesis/measurements" in reactflow("graph").out
    assert reactflow("check").code == 0
    (tmp_path / "rows.jsonl").write_text('{"room": "a"}\n')
    assert reactflow("replay", "rows.jsonl").out.startswith("rooms: 1 record ")
    assert "dynamodb/rooms" in reactflow("graph", "rooms:items").out


def test_the_environment_goes_before_the_folder_and_a_flag_before_both(
    reactflow: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (module,) = tmp_path.glob("rooms_*.py")
    written(tmp_path, f'[tool.reactflow]\nstage = "test"\ntargets = ["{module.stem}:areas"]\n')
    assert "table/test-areas" in reactflow("check").out
    monkeypatch.setenv("REACTFLOW_STAGE", "prod")
    assert "table/prod-areas" in reactflow("check").out
    assert "table/dev-areas" in reactflow("check", "--stage", "dev").out
    monkeypatch.setenv("REACTFLOW_TARGETS", f"{module.stem}:rooms {module.stem}:items")
    assert "dynamodb/rooms" in reactflow("graph").out


def test_one_target_is_that_of_commands_for_one_service_and_several_are_not(tmp_path: Path) -> None:
    assert defaults(written(tmp_path, '[tool.reactflow]\ntargets = ["a:b"]\n'))["invoke"] == {"target": "a:b"}
    assert "invoke" not in defaults(written(tmp_path, '[tool.reactflow]\ntargets = ["a:b", "a:c"]\n'))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.reactflow]\ntargts = ['a:b']\n", r"no setting 'targts' \(did you mean 'targets'\?\)"),
        ("[tool.reactflow]\ntargets = 'a:b'\n", "is not a list of texts such as"),
        ("[tool.reactflow]\ntargets = []\n", "is not a list of texts such as"),
        ("[tool.reactflow]\ntargets = [1]\n", "is not a list of texts such as"),
        ("[tool.reactflow]\nstage = 1\n", "stage = 1 is not a text"),
        ("[tool.reactflow]\ndeploy = 'x'\n", r"is not a table: write \[tool.reactflow.deploy\]"),
        ("[tool.reactflow]\nstages = 'x'\n", r"is not a table: write \[tool.reactflow.stages.NAME\]"),
        ("[tool]\nreactflow = 'x'\n", r"tool.reactflow is a table: write \[tool.reactflow\]"),
        ("[tool.reactflow\n", "pyproject.toml cannot be read: "),
    ],
)
def test_a_wrong_setting_is_refused_with_what_is_right(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        defaults(written(tmp_path, text))


def test_a_stage_says_only_what_is_other_in_it(tmp_path: Path) -> None:
    written(
        tmp_path,
        """
        [tool.reactflow]
        stage = "test"
        [tool.reactflow.deploy]
        application = "house"
        memory = 256
        environment = { A = "1", B = "2" }
        [tool.reactflow.stages.prod]
        memory = 1024
        environment = { B = "3" }
        """,
    )
    with pytest.raises(ConfigurationError, match=r"no stage 'test': \[tool.reactflow.stages\] has prod"):
        settings_for(tmp_path)
    dev, prod = settings_for(tmp_path, "dev"), settings_for(tmp_path, "prod")
    assert (dev.stack, dev.memory, dev.environment) == ("house-dev", 256, {"A": "1", "B": "2"})
    assert (prod.stack, prod.memory, prod.environment) == ("house-prod", 1024, {"A": "1", "B": "3"})


@pytest.mark.parametrize("table", ["deploy", "stages.prod"])
def test_a_stage_is_named_nowhere_but_where_it_is_chosen(tmp_path: Path, table: str) -> None:
    written(tmp_path, f'[tool.reactflow.{table}]\nstage = "prod"\n')
    with pytest.raises(ConfigurationError, match="names no stage: choose one by --stage, or stage in"):
        settings_for(tmp_path, "prod")
