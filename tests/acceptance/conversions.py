"""Makes the table of older weights' names that transformers otherwise makes in each process.

That takes it half a second, before it loads its first model.
"""

from transformers.conversion_mapping import get_checkpoint_conversion_mapping

get_checkpoint_conversion_mapping("bert")
