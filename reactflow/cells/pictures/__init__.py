"""How a GraphView is drawn: one module a format, and one layout for all that need places.

It promises that pictures are pure functions of the view: deterministic, and safe with any text in names and values.
It must not import a module of the live graph, nor anything outside the standard library.
"""
