"""What the terminal shows: progress, messages, tables."""
