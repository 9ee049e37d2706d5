"""Statistics: intervals, paired tests, associations, certified radii.

May stand here: numbers in, numbers out, with numpy and scipy. Nothing here knows of predictions, of
runs or of reports.
"""
