"""Sources of plugins that tests of several rooms install."""

PINNED = """
from xlt_encoders.huggingface import HuggingFaceEncoder

class Pinned(HuggingFaceEncoder):
    name = "pinned"
    summary = "a folder that is said never to change"

    def pinned(self):
        return {"model": self.params.model}
"""
"""An encoder whose models are packed although it reads a folder."""
