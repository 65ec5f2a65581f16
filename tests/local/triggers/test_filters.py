"""Filter patterns: what each rule accepts, what a pattern sees of a record, and what is refused when it is written."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow.errors import ConfigurationError
from reactflow.local.triggers.filters import FilterCriteria, criteria


def kinesis(data: bytes, key: str = "a") -> dict[str, Any]:
    inside = {"partitionKey": key, "data": base64.b64encode(data).decode()}
    return {"eventSource": "aws:kinesis", "kinesis": inside}


def accepts(pattern: object, record: dict[str, Any]) -> bool:
    return criteria([json.dumps(pattern)]).accepts(record)


@pytest.mark.parametrize(
    ("rules", "accepted", "refused"),
    [
        (["buy"], ["buy", ["sell", "buy"]], ["sell", 1, None, {"buy": 1}, []]),
        ([1, "two"], [1, 1.0, "two"], ["1", True, 2]),
        ([True], [True], [1, "true"]),
        ([None], [None], ["", 0, {}]),
        ([""], [""], [None, "x"]),
        ([{"prefix": "us-"}], ["us-east-1"], ["eu-west-1", 1, None]),
        ([{"suffix": ".png"}], ["a.png"], ["a.PNG", "a.jpg"]),
        ([{"equals-ignore-case": "Alice"}], ["aLICE"], ["alicia", 1]),
        ([{"anything-but": ["sell", 3]}], ["buy", 4, None, True], ["sell", 3, 3.0]),
        ([{"anything-but": "sell"}], ["buy"], ["sell"]),
        ([{"numeric": [">", 10, "<=", 20]}], [10.5, 20], [10, 21, "15", True, None]),
        ([{"numeric": ["=", 5]}], [5, 5.0], [4]),
        ([{"exists": True}], [0, "", None, [1]], [{"inside": 1}, []]),
        ([{"exists": False}], [{"inside": 1}, []], [0, None]),
    ],
    ids=str,
)
def test_a_rule_accepts(rules: list[Any], accepted: list[Any], refused: list[Any]) -> None:
    for value in accepted:
        assert accepts({"dynamodb": {"type": rules}}, {"dynamodb": {"type": value}}), value
    for value in refused:
        assert not accepts({"dynamodb": {"type": rules}}, {"dynamodb": {"type": value}}), value


def test_a_field_that_is_absent_matches_only_a_rule_that_wants_it_so() -> None:
    assert accepts({"a": {"b": [{"exists": False}]}}, {})
    assert not accepts({"a": {"b": [{"exists": True}]}}, {})
    assert not accepts({"a": {"b": [{"anything-but": "x"}]}}, {"a": {}})


def test_every_field_has_to_match_and_any_of_alternatives() -> None:
    both = {"a": [1], "b": [2]}
    assert accepts(both, {"a": 1, "b": 2})
    assert not accepts(both, {"a": 1, "b": 3})
    either = {"$or": [{"a": [1]}, {"b": {"c": [2]}}], "d": [3]}
    assert accepts(either, {"b": {"c": 2}, "d": 3})
    assert not accepts(either, {"a": 1})


def test_one_of_several_patterns_is_enough() -> None:
    insert_or_remove = criteria([{"eventName": ["INSERT"]}, {"eventName": ["REMOVE"]}])
    assert [insert_or_remove.accepts({"eventName": name}) for name in ("INSERT", "MODIFY", "REMOVE")] == [
        True,
        False,
        True,
    ]


def test_of_kinesis_a_pattern_sees_the_data_and_what_stands_beside_it() -> None:
    assert accepts({"data": {"order": {"type": ["buy"]}}}, kinesis(b'{"order": {"type": "buy"}}'))
    assert accepts({"partitionKey": ["a"]}, kinesis(b"no JSON"))
    assert not accepts({"kinesis": {"partitionKey": ["a"]}}, kinesis(b"{}"))


def test_data_that_is_no_json_matches_no_pattern_of_data_not_even_one_of_absence() -> None:
    for data in (b"no JSON", b"\xff\xfe", b"[" * 100_000):
        assert not accepts({"data": {"order": [{"exists": False}]}}, kinesis(data))
        assert not accepts({"data": [{"exists": False}]}, kinesis(data))
        assert not accepts(
            {"$or": [{"data": {"a": [1]}}, {"data": {"a": [{"exists": False}]}}]}, kinesis(data)
        )
    assert accepts({"data": {"order": [{"exists": False}]}}, kinesis(b"null"))


def test_of_a_message_the_body_is_read_when_the_pattern_wants_fields_of_it() -> None:
    message = {"eventSource": "aws:sqs", "body": '{"type": "buy"}'}
    assert accepts({"body": {"type": ["buy"]}}, message)
    assert accepts({"body": ["plain"]}, message | {"body": "plain"})
    assert not accepts({"body": {"type": ["buy"]}}, message | {"body": "plain"})


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{", "filter_criteria[0] is not JSON: "),
        ("[]", "filter_criteria[0] is '[]', not an object such as"),
        ("{}", "filter_criteria[0] is '{}', not an object such as"),
        ('{"a": "buy"}', "filter_criteria[0].a is 'buy': a value is a list of what it may be, ['buy']"),
        ('{"a": {"b": []}}', "filter_criteria[0].a.b is []: a value is a list"),
        ('{"a": [["b"]]}', "filter_criteria[0].a: ['b'] is no rule; there are prefix, suffix,"),
        ('{"a": [{"wildcard": "b*"}]}', "filter_criteria[0].a: {'wildcard': 'b*'} is no rule"),
        ('{"a": [{"numeric": [">", "1"]}]}', "filter_criteria[0].a: {'numeric': ['>', '1']} cannot be compared with"),
        ('{"a": [{"numeric": ["~", 1]}]}', "filter_criteria[0].a: {'numeric': ['~', 1]} cannot be compared with"),
        ('{"a": [{"exists": 1}]}', "filter_criteria[0].a: {'exists': 1} cannot be compared with"),
        ('{"a": [{"prefix": 1}]}', "filter_criteria[0].a: {'prefix': 1} cannot be compared with"),
        ('{"a": [{"anything-but": []}]}', "filter_criteria[0].a: {'anything-but': []} cannot be compared with"),
        ('{"$or": [{"a": [1]}]}', "filter_criteria[0].$or is [{'a': [1]}], not a list of two or more patterns"),
        ('{"a": ["' + "x" * 4096 + '"]}', "filter_criteria[0] has 4107 characters, and 4096 are the most"),
    ],
)  # fmt: skip
def test_a_pattern_that_lambda_would_refuse_is_refused_with_its_place(pattern: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{re.escape(message)}"):
        FilterCriteria((pattern,))


def test_too_many_patterns_and_one_that_is_no_list_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"^filter_criteria has 11 patterns, and 10 are the most$"):
        criteria([{"a": [1]}] * 11)
    with pytest.raises(
        ConfigurationError, match=r"^filter_criteria is one pattern, not a list of them: write "
    ):
        criteria({"a": [1]})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "b", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
leaves = st.lists(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "b"])
    | st.sampled_from([{"exists": True}, {"exists": False}, {"prefix": "a"}, {"anything-but": ["a"]}]),
    min_size=1, max_size=3,
)  # fmt: skip
patterns = st.recursive(
    st.dictionaries(st.sampled_from("abc"), leaves, min_size=1, max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner | leaves, min_size=1, max_size=2),
    max_leaves=6,
)


@given(patterns, st.dictionaries(st.sampled_from("abc"), json_values, max_size=3))
def test_any_pattern_judges_any_record_and_alternatives_are_an_or(pattern: Any, record: Any) -> None:
    judged = accepts(pattern, record)
    other = {"z": ["never there"]}
    assert accepts({"$or": [pattern, other]}, record) is judged
    assert criteria([other, pattern]).accepts(record) is judged
    for name, rule in pattern.items():
        if judged:
            assert accepts({name: rule}, record)
