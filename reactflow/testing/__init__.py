"""The testing kit: sample events of every trigger, and makers of more."""

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

__all__ = [
    "dynamodb_event",
    "eventbridge_event",
    "kinesis_event",
    "merged",
    "s3_event",
    "sample",
    "samples",
    "sqs_event",
]
