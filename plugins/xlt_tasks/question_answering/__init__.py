"""Question answering: sets of questions whose answers are parts of passages."""
