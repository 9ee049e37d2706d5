"""A trained model's weights as changes against the pretrained ones, exact to the last bit.

May stand here: how changes are computed and written, the file that holds them, and opening it with
the weights of the encoder that they belong to. Plugins that open models use it as well.
"""

from xlt_cli.weights.opening import saved_weights
from xlt_cli.weights.packed_file import PACKED, WHOLE, packed_in

__all__ = ["PACKED", "WHOLE", "packed_in", "saved_weights"]
