"""A question answered from stored runs: arms over families of test sets, against a reference line.

May stand here: which stored runs and answers a question's file means, the figures of its families,
its contrasts, and their drawing. Nothing is predicted. The file's models are in `spec`, the
arithmetic in `stats`, the report in `reports`.
"""
