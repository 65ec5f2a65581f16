"""What a deployment would do to a stack, before it is done: what is made, changed, replaced and deleted.

It compares the template that is deployed with the one that was built, as data, and knows of each kind of resource what
CloudFormation replaces instead of changing, and what holds data. It asks CloudFormation for the deployed template and
for nothing else, and changes nothing; no sam is needed. What an update of a service means for its state is not in a
template: see the versions of flows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from attrs import asdict, field, frozen

from reactflow.aws.clients import client, error_code, speaking
from reactflow.errors import ConfigurationError

Action = Literal["made", "changed", "replaced", "deleted"]
_SIGNS: Final[Mapping[Action, str]] = {"made": "+", "changed": "~", "replaced": "±", "deleted": "-"}

# Kind -> what a person calls it, the property that is its name, and the properties whose change replaces it: "Update
# requires: Replacement" in AWS's reference of resource types.
_KINDS: Final[Mapping[str, tuple[str, str, frozenset[str]]]] = {
    "AWS::CloudWatch::Alarm": ("alarm", "AlarmName", frozenset({"AlarmName"})),
    "AWS::DynamoDB::Table": (
        "table", "TableName",
        frozenset({"TableName", "KeySchema", "LocalSecondaryIndexes", "ImportSourceSpecification"}),
    ),
    "AWS::Events::Rule": ("rule", "Name", frozenset({"Name", "EventBusName"})),
    "AWS::IAM::Role": ("role", "RoleName", frozenset({"RoleName", "Path"})),
    "AWS::Kinesis::Stream": ("stream", "Name", frozenset({"Name"})),
    "AWS::Lambda::EventSourceMapping": (
        "event source mapping", "", frozenset(
            {"EventSourceArn", "StartingPosition", "StartingPositionTimestamp", "SelfManagedEventSource"}
        ),
    ),
    "AWS::Lambda::Permission": (
        "permission", "", frozenset({"Action", "FunctionName", "Principal", "SourceAccount", "SourceArn"}),
    ),
    "AWS::Logs::LogGroup": ("log group", "LogGroupName", frozenset({"LogGroupName"})),
    "AWS::S3::Bucket": ("bucket", "BucketName", frozenset({"BucketName"})),
    "AWS::S3::BucketPolicy": ("bucket policy", "", frozenset({"Bucket"})),
    "AWS::SQS::Queue": ("queue", "QueueName", frozenset({"QueueName", "FifoQueue"})),
    "AWS::SQS::QueuePolicy": ("queue policy", "", frozenset()),
    "AWS::Serverless::Function": ("function", "FunctionName", frozenset({"FunctionName", "PackageType"})),
}  # fmt: skip
_HOLDS: Final[Mapping[str, str]] = {
    "AWS::DynamoDB::Table": "items", "AWS::Kinesis::Stream": "records", "AWS::Logs::LogGroup": "logs",
    "AWS::S3::Bucket": "objects", "AWS::SQS::Queue": "messages",
}  # fmt: skip
_LONGEST: Final = 60
_VARIABLES: Final = "Environment.Variables."
_MADE_BY: Final = "made by reactflow"  # how the description of each of our templates ends
_SETTLED: Final = frozenset({"", "DELETE_COMPLETE"})
# Stacks without resources: deleted, never made, or undone as they were made.
_NOT_THERE: Final = frozenset({"", "DELETE_COMPLETE", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"})


@frozen
class Property:
    """A property of a resource that changes: its path, its value before and after (None: absent)."""

    path: str
    before: Any
    after: Any

    def __str__(self) -> str:
        if self.path == "CodeUri":
            return "code"
        if isinstance(self.before, list) and isinstance(self.after, list):
            gone = [f"-{_short(one)}" for one in self.before if one not in self.after]
            come = [f"+{_short(one)}" for one in self.after if one not in self.before]
            return f"{self.path} {' '.join([*gone, *come]) or 'in another order'}"
        return f"{self.path} {_short(self.before)} -> {_short(self.after)}"


@frozen
class Change:
    """What is done to one resource: ``lost`` says what is lost by it, ``note`` what else there is to know of it.

    ``fails`` says why CloudFormation would refuse it.
    """

    action: Action
    id: str
    kind: str
    name: str
    properties: tuple[Property, ...] = ()
    lost: str = ""
    note: str = ""
    fails: str = ""

    @property
    def is_dangerous(self) -> bool:
        """Whether something is lost by it, or it cannot be done."""
        return bool(self.lost or self.fails)

    def __str__(self) -> str:
        sign = "!" if self.is_dangerous else _SIGNS[self.action]
        what = "" if self.action in ("made", "changed") else f" {self.action}"
        about = [
            ", ".join(map(str, self.properties)) if self.action != "made" else "",
            self.note,
            self.lost,
            self.fails,
        ]
        told = "; ".join(one for one in about if one)
        return f"{sign} {self.kind} {self.name}{what}{f': {told}' if told else ''}"


@frozen
class Plan:
    """What a deployment would do to a stack; ``is_new`` when it is not there yet."""

    stack: str
    is_new: bool
    changes: tuple[Change, ...] = field(factory=tuple)

    @property
    def dangers(self) -> tuple[Change, ...]:
        """The changes by which something is lost, or that cannot be done."""
        return tuple(one for one in self.changes if one.is_dangerous)

    def lines(self) -> list[str]:
        """The plan for a person: a line a change, and a sum."""
        counts = [(sum(one.action == action for one in self.changes), action) for action in _SIGNS]
        told = ", ".join(f"{number} {action}" for number, action in counts if number) or "nothing changes"
        lost = f"; {len(self.dangers)} with loss, or not possible: marked !" if self.dangers else ""
        return [*map(str, self.changes), f"stack {self.stack}{' (new)' if self.is_new else ''}: {told}{lost}"]

    def data(self) -> dict[str, Any]:
        """The plan as plain data, such as JSON holds."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain


