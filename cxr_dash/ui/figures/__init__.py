"""Graphs of the model page, and the curves they draw."""
