"""A bucket in a template: private, encrypted, by TLS only; with versions and events where it is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reactflow.deploy.resources import Bucket

Plain = dict[str, Any]


def bucket_resources(one: Bucket, id: str) -> tuple[Plain, Plain]:
    """A bucket that a stack makes, and its policy."""
    rules: list[Plain] = [
        {
            "Id": "parts-of-uploads-that-never-ended",
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
    ]
    if one.days:
        rules.append({
            "Id": "old-objects", "Status": "Enabled", "ExpirationInDays": one.days,
            "NoncurrentVersionExpiration": {"NoncurrentDays": one.days},
        })  # fmt: skip
    properties: Plain = {
        "BucketName": {"Fn::Sub": one.name} if "${" in one.name else one.name,
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True, "BlockPublicPolicy": True, "IgnorePublicAcls": True, "RestrictPublicBuckets": True,
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "LifecycleConfiguration": {"Rules": rules},
    }  # fmt: skip
    if one.is_versioned:
        properties["VersioningConfiguration"] = {"Status": "Enabled"}
    if one.is_read:
        properties["NotificationConfiguration"] = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    arn = {"Fn::GetAtt": [id, "Arn"]}
    objects = {"Fn::Sub": f"${{{id}.Arn}}/*"}
    document = {"Version": "2012-10-17", "Statement": [without_tls("s3:*", [arn, objects])]}
    policy = {"Bucket": {"Ref": id}, "PolicyDocument": document}
    return (
        {"Type": "AWS::S3::Bucket", "Properties": properties},
        {"Type": "AWS::S3::BucketPolicy", "Properties": policy},
    )


def without_tls(actions: str, resources: Sequence[Plain]) -> Plain:
    """That nobody may do anything here but by TLS."""
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": actions,
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
