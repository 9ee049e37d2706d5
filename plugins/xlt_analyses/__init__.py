"""Analysis plugins.

alignment/      how far translations lie, and how much noise decisions bear
"""
