"""xlt: an experiment runner for zero-shot cross-lingual transfer under robust training."""

try:
    from xlt_cli._version import __version__
except ImportError:  # a checkout that was never installed
    __version__ = "0+unknown"

__all__ = ["__version__"]
