"""One module a language, each with `realise(scene, form)`; loaded when first asked for."""