def plan(stack: str, old: Mapping[str, Any] | None, new: Mapping[str, Any], *, code: str = "") -> Plan:
    """What deploying the template ``new`` over ``old`` (None: there is no stack) would do.

    ``code`` is the digest under which sam stores the package that was built (its MD5): functions whose code has another
    one change. Without it code is not compared.

    >>> made = {"Resources": {"T": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "areas"}}}}
    >>> print(*plan("app-dev", None, made).lines(), sep="\\n")
    + table areas
    stack app-dev (new): 1 made
    >>> print(*plan("app-dev", made, {"Resources": {}}).lines(), sep="\\n")
    ! table areas deleted: its items are lost
    stack app-dev: 1 deleted; 1 with loss, or not possible: marked !
    """
    before, after = _resources(old or {}), _resources(new)
    found: list[Change] = []
    for id in [*before, *(id for id in after if id not in before)]:
        if id not in after:
            found.append(_deleted(id, before[id]))
        elif id not in before:
            found.append(_made(id, after[id], before, after))
        elif changed := _changed(id, before[id], after[id], code):
            found.append(changed)
    return Plan(stack, old is None, tuple(found))


def deletion(stack: str) -> Plan:
    """What deleting a stack would do; nothing where it could not be made and is still listed.

    Raises ConfigurationError when there is no such stack, when it may not be deleted, and for one that others made.
    """
    found = described(stack)
    status = str(found.get("StackStatus", ""))
    if status in _SETTLED:
        raise ConfigurationError(
            f"there is no stack {stack} in {client('cloudformation').meta.region_name}: nothing to delete"
        )
    check_settled(stack, status)
    if found.get("EnableTerminationProtection"):
        raise ConfigurationError(
            f"stack {stack} is protected from deletion: if it is to go, take that away by aws cloudformation "
            f"update-termination-protection --no-enable-termination-protection --stack-name {stack}"
        )
    old = deployed_template(stack)
    check_ours(stack, old)
    return plan(stack, old or {}, {})


def check_settled(stack: str, status: str) -> None:
    """Raises ConfigurationError while somebody changes a stack that is in this status."""
    if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        raise ConfigurationError(f"stack {stack} is being changed ({status}): wait until that is done")


def check_ours(stack: str, template: Mapping[str, Any] | None) -> None:
    """Raises ConfigurationError for the template of a stack that others made: all that it has would be deleted."""
    if template is not None and not str(template.get("Description", "")).endswith(_MADE_BY):
        raise ConfigurationError(
            f"stack {stack} was not made by reactflow: choose another application or stage, since all that it has "
            "would be deleted"
        )


