"""Random numbers that belong to an example: the same in whatever batch it stands.

torch's generators deal their numbers out over a whole tensor, so that an example's noise would
depend on its row, on the padding and on how many processes share the batch. Here each number is a
pure function of the example's seed and of the number's place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def _signed(value: int) -> int:
    """64 bits as torch writes them."""
    return value - (1 << 64) if value >> 63 else value


MASK = (1 << 64) - 1

# SplitMix64: Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators".
GOLDEN = _signed(0x9E3779B97F4A7C15)
FACTORS = (_signed(0xBF58476D1CE4E5B9), _signed(0x94D049BB133111EB))


class Draws:
    """The random numbers of a batch's examples; each call draws fresh ones.

    The k-th tensor of an example is a function of its seed, k and the shape without the first
    dimension: more padding adds numbers at the end and changes none. Devices agree up to rounding.
    Nothing waits for the device, so that drawing can be recorded as part of a CUDA graph.

    Attributes:
        seeds: of the examples, int64, [B].
    """

    def __init__(self, seeds: torch.Tensor) -> None:
        self.seeds = seeds
        self._drawn = 0

    def select(self, rows: Sequence[int]) -> Draws:
        """The draws of some of the examples, from where they stand now."""
        selected = Draws(self.seeds[rows])
        selected._drawn = self._drawn
        return selected

    def uniform(self, *shape: int, dtype: torch.dtype | None = None) -> torch.Tensor:
        """Uniform in [0, 1), [B, *shape], in multiples of 2^-24 (float32) or 2^-53 (float64)."""
        import torch

        dtype = dtype or torch.float32
        digits = 53 if dtype == torch.float64 else 24
        return _shifted(self._bits(shape), 64 - digits).to(dtype) * 2.0**-digits

    def normal(self, *shape: int, dtype: torch.dtype | None = None) -> torch.Tensor:
        """Standard normal, [B, *shape]; at most 6.7, as 32 bits make the radius (Box-Muller)."""
        import torch

        dtype = dtype or torch.float32
        bits = self._bits(shape)
        radius = ((_shifted(bits, 32) + 1).to(dtype) * 2.0**-32).log().mul(-2).sqrt()
        angle = (bits & 0xFFFFFFFF).to(dtype) * (2 * math.pi * 2.0**-32)
        numbers: torch.Tensor = radius * angle.cos()
        return numbers

    def _bits(self, shape: Sequence[int]) -> torch.Tensor:
        """64 random bits each, [B, *shape]: the outputs of a SplitMix64 for each example."""
        import torch

        self._drawn += 1
        start = _mixed(self.seeds + _signed(self._drawn * GOLDEN & MASK))
        place = torch.arange(1, math.prod(shape) + 1, device=self.seeds.device)
        bits = _mixed(start[:, None] + place * GOLDEN)
        return bits.view(len(self.seeds), *shape)


def _mixed(state: torch.Tensor) -> torch.Tensor:
    """SplitMix64's output for a state; int64 arithmetic wraps around."""
    for shift, factor in zip((30, 27), FACTORS, strict=True):
        state = (state ^ _shifted(state, shift)) * factor
    return state ^ _shifted(state, 31)


def _shifted(bits: torch.Tensor, places: int) -> torch.Tensor:
    """A logical shift to the right; torch's own copies the sign."""
    return (bits >> places) & ((1 << (64 - places)) - 1)
