"""Keys of objects are cut as one regular expression would cut them, and in a time that no key can stretch."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow.aws.key_template import KeyTemplate

KINDS = {"text": "[^/]+", "path": ".+", "int": "0|-?[1-9][0-9]*", "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}"}
LITERALS = st.sampled_from(["-", "/", ".", "0", "-0", "/in/", "2026-11-23", "\n"])
FIELDS = st.lists(st.tuples(st.sampled_from([*KINDS]), LITERALS), max_size=4)
PARTS = ["-", "/", ".", "0", "1", "a", "\n", "2026-11-23", "2026-02-30", "-5", "in"]


@given(st.sampled_from(["", "in/", "-"]), FIELDS, st.lists(st.sampled_from(PARTS), max_size=8), st.booleans())
def test_keys_are_cut_as_a_regular_expression_cuts_them(
    first: str, fields: list[tuple[str, str]], parts: list[str], is_open: bool
) -> None:
    literals = [literal for _, literal in fields]
    if is_open and literals:
        literals[-1] = ""  # the last field goes to the end
    text, pattern = first, re.escape(first)
    for place, ((kind, _), literal) in enumerate(zip(fields, literals, strict=True)):
        text += f"{{f{place}:{kind}}}{literal}"
        pattern += f"(?P<f{place}>{KINDS[kind]}){re.escape(literal)}"
    template = KeyTemplate(text)
    for key in ("".join(parts), first + "".join(parts) + (literals[-1] if literals else "")):
        found = re.fullmatch(pattern, key, re.DOTALL)
        if found is not None and "2026-02-30" in (
            found[f"f{place}"] for place, (kind, _) in enumerate(fields) if kind == "date"
        ):
            found = None  # no day of the calendar
        read = template.parse(key)
        assert (None if read is None else {name: str(value) for name, value in read.items()}) == (
            None if found is None else found.groupdict()
        )


@pytest.mark.parametrize("text", ["{a}.{b}.{c}.{d}.{e}.jpg", "in/{a:path}-{b:path}-{c:path}-{d:path}.jpg"])
def test_a_key_of_separators_is_cut_in_little_time(text: str) -> None:
    template = KeyTemplate(text)
    begun = time.process_time()
    for sign in ".-":
        assert template.parse(f"in/{sign * 1020}") is None
        assert template.parse(f"{sign * 1015}/.jpg.png") is None
    assert time.process_time() - begun < 10, "one regular expression takes hours"
