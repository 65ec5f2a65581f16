"""SQL: a table of any database that SQLAlchemy speaks to, as a sink (extra ``sql``, imported on first use)."""

from __future__ import annotations

from reactflow.sql.table import Table

__all__ = ["Table"]
