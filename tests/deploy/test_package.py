"""A package holds what the functions need and nothing else, and is the same bytes wherever it is built."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reactflow.deploy.package import CODE, Package, package
from reactflow.deploy.settings import Settings
from reactflow.errors import ConfigurationError

pytestmark = pytest.mark.slow  # dependencies are fetched, and all of them compiled
ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = """
from reactflow import Flow, Service, cell, fold, folds, row
from reactflow.aws import DynamoDB, Kinesis


class Room(Flow):
    length = cell(0.0)
    width = cell(0.0)
    area = length * width
    peak = fold(area.changes(), folds.max)


rooms = Service(
    Room,
    key="room",
    name="rooms",
    inputs=[Kinesis("measurements", partition="room")],
    outputs=[row(Room.area, limit=Room.peak) >> DynamoDB("areas")],
)
handler = rooms.handler
"""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Package]:
    """The area example, packaged once; its folder keeps the lock and the wheels."""
    folder = tmp_path_factory.mktemp("area")
    (folder / "rooms.py").write_text(ROOMS)
    return folder, package(folder, folder / "out", Settings(python="3.11"), ["rooms"])


@pytest.fixture
def project(built: tuple[Path, Package], tmp_path: Path) -> Path:
    """A folder of one's own with the same lock and wheels: no package index is asked."""
    folder, _ = built
    shutil.copytree(folder, tmp_path / "project", ignore=shutil.ignore_patterns("out"))
    return tmp_path / "project"


def names(file: Path) -> set[str]:
    with zipfile.ZipFile(file) as archive:
        return set(archive.namelist())


def again(project: Path, **settings: object) -> Package:
    return package(project, project / "out", Settings(python="3.11", **settings), ["rooms"])  # type: ignore[arg-type]  # chosen by the test


def test_the_package_of_the_area_example_is_under_5_mb_without_boto3(built: tuple[Path, Package]) -> None:
    _, made = built
    assert made.size == made.file.stat().st_size < 5_000_000
    packaged = {name for name, _ in made.dependencies}
    assert packaged == {"attrs", "msgspec", "reactivex", "typing-extensions"}
    assert not [one for one in names(made.file) if one.startswith(("boto", "s3transfer", "urllib3"))]


def test_what_only_the_command_line_and_this_machine_need_is_left_out(built: tuple[Path, Package]) -> None:
    inside = names(built[1].file)
    left_out = ("cli", "local", "notebook", "dashboard", "testing", "deploy")
    assert not [one for one in inside if one.startswith(tuple(f"reactflow/{each}" for each in left_out))]
    assert not [one for one in inside if one.split("/")[0] in ("rich", "typer", "click", "pygments")]


