"""Names of streams, tables and buckets: what AWS itself takes, checked when a source or sink is made.

Only what can never be the name of one is refused. Where older rules of AWS allowed more than today's, the older
ones count, for such buckets live on.
"""

from __future__ import annotations

import re

from reactflow.errors import BindingError
from reactflow.service.decoding import short

_RULES = {
    "Kinesis": (128, "a stream's name is 1 to 128 letters, digits, '.', '-' and '_'"),
    "DynamoDB": (255, "a table's name is 3 to 255 letters, digits, '.', '-' and '_'"),
    "S3": (255, "a bucket's name is 3 to 63 lowercase letters, digits, '.' and '-'"),
}


def check_name(service: str, name: object) -> None:
    """Refuse what no stream, table or bucket can be named: raises BindingError with the rule.

    >>> check_name("Kinesis", "my stream!")
    Traceback (most recent call last):
        ...
    reactflow.errors.BindingError: Kinesis('my stream!'): a stream's name is 1 to 128 letters, digits, '.', '-' and '_'
    """
    longest, rule = _RULES[service]
    if not isinstance(name, str) or not re.fullmatch(rf"[A-Za-z0-9._-]{{1,{longest}}}", name):
        raise BindingError(f"{service}({short(name)}): {rule}")
