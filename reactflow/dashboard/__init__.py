"""The page of ``reactflow dev``: the graph of the system, live, with what was delivered and what failed.

A pure client: it is given a ``Feed`` of entries and a function that returns a GraphView, and it changes nothing.
starlette and uvicorn (extra ``local``) are imported when a dashboard starts.
"""

from reactflow.dashboard.feed import Feed, Follower
from reactflow.dashboard.server import Dashboard

__all__ = ["Dashboard", "Feed", "Follower"]
