"""Notebooks: a cell, a flow's instance or a graph shown live where it was asked for (extra ``notebook``).

IPython is imported when something is shown, not before. What a cell or a graph shows as a notebook cell's last line,
at one moment and without this floor, is its own business (``_repr_html_``, ``GraphView``).
"""

from reactflow.notebook.display import Live, live

__all__ = ["Live", "live"]
