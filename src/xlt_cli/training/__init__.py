"""The training of one stage, in plain torch: from its rows to its selected model.

May stand here: examples under noise, batches, the loss, updates, the optimizer, checkpoints, and
the loop that puts them together. What only makes it faster is in `speed`.
"""
