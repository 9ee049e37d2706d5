"""What stored predictions say: figures, averages, comparisons, verdicts, as values.

May stand here: builders that read predictions and give values. How values look is in `formats`.
"""
