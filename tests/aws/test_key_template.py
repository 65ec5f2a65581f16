"""The key of an object and the fields in it are the same, both ways."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow.aws.key_template import KeyTemplate
from reactflow.errors import BindingError, ConfigurationError

text = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
TEMPLATES = [
    "in/{user}/{name}.jpg",
    "{a}-{b}",
    "{path:path}/{name}",
    "x{n:int}.{day:date}",
    "{a}.{b:path}",
    "fixed",
]


@given(st.sampled_from(TEMPLATES), st.data())
def test_fields_that_make_a_key_are_read_back_from_it(template: str, data: st.DataObject) -> None:
    one = KeyTemplate(template)
    kinds = {"text": text, "path": text, "int": st.integers(), "date": st.dates()}
    fields = {name: data.draw(kinds[kind]) for name, kind in one.kinds.items()}
    try:
        key = one.format(fields)
    except ConfigurationError:
        return  # refused: there is no key to be read
    assert one.parse(key) == fields


@given(
    st.sampled_from(TEMPLATES),
    st.text(st.characters(codec="utf-8"), max_size=20) | st.from_regex(r"in/.+/.+\.jpg"),
)
def test_a_key_that_is_read_is_made_again_from_its_fields(template: str, key: str) -> None:
    one = KeyTemplate(template)
    fields = one.parse(key)
    if fields is not None:
        assert one.format(fields) == key


@given(st.sampled_from(TEMPLATES), st.data())
def test_two_sets_of_fields_never_make_one_key(template: str, data: st.DataObject) -> None:
    one = KeyTemplate(template)
    kinds = {"text": st.text("a-./", min_size=1, max_size=4), "int": st.integers(-2, 2), "date": st.dates()}
    kinds["path"] = kinds["text"]
    made: dict[str, dict[str, object]] = {}
    for _ in range(2):
        fields = {name: data.draw(kinds[kind]) for name, kind in one.kinds.items()}
        try:
            key = one.format(fields)
        except ConfigurationError:
            continue
        assert made.setdefault(key, fields) == fields


def test_a_field_stays_within_its_folder_unless_it_is_a_path() -> None:
    assert KeyTemplate("in/{name}.jpg").parse("in/a/b.jpg") is None
    assert KeyTemplate("in/{name:path}.jpg").parse("in/a/b.jpg") == {"name": "a/b"}
    assert KeyTemplate("in/{name}.jpg").parse("in/.jpg") is None


def test_all_else_stands_for_itself() -> None:
    assert KeyTemplate("in/(a|b)/{name}.j.g").parse("in/a/x.jpg") is None
    assert KeyTemplate("in/(a|b)/{name}.j.g").parse("in/(a|b)/x.j.g") == {"name": "x"}
    assert KeyTemplate("in/{name}").parse("in/a\nb") == {"name": "a\nb"}
    assert KeyTemplate("in/{user}/x").prefix == "in/"


def test_numbers_and_dates_have_one_text_each() -> None:
    line = KeyTemplate("{line:int}/{day:date}")
    assert line.parse("7/2026-11-23") == {"line": 7, "day": date(2026, 11, 23)}
    for other in ("07/2026-11-23", "+7/2026-11-23", "7/2026-11-31", "-0/2026-11-23", "٧/2026-11-23"):
        assert line.parse(other) is None


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("in/{a}{b}", "has {b} right after another field"),
        ("in/{a}/{a}", "has {a} twice"),
        ("in/{a:float}", "has {a:float}: a field is text, path, int or date"),
        ("in/{}", "has a brace that is no field"),
        ("in/{a.b}", "has a brace that is no field"),
        ("in/{a", "has a brace that is no field"),
    ],
)
def test_a_template_that_cannot_be_read_back_is_refused(template: str, says: str) -> None:
    with pytest.raises(BindingError) as caught:
        KeyTemplate(template)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"user": "ann"}, "needs 'name', and there is only ['user']"),
        ({"user": "ann", "name": ""}, "would be read back as nothing"),
        ({"user": "a/b", "name": "x"}, "would be read back as nothing"),
        ({"user": "ann", "name": "x" * 1100}, "and 1024 are the most"),
    ],
)
def test_fields_that_make_no_key_are_refused(fields: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        KeyTemplate("in/{user}/{name}.jpg").format(fields)
    assert says in str(caught.value)
