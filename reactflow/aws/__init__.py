"""AWS: its streams, tables and buckets as sources and sinks, and a table as a store; one thing of AWS a module.

Importing this needs no boto3; the first call to AWS does (extra ``aws``).
"""

from __future__ import annotations

from reactflow.aws.dynamodb import DynamoDB
from reactflow.aws.host import KNOWN, understood
from reactflow.aws.kinesis import Kinesis
from reactflow.aws.metrics import SETTING, emf
from reactflow.aws.s3 import S3
from reactflow.aws.s3_object import S3Object
from reactflow.aws.state_table import DynamoDBStore
from reactflow.service.host import opens_events
from reactflow.service.stores import opens_stores
from reactflow.service.telemetry import watches

opens_events(understood, KNOWN)  # a service with a source of this floor understands what Lambda delivers
watches(SETTING, {"emf": emf, "off": None})
opens_stores("dynamodb", DynamoDBStore)  # and may have its state in a table

__all__ = ["S3", "DynamoDB", "DynamoDBStore", "Kinesis", "S3Object"]
