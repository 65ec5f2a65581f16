"""The local host: an AWS of one's own on this machine, its triggers, and what they need (extra ``local``)."""

from __future__ import annotations

from reactflow.local.cloud import Cloud

__all__ = ["Cloud"]
