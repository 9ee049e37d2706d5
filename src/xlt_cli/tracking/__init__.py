"""Trackers: TensorBoard, MLflow, Weights & Biases and trackio, which show a run while it trains.

They copy what the run's directory has, and nothing is read from them: a tracker that fails changes
nothing of a run.
"""
