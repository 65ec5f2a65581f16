"""Names in a stack: different things have different ones, and AWS takes them."""

from __future__ import annotations

import re
from itertools import permutations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reactflow.deploy.naming import (
    KINDS,
    LONGEST_FUNCTION,
    LONGEST_QUEUE,
    check_physical,
    logical_id,
    plain,
    stack_name,
)
from reactflow.errors import ConfigurationError

WORD = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,63}", fullmatch=True)
PLACE = st.from_regex(r"(kinesis|dynamodb|s3)/[A-Za-z0-9._-]{1,255}", fullmatch=True)
PARTS = st.one_of(st.tuples(WORD), st.tuples(PLACE), st.tuples(WORD, PLACE), st.tuples(WORD, WORD, PLACE))


def test_no_kind_ends_as_another_does() -> None:
    assert [pair for pair in permutations(KINDS, 2) if pair[0].endswith(pair[1])] == []


@given(st.tuples(st.sampled_from(KINDS), PARTS), st.tuples(st.sampled_from(KINDS), PARTS))
@example(("Queue", ("a", "s3/bc")), ("Queue", ("ab", "s3/c")))
@example(("Queue", ("a-b", "s3/c")), ("Queue", ("a", "s3/b-c")))
@example(("Function", ("my-rooms",)), ("Function", ("my_rooms",)))
@example(("Function", ("rooms",)), ("Function", ("Rooms",)))
@example(("Queue", ("x", "s3/y")), ("QueuePolicy", ("x", "s3/y")))
@example(("Function", ("aB",)), ("Function", ("a-b",)))
def test_two_things_have_two_ids(
    one: tuple[str, tuple[str, ...]], other: tuple[str, tuple[str, ...]]
) -> None:
    ids = [logical_id(kind, *parts) for kind, parts in (one, other)]
    assert (ids[0] == ids[1]) is (one == other)
    assert all(re.fullmatch(r"[A-Za-z0-9]{1,255}", id) for id in ids)


def test_an_id_that_looks_like_one_with_a_hash_gets_its_own() -> None:
    hashed = logical_id("Function", "my-rooms").removesuffix("Function")
    assert logical_id("Function", hashed[0].lower() + hashed[1:]) != hashed + "Function"


@given(st.tuples(WORD, WORD), st.tuples(WORD, WORD), st.sampled_from(("", "_dead")))
@example(("a-b", "c"), ("a", "b-c"), "")
@example(("a", "b_dead"), ("a", "b"), "_dead")
def test_two_queues_have_two_names_that_aws_takes(
    one: tuple[str, str], other: tuple[str, str], suffix: str
) -> None:
    names = [
        stack_name("house-dev", *one, longest=LONGEST_QUEUE),
        stack_name("house-dev", *other, suffix=suffix, longest=LONGEST_QUEUE),
    ]
    assert (names[0] == names[1]) is (one == other and not suffix)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,80}", name) for name in names)


def test_a_function_of_a_long_name_keeps_its_beginning() -> None:
    long = "x" * 64
    name = stack_name("house-dev", long, longest=LONGEST_FUNCTION)
    assert len(name) == LONGEST_FUNCTION
    assert name.startswith("house-dev-xxx")
    assert name != stack_name("house-dev", long[:-1], longest=LONGEST_FUNCTION)


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("s3/My_Photos", "My_Photos"),
        ("s3/a..b", "a..b"),
        ("s3/a.-b", "a.-b"),
        ("s3/10.0.0.1", "10.0.0.1"),
        ("s3/xn--a", "xn--a"),
        ("s3/a-s3alias", "a-s3alias"),
        ("s3/photos", "x" * 36 + "-${AWS::AccountId}-${AWS::Region}"),
        ("kinesis/x", "x" * 129),
        ("dynamodb/ab", "ab"),
    ],
)
def test_what_aws_would_not_make_is_refused_with_the_remedy(resource: str, name: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{re.escape(resource)} would be made as .* names = "):
        check_physical(resource, name)


@pytest.mark.parametrize("text", ["${AWS::Region}", "a${b", "{{resolve:ssm:x}}", "AWS::Region"])
def test_a_name_that_a_template_would_replace_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="which a template would replace"):
        plain(text, "the key of dynamodb/rooms")


@pytest.mark.parametrize("text", ["a$b", "{x}", "Fn::Sub", "!Ref x", "say AWS::Region", "ключ"])
def test_a_name_that_is_only_odd_stays(text: str) -> None:
    assert plain(text, "the key of dynamodb/rooms") == text
