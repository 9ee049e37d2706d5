"""Subword regularisation: words cut into other pieces than usual."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import Field

from xlt_cli.api import PluginError, PluginParams, SegmentationPerturbation
from xlt_perturbations.segmentation import MaxMatch, Merges, Sampler, Segmentation, Unigram

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

BYTE = re.compile(r"<0x[0-9A-F]{2}>")
WORDS_KEPT = 1 << 15
"""How many words' samplers are kept, about 2 KB each; the rest are made again."""


class BpeSampling(SegmentationPerturbation):
    """Draws how each word is cut, by the algorithm of the encoder's own tokenizer.

    Unigram vocabularies (XLM-R, mDeBERTa, multilingual E5 and MiniLM): in proportion to P(x)^alpha.
    Word by word is the whole text's distribution, as the unigram model is a product over pieces
    and no piece crosses words. WordPiece (mBERT): MaxMatch-dropout. BPE: BPE-dropout.

    A word that is not made of known pieces alone stays cut as the tokenizer cuts it, and so does a
    text that holds a special token's name.
    """

    api_version = 1
    name = "bpe-sampling"
    summary = "subword regularisation: words are split at random into pieces of the vocabulary"
    reference = "Kudo 2018; Zheng et al. 2021 (xTune); Provilkov et al. 2020; Hiraoka 2022"
    strength = "word_ratio"

    class Params(PluginParams):
        alpha: float = Field(
            0.3,
            ge=0,
            description="Unigram: exponent of a segmentation's probability; 0: uniform, 1: "
            "the model's own distribution",
        )
        dropout: float = Field(
            0.1,
            ge=0,
            le=1,
            description="WordPiece and BPE: probability of skipping a match or a merge",
        )
        word_ratio: float = Field(
            1.0, ge=0, le=1, description="probability of resampling the segmentation of a word"
        )

    params: Params

    def segmenter(
        self, tokenizer: PreTrainedTokenizerBase
    ) -> Callable[[str, random.Random], list[int]]:
        """A function from a text to token ids without special tokens, pure in (text, rng).

        Raises:
            PluginError: the tokenizer is a slow one, or of an algorithm not known here.
        """
        kind = type(tokenizer).__name__
        if not tokenizer.is_fast:
            raise self._unsupported(f"{kind} is a slow tokenizer")
        backend: Any = tokenizer.backend_tokenizer
        state = json.loads(backend.to_str())
        names = {token["content"] for token in state["added_tokens"]}
        algorithm = self._algorithm(state["model"], names)
        if algorithm is None:
            raise self._unsupported(f"{kind} is of the type {state['model']['type']}")
        special = re.compile("|".join(map(re.escape, sorted(names)))) if names else None
        model, normalizer, pre_tokenizer = backend.model, backend.normalizer, backend.pre_tokenizer
        unknown, ratio = tokenizer.unk_token_id, self.params.word_ratio

        @lru_cache(maxsize=WORDS_KEPT)
        def sampler(word: str) -> tuple[list[int], Sampler | None]:
            usual = [token.id for token in model.tokenize(word)]
            return usual, None if unknown in usual else algorithm.sampler(word, usual)

        def segment(text: str, rng: random.Random) -> list[int]:
            if special is not None and special.search(text):
                return list(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
            if normalizer is not None:
                text = normalizer.normalize_str(text)
            words = [text] if text else []
            if pre_tokenizer is not None:
                words = [word for word, _ in pre_tokenizer.pre_tokenize_str(text)]
            ids: list[int] = []
            for word in words:
                usual, draw = sampler(word)
                anew = draw is not None and (ratio == 1 or rng.random() < ratio)
                ids += draw(rng) if draw is not None and anew else usual
            return ids

        return segment

    def _algorithm(self, model: dict[str, Any], names: set[str]) -> Segmentation | None:
        """What cuts words for a model of the tokenizers library, written as JSON."""
        p, vocabulary, kind = self.params, model.get("vocab"), model.get("type")
        if kind == "Unigram":
            # The names of special tokens and bytes are in the list; text is never made of them.
            pieces = {
                piece: (i, score)
                for i, (piece, score) in enumerate(model["vocab"])
                if piece not in names and i != model["unk_id"] and not BYTE.fullmatch(piece)
            }
            return Unigram(pieces, p.alpha)
        if kind not in ("WordPiece", "BPE"):
            return None
        ids = {piece: i for piece, i in (vocabulary or {}).items() if piece not in names}
        prefix = model["continuing_subword_prefix"] or ""
        if kind == "WordPiece":
            return MaxMatch(ids, prefix, p.dropout)
        merges = [
            tuple(pair.split(" ", 1) if isinstance(pair, str) else pair) for pair in model["merges"]
        ]
        return Merges(ids, merges, p.dropout, prefix, model["end_of_word_suffix"] or "")

    def _unsupported(self, why: str) -> PluginError:
        return PluginError(
            f"the segmentation of this encoder's tokenizer cannot be sampled: {why}",
            f"the perturbation '{self.name}'",
            "fast tokenizers of the types Unigram (XLM-R, mDeBERTa, multilingual E5 and "
            "MiniLM), WordPiece (mBERT) and BPE are supported",
        )
