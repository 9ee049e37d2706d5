"""Windows are predicted like rows of their own, and put together to their sentences."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from xlt_cli.api import IGNORED, TokenExample
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import collate
from xlt_cli.data.features import Featuriser
from xlt_cli.evaluation import predict as module
from xlt_cli.evaluation.predict import predict
from xlt_cli.problems import TokenLabelling
from xlt_encoders.huggingface import HuggingFaceEncoder

PROBLEM = TokenLabelling(("N", "V", "A", "P"))
WORDS = ("the", "cat", "sees", "the", "dog", "and", "likes", "the", "bird")


def test_sentences_in_windows_have_one_prediction_each(
    encoder: HuggingFaceEncoder,
    tokenizer: Any,
    runtime: Runtime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(module.TOKENS, "cpu", 70)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model: Any = encoder.load_model(PROBLEM.head)
        for parameter in model.parameters():  # larger than usual: predictions are to differ
            if parameter.dim() == 2:
                parameter.data += torch.randn_like(parameter)
    model.eval()
    rows = [
        TokenExample(str(i), tokens, tuple("NVAP"[j % 4] for j in range(len(tokens))), ("en",))
        for i, tokens in enumerate([WORDS, WORDS[:2], WORDS * 4, ("cat",) * 30, WORDS[:1]])
    ]
    featuriser = Featuriser(PROBLEM, tokenizer, 16)
    features = featuriser.windows(rows)
    assert len(features) > len(rows)
    found = predict(model, features, PROBLEM, 0, runtime)
    assert [(p.id, p.gold) for p in found] == [(row.id, row.tags) for row in rows]

    expected: dict[str, list[str]] = {row.id: [] for row in rows}
    for feature in features:
        batch = collate([feature], PROBLEM, 0)
        with torch.no_grad():
            best = model.logits(model.embed(batch), batch)[0].argmax(-1).tolist()
        assert isinstance(feature.target, list)
        expected[feature.id] += [
            PROBLEM.labels[tag]
            for tag, target in zip(best, feature.target, strict=True)
            if target != IGNORED
        ]
    assert {p.id: list(p.predicted or ()) for p in found} == expected
    assert len({tag for tags in expected.values() for tag in tags}) > 1
    assert not any(None in (p.predicted or ()) for p in found)
    cut = predict(model, featuriser.clean_features(rows), PROBLEM, 0, runtime)
    assert [None in (p.predicted or ()) for p in cut][2:] == [True, True, False]
    single = [row.id for row in rows if [f.id for f in features].count(row.id) == 1]
    assert [p for p in cut if p.id in single] == [p for p in found if p.id in single]
