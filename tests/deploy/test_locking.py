"""What a package is locked to, and what is said when it cannot be had. The index is a folder of small wheels."""

from __future__ import annotations

import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from reactflow.deploy.locking import lock_file, locked
from reactflow.deploy.requirements import required
from reactflow.deploy.wheels import Target, Wheel, without_sdk
from reactflow.errors import ConfigurationError

X86 = Target("3.11", "x86_64")
ARM = Target("3.11", "arm64")
Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Make a wheel in the folder that is the package index."""
    index = tmp_path / "index"
    index.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")

    def wheel(
        name: str, version: str = "1.0", *needs: str, tag: str = "py3-none-any", text: str = ""
    ) -> Path:
        file = index / f"{name.replace('-', '_')}-{version}-{tag}.whl"
        info = f"{name.replace('-', '_')}-{version}.dist-info"
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(f"{name.replace('-', '_')}.py", text)
            archive.writestr(
                f"{info}/METADATA", "\n".join([*lines, *(f"Requires-Dist: {one}" for one in needs)])
            )
            archive.writestr(
                f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: {tag}\n"
            )
            archive.writestr(f"{info}/RECORD", "")
        return file

    return wheel


def names(folder: Path, *requirements: str, target: Target = X86) -> list[str]:
    found = locked(folder, requirements, target, folder / "cache")
    return [f"{one.name} {one.version}" for one in found.wheels]


@pytest.mark.slow
def test_the_first_build_locks_and_later_ones_take_what_is_locked(make: Make, tmp_path: Path) -> None:
    make("one", "1.0", "two")
    make("two", "1.0")
    assert names(tmp_path, "one") == ["one 1.0", "two 1.0"]
    text = lock_file(tmp_path, X86).read_text()
    assert "# asked: one\n" in text
    make("one", "2.0", "two")
    make("two", "2.0")
    assert names(tmp_path, "one") == ["one 1.0", "two 1.0"]
    assert lock_file(tmp_path, X86).read_text() == text


@pytest.mark.slow
def test_a_lock_is_enough_for_a_folder_that_has_no_wheels_yet(make: Make, tmp_path: Path) -> None:
    make("one", "1.0")
    names(tmp_path, "one")
    make("one", "2.0")
    found = locked(tmp_path, ["one"], X86, tmp_path / "empty")
    assert [one.version for one in found.wheels] == ["1.0"]
    assert not found.written


@pytest.mark.slow
def test_asking_for_more_keeps_the_versions_that_are_locked(make: Make, tmp_path: Path) -> None:
    make("one", "1.0")
    names(tmp_path, "one")
    make("one", "2.0")
    make("two", "1.0")
    assert names(tmp_path, "one", "two") == ["one 1.0", "two 1.0"]
    assert names(tmp_path, "one>=2", "two") == ["one 2.0", "two 1.0"]


@pytest.mark.slow
def test_other_bytes_than_those_locked_are_refused(make: Make, tmp_path: Path) -> None:
    make("one", "1.0")
    names(tmp_path, "one")
    make("one", "1.0", text="import os")
    with pytest.raises(
        ConfigurationError,
        match=r"the package index has other bytes than the lock file says of one==1.0.*do not use",
    ):
        locked(tmp_path, ["one"], X86, tmp_path / "empty")


@pytest.mark.slow
def test_markers_are_judged_for_the_machine_that_is_deployed_to(make: Make, tmp_path: Path) -> None:
    make(
        "one",
        "1.0",
        "two; platform_machine == 'aarch64'",
        "three; python_version < '3.12'",
        "four; sys_platform == 'win32'",
    )
    make("two")
    make("three")
    assert names(tmp_path, "one", target=ARM) == ["one 1.0", "three 1.0", "two 1.0"]
    assert names(tmp_path, "one", target=Target("3.13", "x86_64")) == ["one 1.0"]


@pytest.mark.slow
def test_a_wheel_is_taken_only_where_it_runs(make: Make, tmp_path: Path) -> None:
    make("one", "1.0", tag="cp311-cp311-manylinux2014_x86_64")
    make("one", "2.0", tag="cp311-cp311-manylinux_2_28_x86_64")  # newer than the C library of Lambda's 3.11
    assert names(tmp_path, "one") == ["one 1.0"]
    with pytest.raises(
        ConfigurationError,
        match=r"^one has no wheel for Python 3.11 on arm64 in the package index \(pip: No matching",
    ):
        names(tmp_path, "one", target=ARM)
    make("two", "1.0", tag="cp312-abi3-manylinux_2_28_aarch64")
    assert names(tmp_path, "two", target=Target("3.13", "arm64")) == ["two 1.0"]


@pytest.mark.slow
def test_requirements_that_do_not_fit_together_are_told(make: Make, tmp_path: Path) -> None:
    make("one", "1.0", "two<2")
    make("two", "2.0")
    make("two", "1.0")
    with pytest.raises(
        ConfigurationError, match=r"what the project needs does not fit together \(Cannot install"
    ):
        names(tmp_path, "one", "two>=2")


@pytest.mark.slow
def test_an_index_that_cannot_be_reached_is_told_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("INDEX" + "_URL", "http://127.0.0.1:9/simple"),
        ("CONFIG_FILE", "/dev/null"),
    ):
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(
        ConfigurationError, match=r"the package index cannot be reached .*PIP_FIND_LINKS .* PIP_NO_INDEX=1"
    ):
        names(tmp_path, "one")


@pytest.mark.slow
def test_a_python_without_pip_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv.create(tmp_path / "bare", symlinks=True, with_pip=False)
    monkeypatch.setattr("reactflow.deploy.wheels.sys.executable", str(tmp_path / "bare" / "bin" / "python"))
    with pytest.raises(
        ConfigurationError, match=r"there is no pip beside this Python, .*: python -m ensurepip"
    ):
        names(tmp_path, "one")


def test_a_lock_that_was_broken_is_refused_with_its_line(tmp_path: Path) -> None:
    lock_file(tmp_path, X86).write_text("# asked: one\none==1.0\n")
    with pytest.raises(
        ConfigurationError, match=r"reactflow-3.11-x86_64.lock:2: 'one==1.0' is no line of a lock file"
    ):
        names(tmp_path, "one")


def test_what_only_boto3_needs_is_left_out_with_it(make: Make) -> None:
    wheels = [
        make("boto3", "1.0", "botocore", "jmespath", "s3transfer"),
        make("botocore", "1.0", "urllib3", "python-dateutil"),
        make("s3transfer"), make("jmespath"), make("urllib3"), make("python-dateutil", "1.0", "six"), make("six"),
        make("requests", "1.0", "urllib3>=2", "six; extra == 'old'"),
    ]  # fmt: skip
    assert [one.name for one in without_sdk(map(Wheel.at, wheels))] == ["urllib3", "requests"]
    kept = without_sdk(map(Wheel.at, wheels), {"python-dateutil", "requests"})
    assert [one.name for one in kept] == ["urllib3", "python-dateutil", "six", "requests"]


@pytest.mark.parametrize("text", ["one @ git+https://me:token@host/one", "one@https://me:token@host/one.zip"])
def test_an_address_is_no_requirement_and_its_password_is_not_told(tmp_path: Path, text: str) -> None:
    """pip would run what is there to learn of what it is."""
    (tmp_path / "requirements.txt").write_text(f"{text}\n")
    with pytest.raises(ConfigurationError, match=r"requirements.txt:1: .* names no package of an") as caught:
        required(tmp_path)
    assert "token" not in str(caught.value)


def test_what_boto3_needs_goes_in_where_the_project_asks_for_it(make: Make) -> None:
    wheels = [
        make("boto3", "1.0", "botocore"), make("botocore", "1.0", "urllib3", "python-dateutil"),
        make("urllib3"), make("python-dateutil", "1.0", "six"), make("six"),
    ]  # fmt: skip
    kept = without_sdk(map(Wheel.at, wheels), ["boto3", "python-dateutil"])
    assert [one.name for one in kept] == ["python-dateutil", "six"]


def test_what_a_project_says_is_what_is_required(tmp_path: Path) -> None:
    own = {"attrs>=23.1", "msgspec>=0.18", "reactivex>=4.0.4"}
    assert set(required(tmp_path)) == own
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\ndependencies = ["reactflow-py[sql,local]", "Pillow>=10", "boto3"]\n'
    )
    assert set(required(tmp_path)) == own | {"Pillow>=10", "sqlalchemy>=2.0"}
    assert "boto3" in required(tmp_path, sdk=True)
    (tmp_path / "more.txt").write_text("numpy\n")
    (tmp_path / "requirements.txt").write_text(
        "# ours\n-r more.txt\nrequests >= 2 ; python_version > '3'  # web\n\n"
    )
    assert set(required(tmp_path)) == own | {"numpy", "requests >= 2 ; python_version > '3'"}
    assert set(required(tmp_path, extras={"sql"})) - set(required(tmp_path)) == {"sqlalchemy>=2.0"}
    assert set(required(tmp_path, "more.txt")) == own | {"numpy"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-e .", r"requirements.txt:1: '-e .' is an option of pip: write plain requirements here"),
        ("one==1 --hash=sha256:0", "is an option of pip"),
        ("./wheels/one-1.0-py3-none-any.whl", "names no package of an index: write NAME, or NAME>=VERSION"),
        ("-r requirements.txt", "requirements.txt:1: requirements.txt names itself again"),
        ("-r other.txt", "other.txt cannot be read"),
    ],
)
def test_what_cannot_be_packaged_is_named_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "requirements.txt").write_text(line)
    with pytest.raises(ConfigurationError, match=message):
        required(tmp_path)
