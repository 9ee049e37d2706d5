"""What others get of a run: the model card, and the upload to the hub.

Everything is read from the run's directory. Nothing that is made here names paths of this machine.
"""
