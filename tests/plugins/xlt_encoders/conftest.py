"""Small random models of several architectures, saved as their authors would have saved them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from encoder_families import build
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    BertConfig,
    DebertaV2Config,
    DistilBertConfig,
    ElectraConfig,
    ModernBertConfig,
    PreTrainedConfig,
    RemBertConfig,
    XLMConfig,
    XLMRobertaConfig,
    XmodConfig,
)  # fmt: skip

from xlt_cli.api import Batch, Head

VOCABULARY = 60
PAD = {"bert": 0, "xlm": 2, "xlm-roberta": 1, "deberta-v2": 0, "distilbert": 0, "electra": 0,
       "rembert": 0, "modernbert": 0, "xmod": 1}  # fmt: skip
LANGUAGES = {"en": 0, "de": 1, "zh": 2}
ADAPTERS = ("en_XX", "de_DE", "zh_CN", "sw_KE")
_SIZES: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 40,
}
_CONFIGS: dict[str, Callable[[], PreTrainedConfig]] = {
    "bert": lambda: BertConfig(**_SIZES),
    "xlm-roberta": lambda: XLMRobertaConfig(
        **_SIZES, pad_token_id=1, bos_token_id=0, eos_token_id=2, type_vocab_size=1
    ),
    "deberta-v2": lambda: DebertaV2Config(
        **_SIZES, type_vocab_size=0, relative_attention=True, pos_att_type=["c2p", "p2c"],
        position_buckets=8, share_att_key=True, norm_rel_ebd="layer_norm",
        position_biased_input=False,
    ),
    "xlm": lambda: XLMConfig(
        vocab_size=VOCABULARY, emb_dim=16, n_layers=3, n_heads=2, max_position_embeddings=40,
        n_langs=3, use_lang_emb=True, lang2id=LANGUAGES,
        id2lang={i: name for name, i in LANGUAGES.items()}, pad_index=2, pad_token_id=2,
    ),
    "distilbert": lambda: DistilBertConfig(
        vocab_size=VOCABULARY, dim=16, n_layers=3, n_heads=2, hidden_dim=24,
        max_position_embeddings=40,
    ),
    "electra": lambda: ElectraConfig(**_SIZES, embedding_size=8),
    "rembert": lambda: RemBertConfig(**_SIZES, input_embedding_size=8, output_embedding_size=8),
    "modernbert": lambda: ModernBertConfig(
        **_SIZES, pad_token_id=0, bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2
    ),
    "xmod": lambda: XmodConfig(
        **_SIZES, pad_token_id=1, bos_token_id=0, eos_token_id=2, type_vocab_size=1,
        languages=list(ADAPTERS), default_language="zh_CN",
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture(autouse=True)
def _random_state() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.fixture(params=list(_CONFIGS))
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a pretrained (random) masked language model."""
    made: dict[str, Path] = {}

    def make(architecture: str) -> Path:
        if architecture not in made:
            made[architecture] = tmp_path_factory.mktemp(architecture)
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(1)
                model = AutoModelForMaskedLM.from_config(_CONFIGS[architecture]())
            # Larger than usual, so that what is compared differs by more than noise.
            for parameter in model.parameters():
                parameter.data += 0.1 * torch.randn_like(parameter)
            model.save_pretrained(str(made[architecture]))
        return made[architecture]

    return make


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a BERT saved without any head."""
    folder = tmp_path_factory.mktemp("bare")
    AutoModel.from_config(_CONFIGS["bert"]()).save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="session")
def family(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The folder that `build` makes of a family, made once, for tests that change nothing in it."""

    @functools.cache
    def make(name: str, head: bool = True) -> Path:
        return build(name, tmp_path_factory.mktemp(name), head)

    return make


@pytest.fixture
def sequences() -> Head:
    return Head("sequence-classification", ("entailment", "neutral", "contradiction"))


@pytest.fixture
def tokens() -> Head:
    return Head("token-classification", ("O", "B-PER", "I-PER", "B-LOC"))


@pytest.fixture
def make_batch() -> Callable[..., Batch]:
    """Pairs of texts of different lengths, padded, the two texts in two languages."""

    def make(
        architecture: str = "bert", lengths: tuple[int, ...] = (9, 5, 7), pad_to: int = 0
    ) -> Batch:
        generator = torch.Generator().manual_seed(7)
        width = max(*lengths, pad_to)
        size = (len(lengths), width)
        ids = torch.randint(5, VOCABULARY, (len(lengths), 64), generator=generator)[:, :width]
        mask, text_ids = torch.zeros(size, dtype=torch.long), torch.zeros(size, dtype=torch.long)
        special = torch.ones(size, dtype=torch.bool)
        for row, length in enumerate(lengths):
            middle = length // 2
            mask[row, :length] = 1
            text_ids[row, middle + 1 : length] = 1
            special[row, 1:length] = False
            special[row, [middle, length - 1]] = True
        ids = ids.masked_fill(mask == 0, PAD[architecture])
        return Batch(
            input_ids=ids,
            attention_mask=mask,
            token_type_ids=text_ids.clone(),
            special_mask=special,
            text_ids=text_ids,
            languages=[("en", "de")] * len(lengths),
            targets=torch.arange(len(lengths)) % 3,
        )

    return make
