"""Alignment in embedding space: measured in runs, and reported."""
