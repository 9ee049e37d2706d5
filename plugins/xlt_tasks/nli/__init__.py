"""Natural language inference: does the premise entail the hypothesis, contradict it, or neither?

May stand here: a module for each family of sets, whose tasks derive from `NliTask` (base.py).
xnli.py, beside this folder, is older and also reads the hub.
"""
