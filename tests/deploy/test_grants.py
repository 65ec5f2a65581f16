"""What statements allow: what IAM would, and never anything that a name with wildcards in it could add."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from reactflow.aws.state_layout import owing_partitions, unit_key
from reactflow.deploy.statement import Statement
from reactflow.errors import ConfigurationError
from reactflow.testing.grants import Need, allowing, matches, matches_arn

TEXT = st.text("ab/*?$-\n", max_size=8)
NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,5}", fullmatch=True)
PART = st.sampled_from(["arn", "aws", "s3", "", "eu", "1", "*"])
ARN = st.tuples(PART, PART, PART, PART, PART, TEXT).map(":".join)
ACTION = st.sampled_from(["s3:GetObject", "s3:PutObject", "dynamodb:PutItem"])
CONDITION = st.sampled_from([
    {}, {"StringLike": {"k": ("a*",)}}, {"StringEquals": {"k": ("a", "b")}},
    {"ForAllValues:StringLike": {"k": ("a*", "b")}}, {"ForAnyValue:StringEquals": {"k": ("a",)}},
    {"StringLikeIfExists": {"k": ("?",)}}, {"ArnLike": {"k": ("arn:aws:s3:*:1:a*",)}},
])  # fmt: skip
STATEMENT = st.builds(
    Statement,
    sid=st.just("One"),
    actions=st.lists(ACTION, max_size=2).map(tuple),
    resources=st.lists(ARN | st.just("*"), max_size=2).map(tuple),
    conditions=CONDITION,
)
NEED = st.builds(
    Need,
    action=ACTION,
    resource=ARN,
    context=st.dictionaries(st.just("k"), st.lists(TEXT, max_size=2).map(tuple)),
)


def quoted(text: str) -> str:
    """A pattern of which only this very text is one."""
    return "".join(f"${{{each}}}" if each in "*?$" else each for each in text)


@given(TEXT, TEXT)
def test_a_pattern_matches_what_the_shell_says_it_does(pattern: str, text: str) -> None:
    assert matches(pattern, text) == fnmatchcase(text, pattern)


@given(TEXT, TEXT)
def test_a_text_that_is_quoted_matches_itself_alone(one: str, other: str) -> None:
    assert matches(quoted(one), other) == (one == other)


@given(TEXT, TEXT)
def test_what_is_under_a_prefix_is_what_begins_with_it(prefix: str, text: str) -> None:
    assert matches(quoted(prefix) + "*", text) == text.startswith(prefix)


@given(NEED)
def test_without_a_statement_nothing_is_allowed(need: Need) -> None:
    assert allowing([], need) == []


@given(st.lists(STATEMENT, max_size=4), NEED)
def test_less_never_allows_more(statements: list[Statement], need: Need) -> None:
    allowed = bool(allowing(statements, need))
    for place, one in enumerate(statements):
        narrower = [
            evolve(one, actions=one.actions[1:]),
            evolve(one, resources=one.resources[1:]),
            evolve(one, conditions={**one.conditions, "StringEquals": {"other": ("x",)}}),
        ]
        for less in narrower:
            left = [*statements[:place], less, *statements[place + 1 :]]
            assert allowed or not allowing(left, need)


@given(st.lists(STATEMENT, max_size=4), NEED)
def test_together_they_allow_what_each_allows_by_itself(statements: list[Statement], need: Need) -> None:
    assert allowing(statements, need) == [one for one in statements if allowing([one], need)]


@given(STATEMENT, NEED)
def test_an_action_or_a_resource_that_no_statement_names_is_denied(one: Statement, need: Need) -> None:
    if need.action not in one.actions or not any(matches_arn(each, need.resource) for each in one.resources):
        assert not allowing([one], need)


@given(NAME, NAME, TEXT)
def test_a_service_reaches_its_own_units_alone(service: str, other: str, unit: str) -> None:
    own = Statement("Units", ("dynamodb:PutItem",), ("*",), {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": (f"{service}/*",)}
    })  # fmt: skip
    for key in (unit_key(other, unit)["pk"]["S"], *owing_partitions(other)):
        need = Need("dynamodb:PutItem", "arn:aws:dynamodb:eu:1:table/t", {"dynamodb:LeadingKeys": (key,)})
        assert bool(allowing([own], need)) == (service == other)


def test_all_of_several_units_have_to_be_its_own() -> None:
    own = Statement("Units", ("dynamodb:BatchGetItem",), ("*",), {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ("rooms/*",)}
    })  # fmt: skip
    for keys, is_allowed in [(("rooms/a", "rooms/b"), True), (("rooms/a", "roofs/b"), False)]:
        need = Need("dynamodb:BatchGetItem", "arn:aws:dynamodb:eu:1:table/t", {"dynamodb:LeadingKeys": keys})
        assert bool(allowing([own], need)) is is_allowed


@pytest.mark.parametrize(
    ("pattern", "arn", "fits"),
    [
        ("arn:aws:s3:::photos/in/*", "arn:aws:s3:::photos/in/a/b", True),
        ("arn:aws:s3:::photos/in/*", "arn:aws:s3:::photos/out/a", False),
        ("arn:aws:s3:::photos", "arn:aws:s3:::photos/in/a", False),
        (
            "arn:aws:logs:eu:1:log-group:/a/b:log-stream:*",
            "arn:aws:logs:eu:1:log-group:/a/b:log-stream:x",
            True,
        ),
        ("arn:aws:sqs:eu:*:news", "arn:aws:sqs:eu:1:2:news", False),
        ("arn:aws:sqs:*", "arn:aws:sqs:eu:1:news", False),  # a part is not several
        ("*", "arn:aws:sqs:eu:1:news", True),
    ],
)
def test_parts_of_an_arn_are_compared_each_by_itself(pattern: str, arn: str, fits: bool) -> None:
    assert matches_arn(pattern, arn) is fits


def test_actions_are_the_same_in_small_letters() -> None:
    one = Statement("Read", ("s3:getobject",), ("*",))
    assert allowing([one], Need("s3:GetObject", "*")) == [one]


def test_what_is_not_known_is_refused_and_not_guessed() -> None:
    need = Need("s3:GetObject", "*", {"k": ("a",)})
    with pytest.raises(ConfigurationError, match="condition 'IpAddress', which is not known here"):
        allowing([Statement("Read", ("s3:GetObject",), ("*",), {"IpAddress": {"k": ("::1",)}})], need)
    with pytest.raises(ConfigurationError, match="has a variable: give its value"):
        allowing(
            [Statement("Read", ("s3:GetObject",), ("*",), {"StringLike": {"k": ("${aws:username}",)}})], need
        )
