"""What reactflow costs, as a ratio to the leanest hand-written Python for the same work: `scripts/bench`."""
