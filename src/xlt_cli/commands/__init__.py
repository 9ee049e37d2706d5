"""The commands, one file each: they parse options, call a function and print its result.

Slow libraries are imported inside the functions.
"""
