"""Triggers: what Lambda's event source mappings and asynchronous invocations do, on this machine.

A trigger reads a stream or a queue of the cloud and drives a ``handler(event, context)`` with the very JSON that Lambda
delivers. ``Triggers`` runs several of them. What a trigger decides is in two cores that know neither time nor network:
``Polling`` for streams, ``Messages`` for what has no order.
"""

from __future__ import annotations

from reactflow.local.triggers.batch import Batch, Entry
from reactflow.local.triggers.clock import Clock, ManualClock
from reactflow.local.triggers.delivery import Delivery, LambdaContext
from reactflow.local.triggers.destination import Destination
from reactflow.local.triggers.dynamodb import DynamoDBTrigger
from reactflow.local.triggers.filters import FilterCriteria
from reactflow.local.triggers.kinesis import KinesisTrigger
from reactflow.local.triggers.memory import MemoryStream
from reactflow.local.triggers.messages import Messages
from reactflow.local.triggers.polling import Polling
from reactflow.local.triggers.runner import Summary, Triggers
from reactflow.local.triggers.s3 import S3Trigger
from reactflow.local.triggers.settings import InvokeSettings, QueueSettings, TriggerSettings
from reactflow.local.triggers.stream import StreamTrigger, Trigger

__all__ = [
    "Batch",
    "Clock",
    "Delivery",
    "Destination",
    "DynamoDBTrigger",
    "Entry",
    "FilterCriteria",
    "InvokeSettings",
    "KinesisTrigger",
    "LambdaContext",
    "ManualClock",
    "MemoryStream",
    "Messages",
    "Polling",
    "QueueSettings",
    "S3Trigger",
    "StreamTrigger",
    "Summary",
    "Trigger",
    "TriggerSettings",
    "Triggers",
]
