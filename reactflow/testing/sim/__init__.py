"""The fault simulator: services' own code, run through the faults of the protocol and held against the plain answer.

``check_delivery(service, events)`` is all that most need. A run is decided by its seed alone: the handler, the unit
loop, the outbox, the sinks and the trigger core are the real ones; simulated are the clock, the streams, tables and
buckets, the store's misfortunes, and who runs when.
"""

from __future__ import annotations

from reactflow.testing.sim.checking import DeliveryError, DeliveryReport, check_delivery
from reactflow.testing.sim.faults import ALL, NOT_MODELLED, Fault
from reactflow.testing.sim.violation import INVARIANTS, Invariant, Violation
from reactflow.testing.sim.world import Outcome, World

__all__ = [
    "ALL",
    "INVARIANTS",
    "NOT_MODELLED",
    "DeliveryError",
    "DeliveryReport",
    "Fault",
    "Invariant",
    "Outcome",
    "Violation",
    "World",
    "check_delivery",
]
