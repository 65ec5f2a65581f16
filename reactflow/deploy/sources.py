"""The user's own files of a package: the modules of services, what these import from the folder, and `include`.

Nothing else of the folder goes in, so that neither tests nor secrets do. It reads modules and never runs them: imports
inside functions are followed; those for type checkers only and those of programs (``if __name__ == "__main__"``) are
not. What a module imports by a name that it makes up is for ``include``.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from attrs import field, frozen

from reactflow.errors import ConfigurationError

# Names of files that hold secrets, and of folders that hold what is no code of the user's.
_SECRET: Final = re.compile(
    r"(?i)\..*|.*\.(pem|key|p12|pfx|jks|keystore|ppk|kdbx|gpg|env|tfvars|tfstate(\.backup)?)|"
    r"id_(rsa|dsa|ecdsa|ed25519)(\..*)?|(credentials|secrets?)(\..*)?"
)
_FOREIGN: Final = frozenset({"__pycache__", "node_modules", "venv"})


@frozen
class Import:
    """An import of a module: its file and line, the dotted name, and whether the module can do without."""

    file: str
    line: int
    name: str
    optional: bool

    @property
    def top(self) -> str:
        """The name of the package that it is of."""
        return self.name.partition(".")[0]


@frozen
class Sources:
    """Files of the folder by their path in the package, the imports that the folder does not answer, and the parts of
    reactflow that are imported (``{"aws"}``).
    """

    files: dict[str, Path] = field(factory=dict)
    imports: list[Import] = field(factory=list)
    parts: set[str] = field(factory=set)


def sources(folder: Path, modules: Iterable[str], include: Iterable[str] = ()) -> Sources:
    """The files of a folder that go into a package of these modules (dotted names).

    Raises ConfigurationError for a module that the folder does not have or that is no Python, and for an ``include``
    that is not there, outside of the folder, or a secret by its name.
    """
    folder = folder.resolve()
    found = Sources()
    todo = list(modules)
    for module in todo:
        if not _files_of(folder, module):
            raise ConfigurationError(
                f"there is no module {module} in {folder}: build in the folder that it is in, since only what is "
                "there is packaged"
            )
    while todo:
        for path in _files_of(folder, todo.pop()):
            name = path.relative_to(folder).as_posix()
            if name in found.files:
                continue
            found.files[name] = _inside(path, folder, name)
            for one in _imports(path, name):
                if one.top == "reactflow":
                    found.parts.update(one.name.split(".")[1:2])
                elif _files_of(folder, one.name):
                    todo.append(one.name)
                elif one.top not in sys.stdlib_module_names and not _files_of(folder, one.top):
                    found.imports.append(one)
    for text in include:
        found.files.update(_included(folder, text))
    return found


def _files_of(folder: Path, module: str) -> list[Path]:
    """The files of a module and of the packages around it; empty when the folder does not have it."""
    parts = module.split(".")
    found: list[Path] = []
    for count in range(1, len(parts) + 1):
        place = folder.joinpath(*parts[:count])
        if (place / "__init__.py").is_file():
            found.append(place / "__init__.py")
        elif place.with_name(f"{place.name}.py").is_file():
            if count < len(parts):  # what follows is a name in it, not a module
                return []
            found.append(place.with_name(f"{place.name}.py"))
        elif not place.is_dir() or count == len(parts):
            return []
    return found


def _imports(path: Path, name: str) -> Iterator[Import]:
    source = path.read_bytes()
    try:
        tree = ast.parse(source, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise ConfigurationError(f"{name}{line} is not Python: {getattr(error, 'msg', error)}") from error
    parts = name.removesuffix(".py").split("/")[:-1]  # the package that relative imports start from
    yield from _walked(tree, name, parts, optional=False)


def _walked(node: ast.AST, file: str, package: list[str], *, optional: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(file, node.lineno, alias.name, optional)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            base = ".".join([*package[: len(package) - node.level + 1], *([base] if base else [])])
        if base:
            yield Import(file, node.lineno, base, optional)
        for alias in node.names:  # a module of the package, or a name in it: who has it knows
            yield Import(file, node.lineno, f"{base}.{alias.name}".lstrip("."), True)
    elif isinstance(node, ast.If):
        test = ast.unparse(node.test)
        if test in ("TYPE_CHECKING", "typing.TYPE_CHECKING") or re.fullmatch(
            r"__name__ == '__main__'|'__main__' == __name__", test
        ):
            for other in node.orelse:
                yield from _walked(other, file, package, optional=optional)
            return
        optional = True
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Try):
        optional = True
    if not isinstance(node, ast.Import | ast.ImportFrom):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):  # holds no import, and may be nested deeply
                continue
            yield from _walked(child, file, package, optional=optional)


def _included(folder: Path, text: str) -> Iterator[tuple[str, Path]]:
    path = Path(text)
    if path.is_absolute() or ".." in path.parts:
        raise ConfigurationError(f"include: {text} is outside of {folder}: name what is in it")
    if any(_SECRET.fullmatch(part) for part in path.parts):
        raise ConfigurationError(
            f"include: {text} is hidden, or a secret by its name, and a package is no place for one: keep it in "
            "Secrets Manager, or give the file another name"
        )
    place = folder / path
    if place.is_file():
        yield path.as_posix(), _inside(place, folder, text)
        return
    if not place.is_dir():
        raise ConfigurationError(f"include: there is no {text} in {folder}: correct the name, or take it out")
    for each in sorted(place.rglob("*")):
        parts = each.relative_to(folder).parts
        if each.is_file() and not any(_SECRET.fullmatch(part) or part in _FOREIGN for part in parts):
            name = "/".join(parts)
            yield name, _inside(each, folder, name)


def _inside(path: Path, folder: Path, name: str) -> Path:
    """The file itself; raises ConfigurationError for a link out of the folder, and for a secret by its name."""
    real = path.resolve()
    if not real.is_relative_to(folder):
        raise ConfigurationError(f"{name} is a link out of {folder} (to {real}): copy the file into it")
    if any(_SECRET.fullmatch(part) for part in real.relative_to(folder).parts):
        what = name if real == path else f"{name} is a link to {real.relative_to(folder)}, which"
        raise ConfigurationError(
            f"{what} is hidden, or a secret by its name, and a package is no place for one: keep it in Secrets "
            "Manager, or give the file another name"
        )
    return real
