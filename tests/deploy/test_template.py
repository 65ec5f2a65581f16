"""The template: whole, without cycles, private, and nothing of a user's data goes by mistake."""

from __future__ import annotations

import json
from graphlib import TopologicalSorter
from typing import Any

import pytest

from examples.climate import climate
from examples.staff import staff
from examples.thumbnails import thumbnails
from reactflow.aws.metrics import metrics
from reactflow.deploy.resources import Resources
from reactflow.deploy.template import MOST_RESOURCES, template_of, template_text
from reactflow.errors import ConfigurationError
from reactflow.local.triggers.settings import TriggerSettings
from reactflow.service.report import Report
from tests.deploy.stacks import EXAMPLES, example, of_type, referred, template
from tests.deploy.systems import drawn, many

HOLDERS = ("Kinesis::Stream", "DynamoDB::Table", "S3::Bucket")
SEEDS = range(60)


def stacks() -> list[Resources]:
    return [
        *(example(name) for name in EXAMPLES),
        *(found for seed in SEEDS if (found := drawn(seed)) is not None),
    ]


@pytest.fixture(scope="module")
def made() -> list[dict[str, Any]]:
    return [template_of(one) for one in stacks()]


def others(value: Any) -> set[str]:
    return {to for to in referred(value) if not to.startswith("AWS::")}


def test_what_is_referred_to_is_there_and_nothing_waits_for_itself(made: list[dict[str, Any]]) -> None:
    for one in made:
        ids = one["Resources"].keys()
        waits = {
            id: {to for to in referred(resource) if not to.startswith("AWS::")}
            for id, resource in one["Resources"].items()
        }
        assert {to for all_ in waits.values() for to in all_} <= ids
        assert {to for to in referred(one["Outputs"]) if not to.startswith("AWS::")} <= ids
        assert len(list(TopologicalSorter(waits).static_order())) == len(ids)


def test_ids_are_plain_and_names_short_enough(made: list[dict[str, Any]]) -> None:
    limits = {
        "Serverless::Function": ("FunctionName", 64),
        "Events::Rule": ("Name", 64),
        "SQS::Queue": ("QueueName", 80),
        "CloudWatch::Alarm": ("AlarmName", 255),
    }
    for one in made:
        assert all(
            id.isalnum() and id.isascii() and len(id) <= 255 for id in one["Resources"] | one["Outputs"]
        )
        for kind, (name, longest) in limits.items():
            names = [properties[name] for properties in of_type(one, kind).values()]
            assert len(set(names)) == len(names)
            assert all(len(each) <= longest for each in names)


def test_every_policy_names_what_it_is_on(made: list[dict[str, Any]]) -> None:
    for one in made:
        for role in of_type(one, "IAM::Role").values():
            for policy in role.get("Policies", ()):
                for statement in policy["PolicyDocument"]["Statement"]:
                    assert statement["Action"] == ["dynamodb:ListStreams"] or "*" not in statement["Resource"]
            assert "ManagedPolicyArns" not in role


