"""Three services on real input, and a form: thumbnails, another database in sync, a stream of readings.

What it promises: each service is a few dozen lines of what a user would write, and nothing of reactflow is used to
check its result. What it must not do: be imported by the package.
"""
