"""The step against hand-written Python: states by key, events grouped by key, and what changed in return.

``by_hand`` is the hand-written side, ``works`` names the works and their flows, ``measure`` times both in turns,
``handler`` is the same for a whole delivery of a stream, from its bytes to its rows.
"""
