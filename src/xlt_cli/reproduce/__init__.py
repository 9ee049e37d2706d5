"""A paper's comparison: its definition, its runs, its report, its archive.

May stand here: what makes many runs one comparison. Figures and verdicts are computed in `reports`.
"""
