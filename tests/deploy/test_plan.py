"""What a deployment would do is told before it is done."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow.deploy.plan import Change, check_ours, check_safe, plan
from reactflow.errors import ConfigurationError

Plain = dict[str, Any]


def template() -> Plain:
    return {
        "Resources": {
            "Areas": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "TableName": "dev-areas",
                    "BillingMode": "PAY_PER_REQUEST",
                    "KeySchema": [{"AttributeName": "room", "KeyType": "HASH"}],
                    "AttributeDefinitions": [{"AttributeName": "room", "AttributeType": "S"}],
                },
            },
            "Readings": {
                "Type": "AWS::Kinesis::Stream",
                "Properties": {"Name": "dev-readings", "RetentionPeriodHours": 48},
            },
            "Rooms": {
                "Type": "AWS::Serverless::Function",
                "Properties": {
                    "FunctionName": "app-dev-rooms",
                    "CodeUri": "s3://some/prefix/0123abcd",
                    "Timeout": 60,
                    "Environment": {"Variables": {"A": "1"}},
                },
            },
            "RoomsMapping": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {
                    "EventSourceArn": {"Fn::GetAtt": ["Readings", "Arn"]},
                    "StartingPosition": "TRIM_HORIZON",
                },
            },
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 60}},
        }
    }  # fmt: skip


def changed(path: str, value: object) -> Plain:
    """The template with something else at a path; None takes it away."""
    new = template()
    place: Any = new["Resources"]
    *parts, last = path.split(".")
    for part in parts:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return new


def only(old: Plain | None, new: Plain, **more: str) -> Change:
    found = plan("app-dev", old, new, **more).changes
    assert len(found) == 1, found
    return found[0]


def test_a_new_stack_is_all_made() -> None:
    found = plan("app-dev", None, template())
    assert found.is_new
    assert {one.action for one in found.changes} == {"made"}
    assert found.lines()[0] == "+ table dev-areas"
    assert found.lines()[-1] == "stack app-dev (new): 5 made"
    check_safe(found)


def test_the_same_template_changes_nothing() -> None:
    found = plan("app-dev", template(), template(), code="0123abcd")
    assert found.changes == ()
    assert found.lines() == ["stack app-dev: nothing changes"]


def test_what_sam_adds_on_the_way_is_no_change() -> None:
    deployed = changed("Areas.Metadata", {"SamResourceId": "Areas"})
    assert plan("app-dev", deployed, template()).changes == ()


def test_code_has_changed_when_its_digest_has() -> None:
    new = changed("Rooms.Properties.CodeUri", "code.zip")
    assert plan("app-dev", template(), new, code="0123abcd").changes == ()
    assert str(only(template(), new, code="ffff")) == "~ function app-dev-rooms: code"


def test_a_changed_property_is_told_with_its_path_and_both_values() -> None:
    new = changed("Rooms.Properties.Environment.Variables.A", "2")
    assert str(only(template(), new)) == "~ function app-dev-rooms: Environment.Variables.A *** -> ***"
    new = changed("Rooms.Properties.Timeout", 90)
    assert str(only(template(), new)) == "~ function app-dev-rooms: Timeout 60 -> 90"


def test_a_variable_of_the_user_is_told_without_its_values() -> None:
    """A plan is read where many look, and a variable may be what it should not."""
    old = changed("Rooms.Properties.Environment.Variables.TOKEN", "before-1")
    new = changed("Rooms.Properties.Environment.Variables.TOKEN", "after-2")
    found = plan("app-dev", old, new)
    assert "~ function app-dev-rooms: Environment.Variables.TOKEN *** -> ***" in found.lines()
    assert not [text for text in ("before-1", "after-2") if text in json.dumps(found.data())]
    ours = changed("Rooms.Properties.Environment.Variables.REACTFLOW_SERVICE", "rooms:rooms")
    assert str(only(template(), ours)).endswith("REACTFLOW_SERVICE nothing -> rooms:rooms")


def test_what_is_not_known_may_hold_data_and_is_not_deleted_unasked() -> None:
    old = changed("Db", {"Type": "AWS::RDS::DBInstance", "Properties": {}})
    assert str(only(old, template())) == (
        "! AWS::RDS::DBInstance Db deleted: its contents, if it has any, are lost"
    )
    kept = changed("Db", {"Type": "AWS::RDS::DBInstance", "DeletionPolicy": "Retain"})
    assert not only(kept, template()).is_dangerous


def test_a_stack_of_others_is_known_by_its_template() -> None:
    check_ours("app-dev", None)
    check_ours("app-dev", {"Description": "app, stage dev: made by reactflow"})
    with pytest.raises(ConfigurationError, match=r"^stack app-dev was not made by reactflow: choose another"):
        check_ours("app-dev", {"Description": "a shop", "Resources": {}})


def test_another_key_of_a_table_under_its_name_is_refused_beforehand() -> None:
    new = changed("Areas.Properties.KeySchema", [{"AttributeName": "house", "KeyType": "HASH"}])
    change = only(template(), new)
    assert (change.action, change.is_dangerous) == ("replaced", True)
    assert "CloudFormation replaces no table under its name when KeySchema changes" in change.fails
    with pytest.raises(
        ConfigurationError, match=r"table dev-areas replaced: .* Take the change back, or allow"
    ):
        check_safe(plan("app-dev", template(), new))


def test_another_type_of_a_key_replaces_a_table_and_of_another_attribute_does_not() -> None:
    new = changed("Areas.Properties.AttributeDefinitions", [{"AttributeName": "room", "AttributeType": "N"}])
    assert only(template(), new).action == "replaced"
    more = [{"AttributeName": "room", "AttributeType": "S"}, {"AttributeName": "size", "AttributeType": "N"}]
    new = changed("Areas.Properties.AttributeDefinitions", more)
    assert only(template(), new).action == "changed"


@pytest.mark.parametrize(
    ("id", "name", "held"), [("Areas", "TableName", "items"), ("Readings", "Name", "records")]
)
def test_a_renamed_table_or_stream_is_replaced_and_its_data_are_lost_or_stay(
    id: str, name: str, held: str
) -> None:
    new = changed(f"{id}.Properties.{name}", "other")
    change = only(template(), new)
    assert (change.action, change.lost) == ("replaced", f"its {held} are lost")
    new["Resources"][id]["UpdateReplacePolicy"] = "Retain"
    change = only(template(), new)
    assert (
        change.lost
        == f"a new one without its {held} takes its place; dev-{id.lower()} stays with them, outside of the stack"
    )


def test_a_deleted_table_is_lost_unless_it_is_kept() -> None:
    old, new = template(), changed("Areas", None)
    assert str(only(old, new)) == "! table dev-areas deleted: its items are lost"
    old["Resources"]["Areas"]["DeletionPolicy"] = "Retain"
    assert (
        str(only(old, new))
        == "- table dev-areas deleted: it stays on AWS with its items, outside of the stack"
    )


def test_a_mapping_that_reads_anew_says_what_comes_again_or_is_missed() -> None:
    new = changed("RoomsMapping.Properties.EventSourceArn", {"Fn::GetAtt": ["Others", "Arn"]})
    change = only(template(), new)
    assert (change.action, change.lost) == ("replaced", "")
    assert "delivered again" in change.note
    new["Resources"]["RoomsMapping"]["Properties"]["StartingPosition"] = "LATEST"
    assert "is not delivered (it starts at LATEST)" in only(template(), new).lost


def test_records_that_go_by_a_shorter_retention_are_told() -> None:
    new = changed("Readings.Properties.RetentionPeriodHours", 24)
    assert (
        str(only(template(), new))
        == "~ stream dev-readings: RetentionPeriodHours 48 -> 24; records older than 24 h go"
    )


def test_a_resource_under_another_id_cannot_have_the_name_of_one_that_is_there() -> None:
    new = template()
    new["Resources"]["Rooms2"] = new["Resources"].pop("Rooms")
    found = {one.id: one for one in plan("app-dev", template(), new).changes}
    assert "Rooms has this name until it is deleted" in found["Rooms2"].fails
    assert found["Rooms"].action == "deleted"


def test_lists_are_told_by_what_came_and_went() -> None:
    old, new = template(), template()
    old["Resources"]["Queue"]["Properties"]["Tags"] = ["a", "b"]
    new["Resources"]["Queue"]["Properties"]["Tags"] = ["b", "c"]
    assert str(only(old, new)) == "~ queue Queue: Tags -a +c"


def test_a_plan_is_plain_data_too() -> None:
    data = plan("app-dev", template(), changed("Areas", None)).data()
    assert json.loads(json.dumps(data)) == data
    assert data["changes"][0]["lost"] == "its items are lost"


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=4,
)
_types = st.sampled_from(
    [
        "AWS::DynamoDB::Table",
        "AWS::S3::Bucket",
        "AWS::IAM::Role",
        "AWS::Some::Thing",
        "AWS::Serverless::Function",
    ]
)
_resources = st.dictionaries(
    st.sampled_from(["A", "B", "C"]),
    st.fixed_dictionaries(
        {"Type": _types},
        optional={"Properties": st.dictionaries(st.sampled_from(["Name", "X", "TableName"]), _values)},
    ),
)


@given(_resources, _resources)
def test_a_plan_tells_of_a_resource_exactly_when_it_differs(old: Plain, new: Plain) -> None:
    before = copy.deepcopy((old, new))
    found = plan("app-dev", {"Resources": old}, {"Resources": new})
    assert (old, new) == before

    def without_nothing(one: Plain) -> Plain:
        """A property that is null is one that is absent."""
        properties = {
            name: value for name, value in one.get("Properties", {}).items() if not is_nothing(value)
        }
        return {
            "Type": one["Type"],
            "Properties": {name: trimmed(value) for name, value in properties.items()},
        }

    def trimmed(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: trimmed(each) for name, each in value.items() if not is_nothing(each)}
        return value

    def is_nothing(value: Any) -> bool:
        return value is None

    differ = {
        id for id in {*old, *new}
        if id not in old or id not in new or without_nothing(old[id]) != without_nothing(new[id])
    }  # fmt: skip
    assert {one.id for one in found.changes} == differ
    assert len(found.lines()) == len(differ) + 1
