"""How far noise must move an example to change its decision.

Everything is in the units of the training methods' ball `l2-token`: the l2 norm of each token's
noise, relative to the mean l2 norm of the example's own word embeddings; special tokens and padding
are not touched. A row's figures do not depend on the batch it is in: noise is drawn per row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from xlt_analyses.alignment.distances import TINY, mean_norms, pooled, relative, text_masks
from xlt_cli.api import Batch, Draws, EncoderModel, derive
from xlt_cli.api.stats import certify


@dataclass(frozen=True)
class Probing:
    """How radii are searched for.

    Attributes:
        largest: epsilon of the largest ball; a row whose decision holds there is censored.
        rungs: balls that are tried, from small to large; each is twice the one before.
        bisections: between the first ball in which the decision flips and the one before.
        steps: of gradient ascent in a ball.
        starts: of the ascent; the first at the example itself, further ones random.
        sigma: root mean square norm of each token's Gaussian noise when votes are counted.
        selection: votes that choose the smoothed answer.
        samples: further votes, from which its radius is certified.
        alpha: the probability that a certified radius is wrong.
    """

    largest: float = 1.0
    rungs: int = 7
    bisections: int = 4
    steps: int = 4
    starts: int = 1
    sigma: float = 0.5
    selection: int = 10
    samples: int = 100
    alpha: float = 0.001

    @classmethod
    def with_votes(cls, votes: int, sigma: float) -> Probing:
        """With so many votes for the certified radius, and further ones that choose the answer."""
        return cls(sigma=sigma, samples=votes, selection=max(votes // 10, 1) if votes else 0)

    @property
    def explained(self) -> list[str]:
        """How radii are searched for, in words."""
        said = [
            "empirical radius: the smallest ball in which gradient ascent flipped the decision, an "
            f"upper bound of the true one (ascent: {self.steps} steps, starts: {self.starts}; "
            f"balls doubled up to {self.largest:g}, then {self.bisections} bisections; fp32)",
        ]
        if self.samples:
            said.append(
                f"certified radius: randomized smoothing, sigma {self.sigma:g}, "
                f"{self.selection} + {self.samples} votes, alpha {self.alpha:g}"
            )
        return said

    @property
    def epsilons(self) -> list[float]:
        """The balls that are tried, rising."""
        return [self.largest / 2**rung for rung in reversed(range(self.rungs))]


@dataclass(frozen=True)
class Anchor:
    """Examples as the points that noise is put on.

    Attributes:
        keys: what the rows' random draws are named after.
        embeddings: [B, L, D].
        touched: True where noise may be, [B, L, 1].
        norms: mean l2 norm of each row's word embeddings, [B, 1, 1].
        decided: the class that the model answers, [B].
    """

    batch: Batch
    keys: tuple[str, ...]
    embeddings: torch.Tensor
    touched: torch.Tensor
    norms: torch.Tensor
    decided: torch.Tensor

    @classmethod
    @torch.no_grad()
    def of(cls, model: EncoderModel, batch: Batch, keys: Sequence[str]) -> Anchor:
        """The examples of a batch."""
        embeddings = model.embed(batch)
        touched = ~batch.special_mask[..., None]
        return cls(
            batch,
            tuple(keys),
            embeddings,
            touched,
            mean_norms(embeddings, touched),
            model.logits(embeddings, batch).argmax(dim=-1),
        )

    def select(self, rows: Sequence[int]) -> Anchor:
        """Some of the examples, with the same padding."""
        if len(rows) == len(self.keys):
            return self
        return Anchor(
            self.batch.select(rows),
            tuple(self.keys[row] for row in rows),
            self.embeddings[rows],
            self.touched[rows],
            self.norms[rows],
            self.decided[rows],
        )


@dataclass(frozen=True)
class Radii:
    """Where decisions flipped.

    Attributes:
        epsilon: of the smallest ball in which ascent flipped the decision, an upper bound of the
            true radius; the largest one that was tried where it never flipped, [B].
        censored: True where it never flipped, [B].
        noise: what flipped it, or the last that was tried in the largest ball, [B, L, D].
    """

    epsilon: torch.Tensor
    censored: torch.Tensor
    noise: torch.Tensor


# ------------------------------------------------------------------------------------ radii


def empirical_radii(model: EncoderModel, anchor: Anchor, probing: Probing) -> Radii:
    """The smallest ball of each row in which ascent flips the decision.

    Balls are doubled until one flips it; the gap to the ball before is then bisected.
    """
    size = len(anchor.keys)
    low = anchor.norms.new_zeros(size)
    high = anchor.norms.new_full((size,), probing.largest)
    flipped = torch.zeros(size, dtype=torch.bool, device=high.device)
    noise = torch.zeros_like(anchor.embeddings)
    for epsilon in probing.epsilons:
        rows = _rows(~flipped)
        if not rows:
            break
        now, flipping = _attack(
            model, anchor.select(rows), high.new_full((len(rows),), epsilon), probing
        )
        noise[rows] = flipping
        high[rows] = torch.where(now, epsilon, high[rows])
        low[rows] = torch.where(now, low[rows], epsilon)
        flipped[rows] = now
    rows = _rows(flipped)
    for _ in range(probing.bisections if rows else 0):
        middle = (low[rows] + high[rows]) / 2
        now, flipping = _attack(model, anchor.select(rows), middle, probing)
        noise[rows] = torch.where(now[:, None, None], flipping, noise[rows])
        high[rows] = torch.where(now, middle, high[rows])
        low[rows] = torch.where(now, low[rows], middle)
    return Radii(high, ~flipped, noise)


def _attack(
    model: EncoderModel, anchor: Anchor, epsilon: torch.Tensor, probing: Probing
) -> tuple[torch.Tensor, torch.Tensor]:
    """Whether a decision flips in a row's ball, [B], and the noise that was reached, [B, L, D]."""
    radius = epsilon[:, None, None] * anchor.norms
    flipped = torch.zeros(len(anchor.keys), dtype=torch.bool, device=epsilon.device)
    noise = torch.zeros_like(anchor.embeddings)
    for start in range(probing.starts):
        rows = _rows(~flipped)
        if not rows:
            break
        part = anchor.select(rows)
        first = torch.zeros_like(part.embeddings)
        if start > 0:
            first = radius[rows] * _unit(gaussian(part, draws(part, "start", start)))
        flipped[rows], noise[rows] = _ascend(model, part, radius[rows], first, probing.steps)
    return flipped, noise


