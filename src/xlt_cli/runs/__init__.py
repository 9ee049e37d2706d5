"""Run directories: what they hold, how it is written, and where it comes from."""
