"""The analysis `alignment`: do translations lie where the decision on the English row holds?

analysis.py     the plugin: which rows, what is measured of them, the report
radii.py        how much noise flips a decision
distances.py    how far translations lie
records.py      what is kept of each row
seeds.py        figures of several seeds and their intervals
measures.py     figures of runs, and of several against the first
tables.py       the figures as a report, lines.py as a line each, figures.py as pictures
"""
