"""Which files of a folder go into a package."""

from __future__ import annotations

from pathlib import Path

import pytest

from reactflow.deploy.sources import sources
from reactflow.errors import ConfigurationError


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / (name.replace("__init", "~").replace("__", "/").replace("~", "/__init__") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def packaged(folder: Path, *modules: str, include: tuple[str, ...] = ()) -> list[str]:
    return sorted(sources(folder, modules, include).files)


def test_a_module_takes_along_what_it_imports(tmp_path: Path) -> None:
    written(
        tmp_path, shop="import rates\nfrom parts import names\nfrom parts.wide import area", rates="", parts__init="",
        parts__names="", parts__wide="from . import deep\nfrom .deep import x", parts__deep="", other="import shop",
    )  # fmt: skip
    assert packaged(tmp_path, "shop") == [
        "parts/__init__.py", "parts/deep.py", "parts/names.py", "parts/wide.py", "rates.py", "shop.py",
    ]  # fmt: skip


def test_imports_inside_functions_are_followed_and_those_of_programs_and_type_checkers_not(
    tmp_path: Path,
) -> None:
    text = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import typed\nelse:\n    import untyped\n"
        "def f():\n    import late\nif __name__ == '__main__':\n    import program\n"
    )
    written(tmp_path, shop=text, typed="", untyped="", late="", program="")
    assert packaged(tmp_path, "shop") == ["late.py", "shop.py", "untyped.py"]


def test_folders_without_an_init_are_packages_too(tmp_path: Path) -> None:
    written(tmp_path, a__b__c="import a.d", a__d="")
    assert packaged(tmp_path, "a.b.c") == ["a/b/c.py", "a/d.py"]


def test_modules_that_import_each_other_end(tmp_path: Path) -> None:
    written(tmp_path, a="import b", b="import a")
    assert packaged(tmp_path, "a") == ["a.py", "b.py"]


def test_what_is_not_of_the_folder_is_told_with_its_line(tmp_path: Path) -> None:
    written(tmp_path, a="import os\nimport numpy.linalg\ndef f():\n    import pandas\nfrom PIL import Image")
    found = sources(tmp_path, ["a"]).imports
    assert {(one.line, one.top) for one in found if not one.optional} == {(2, "numpy"), (5, "PIL")}
    assert {one.top for one in found if one.optional} == {"pandas", "PIL"}


@pytest.mark.parametrize(
    ("include", "message"),
    [
        (".env", "include: .env is hidden, or a secret by its name"),
        ("data/.env", "is hidden, or a secret by its name"),
        ("id_rsa", "is hidden, or a secret by its name"),
        ("server.pem", "is hidden, or a secret by its name"),
        ("../other", r"include: ../other is outside of"),
        ("/etc/passwd", r"include: /etc/passwd is outside of"),
        ("data", r"include: there is no data in .*: correct the name, or take it out"),
    ],
)
def test_an_include_that_cannot_be_is_refused(tmp_path: Path, include: str, message: str) -> None:
    written(tmp_path, a="")
    with pytest.raises(ConfigurationError, match=message):
        sources(tmp_path, ["a"], [include])


def test_links_that_lead_out_or_to_a_secret_are_refused(tmp_path: Path) -> None:
    folder = written(tmp_path / "project", a="")
    (tmp_path / "outside.txt").write_text("")
    (folder / ".env").write_text("")
    (folder / "data").mkdir()
    (folder / "data" / "link.txt").symlink_to(tmp_path / "outside.txt")
    with pytest.raises(ConfigurationError, match=r"data/link.txt is a link out of .*: copy the file into it"):
        sources(folder, ["a"], ["data"])
    (folder / "data" / "link.txt").unlink()
    (folder / "data" / "link.txt").symlink_to(folder / ".env")
    with pytest.raises(
        ConfigurationError, match=r"data/link.txt is a link to .env, which is hidden, or a secret by"
    ):
        sources(folder, ["a"], ["data"])


def test_a_module_that_is_a_secret_by_its_name_is_told_as_one(tmp_path: Path) -> None:
    written(tmp_path, a="import credentials", credentials="KEY = 1")
    with pytest.raises(ConfigurationError, match=r"^credentials.py is hidden, or a secret by its name"):
        sources(tmp_path, ["a"])


def test_long_expressions_and_deep_blocks_are_read(tmp_path: Path) -> None:
    words = " + ".join(["'a'"] * 900)
    written(tmp_path, a=f"x = {words}\nmatch x:\n    case 1:\n        with x:\n            import b\n", b="")
    assert sorted(sources(tmp_path, ["a"]).files) == ["a.py", "b.py"]


def test_secrets_in_a_folder_that_is_included_stay_at_home(tmp_path: Path) -> None:
    folder = written(tmp_path, a="")
    (folder / "data" / "secrets").mkdir(parents=True)
    names = (
        "prod.env",
        "secrets.toml",
        "Secret.json",
        "app.tfstate",
        "prod.tfvars",
        "id_rsa",
        "secrets/a.txt",
    )
    for name in (*names, "environment.json", "secretary.csv", "idle.txt"):
        (folder / "data" / name).write_text("")
    found = sources(folder, ["a"], ["data"])
    assert sorted(found.files) == ["a.py", "data/environment.json", "data/idle.txt", "data/secretary.csv"]


def test_parts_of_reactflow_that_are_used_are_known(tmp_path: Path) -> None:
    written(tmp_path, a="from reactflow import Flow\nfrom reactflow.aws import Kinesis\nimport reactflow.sql")
    found = sources(tmp_path, ["a"])
    assert found.parts >= {"aws", "sql"}
    assert found.imports == []


def test_a_module_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no module shop.rooms in .*: build in the folder"):
        sources(tmp_path, ["shop.rooms"])


def test_a_module_that_is_no_python_is_named_with_its_line(tmp_path: Path) -> None:
    written(tmp_path, a="x = 1\nx = = 2\n")
    with pytest.raises(ConfigurationError, match=r"^a.py:2 is not Python: "):
        sources(tmp_path, ["a"])
