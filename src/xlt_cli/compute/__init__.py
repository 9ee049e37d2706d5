"""Where and how numbers are computed: devices, processes, precision, randomness.

May stand here: what any computation needs whatever it computes. Nothing here knows a model, a spec
or a run; torch is imported by `runtime` alone.
"""
