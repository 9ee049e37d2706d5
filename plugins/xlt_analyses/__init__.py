"""Analysis plugins.

alignment/      how far translations lie, and how much noise decisions bear
errors/         what is taken for what, and which rows flip between two runs
"""
