"""AWS: its streams, tables and buckets as sources and sinks, and a table as a store; one thing of AWS a module.

Importing this needs no boto3; the first call to AWS does (extra ``aws``). A service pays for the sources and sinks that
it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reactflow.aws.host import KNOWN, understood
from reactflow.later import later
from reactflow.service.host import opens_events
from reactflow.service.stores import Store, opens_stores
from reactflow.service.telemetry import Watcher, watches

if TYPE_CHECKING:
    from reactflow.aws.dynamodb import DynamoDB
    from reactflow.aws.kinesis import Kinesis
    from reactflow.aws.s3 import S3
    from reactflow.aws.s3_object import S3Object
    from reactflow.aws.state_table import DynamoDBStore
else:
    __getattr__ = later(
        __name__,
        {
            "reactflow.aws.dynamodb": "DynamoDB",
            "reactflow.aws.kinesis": "Kinesis",
            "reactflow.aws.s3": "S3",
            "reactflow.aws.s3_object": "S3Object",
            "reactflow.aws.state_table": "DynamoDBStore",
        },
    )


def _emf() -> Watcher:
    from reactflow.aws.metrics import emf

    return emf()


def _table(name: str) -> Store:
    from reactflow.aws.state_table import DynamoDBStore

    return DynamoDBStore(name)


opens_events(understood, KNOWN)  # a service with a source of this floor understands what Lambda delivers
watches("REACTFLOW_METRICS", {"emf": _emf, "off": None})
opens_stores("dynamodb", _table)  # and may have its state in a table

__all__ = ["S3", "DynamoDB", "DynamoDBStore", "Kinesis", "S3Object"]
