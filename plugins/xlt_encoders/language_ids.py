"""The languages that a model is told: XLM's language embeddings, X-MOD's language adapters.

Both take an id for each token, so that a pair of texts in two languages has each text in its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import torch

from xlt_cli.api import Batch, UserError, did_you_mean
from xlt_cli.languages import likely_script, lookup, own_code


def language_inputs(config: Any, takes: Collection[str], batch: Batch) -> dict[str, torch.Tensor]:
    """The argument that tells a model the language of each token, [B, L]; none if it takes none.

    `langs` is XLM's (arXiv:1901.07291), `lang_ids` is X-MOD's (arXiv:2205.06266).

    Raises:
        UserError: the model has no embedding or adapter for a language.
    """
    argument, known = _told(config)
    if not known or argument not in takes:
        return {}
    texts = max(len(languages) for languages in batch.languages)
    ids = [
        [known[model_code(language, known)] for language in languages]
        + [known[model_code(languages[-1], known)]] * (texts - len(languages))
        for languages in batch.languages
    ]
    table = torch.tensor(ids, device=batch.text_ids.device)
    return {argument: table.gather(1, batch.text_ids.clamp(0, texts - 1))}


def check_languages(config: Any, languages: Iterable[str]) -> None:
    """Raises a UserError for a language that a model has no embedding or adapter for."""
    known = _told(config)[1]
    for language in languages if known else ():
        model_code(language, known)


def any_language(config: Any) -> str:
    """A language that a model can be tried in."""
    return next(iter(_told(config)[1]), "en")


def model_code(language: str, known: Collection[str]) -> str:
    """The code that a model has for a language: its own, or that of its macrolanguage.

    Script and territory may differ; where several codes fit (`zh_CN` and `zh_TW`), the one in the
    script that the language is (most likely) written in is taken.

    Raises:
        UserError: there is none, or several fit equally well.
    """
    for name in (language, language.lower()):
        if name in known:
            return name
    asked = lookup(language)
    if asked is not None:
        script = likely_script(asked)
        fitting = [own for own in map(lookup, known) if own and asked.is_or_includes(own)]
        for better in (
            lambda own: own.language == asked.language,
            lambda own: likely_script(own) == script,
            lambda own: own.code == own.short,  # `en` rather than Wikipedia's `simple`
        ):
            fitting = [own for own in fitting if better(own)] or fitting
        if fitting:
            return own_code(language, [own.code for own in fitting]) or fitting[0].code
    raise UserError(
        f"the encoder has no embedding or adapter for the language '{language}'",
        hint=did_you_mean(language, known),
    )


def _told(config: Any) -> tuple[str, Mapping[str, int]]:
    """The argument for languages, and the id of each; no ids where the model is told none."""
    if getattr(config, "use_lang_emb", False) and getattr(config, "n_langs", 1) > 1:
        return "langs", config.lang2id
    if getattr(config, "model_type", "") == "xmod":
        return "lang_ids", {name: index for index, name in enumerate(config.languages)}
    return "", {}
