"""How a command answers: in words, or with ``--json`` as one JSON value on standard output, errors too.

What is told beside the answer goes to standard error. A command that goes on (``dev``, ``logs``) tells one JSON object
a line. A number is written digit for digit; what JSON has no form for is written as it leaves in rows.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from enum import Enum

from reactflow.errors import ConfigurationError
from reactflow.flow.equality import field_names
from reactflow.service.json_writer import write_json


class Failed(Exception):
    """A command did its work and told what it found: all is not well. ``message`` is told unless JSON was asked for."""

    def __init__(self, command: str, message: str = "", code: int = 1) -> None:
        super().__init__(message)
        self.command = command
        self.code = code


def answer(words: str, data: object, as_json: bool) -> None:
    """Print what a command found, in words or as JSON."""
    print(json_text(data) if as_json else words)


def json_text(data: object) -> str:
    """Plain data as JSON that can be read, names in their order.

    >>> from decimal import Decimal
    >>> print(json_text({"rooms": ["a"], "price": Decimal("1.10"), "none": {}}))
    {
      "rooms": [
        "a"
      ],
      "price": 1.10,
      "none": {}
    }
    """
    return _text(data, "\n")


def json_line(data: object) -> str:
    """The same in one line.

    >>> json_line({"what": "ready", "text": ""})
    '{"what": "ready", "text": ""}'
    """
    return _text(data, "")


def _text(data: object, line: str) -> str:
    inner = f"{line}  " if line else ""
    names = None if isinstance(data, Enum) else field_names(type(data))
    if names is not None:  # an attrs class, a dataclass or a named tuple
        data = {name: getattr(data, name) for name in names}
    if isinstance(data, Mapping):
        parts = [
            f"{json.dumps(str(name), ensure_ascii=False)}: {_text(one, inner)}" for name, one in data.items()
        ]
        return _joined("{", parts, "}", line)
    if isinstance(data, (list, tuple)):
        return _joined("[", [_text(one, inner) for one in data], "]", line)
    try:
        return write_json(data)
    except ConfigurationError:  # not a number, or what no row can hold: in words
        return json.dumps(str(data), ensure_ascii=False)


def _joined(first: str, parts: Sequence[str], last: str, line: str) -> str:
    if not parts:
        return first + last
    if not line:
        return first + ", ".join(parts) + last
    return f"{first}{line}  {f',{line}  '.join(parts)}{line}{last}"


def is_json_asked(arguments: Sequence[str]) -> bool:
    """Whether a call wants JSON, even one that is wrong in all else.

    >>> is_json_asked(["check", "rooms:rooms", "--json"]), is_json_asked(["put", "--", "--json"])
    (True, False)
    """
    before = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in before


def tell_error(command: str, message: str, code: int, *, as_json: bool) -> int:
    """Tell an error in one line of standard error, or as JSON on standard output; returns the exit code."""
    line = " ".join(message.split("\n")) if as_json else message
    if as_json:
        print(json_text({"error": {"message": line, "code": code}}))
    else:
        print(f"{command}: {message}", file=sys.stderr)
    return code
