"""How reports look on a terminal, and in files.

May stand here: one module per way to show a report. Nothing here computes a figure.
"""
