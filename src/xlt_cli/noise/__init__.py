"""The rows of an evaluation under the noise of a condition.

May stand here: drawing the noise, how much of the rows it changes, keeping noisy rows between runs,
and making them ahead in other processes. Nothing here knows a model, or imports torch.
"""
