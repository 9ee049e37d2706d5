"""Perturbations: noise on the text or on the embeddings."""
