"""What is checked of plugins: their classes, the calls into them, and what the calls return."""
