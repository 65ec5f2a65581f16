"""The command line: ``reactflow dev``, ``put``, ``graph``, ``event``, ``invoke``."""
