"""``reactflow build``: the template of services and the package that their functions run, in a folder.

It asks AWS for nothing. What it makes works without us: `sam deploy --template .reactflow/build/dev/template.json`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer

from reactflow.cli.answers import answer
from reactflow.cli.options import AsJson, Stage, Targets
from reactflow.cli.target import load_system
from reactflow.deploy.build import Build, targets_of
from reactflow.deploy.build import build as built
from reactflow.deploy.sam import TEMPLATE
from reactflow.deploy.settings import settings_for


def build(
    targets: Targets,
    stage: Stage = "",
    resources: Annotated[bool, typer.Option("--resources", help="list all that the stack will have")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the template and the package of services.

    One function a service; streams, tables, buckets, roles, event source mappings and alarms follow from the bindings.
    The same input gives the same bytes.

    \b
    reactflow build rooms:rooms
    reactflow build rooms:rooms floors:floors --stage prod --resources
    """
    made = built_of(targets, stage)
    words = [*(made.resources.lines() if resources else []), *made.lines()]
    answer("\n".join(words), data_of(made), as_json)


def built_of(targets: Sequence[str], stage: str) -> Build:
    """What the services of this folder become in a stage. Raises ConfigurationError for what cannot be deployed."""
    folder = Path.cwd()
    system, settings = load_system(targets), settings_for(folder, stage or None)
    with redirect_stdout(sys.stderr):
        return built(system, targets_of(system, targets[0], folder), settings, folder)


def data_of(made: Build) -> dict[str, Any]:
    """What was built, as plain data."""
    return {
        "stack": made.settings.stack,
        "stage": made.settings.stage,
        "template": str(made.folder / TEMPLATE),
        "package": str(made.package.file),
        "sha256": made.package.sha256,
        "bytes": made.package.size,
        "dependencies": dict(made.package.dependencies),
        "resources": made.resources.data(),
    }