def _ascend(
    model: EncoderModel, anchor: Anchor, radius: torch.Tensor, noise: torch.Tensor, steps: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Projected gradient ascent on the margin; a row stops where its decision has flipped."""
    flipped = torch.zeros(len(anchor.keys), dtype=torch.bool, device=radius.device)
    # 2.5 / steps: every point of the ball can be reached, with some to spare (Madry et al. 2018).
    size = radius * min(2.5 / steps, 1.0)
    for step in range(steps + 1):
        rows = _rows(~flipped)
        if not rows:
            break
        part, at = anchor.select(rows), noise[rows]
        if step == steps:
            flipped[rows] = _margins(model, part, at) > 0
            break
        with torch.enable_grad():
            at = at.detach().requires_grad_()
            margins = _margins(model, part, at)
            (rise,) = torch.autograd.grad(margins.sum(), at)
        now = margins.detach() > 0
        moved = _projected(at.detach() + size[rows] * _unit(rise * part.touched), radius[rows])
        noise[rows] = torch.where(now[:, None, None], at.detach(), moved)
        flipped[rows] = now
    return flipped, noise


def _margins(model: EncoderModel, anchor: Anchor, noise: torch.Tensor) -> torch.Tensor:
    """The best other class's logit minus that of the class decided on, [B]."""
    logits = model.logits(anchor.embeddings + noise, anchor.batch)
    own = torch.nn.functional.one_hot(anchor.decided, logits.shape[-1]).bool()
    return logits.masked_fill(own, -torch.inf).amax(dim=-1) - logits[own]


@torch.no_grad()
def certified_radii(
    model: EncoderModel, anchor: Anchor, probing: Probing
) -> tuple[np.ndarray, np.ndarray]:
    """Randomized smoothing with Gaussian noise (Cohen et al. 2019).

    Returns the smoothed answers (-1: abstained), [B], and the l2 radii, of the noise of all tokens
    together, within which they hold, relative to the rows' mean norms, [B].
    """
    width = anchor.embeddings.shape[-1]
    deviation = probing.sigma * anchor.norms / width**0.5
    drawn = draws(anchor, "votes")
    votes = []
    for count in (probing.selection, probing.samples):
        counted: torch.Tensor | int = 0
        for _ in range(count):
            noisy = anchor.embeddings + deviation * gaussian(anchor, drawn)
            logits = model.logits(noisy, anchor.batch)
            counted = counted + torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1])
        assert isinstance(counted, torch.Tensor)
        votes.append(counted.cpu().numpy())
    # In units of the mean norm, every row's noise has the same deviation.
    deviations = np.full(len(anchor.keys), probing.sigma / width**0.5)
    certified = certify(votes[0], votes[1], deviations, probing.alpha)
    return certified.classes, certified.radii


@torch.no_grad()
def hidden_move(model: EncoderModel, anchor: Anchor, noise: torch.Tensor) -> torch.Tensor:
    """How far noise moves the pooled last hidden states, relative to their norm, [B]."""
    texts = text_masks(anchor.batch)
    before = pooled(model.encode(anchor.embeddings, anchor.batch), texts)
    after = pooled(model.encode(anchor.embeddings + noise, anchor.batch), texts)
    return relative(after, before)


# ------------------------------------------------------------------------------------ noise


def draws(anchor: Anchor, *purpose: object) -> Draws:
    """The rows' own randomness."""
    seeds = [derive("probing", *purpose, key) for key in anchor.keys]
    return Draws(torch.tensor(seeds, device=anchor.embeddings.device))


def gaussian(anchor: Anchor, drawn: Draws) -> torch.Tensor:
    """Standard normal noise where rows may be touched, zero elsewhere, [B, L, D]."""
    embeddings = anchor.embeddings
    return drawn.normal(*embeddings.shape[1:], dtype=embeddings.dtype) * anchor.touched


def _unit(vectors: torch.Tensor) -> torch.Tensor:
    """Each token's vector with norm 1; zero stays zero."""
    norms: torch.Tensor = vectors.norm(dim=-1, keepdim=True)
    return torch.where(norms > 0, vectors / norms.clamp(min=torch.finfo(norms.dtype).tiny), 0.0)


def _projected(noise: torch.Tensor, radius: torch.Tensor) -> torch.Tensor:
    """The nearest noise whose tokens have norms up to `radius`."""
    norms: torch.Tensor = noise.norm(dim=-1, keepdim=True).clamp(min=TINY)
    return noise * (radius / norms).clamp(max=1.0)


def _rows(mask: torch.Tensor) -> list[int]:
    """Where a mask is true."""
    return [int(row) for row in mask.nonzero().flatten()]
