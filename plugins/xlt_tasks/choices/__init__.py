"""Published sets of multiple choice, a file each."""
