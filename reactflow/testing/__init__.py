"""The testing kit: sample events of every trigger, makers of more, the purity probe, checks of laws and delivery."""

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
from reactflow.testing.laws import LawCheck, check_laws
from reactflow.testing.purity import Impurity, check_purity
from reactflow.testing.sim import DeliveryError, DeliveryReport, check_delivery

__all__ = [
    "DeliveryError",
    "DeliveryReport",
    "Impurity",
    "LawCheck",
    "check_delivery",
    "check_laws",
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
