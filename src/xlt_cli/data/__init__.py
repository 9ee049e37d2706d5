"""From rows to batches: the tokenizer's template, rows of a task, batches by length."""