def check_safe(found: Plan) -> None:
    """Raises ConfigurationError, with the changes, when something would be lost or cannot be done."""
    if found.dangers:
        told = "; ".join(str(one).removeprefix("! ") for one in found.dangers)
        raise ConfigurationError(
            f"stack {found.stack}: {told}. Take the change back, or allow the loss if that is meant (--allow-loss)"
        )


def deployed_template(stack: str) -> dict[str, Any] | None:
    """The template of a deployed stack as it was handed in, None when there is no such stack.

    Raises ConfigurationError for a template that is no JSON, and when CloudFormation refuses; Transient when it is
    away.
    """
    if stack_status(stack) in _NOT_THERE:
        return None
    with speaking(f"cloudformation/{stack}", "cloudformation:GetTemplate"):
        found = client("cloudformation").get_template(StackName=stack, TemplateStage="Original")
    body = found["TemplateBody"]
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            raise ConfigurationError(
                f"stack {stack} was deployed with a template in YAML, which is not compared: deploy a change once by "
                "sam deploy --use-json, or delete it by sam delete"
            ) from None
    plain: dict[str, Any] = json.loads(json.dumps(body))
    return plain


def stack_status(stack: str) -> str:
    """The status of a stack as CloudFormation says it, empty when there is none."""
    return str(described(stack).get("StackStatus", ""))


def described(stack: str) -> Mapping[str, Any]:
    """What CloudFormation says of a stack, empty when there is none."""
    with speaking(f"cloudformation/{stack}", "cloudformation:DescribeStacks"):
        try:
            found: Any = client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        except Exception as error:
            if error_code(error) == "ValidationError" and "does not exist" in str(error):
                return {}
            raise
    return dict(found)


