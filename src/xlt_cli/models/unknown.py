"""How much of a language the tokenizer knows: the share of pieces that are the unknown token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from xlt_cli.errors import UserError
from xlt_cli.problems import Encoded

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

REFUSED = 0.9
"""Share from which on nothing can be learnt, or tested, with the tokenizer."""

NOTED = 0.2
"""Share from which on it is said beside a language's results."""

_HINT = (
    "the tokenizer is not the one that the model was trained with, or does not cover the "
    "script: give the right one with the encoder's parameter `tokenizer` (a hub id or a folder)"
)


def share(encoded: Sequence[Encoded], unknown_id: int | None) -> float:
    """The share of pieces that are unknown; a text of which nothing is left counts as one."""
    unknown = total = 0
    for example in encoded:
        for piece in example.pieces:
            total += max(len(piece), 1)
            unknown += piece.count(unknown_id) if piece and unknown_id is not None else not piece
    return unknown / total if total else 0.0


def shares(
    encoded: Mapping[str, Sequence[Encoded]], tokenizer: PreTrainedTokenizerBase
) -> dict[str, float]:
    """The share of each language."""
    return {name: share(rows, tokenizer.unk_token_id) for name, rows in encoded.items()}


def refuse_training(shares: Mapping[str, float], where: str) -> None:
    """Raises UserError if a language cannot be trained on, as nearly all its pieces are unknown."""
    for language, unknown in shares.items():
        if unknown >= REFUSED:
            raise UserError(_note(language, unknown), where, _HINT)


def refuse_evaluation(shares: Mapping[str, float], where: str) -> None:
    """Raises UserError if no language at all can be tested."""
    if shares and min(shares.values()) >= REFUSED:
        language = min(shares, key=lambda name: shares[name])
        raise UserError(_note(language, shares[language]), where, _HINT)


def notes(shares: Mapping[str, float]) -> list[str]:
    """What must be said beside the results of languages that the tokenizer knows little of."""
    return [_note(language, unknown) for language, unknown in shares.items() if unknown >= NOTED]


def _note(language: str, unknown: float) -> str:
    return f"{unknown:.0%} of the pieces of '{language}' are unknown to the tokenizer"
