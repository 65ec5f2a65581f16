"""What AWS's own linters say of generated templates: nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from reactflow.deploy.template import CODE, template_of, template_text
from tests.deploy.stacks import EXAMPLES, example
from tests.deploy.systems import many
from tests.tools import tool

FEW, MANY = 10, 200


def run(*command: str | Path, folder: Path) -> str:
    """What a tool says; the test fails when it ends with an error."""
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-west-1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def lint(folder: Path, texts: Sequence[tuple[str, str]]) -> str:
    """What cfn-lint says of templates, all in one process."""
    (folder / CODE).mkdir()
    for name, text in texts:
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    files = sorted(path.name for path in folder.glob("*.json"))
    return run(tool("cfn-lint"), "--format", "parseable", *files, folder=folder)


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_examples_are_clean(stage: str, tmp_path: Path) -> None:
    topic = "arn:aws:sns:eu-west-1:123456789012:on-call"
    stacks = {name: example(name, stage=stage, filters=True, alarms_to=topic) for name in EXAMPLES}
    assert lint(tmp_path, [(name, template_text(template_of(one))) for name, one in stacks.items()]) == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_sam_takes_every_example(name: str, tmp_path: Path) -> None:
    (tmp_path / CODE).mkdir()
    (tmp_path / "template.json").write_text(template_text(template_of(example(name))), encoding="utf-8")
    said = run(tool("sam"), "validate", "--lint", "--template-file", "template.json", folder=tmp_path)
    assert "is a valid SAM Template" in said


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_systems_of_hostile_names_are_clean(tmp_path: Path) -> None:
    number = MANY if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else FEW
    systems = many(number)
    assert lint(tmp_path, [(str(seed), template_text(template_of(one))) for seed, one in systems]) == ""
