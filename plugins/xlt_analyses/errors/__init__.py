"""The analysis `errors`: what a model takes for what, and which rows flip between two runs.

analysis.py     the plugin: what is kept of each row, the report
counts.py       confusions, scores of classes, flips
tables.py       the same as a report
"""