def _resources(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {id: dict(one) for id, one in template.get("Resources", {}).items()}


def _made(id: str, new: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> Change:
    kind, name = _kind(new), _name(id, new)
    same = [
        other for other, one in before.items()
        if other not in after and _has_name(one) and one["Type"] == new["Type"] and _name(other, one) == name
    ]  # fmt: skip
    fails = (
        f"{same[0]} has this name until it is deleted, after this one is made: delete it first, or take another name"
        if same and _has_name(new) else ""
    )  # fmt: skip
    return Change("made", id, kind, name, fails=fails)


def _deleted(id: str, old: Mapping[str, Any]) -> Change:
    kept = old.get("DeletionPolicy", "Delete") != "Delete"
    held = _HOLDS.get(old["Type"], "" if old["Type"] in _KINDS else "contents, if it has any,")
    lost = f"its {held} are lost" if held and not kept and held != "logs" else ""
    note = f"it stays on AWS with its {held or 'settings'}, outside of the stack" if kept else ""
    return Change("deleted", id, _kind(old), _name(id, old), lost=lost, note=note)


def _changed(id: str, old: Mapping[str, Any], new: Mapping[str, Any], code: str) -> Change | None:
    before, after = (dict(one.get("Properties", {})) for one in (old, new))
    if "CodeUri" in before and "CodeUri" in after and _is_same_code(before["CodeUri"], code):
        after["CodeUri"] = before["CodeUri"]
    properties = [_hidden(one) for one in _differences(before, after, "")]
    for policy in ("DeletionPolicy", "UpdateReplacePolicy", "DependsOn", "Condition"):
        if old.get(policy) != new.get(policy):
            properties.append(Property(policy, old.get(policy), new.get(policy)))
    if not properties and old["Type"] == new["Type"]:
        return None
    replacing = _replacing(old, new, properties)
    kind, name = _kind(new), _name(id, new)
    if not replacing:
        return Change("changed", id, kind, name, tuple(properties), note=_note(new, properties))
    return _replaced(id, old, new, properties, replacing)


def _replacing(old: Mapping[str, Any], new: Mapping[str, Any], properties: list[Property]) -> str:
    """The property whose change replaces a resource; empty when none does."""
    if old["Type"] != new["Type"]:
        return "Type"
    known = _KINDS.get(new["Type"], ("", "", frozenset[str]()))[2]
    tops = [one.path.partition(".")[0] for one in properties]
    if "AttributeDefinitions" in tops and "KeySchema" not in tops and _key_types(old) != _key_types(new):
        return "AttributeDefinitions"  # of a key: others are changed in place
    return next((one for one in tops if one in known), "")


def _replaced(
    id: str, old: Mapping[str, Any], new: Mapping[str, Any], properties: list[Property], by: str
) -> Change:
    kind, name = _kind(new), _name(id, new)
    held, kept = _HOLDS.get(new["Type"], ""), new.get("UpdateReplacePolicy", "Delete") != "Delete"
    lost = note = fails = ""
    if _has_name(new) and name == _name(id, old) and by != "Type":
        fails = (
            f"CloudFormation replaces no {kind} under its name when {by} changes: give it another name (names in "
            "[tool.reactflow.deploy]), or delete it first"
        )
    elif held and kept:
        lost = f"a new one without its {held} takes its place; {_name(id, old)} stays with them, outside of the stack"
    elif held and held != "logs":
        lost = f"its {held} are lost"
    elif new["Type"] == "AWS::Lambda::EventSourceMapping":
        start = new.get("Properties", {}).get("StartingPosition", "")
        if start == "LATEST":
            lost = "what is put until the new one reads is not delivered (it starts at LATEST)"
        elif start:
            note = "all that its stream still holds is delivered again, and known records change nothing"
    return Change("replaced", id, kind, name, tuple(properties), lost=lost, note=note, fails=fails)


def _note(new: Mapping[str, Any], properties: list[Property]) -> str:
    for one in properties:
        if one.path == "RetentionPeriodHours" and (one.after or 24) < (one.before or 24):
            return f"records older than {one.after or 24} h go"
        if one.path.startswith("StreamSpecification") and one.after is None:
            return "its changes are not told any more"
        if one.path == "RetentionInDays" and one.after and (not one.before or one.after < one.before):
            return f"logs older than {one.after} days go"
    return ""


def _differences(before: Any, after: Any, path: str) -> Iterator[Property]:
    if isinstance(before, Mapping) and isinstance(after, Mapping) and not _is_intrinsic(before, after):
        for name in sorted({*before, *after}):
            yield from _differences(before.get(name), after.get(name), f"{path}.{name}".lstrip("."))
    elif before != after:
        yield Property(path, before, after)


def _hidden(one: Property) -> Property:
    """A variable of the user's without its values: a plan is told where many read it."""
    name = one.path.removeprefix(_VARIABLES)
    if name == one.path or name.startswith("REACTFLOW_"):
        return one
    before, after = (None if value is None else "***" for value in (one.before, one.after))
    return Property(one.path, before, after)


def _is_intrinsic(*values: Mapping[str, Any]) -> bool:
    return any(len(one) == 1 and next(iter(one)).startswith(("Fn::", "Ref")) for one in values)


def _is_same_code(deployed: Any, code: str) -> bool:
    """Whether deployed code has this digest: sam names what it stores by it. Unknown counts as the same."""
    key = deployed.get("Key", "") if isinstance(deployed, Mapping) else str(deployed)
    return not code or key.rpartition("/")[2].partition(".")[0] == code


def _key_types(resource: Mapping[str, Any]) -> dict[str, str]:
    properties = resource.get("Properties", {})
    keys = {one["AttributeName"] for one in properties.get("KeySchema", ())}
    types = {one["AttributeName"]: one["AttributeType"] for one in properties.get("AttributeDefinitions", ())}
    return {name: types[name] for name in sorted(keys & set(types))}


def _kind(resource: Mapping[str, Any]) -> str:
    kind = str(resource["Type"])
    return _KINDS[kind][0] if kind in _KINDS else kind


def _has_name(resource: Mapping[str, Any]) -> bool:
    named = _KINDS.get(resource["Type"], ("", "", frozenset[str]()))[1]
    return bool(named) and named in resource.get("Properties", {})


def _name(id: str, resource: Mapping[str, Any]) -> str:
    """The physical name that the template gives, else the id."""
    if not _has_name(resource):
        return id
    value = resource["Properties"][_KINDS[resource["Type"]][1]]
    return str(value.get("Fn::Sub", id)) if isinstance(value, Mapping) else str(value)


def _short(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
