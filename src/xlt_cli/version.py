"""The version of xlt, which comes from the tag that it was built from."""

import importlib

try:
    # Written when the package is built or installed; no import statement, since it may be missing.
    __version__ = str(importlib.import_module("xlt_cli._version").__version__)
except ImportError:  # a checkout that was never installed
    __version__ = "0+unknown"
