"""Models of the shapes of well-known encoders, with random weights: nothing has to be fetched."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

from xlt_cli.problems import Feature

SHAPES: dict[str, dict[str, Any]] = {
    "e5-small": {
        "model_type": "bert",
        "vocab_size": 250037,
        "hidden_size": 384,
        "intermediate_size": 1536,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "max_position_embeddings": 512,
    },
    "xlm-r-base": {
        "model_type": "xlm-roberta",
        "vocab_size": 250002,
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "max_position_embeddings": 514,
        "type_vocab_size": 1,
        "pad_token_id": 1,
    },
    "mbert": {
        "model_type": "bert",
        "vocab_size": 250037,  # the pieces are XLM-R's; the rows that are used are trained alone
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "max_position_embeddings": 512,
        "pad_token_id": 1,
    },
    "xlm-r-large": {
        "model_type": "xlm-roberta",
        "vocab_size": 250002,
        "hidden_size": 1024,
        "intermediate_size": 4096,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "max_position_embeddings": 514,
        "type_vocab_size": 1,
        "pad_token_id": 1,
    },
    "xlm-r-xl": {
        "model_type": "xlm-roberta-xl",
        "vocab_size": 250880,
        "hidden_size": 2560,
        "intermediate_size": 10240,
        "num_hidden_layers": 36,
        "num_attention_heads": 32,
        "max_position_embeddings": 514,
        "type_vocab_size": 1,
        "pad_token_id": 1,
    },
    "tiny": {
        "model_type": "xlm-roberta-xl",
        "vocab_size": 250880,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "max_position_embeddings": 514,
        "type_vocab_size": 1,
        "pad_token_id": 1,
    },
    "mmbert-base": {
        "model_type": "modernbert",
        "vocab_size": 256000,
        "hidden_size": 768,
        "intermediate_size": 1152,
        "num_hidden_layers": 22,
        "num_attention_heads": 12,
        "max_position_embeddings": 8192,
        "pad_token_id": 1,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "cls_token_id": 0,
        "sep_token_id": 2,
    },
}


def config_of(shape: str) -> Any:
    settings = dict(SHAPES[shape])
    return AutoConfig.for_model(settings.pop("model_type"), **settings, num_labels=3)


def model_of(shape: str) -> Any:
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_config(config_of(shape))
    return model.eval()  # as pretrained ones are opened


def flops(config: Any, features: Sequence[Feature]) -> float:
    """Of an example's forward pass: products with weights, and of attention. A backward pass has
    twice as many."""
    width, layers = config.hidden_size, config.num_hidden_layers
    weights = layers * (4 * width**2 + 2 * width * config.intermediate_size)
    lengths = [len(f.input_ids) for f in features]
    total = sum(2 * weights * n + layers * 4 * n**2 * width for n in lengths)
    return total / len(lengths)


def matrix_rate(device: torch.device, dtype: torch.dtype) -> float:
    """TFLOP/s of large products of matrices."""
    on_gpu = device.type == "cuda"
    size, turns = (8192, 50) if on_gpu else (2048, 5)
    one = torch.randn(size, size, device=device, dtype=dtype)
    rates = []
    for _ in range(3):
        torch.cuda.synchronize() if on_gpu else None
        began = time.perf_counter()
        for _ in range(turns):
            one @ one
        torch.cuda.synchronize() if on_gpu else None
        rates.append(turns * 2 * size**3 / (time.perf_counter() - began) / 1e12)
    return max(rates)
