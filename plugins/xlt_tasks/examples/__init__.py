"""Records become the examples of a problem; whatever is wrong with one is said with its place."""
