"""What a step and a whole handler cost, as a ratio to the leanest hand-written Python for the same work.

Where to find what:

- ``by_hand.py`` says what is the same work, and does it by hand; ``handler_by_hand.py`` does so for a handler.
- ``flows.py``, ``works.py``: the same as flows, and what both sides are given. ``service.py``: the handler.
- ``measure.py``, ``page.py``: rounds of ratios, and the page of the docs.

``scripts/bench --step`` measures all works, ``scripts/bench --step 'numeric, 10 cells, 1'`` those with this in their
name. Without the environment of the benchmarks: ``python -m benchmarks --step``.
"""
