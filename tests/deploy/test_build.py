"""Building a system: each function finds its service, and two builds of the same are the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from reactflow import System
from reactflow.deploy.build import targets_of
from reactflow.errors import ConfigurationError
from tests.deploy.test_package import ROOMS

ROOT = Path(__file__).resolve().parents[2]
BUILT = Path(".reactflow") / "build" / "prod"


def digests(folder: Path) -> dict[str, str]:
    files = sorted(one for one in (folder / BUILT).rglob("*") if one.is_file())
    return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in files}


def run(folder: Path, umask: str, **environment: str) -> dict[str, str]:
    command = f'umask {umask} && exec "{sys.executable}" -m reactflow build rooms:rooms --stage prod --json'
    known = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONPATH": str(ROOT)}
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env={**known, **pip, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_two_builds_of_one_commit_are_the_same_bytes(tmp_path: Path) -> None:
    one, other = tmp_path / "house", tmp_path / "elsewhere" / "house"
    one.mkdir()
    (one / "rooms.py").write_text(ROOMS)
    first = run(one, "022")
    shutil.copytree(one, other, ignore=shutil.ignore_patterns(".reactflow", "__pycache__"))
    (other / "rooms.py").touch()
    run(
        other,
        "077",
        TZ="Asia/Tokyo",
        SOURCE_DATE_EPOCH="1",
        PYTHONHASHSEED="7",
        LC_ALL="C",
        AWS_REGION="eu-west-1",
    )
    assert digests(one) == digests(other)
    assert digests(one).keys() == {"template.json", "code.zip"}
    assert digests(one)["code.zip"] == first["sha256"]


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose modules can be imported, and are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("targets_rooms", "targets_shop"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def test_a_function_loads_its_service_from_the_module_that_makes_it(modules: Path) -> None:
    (modules / "targets_rooms.py").write_text(ROOMS)
    (modules / "targets_shop.py").write_text(
        "from reactflow import System\nfrom targets_rooms import rooms\nsystem = System(rooms)\n"
    )
    shop = import_module("targets_shop")
    assert targets_of(shop.system, "targets_shop:system", modules) == {"rooms": "targets_rooms:rooms"}
    assert targets_of(System(shop.rooms), "targets_rooms:rooms", modules) == {"rooms": "targets_rooms:rooms"}


def test_a_service_that_no_module_has_a_name_for_is_refused(modules: Path) -> None:
    (modules / "targets_shop.py").write_text(
        ROOMS + "from reactflow import System\nsystem = System(rooms)\ndel rooms\n"
    )
    shop = import_module("targets_shop")
    with pytest.raises(
        ConfigurationError,
        match=r"service 'rooms' has no name in a module of .*: write rooms = Service\(...\) in",
    ):
        targets_of(shop.system, "targets_shop:system", modules)
