"""The testing kit: sample events of every trigger, makers of more, and the purity probe."""

from __future__ import annotations

from reactflow.testing.events import (
    dynamodb_event,
    eventbridge_event,
    kinesis_event,
    merged,
    s3_event,
    sample,
    samples,
    sqs_event,
)
from reactflow.testing.purity import Impurity, check_purity

__all__ = [
    "Impurity",
    "check_purity",
    "dynamodb_event",
    "eventbridge_event",
    "kinesis_event",
    "merged",
    "s3_event",
    "sample",
    "samples",
    "sqs_event",
]
