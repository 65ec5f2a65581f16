"""Triggers: what Lambda's event source mappings and asynchronous invocations do, on this machine.

A trigger reads a stream or a queue of the cloud and drives a ``handler(event, context)`` with the very JSON that Lambda
delivers. ``Triggers`` runs several of them.
"""

from __future__ import annotations

from reactflow.local.triggers.clock import Clock, ManualClock
from reactflow.local.triggers.delivery import Delivery, LambdaContext
from reactflow.local.triggers.dynamodb import DynamoDBTrigger
from reactflow.local.triggers.kinesis import KinesisTrigger
from reactflow.local.triggers.runner import Summary, Triggers
from reactflow.local.triggers.s3 import S3Trigger
from reactflow.local.triggers.settings import TriggerSettings
from reactflow.local.triggers.stream import Trigger

__all__ = [
    "Clock",
    "Delivery",
    "DynamoDBTrigger",
    "KinesisTrigger",
    "LambdaContext",
    "ManualClock",
    "S3Trigger",
    "Summary",
    "Trigger",
    "TriggerSettings",
    "Triggers",
]
