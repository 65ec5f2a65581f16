"""The command line: ``reactflow dev``, ``put``, ``graph``, ``check``, ``event``, ``invoke``."""
