"""The analysis `checklist`: which behavioural tests a model fails, by capability and language.

analysis.py     the plugin: what is kept of each row, the report
failures.py     cases that fail, and failure rates with intervals
tables.py       the same as a report
"""
