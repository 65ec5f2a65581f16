"""The service floor: a flow bound to input events and output events, applied with effect exactly once.

Follow one event by reading down: ``host`` takes a delivery apart, ``binding`` turns messages into events of units,
``unit`` applies them and writes once, ``outbox`` finds what is due and hands it to the sinks.
"""

from typing import TYPE_CHECKING

from reactflow.later import later
from reactflow.service.binding import Input, UnitEvent
from reactflow.service.host import Host
from reactflow.service.item import Item, Pending
from reactflow.service.key import Key, UnitKey
from reactflow.service.output import Output, Row, row
from reactflow.service.report import Report
from reactflow.service.service import Service
from reactflow.service.sink import Publication, Sink
from reactflow.service.source import Contract, Message, Record, Source
from reactflow.service.stores import MemoryStore, Store

if TYPE_CHECKING:
    from reactflow.service.envelope import Envelope
    from reactflow.service.opencase import OpenCase, open_case
    from reactflow.service.quarantine import Case, Reason
    from reactflow.service.stores import SQLiteStore
    from reactflow.service.system import System
    from reactflow.service.window import Window
else:  # what not every handler needs
    __getattr__ = later(
        __name__,
        {
            "reactflow.service.envelope": "Envelope",
            "reactflow.service.opencase": "OpenCase open_case",
            "reactflow.service.quarantine": "Case Reason",
            "reactflow.service.stores.sqlite": "SQLiteStore",
            "reactflow.service.system": "System",
            "reactflow.service.window": "Window",
        },
    )

__all__ = [
    "Case",
    "Contract",
    "Envelope",
    "Host",
    "Input",
    "Item",
    "Key",
    "MemoryStore",
    "Message",
    "OpenCase",
    "Output",
    "Pending",
    "Publication",
    "Reason",
    "Record",
    "Report",
    "Row",
    "SQLiteStore",
    "Service",
    "Sink",
    "Source",
    "Store",
    "System",
    "UnitEvent",
    "UnitKey",
    "Window",
    "open_case",
    "row",
]
