"""The Python interface: what `import xlt_cli` offers, and what the command line calls.

May stand here: the public classes and functions, each light to import; what they do is done by the
rooms below. Whatever is public is exported by `xlt_cli/__init__.py` and documented in
`docs/python.md`.
"""
