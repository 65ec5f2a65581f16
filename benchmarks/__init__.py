"""What reactflow costs, as a ratio to the leanest hand-written Python for the same work: `scripts/bench`.

Where to find what:

- ``works/``: what is measured, each work by hand and once for every library. Start at ``works/work.py``, which says
  what a work is.
- ``libraries/``: who is measured, reactflow in its forms and its peers, a small module each.
- ``functions.py``, ``straight.py``, ``loops.py``: the node functions, straight-line code, and what changes sources.
- ``steps/``: a flow as a step, and a whole handler, next to the same by hand: `scripts/bench --step`.
- ``measure.py``, ``probe.py``, ``making.py``, ``fast_paths.py``: how. Rounds of ratios, a trial run that may crash,
  creation and memory, what each fast path gains.
- ``report.py``, ``table.py``, ``chart.py``, ``page.py``: what is shown. All figures, and three ways to look at them.
"""
