"""From stored predictions to figures that can be published; never needs a model."""
