"""Mutation testing: one operator or constant of the code is changed, and the tests of its room must notice.

Cosmic Ray makes the changes; which rooms, which tests and which operators stands in ``pyproject.toml``
(``[tool.cxr-mutants]``). A random sample with a fixed seed is judged, each mutant in a copy of the tree.
"""
