"""Performing runs: one in this process, or several in processes of their own.

May stand here: a run from preflight to its last evaluation, and how many at a time there is room
for. Which runs there are is decided in `sweep` and `reproduce`.
"""
