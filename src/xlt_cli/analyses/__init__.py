"""Analyses of finished runs, whatever they measure: rows, resuming, archives, files.

May stand here: what every analysis needs and none should write itself. What is measured, and what
is said of it, is the plugin's; nothing here knows an analysis by name.
"""
