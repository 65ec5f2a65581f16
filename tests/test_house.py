"""The house is in order: imports go down, modules are short, names are sorted, and nothing foreign is said."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.runtime.starts import first_event

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "reactflow"

# A floor may import from every line above its own, and from itself. Floors on one line do not know each other.
FLOORS = (
    {"errors", "later"},
    {"cells"},
    {"flow"},
    {"service"},
    {"aws", "sql"},
    {"local", "notebook", "dashboard"},
    {"deploy"},  # it makes on AWS what local makes here
    {"testing"},  # it tries services with the very triggers that run them on this machine
    {"__init__"},  # the public face: below only the command line, which may use it
    {"cli"},
    {"__main__"},
)
LEVEL = {floor: level for level, floors in enumerate(FLOORS) for floor in floors}

# (module, floor it imports from) -> why this one may look up or sideways. Only for imports inside a function.
ALLOWED: dict[tuple[str, str], str] = {}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def python_files() -> list[Path]:
    folders = ("reactflow", "tests", "examples", "benchmarks")
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def dotted(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor_of(module: str) -> str:
    """`reactflow.cells.plan` -> `cells`; `reactflow` -> `__init__`."""
    _, _, rest = module.partition(".")
    return rest.split(".")[0] or "__init__"


def for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def imports(path: Path) -> Iterator[tuple[int, str, bool]]:
    """(line, module of ours, whether inside a function) of all that run; those for type checkers only do not."""
    module = dotted(path)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]

    def walk(node: ast.AST, lazy: bool) -> Iterator[tuple[int, str, bool]]:
        lazy = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, lazy
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*up, base] if base else up)
            for alias in node.names:
                # `from reactflow import cells` names a floor, `from reactflow import cell` the public face
                named = f"{base}.{alias.name}"
                yield node.lineno, named if base == "reactflow" and alias.name in LEVEL else base, lazy
        children = (
            node.orelse if for_types_only(node) and isinstance(node, ast.If) else ast.iter_child_nodes(node)
        )
        for child in children:
            yield from walk(child, lazy)

    for line, name, lazy in walk(ast.parse(path.read_text(encoding="utf-8")), False):
        if name.split(".")[0] == "reactflow":
            yield line, name, lazy


def test_every_module_stands_on_a_floor() -> None:
    strangers = [dotted(path) for path in modules() if floor_of(dotted(path)) not in LEVEL]
    assert strangers == []


def test_imports_go_only_down() -> None:
    wrong = []
    for path in modules():
        module, floor = dotted(path), floor_of(dotted(path))
        for line, name, lazy in imports(path):
            target = floor_of(name)
            down = target == floor or LEVEL[target] < LEVEL[floor]
            if not down and not (lazy and (module, target) in ALLOWED):
                wrong.append(f"{path.relative_to(ROOT)}:{line} ({floor}) imports {name} ({target})")
    assert wrong == []


def test_every_exception_to_the_floors_is_used_and_has_a_reason() -> None:
    used = {(dotted(path), floor_of(name)) for path in modules() for _, name, lazy in imports(path) if lazy}
    assert [key for key, reason in ALLOWED.items() if key not in used or not reason] == []


def test_the_ground_floor_needs_the_standard_library_only() -> None:
    wrong = []
    for path in [PACKAGE / "errors.py", *(PACKAGE / "cells").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            tops = {name.split(".")[0] for name in names}
            # reactivex is what a cell hands itself over to, and is loaded only then
            wrong += [
                f"{path.name}: {top}" for top in tops - {"reactflow", "reactivex"} - sys.stdlib_module_names
            ]
    assert wrong == []


def loaded_by(code: str) -> set[str]:
    """The top-level names, beyond the standard library, of what `code` imports in a fresh process."""
    program = f"import sys; before = set(sys.modules); {code}; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    tops = {name.split(".")[0] for name in done.stdout.split()} - sys.stdlib_module_names
    # the interpreter's own, named by platform
    return {name for name in tops if not name.startswith("_sysconfigdata")}


def test_importing_reactflow_loads_no_third_party_package_except_attrs() -> None:
    assert loaded_by("import reactflow") <= {"reactflow", "attr", "attrs"}


def modules_of(code: str) -> set[str]:
    """All modules that a fresh process has after `code`."""
    program = f"import sys; {code}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.split())


def test_a_handler_and_its_first_record_load_none_of_what_they_can_do_without() -> None:
    others = {
        "boto3", "botocore", "concurrent.futures", "difflib", "html", "ipaddress", "mimetypes", "pathlib", "pprint",
        "sqlite3", "urllib.parse", "zoneinfo",
        *(f"reactflow.aws.{name}" for name in ("clients", "dynamodb", "kinesis_writer", "s3", "state_table")),
        *(f"reactflow.cells.{name}" for name in (
            "batch", "cause", "content", "development", "explaining", "graphview", "live", "looking", "profiled", "rx",
            "tracing", "why", "why_not")),
        *(f"reactflow.flow.{name}" for name in ("alive", "reach", "straight", "words", "writer")),
        *(f"reactflow.service.{name}" for name in (
            "causality", "contribution", "counterexample", "envelope", "gathering", "invocation", "late", "opencase",
            "quarantine", "redrive", "sweep", "system", "window")),
        "reactflow.service.stores.sqlite",
    }  # fmt: skip
    code = (
        f"from benchmarks.runtime.functions.memory import rooms; answer = rooms.handler({first_event()!r}); "
        "assert answer == {'batchItemFailures': []}; assert rooms.host.store.get('rooms', 'room=room-0').v == 1"
    )
    assert modules_of(code) & others == set()


def test_every_name_that_is_loaded_later_is_in_the_public_face() -> None:
    for name in ("reactflow", "reactflow.cells", "reactflow.service", "reactflow.aws"):
        module = importlib.import_module(name)
        for public in module.__all__:
            found = getattr(module, public)
            assert getattr(module, public) is found, f"{name}.{public}"
            assert not isinstance(found, type(module)) or public == "folds", f"{name}.{public} is a module"


@pytest.mark.parametrize("library", ["boto3", "sqlalchemy", "reactivex", "IPython", "rich", "starlette"])
def test_heavy_libraries_are_imported_inside_functions(library: str) -> None:
    wrong = []
    for path in modules():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            if library in {name.split(".")[0] for name in names}:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []


def in_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions and modules; each by name. The linter sorts so, too."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def test_the_public_names_are_sorted_and_exist() -> None:
    for name in [
        "reactflow",
        *(f"reactflow.{path.parent.name}" for path in sorted(PACKAGE.glob("*/__init__.py"))),
    ]:
        module = importlib.import_module(name)
        public = getattr(module, "__all__", None)
        if name == "reactflow":
            assert public, "the public face is its __all__"
        if public is not None:
            assert list(public) == sorted(set(public), key=in_order), f"{name}.__all__"
            assert [missing for missing in public if not hasattr(module, missing)] == [], name


def test_every_module_says_what_it_is() -> None:
    silent = []
    for path in [*modules(), *(ROOT / "examples").rglob("*.py")]:
        source = path.read_text(encoding="utf-8")
        if source.strip() and not ast.get_docstring(ast.parse(source)):
            silent.append(str(path.relative_to(ROOT)))
    assert silent == []


def test_a_module_has_at_most_400_lines_or_says_why() -> None:
    long = []
    for path in python_files():
        source = path.read_text(encoding="utf-8")
        if source.count("\n") > 400 and "Length:" not in (ast.get_docstring(ast.parse(source)) or ""):
            long.append(
                f"{path.relative_to(ROOT)}: {source.count(chr(10))} lines and no 'Length:' in its docstring"
            )
    assert long == []


def test_no_module_is_named_after_nothing() -> None:
    nothing = {"utils", "util", "helpers", "helper", "misc", "common", "tools", "core", "base", "manager"}
    # the tools of AWS, which are a folder of that name
    files = set(python_files()) - {ROOT / "tests" / "tools.py"}
    assert [str(path.relative_to(ROOT)) for path in sorted(files) if path.stem.strip("_") in nothing] == []


# Put together here, so that this file does not hold what it looks for.
FOREIGN = re.compile(
    "|".join(
        (
            r"(?<![\w.])/wo" + r"rk/",
            r"(?<![\w.])/ro" + r"ot/",
            r"/ho" + r"me/\w+/",
            r"index-" + r"url",
            r"extra-" + r"index",
            r"(pypi|pythonhosted|npmjs)" + r"\.(org|com)",
            r"\.\./sha" + r"red",
            r"\bT" + r"ODO\b",
            r"\bF" + r"IXME\b",
        )
    )
)


def texts() -> list[Path]:
    """Every file of the project that is text: what git knows, or all that lies there when there is no git."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        found = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        found = [path for path in ROOT.rglob("*") if not any(part.startswith(".venv") for part in path.parts)]
    binary = {".png", ".jpg", ".gif", ".pyc"}
    return [path for path in found if path.is_file() and path.suffix not in binary and path.name != "LICENSE"]


def test_no_path_registry_or_word_of_a_workplace_is_in_the_project() -> None:
    wrong = []
    for path in texts():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if found := FOREIGN.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {found.group()}")
    assert wrong == []


def test_the_scripts_run_from_any_folder_and_stop_at_the_first_failure() -> None:
    scripts = [*sorted((ROOT / "scripts").iterdir()), ROOT / ".ci" / "run"]
    assert {path.name for path in scripts} == {
        "bench",
        "check",
        "demo",
        "install",
        "run",
        "soak",
        "test",
        "tools",
    }
    for path in scripts:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0] == "#!/usr/bin/env bash", path
        assert "set -eu" in lines, path
        assert any(line.startswith('cd "$(dirname ') for line in lines), path
        assert path.stat().st_mode & 0o111, f"{path} is to be executable"
