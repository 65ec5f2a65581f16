"""The fault simulator: a service's own code, run through every fault of the protocol, and held against the answer."""

from __future__ import annotations
