"""xlt: an experiment runner for zero-shot cross-lingual transfer under robust training."""

__version__ = "0.1.0"
