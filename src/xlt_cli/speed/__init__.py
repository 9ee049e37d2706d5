"""What makes training and prediction fast, and nothing else.

May stand here: another way to compute what `training` and `evaluation` compute, to the same result.
"""
