"""From the resources of a stack to a template of SAM, as plain data; written as JSON, which SAM takes as it does YAML.

Only the functions are of SAM, for their code is put into a bucket by it; all else is plain CloudFormation, and every
resource of it is written out. Names that people gave go in as text: nothing of them can be an intrinsic. JSON because
it needs no library, has one way to write a thing, and cannot take a name for a truth or a number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from reactflow.deploy.buckets import bucket_resources, without_tls
from reactflow.deploy.naming import logical_id
from reactflow.deploy.resources import (
    PERIOD,
    Alarm,
    Bucket,
    Function,
    QueueMapping,
    Resources,
    Schedule,
    Stream,
    StreamMapping,
    Table,
)
from reactflow.deploy.statement import policy_of
from reactflow.errors import ConfigurationError

HANDLER: Final = "reactflow.aws.entry.handler"
SWEEP: Final = {"reactflow": "sweep"}  # what the sweeper's schedule calls a function with
CODE: Final = "package"  # the folder of the code, seen from the template
MOST_RESOURCES: Final = 500  # in one stack
MOST_OUTPUTS: Final = 200
_QUEUE_DAYS: Final = 14
_EVENTS: Final = {"Service": "events.amazonaws.com"}

Plain = dict[str, Any]
Part = tuple[str, Plain]  # the id of a resource, and the resource


def template_of(resources: Resources, *, code: str = CODE, handler: str = HANDLER) -> Plain:
    """The template of a stack; ``code`` is the folder of the code, ``handler`` what Lambda calls in it.

    Raises ConfigurationError for a stack that is too large.

    >>> from examples.climate import climate
    >>> from reactflow import System
    >>> from reactflow.deploy.listing import list_resources
    >>> from reactflow.deploy.settings import Settings
    >>> listed = list_resources(System(climate), Settings(), {"climate": "examples.climate:climate"})
    >>> template_of(listed)["Resources"]["ClimateFunction"]["Properties"]["FunctionName"]
    'app-dev-climate'
    """
    made: Plain = {}
    for id, resource in _parts(resources, code, handler):
        made[id] = resource
    outputs = dict(_outputs(resources))
    for what, number, most in (
        ("resources", len(made), MOST_RESOURCES),
        ("outputs", len(outputs), MOST_OUTPUTS),
    ):
        if number > most:
            raise ConfigurationError(
                f"the stack {resources.stack} has {number} {what}, and CloudFormation takes {most}: deploy its "
                "services as several systems, each with an application= of its own"
            )
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Description": f"{resources.application}, stage {resources.stage}: made by reactflow",
        "Resources": made,
        "Outputs": outputs,
    }


def template_text(template: Mapping[str, Any]) -> str:
    """A template as JSON, the same text for the same template, and YAML too, which takes no pairs of escapes.

    >>> template_text({"Resources": {}})
    '{\\n  "Resources": {}\\n}\\n'
    """
    return json.dumps(template, indent=2, ensure_ascii=False) + "\n"


def _parts(all_: Resources, code: str, handler: str) -> Iterator[Part]:
    for function in all_.functions:
        yield from _function(function, code, handler)
    for schedule in all_.schedules:
        yield from _schedule(schedule)
    for mapping in all_.mappings:
        if isinstance(mapping, StreamMapping):
            yield mapping.id, _stream_mapping(mapping, all_)
        else:
            yield from _queue(mapping, all_)
    for stream in all_.streams:
        if not stream.is_there:
            yield logical_id("Stream", stream.resource), _held(_stream(stream), all_)
    for table in all_.tables:
        if not table.is_there:
            yield logical_id("Table", table.resource), _held(_table(table, all_), all_)
    for bucket in all_.all_buckets:
        if not bucket.is_there:
            id = logical_id("Bucket", bucket.resource)
            own, policy = bucket_resources(bucket, id)
            yield id, _held(own, all_)
            yield logical_id("TlsPolicy", bucket.resource), _held(policy, all_)
    for alarm in all_.alarms:
        yield alarm.id, _alarm(alarm, all_.alarms_to)
    yield "OperatorRole", _operator(all_)


def _sub(text: str) -> Any:
    return {"Fn::Sub": text} if "${" in text else text


def _arn(id: str) -> Plain:
    return {"Fn::GetAtt": [id, "Arn"]}


def _held(resource: Plain, all_: Resources) -> Plain:
    """What holds data of users, and stays or goes with the stack."""
    policy = ("RetainExceptOnCreate", "Retain") if all_.keeps_data else ("Delete", "Delete")
    return {
        "Type": resource["Type"], "DeletionPolicy": policy[0], "UpdateReplacePolicy": policy[1],
        "Properties": resource["Properties"],
    }  # fmt: skip


def _function(one: Function, code: str, handler: str) -> Iterator[Part]:
    logs, role = logical_id("Logs", one.service), logical_id("Role", one.service)
    yield (
        logs,
        {
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": "Delete",  # else a stack that was deleted could not be made again
            "UpdateReplacePolicy": "Retain",
            "Properties": {"LogGroupName": f"/aws/lambda/{one.name}", "RetentionInDays": one.log_days},
        },
    )
    yield role, _role({"Service": "lambda.amazonaws.com"}, "edges", policy_of(one.statements))
    variables = {name: _sub(text) for name, text in one.environment.items()} | dict(one.given)
    properties: Plain = {
        "FunctionName": one.name,
        "CodeUri": code,
        "Handler": handler,
        "Runtime": f"python{one.python}",
        "Architectures": [one.architecture],
        "MemorySize": one.memory,
        "Timeout": one.timeout,
        "Role": _arn(role),
        "Environment": {"Variables": variables},
    }
    if one.concurrency:
        properties["ReservedConcurrentExecutions"] = one.concurrency
    yield (
        logical_id("Function", one.service),
        {
            "Type": "AWS::Serverless::Function",
            "DependsOn": [logs],  # else its first line makes a group that keeps its logs for ever
            "Properties": properties,
        },
    )


def _role(principal: Plain, name: str, policy: Plain) -> Plain:
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    properties: Plain = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}}
    if policy["Statement"]:
        properties["Policies"] = [{"PolicyName": name, "PolicyDocument": policy}]
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def _operator(all_: Resources) -> Plain:
    """The role of who decides on cases; whom the account lets take it, may."""
    account = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    return _role(account, "cases", policy_of(all_.operator))


def _schedule(one: Schedule) -> Iterator[Part]:
    rule, function = logical_id("Schedule", one.service), logical_id("Function", one.service)
    target = {"Id": "sweep", "Arn": _arn(function), "Input": json.dumps(SWEEP)}
    yield (
        rule,
        {
            "Type": "AWS::Events::Rule",
            "Properties": {"Name": one.name, "ScheduleExpression": "rate(1 minute)", "Targets": [target]},
        },
    )
    yield (
        logical_id("Permission", one.service),
        {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": function},
                "Principal": "events.amazonaws.com",
                "SourceAccount": {"Ref": "AWS::AccountId"},
                "SourceArn": _arn(rule),
            },
        },
    )


# -- who is told of what ----------------------------------------------------------------------------------------------


def _stream_mapping(one: StreamMapping, all_: Resources) -> Plain:
    assert all_.quarantine is not None, "there is one where streams are read"
    place = _sub(f"arn:${{AWS::Partition}}:s3:::{all_.quarantine.name}")
    if not all_.quarantine.is_there:
        place = _arn(logical_id("Bucket", all_.quarantine.resource))
    return {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "EventSourceArn": _sub(one.source),
            "FunctionName": {"Ref": logical_id("Function", one.service)},
            **one.settings.to_aws(),
            "DestinationConfig": {"OnFailure": {"Destination": place}},
            "MetricsConfig": {"Metrics": ["EventCount"]},  # of what was given up
        },
    }


def _queue(one: QueueMapping, all_: Resources) -> Iterator[Part]:
    parts = (one.service, one.resource)
    queue, dead, rule = (logical_id(kind, *parts) for kind in ("Queue", "DeadLetters", "Rule"))
    shared = {"MessageRetentionPeriod": _QUEUE_DAYS * 86_400, "SqsManagedSseEnabled": True}
    yield dead, {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": one.dead_letters, **shared}}
    yield (
        queue,
        {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": one.queue,
                **shared,
                "VisibilityTimeout": one.visibility,
                "RedrivePolicy": {"deadLetterTargetArn": _arn(dead), "maxReceiveCount": one.receives},
            },
        },
    )
    policies = {logical_id("QueuePolicy", *parts): queue, logical_id("DeadPolicy", *parts): dead}
    for policy, id in policies.items():
        document = {
            "Version": "2012-10-17",
            "Statement": [_sends(id, one.rule), without_tls("sqs:*", [_arn(id)])],
        }
        yield (
            policy,
            {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {"Queues": [{"Ref": id}], "PolicyDocument": document},
            },
        )
    yield (
        rule,
        {
            "Type": "AWS::Events::Rule",
            "DependsOn": [*policies],  # else what comes before them is turned away
            "Properties": {
                "Name": one.rule,
                "EventPattern": _pattern(one),
                "Targets": [{"Id": "queue", "Arn": _arn(queue), "DeadLetterConfig": {"Arn": _arn(dead)}}],
            },
        },
    )
    function = next(each for each in all_.functions if each.service == one.service)
    properties: Plain = {
        "EventSourceArn": _arn(queue),
        "FunctionName": {"Ref": logical_id("Function", one.service)},
        "BatchSize": one.settings.batch_size,
        "FunctionResponseTypes": list(one.settings.function_response_types),
    }
    if function.concurrency > 1:  # no more than run: one that is kept from running uses up a try
        properties["ScalingConfig"] = {"MaximumConcurrency": min(function.concurrency, 1000)}
    yield one.id, {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}


def _sends(queue: str, rule: str) -> Plain:
    """That the rule of this name of this account, and nothing else, may send to a queue."""
    source = _sub(f"arn:${{AWS::Partition}}:events:${{AWS::Region}}:${{AWS::AccountId}}:rule/{rule}")
    return {
        "Sid": "Events",
        "Effect": "Allow",
        "Principal": _EVENTS,
        "Action": "sqs:SendMessage",
        "Resource": _arn(queue),
        "Condition": {
            "ArnEquals": {"aws:SourceArn": source},
            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        },
    }


def _pattern(one: QueueMapping) -> Plain:
    detail: Plain = {"bucket": {"name": [_sub(one.bucket)]}}
    if one.keys:
        detail["object"] = {"key": [key if isinstance(key, str) else dict(key) for key in one.keys]}
    return {
        "source": ["aws.s3"],
        "account": [_sub(account) for account in one.accounts],
        "detail-type": ["Object Created", "Object Deleted"],
        "detail": detail,
    }


# -- what holds data --------------------------------------------------------------------------------------------------


def _stream(one: Stream) -> Plain:
    properties: Plain = {
        "Name": one.name,
        "RetentionPeriodHours": one.hours,
        "StreamModeDetails": {"StreamMode": "PROVISIONED" if one.shards else "ON_DEMAND"},
        "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
    }
    if one.shards:
        properties["ShardCount"] = one.shards
    return {"Type": "AWS::Kinesis::Stream", "Properties": properties}


def _table(one: Table, all_: Resources) -> Plain:
    properties: Plain = {
        "TableName": one.name,
        **one.schema,
        "SSESpecification": {"SSEEnabled": True},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "DeletionProtectionEnabled": all_.keeps_data,
    }
    if one.is_read:
        properties["StreamSpecification"] = {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    return {"Type": "AWS::DynamoDB::Table", "Properties": properties}


def _alarm(one: Alarm, to: str) -> Plain:
    properties: Plain = {
        "AlarmName": one.name,
        "AlarmDescription": one.about,
        "Namespace": one.namespace,
        "MetricName": one.metric,
        "Dimensions": [{"Name": name, "Value": _sub(value)} for name, value in one.dimensions.items()],
        "Statistic": one.statistic,
        "Period": PERIOD,
        "EvaluationPeriods": one.periods,
        "Threshold": one.threshold,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    }
    if to:
        properties["AlarmActions"] = [to]
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}


def _outputs(all_: Resources) -> Iterator[Part]:
    for function in all_.functions:
        value = {"Ref": logical_id("Function", function.service)}
        yield (
            logical_id("Output", function.service),
            {"Description": f"function of {function.service}", "Value": value},
        )
    things: tuple[Stream | Table | Bucket, ...] = (*all_.streams, *all_.tables, *all_.all_buckets)
    for thing in things:
        made = "is there already" if thing.is_there else "made here"
        about = {"Description": f"{thing.resource}, {made}", "Value": _sub(thing.name)}
        yield logical_id("Output", thing.resource), about
    for one in all_.mappings:
        if isinstance(one, QueueMapping):
            value = {"Ref": logical_id("DeadLetters", one.service, one.resource)}
            about = {"Description": f"events of {one.resource} that {one.service} gave up", "Value": value}
            yield logical_id("Output", one.service, one.resource), about
    yield "OperatorOutput", {"Description": "role of who decides on cases", "Value": _arn("OperatorRole")}
