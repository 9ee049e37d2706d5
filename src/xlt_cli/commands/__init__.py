"""One file per verb, thin: parse, call, print. Heavy imports stand inside the functions."""