def test_whoever_may_call_or_send_is_of_this_account_and_one_rule(made: list[dict[str, Any]]) -> None:
    for one in made:
        for permission in of_type(one, "Lambda::Permission").values():
            assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}
            assert permission["SourceArn"]["Fn::GetAtt"][0] in of_type(one, "Events::Rule")
        rules = {each["Name"]: id for id, each in of_type(one, "Events::Rule").items()}
        for id, policy in of_type(one, "SQS::QueuePolicy").items():
            allows, denies = policy["PolicyDocument"]["Statement"]
            assert allows["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
            sender = allows["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::Sub"].rpartition("rule/")[2]
            assert id in one["Resources"][rules[sender]]["DependsOn"]  # nothing is sent before it may be
            assert denies["Effect"] == "Deny"


def test_all_that_holds_data_is_encrypted_and_buckets_are_private(made: list[dict[str, Any]]) -> None:
    for one in made:
        assert all("StreamEncryption" in each for each in of_type(one, "Kinesis::Stream").values())
        assert all(
            each["SSESpecification"]["SSEEnabled"] for each in of_type(one, "DynamoDB::Table").values()
        )
        assert all(each["SqsManagedSseEnabled"] for each in of_type(one, "SQS::Queue").values())
        buckets = of_type(one, "S3::Bucket")
        assert all(all(each["PublicAccessBlockConfiguration"].values()) for each in buckets.values())
        assert {each["Bucket"]["Ref"] for each in of_type(one, "S3::BucketPolicy").values()} == set(buckets)


def test_data_go_with_a_stack_of_dev_only() -> None:
    for stage, deletion, replacement in (
        ("dev", "Delete", "Delete"),
        ("prod", "RetainExceptOnCreate", "Retain"),
    ):
        for name in EXAMPLES:
            made = template_of(example(name, stage=stage))["Resources"]
            holders = [one for one in made.values() if one["Type"].removeprefix("AWS::") in HOLDERS]
            assert {one["DeletionPolicy"] for one in holders} <= {deletion}
            assert {one["UpdateReplacePolicy"] for one in holders} <= {replacement}
            policies = [one for one in made.values() if one["Type"] == "AWS::S3::BucketPolicy"]
            assert {one["DeletionPolicy"] for one in policies} <= {
                deletion
            }  # a bucket that stays keeps its own
            tables = of_type({"Resources": made}, "DynamoDB::Table").values()
            protected = {one["DeletionProtectionEnabled"] for one in tables}
            assert protected <= {stage == "prod"}
            assert bool(holders) is (name != "greetings")  # which is only called


def test_a_stream_mapping_is_one_that_the_triggers_of_this_machine_take() -> None:
    (mapping,) = of_type(template(climate), "Lambda::EventSourceMapping").values()
    assert set(referred(mapping["DestinationConfig"])) <= set(of_type(template(climate), "S3::Bucket"))
    mapping["DestinationConfig"]["OnFailure"]["Destination"] = "arn:aws:s3:::failed"
    assert not [
        name for name, value in mapping.items() if isinstance(value, float)
    ]  # all of them are whole numbers
    settings = TriggerSettings.from_aws(mapping)
    assert settings == TriggerSettings(maximum_record_age_in_seconds=69_120, on_failure="arn:aws:s3:::failed")


def test_a_bucket_that_is_read_tells_a_queue_by_a_rule() -> None:
    made = template(thumbnails)
    (bucket,) = [one for one in of_type(made, "S3::Bucket").values() if "NotificationConfiguration" in one]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = [one for one in of_type(made, "Events::Rule").values() if "EventPattern" in one]
    pattern = rule["EventPattern"]
    assert pattern["detail"] == {
        "bucket": {"name": [bucket["BucketName"]]},
        "object": {"key": [{"prefix": "in/"}]},
    }
    (target,) = rule["Targets"]
    queues = of_type(made, "SQS::Queue")
    dead = target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0]
    assert (
        queues[target["Arn"]["Fn::GetAtt"][0]]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        == dead
    )
    (mapping,) = of_type(made, "Lambda::EventSourceMapping").values()
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_function_of_limited_concurrency_takes_no_more_messages_than_it_can() -> None:
    for concurrency, most in ((0, None), (1, None), (5, 5), (2000, 1000)):
        made = template(thumbnails, concurrency=concurrency)
        (function,) = of_type(made, "Serverless::Function").values()
        (mapping,) = of_type(made, "Lambda::EventSourceMapping").values()
        assert function.get("ReservedConcurrentExecutions", 0) == concurrency
        assert mapping.get("ScalingConfig", {}).get("MaximumConcurrency") == most


def test_what_is_there_already_is_not_in_the_template() -> None:
    made = template(thumbnails, existing=["s3/photos", "dynamodb/reactflow-state", "s3/reactflow-quarantine"])
    assert not of_type(made, "S3::Bucket")
    assert not of_type(made, "DynamoDB::Table")
    (mapping,) = of_type(
        template(climate, existing=["s3/reactflow-quarantine"]), "Lambda::EventSourceMapping"
    ).values()
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::Sub"].endswith(
        ":s3:::reactflow-quarantine"
    )


def test_alarms_are_told_where_the_settings_say() -> None:
    topic = "arn:aws:sns:eu-west-1:123456789012:on-call"
    for one in of_type(template(climate, alarms_to=topic), "CloudWatch::Alarm").values():
        assert one["AlarmActions"] == [topic]
    assert all("AlarmActions" not in one for one in of_type(template(climate), "CloudWatch::Alarm").values())


def test_the_alarm_of_quarantined_records_is_on_the_metric_that_functions_write() -> None:
    made = template(climate, application="house")
    (function,) = of_type(made, "Serverless::Function").values()
    stage = function["Environment"]["Variables"]["REACTFLOW_STAGE"]
    line = metrics(Report(1, {"quarantined": 1}, service="climate"), 0.0, {"Stage": stage})
    (told,) = line["_aws"]["CloudWatchMetrics"]
    (alarm,) = [
        one for one in of_type(made, "CloudWatch::Alarm").values() if one["MetricName"] == "Quarantined"
    ]
    assert alarm["Namespace"] == told["Namespace"]
    assert {one["Name"]: one["Value"] for one in alarm["Dimensions"]} == {
        name: line[name] for name in told["Dimensions"][0]
    }
    assert alarm["MetricName"] in {one["Name"] for one in told["Metrics"]}


def test_no_url_of_a_database_is_in_a_template() -> None:
    assert "staff.db" not in template_text(template(staff))


def test_the_text_is_the_same_each_time_and_json() -> None:
    texts = {template_text(template_of(example("buildings"))) for _ in range(3)}
    assert len(texts) == 1
    assert json.loads(texts.pop())["Transform"] == "AWS::Serverless-2016-10-31"


def test_a_stack_that_is_too_large_is_refused() -> None:
    from attrs import evolve

    (_, one) = next(many(1))
    alarms = tuple(evolve(one.alarms[0], id=f"Alarm{number}") for number in range(MOST_RESOURCES))
    with pytest.raises(ConfigurationError, match="CloudFormation takes 500"):
        template_of(evolve(one, alarms=alarms))
