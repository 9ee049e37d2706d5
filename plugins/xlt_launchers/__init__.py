"""The launchers that ship with xlt."""
