"""Bytecode is the same bytes from every process, whatever else it compiled."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reactflow.deploy import bytecode

SETS = "\n".join(
    f"def f{n}(x):\n    return x in {{'a{n}', 'b', b'c', 1.5, ('d', {n}), None}}" for n in range(20)
)
NAMES = "def g(*, a=1, b='-'):\n    def h():\n        return a, b, g, '-', ''\n    return h\n"


def compiled(folder: Path, **modules: str) -> dict[str, bytes]:
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    bytecode.compile_in(folder)
    return {name: (folder / bytecode.place(f"{name}.py")).read_bytes() for name in modules}


def test_bytecode_is_the_same_from_any_process_and_beside_any_other_module(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = compiled(tmp_path_factory.mktemp("one"), sets=SETS, names=NAMES)
    monkeypatch.setenv("PYTHONHASHSEED", "77")
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    second = compiled(
        tmp_path_factory.mktemp("two"), before=f"{NAMES}a = '-'\n{SETS}", sets=SETS, names=NAMES
    )
    assert {name: second[name] for name in first} == first


def test_hashes_are_fixed_where_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of what is compiled must not hang on them, in a later Python either."""
    script = tmp_path / "script.py"
    script.write_text("import sys; sys.exit(sys.flags.hash_randomization or 'script' in str(sys.path[:1]))")
    monkeypatch.setattr(bytecode, "__file__", str(script))
    bytecode.compile_in(tmp_path)  # fails unless the script ends with 0


def test_what_is_nested_too_deep_is_left_without_bytecode(tmp_path: Path) -> None:
    deep = f"x = {'+'.join(['x'] * 100_000)}"
    assert compiled(tmp_path, deep=deep, plain="x = 1")["deep"] == b""


def test_what_was_compiled_in_another_way_is_compiled_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bytecode.key(b"x = 1", "x.py")
    (tmp_path / "other.py").write_text(f"# {sys.version}")
    monkeypatch.setattr(bytecode, "__file__", str(tmp_path / "other.py"))
    assert bytecode.key(b"x = 1", "x.py") != before
