"""Options of sources and sinks: what was meant as one is taken, all else is refused where it is written.

A value of another kind would not fail here but with each record, or switch a guard off without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reactflow.cells import Readable
from reactflow.cells.given import called, runs_later, takes_other
from reactflow.errors import BindingError
from reactflow.service.decoding import short


def one_of(*known: object) -> Callable[[Any, Any, object], None]:
    """A validator of an option that has few values."""

    def check(owner: Any, option: Any, value: object) -> None:
        if value not in known:
            said = " or ".join(repr(one) for one in known)
            raise BindingError(f"{_title(owner, option, value)}: it is {said}")

    return check


def text(example: str) -> Callable[[Any, Any, object], None]:
    """A validator of an option that is text or left out."""

    def check(owner: Any, option: Any, value: object) -> None:
        if value is not None and not (isinstance(value, str) and value):
            raise BindingError(f"{_title(owner, option, value)}: it is text, as in {option.name}={example!r}")

    return check


def count(owner: Any, option: Any, value: object) -> None:
    """Validate an option that counts from one."""
    if type(value) is not int or value < 1:
        raise BindingError(f"{_title(owner, option, value)}: it is a whole number from 1")


def condition(owner: Any, option: Any, value: object) -> None:
    """Validate an option that is a function of a record's fields, or left out."""
    if value is None:
        return
    example = f"{option.name}=lambda fields: fields.get('kind') == 'order'"
    if not callable(value):
        raise BindingError(f"{_title(owner, option, value)}: give a function of the fields, as in {example}")
    if fault := runs_later(value):
        raise BindingError(f"{_title(owner, option, value)}: {fault}; give a plain function, as in {example}")
    if fault := takes_other(value, 1):
        raise BindingError(
            f"{_title(owner, option, value)}: {fault}, and is called with the fields: {example}"
        )


def as_paths(value: Any) -> Any:
    """A mapping that nobody else can change; ``paths`` refuses what is none."""
    return dict(value) if isinstance(value, Mapping) else value


def paths(said: str, example: Mapping[str, str]) -> Callable[[Any, Any, object], None]:
    """A validator of an option that maps names to paths in a record, or is left out; ``said`` is what it says."""

    def check(owner: Any, option: Any, value: object) -> None:
        if value is None:
            return
        how = f"{said}, as in {option.name}={dict(example)!r}"
        if not isinstance(value, Mapping):
            raise BindingError(f"{_title(owner, option, value)}: {how}")
        for name, path in value.items():
            if not isinstance(name, str) or not isinstance(path, str):
                wrong = name if not isinstance(name, str) else path
                shown = f"the cell {wrong.name!r}" if isinstance(wrong, Readable) else short(wrong)
                raise BindingError(
                    f"{type(owner).__name__}({option.name}=...) has {shown} where a name is meant: {how}"
                )

    return check


def as_names(value: Any) -> Any:
    """One name or several as a tuple; ``names`` refuses all else."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, (list, tuple)) else value


def names(owner: Any, option: Any, value: object) -> None:
    """Validate an option that is a tuple of different names, or left out."""
    if value is None:
        return
    if not isinstance(value, Sequence) or not all(isinstance(one, str) and one for one in value):
        raise BindingError(
            f"{_title(owner, option, value)}: give names, as in {option.name}=('department', 'number')"
        )
    if len(set(value)) < len(value):
        raise BindingError(f"{_title(owner, option, value)}: name each once")


def _title(owner: Any, option: Any, value: object) -> str:
    shown = called(value) if callable(value) else short(value)
    return f"{type(owner).__name__}({option.name}={shown})"