def test_a_packaged_service_is_loaded_with_nothing_but_its_package(
    built: tuple[Path, Package], tmp_path: Path
) -> None:
    with zipfile.ZipFile(built[1].file) as archive:
        archive.extractall(tmp_path)
    program = (
        "import sys; sys.path.insert(0, '.'); import rooms; print(rooms.rooms.name, 'site' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("rooms False\n", "")


def test_a_package_is_the_same_bytes_from_any_folder_umask_zone_and_time(
    built: tuple[Path, Package], project: Path, tmp_path: Path
) -> None:
    for file in project.rglob("*"):
        os.utime(file, (1, 1) if file.name < "m" else None)
    (project / "rooms.py").chmod(0o600)
    program = (
        "import os, sys; from pathlib import Path; os.umask(0o077)\n"
        "from reactflow.deploy.package import package; from reactflow.deploy.settings import Settings\n"
        "print(package(Path('project'), Path('elsewhere'), Settings(python='3.11'), ['rooms']).sha256)"
    )
    environment = {**os.environ, "TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "1", "PYTHONHASHSEED": "77"}
    environment |= {"PYTHONPATH": str(ROOT), "LC_ALL": "C", "PYTHONOPTIMIZE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.strip() == built[1].sha256
    assert (tmp_path / "elsewhere" / CODE).read_bytes() == built[1].file.read_bytes()


def test_entries_are_sorted_readable_by_all_and_without_a_time(built: tuple[Path, Package]) -> None:
    with zipfile.ZipFile(built[1].file) as archive:
        entries = archive.infolist()
    assert [one.filename for one in entries] == sorted({one.filename for one in entries})
    assert {one.date_time for one in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {one.external_attr >> 16 for one in entries} == {0o100644}


def test_a_later_build_takes_what_was_locked(built: tuple[Path, Package], project: Path) -> None:
    assert built[1].lock_written
    made = again(project)
    assert not made.lock_written
    assert made.sha256 == built[1].sha256


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the package was made for 3.11")
def test_bytecode_is_taken_by_python_as_it_is(built: tuple[Path, Package], tmp_path: Path) -> None:
    assert built[1].compiled
    with zipfile.ZipFile(built[1].file) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "rooms.py").write_text(
        "raise SystemExit('compiled anew')"
    )  # unchecked: the source is not looked at
    program = "import sys; sys.path.insert(0, '.'); import rooms; print(rooms.handler.__self__.name)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("rooms\n", "")


def test_another_python_than_this_one_gets_no_bytecode_and_is_told_of_it(project: Path) -> None:
    other = "3.12" if sys.version_info[:2] != (3, 12) else "3.13"
    for lock in project.glob("*.lock"):
        lock.rename(project / lock.name.replace("3.11", other))
    (project / f"reactflow-{other}-x86_64.lock").write_text(_pure(project, other))
    made = package(project, project / "out", Settings(python=other), ["rooms"])
    assert not made.compiled
    assert not [one for one in names(made.file) if one.endswith(".pyc")]
    assert "without bytecode" in made.lines()[-1]


def _pure(project: Path, python: str) -> str:
    """The lock without what is compiled."""
    text = (project / f"reactflow-{python}-x86_64.lock").read_text()
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("msgspec"))


def test_secrets_and_what_nobody_imports_stay_at_home(project: Path) -> None:
    (project / ".env").write_text("KEY=1")
    (project / "test_rooms.py").write_text("import pytest")
    (project / "data").mkdir()
    (project / "data" / "rates.json").write_text("{}")
    (project / "data" / ".hidden").write_text("")
    (project / "data" / "server.pem").write_text("")
    made = again(project, include=("data",))
    assert made.sources == ("data/rates.json", "rooms.py")
    inside = names(made.file)
    assert not [one for one in inside if "env" in one.split("/")[0] or "pem" in one or "test_rooms" in one]


def test_the_same_name_in_two_places_is_refused(project: Path) -> None:
    (project / "attr").mkdir()
    (project / "attr" / "__init__.py").write_text("")
    (project / "rooms.py").write_text(ROOMS + "import attr\n")
    with pytest.raises(
        ConfigurationError, match=r"^attr/__init__.py is also a file of attrs, and would hide it"
    ):
        again(project)


def test_an_import_of_what_would_not_be_there_is_found_before_it_is_deployed(project: Path) -> None:
    (project / "rooms.py").write_text(ROOMS + "import numpy\n")
    with pytest.raises(
        ConfigurationError,
        match=r"rooms.py:\d+ imports numpy, which would not be in the package: name what provides it in "
        r"\[project\] dependencies of pyproject.toml",
    ):
        again(project)
    (project / "rooms.py").write_text(
        ROOMS + "try:\n    import numpy\nexcept ImportError:\n    numpy = None\nimport boto3\n"
    )
    assert again(project).sources == ("rooms.py",)


def test_a_library_of_another_machine_is_refused(project: Path) -> None:
    (project / "fast.so").write_bytes(b"\x7fELF" + bytes(14) + (183).to_bytes(2, "little") + bytes(40))
    with pytest.raises(
        ConfigurationError,
        match=r"fast.so is compiled for arm64, and the functions run on x86_64: take a wheel",
    ):
        again(project, include=("fast.so",))


def test_a_package_that_lambda_would_not_take_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reactflow.deploy.package.LARGEST", 1_000_000)
    with pytest.raises(
        ConfigurationError, match=r"MB unpacked, and Lambda takes 1 MB: .* the largest are reactflow"
    ):
        again(project)


def test_the_package_for_arm64_holds_its_wheels(project: Path) -> None:
    made = again(project, architecture="arm64")
    with zipfile.ZipFile(made.file) as archive:
        libraries = {one: archive.read(one) for one in archive.namelist() if one.endswith(".so")}
    assert {name.split("/")[0] for name in libraries} == {"msgspec"}
    assert {int.from_bytes(data[18:20], "little") for data in libraries.values()} == {183}


def test_boto3_goes_in_where_it_is_asked_for_and_the_lock_serves_both(project: Path) -> None:
    without = again(project).sha256
    bundled = again(project, bundle_boto3=True)
    assert bundled.lock_written
    assert {"boto3", "botocore", "s3transfer", "jmespath", "urllib3", "python-dateutil", "six"} < {
        name for name, _ in bundled.dependencies
    }
    after = again(project)
    assert (after.lock_written, after.sha256) == (False, without)
