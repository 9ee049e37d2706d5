"""Short names of further multilingual encoders on the hub; nothing but names, ids and summaries."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from xlt_encoders.base import E5_CAVEAT
from xlt_encoders.huggingface import HubEncoder, HubParams


class MmBertBase(HubEncoder):
    """22 layers, 768 wide, 307 million parameters; a ModernBERT with the tokenizer of Gemma 2."""

    name = "mmbert-base"
    model = "jhu-clsp/mmBERT-base"
    summary = "mmBERT base, a multilingual ModernBERT (1,800 languages)"
    reference = "Marone et al. 2025, arXiv:2509.06888"


class MmBertSmall(HubEncoder):
    """22 layers, 384 wide, 140 million parameters; a ModernBERT with the tokenizer of Gemma 2."""

    name = "mmbert-small"
    model = "jhu-clsp/mmBERT-small"
    summary = "mmBERT small, a multilingual ModernBERT (1,800 languages)"
    reference = "Marone et al. 2025, arXiv:2509.06888"


class EuroBert210m(HubEncoder):
    """12 layers, 768 wide, 210 million parameters.

    transformers has the architecture: the code that comes with the model is not run.
    """

    name = "eurobert-210m"
    model = "EuroBERT/EuroBERT-210m"
    summary = "EuroBERT, 210 million parameters (15 European and other languages)"
    reference = "Boizard et al. 2025, arXiv:2503.05500"


class GteMultilingual(HubEncoder):
    """12 layers, 768 wide, 305 million parameters.

    The model runs Python code of the repository Alibaba-NLP/new-impl, which has to be allowed. It
    was contrastively tuned on supervised pairs of texts, which may include English NLI.
    """

    name = "gte-multilingual"
    model = "Alibaba-NLP/gte-multilingual-base"
    summary = (
        "multilingual GTE base (70 languages); runs Python code of its own; fine-tuned on pairs"
    )
    reference = "Zhang et al. 2024, arXiv:2407.19669"
    caveat = (
        "GTE encoders were contrastively tuned on supervised pairs of texts, which may include "
        "English NLI and question pairs: on such tasks zero-shot holds for the languages, not for "
        "the task"
    )

    class Params(HubParams):
        trust_remote_code: Literal[True] = Field(
            description="must be true: allows the Python code that comes with the model "
            "(repository Alibaba-NLP/new-impl) to run"
        )


class MultilingualE5Base(HubEncoder):
    """12 layers, 768 wide, 278 million parameters; begun from XLM-R base.

    It was contrastively tuned on data that, as far as is known, includes English NLI and question
    pairs: on such tasks its results are not zero-shot in the strict sense.
    """

    name = "e5-base"
    model = "intfloat/multilingual-e5-base"
    summary = "multilingual E5 base; tuned on data that includes English NLI and question pairs"
    reference = "Wang et al. 2024, arXiv:2402.05672"
    caveat: ClassVar[str] = E5_CAVEAT


class MultilingualE5Large(HubEncoder):
    """24 layers, 1024 wide, 560 million parameters; begun from XLM-R large.

    It was contrastively tuned on data that, as far as is known, includes English NLI and question
    pairs: on such tasks its results are not zero-shot in the strict sense.
    """

    name = "e5-large"
    model = "intfloat/multilingual-e5-large"
    summary = "multilingual E5 large; tuned on data that includes English NLI and question pairs"
    reference = "Wang et al. 2024, arXiv:2402.05672"
    caveat: ClassVar[str] = E5_CAVEAT


class LaBse(HubEncoder):
    """12 layers, 768 wide, 471 million parameters: a BERT with half a million word pieces.

    The dense layer that sentence-transformers puts on top is left out.
    """

    name = "labse"
    model = "sentence-transformers/LaBSE"
    summary = "LaBSE (109 languages); trained on translation pairs"
    reference = "Feng et al. 2022, arXiv:2007.01852"


class XlmV(HubEncoder):
    """12 layers, 768 wide, 779 million parameters: an XLM-R with a million word pieces."""

    name = "xlm-v"
    model = "facebook/xlm-v-base"
    summary = "XLM-V base, XLM-R with a vocabulary of a million pieces (100 languages)"
    reference = "Liang et al. 2023, arXiv:2301.10472"


class Glot500(HubEncoder):
    """12 layers, 768 wide, 395 million parameters: XLM-R base, its pretraining continued."""

    name = "glot500"
    model = "cis-lmu/glot500-base"
    summary = "Glot500-m, XLM-R base continued on 511 languages"
    reference = "Imani et al. 2023, arXiv:2305.12182"


class InfoXlmBase(HubEncoder):
    """12 layers, 768 wide, 278 million parameters."""

    name = "infoxlm-base"
    model = "microsoft/infoxlm-base"
    summary = "InfoXLM base (94 languages); also trained on translation pairs"
    reference = "Chi et al. 2021, arXiv:2007.07834"


class InfoXlmLarge(HubEncoder):
    """24 layers, 1024 wide, 560 million parameters."""

    name = "infoxlm-large"
    model = "microsoft/infoxlm-large"
    summary = "InfoXLM large (94 languages); also trained on translation pairs"
    reference = "Chi et al. 2021, arXiv:2007.07834"
