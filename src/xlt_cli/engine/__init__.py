"""From a run to a trained, evaluated model."""
