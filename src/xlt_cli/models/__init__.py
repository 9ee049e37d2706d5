"""Models between the two halves: whether they keep to the seam, and whether they suit their inputs.

May stand here: checks of a loaded model and its tokenizer, checkpoints of others, and what wraps a
model (a collapse of classes). What makes models fast is in `speed`, what they learn in `training`.
"""
