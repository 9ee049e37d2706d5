"""Runs against a line through reference runs: effective robustness.

May stand here: which stored answers of several runs belong together, and the lines through them.
Nothing is predicted. The arithmetic of a line is in `stats`, the report in `reports`.
"""
