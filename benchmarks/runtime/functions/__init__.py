"""Functions that are measured in Lambda's runtime, each of them a module with a ``handler``."""
