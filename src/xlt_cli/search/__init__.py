"""The search of a sweep: values that are drawn one after another, by the results of earlier runs.

May stand here: what is searched and what is optimised, the study in which Optuna keeps its trials,
and the driver that alone asks it for values and tells it results. A trial is a point of the sweep,
whose runs are planned, launched, noted down and continued like all others (`sweep`, `launch`).
"""
