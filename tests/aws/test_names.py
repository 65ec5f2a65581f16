"""What no stream, table or bucket can be called is refused when the source or sink is made."""

from __future__ import annotations

from typing import Any

import pytest

from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.errors import BindingError

RULES = [
    (Kinesis, 128, r"^Kinesis\(.*\): a stream's name is 1 to 128 letters, digits"),
    (DynamoDB, 255, r"^DynamoDB\(.*\): a table's name is 3 to 255 letters, digits"),
    (S3, 255, r"^S3\(.*\): a bucket's name is 3 to 63 lowercase letters, digits"),
]


@pytest.mark.parametrize("name", ["", "my stream!", "a/b", "é", "a\n", "x" * 256, None, 7])
@pytest.mark.parametrize(("made", "longest", "says"), RULES)
def test_what_nothing_can_be_called_is_refused_with_the_rule(
    made: Any, longest: int, says: str, name: Any
) -> None:
    with pytest.raises(BindingError, match=says):
        made(name)


@pytest.mark.parametrize(("made", "longest", "says"), RULES)
def test_names_that_there_may_be_are_taken(made: Any, longest: int, says: str) -> None:
    for name in ("measurements", "a.b-c", "Old_Name.1", "x" * longest):
        assert made(name).resource.endswith(f"/{name}")
    with pytest.raises(BindingError, match=says):
        made("x" * (longest + 1))
