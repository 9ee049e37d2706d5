"""A checkpoint answers here as it does in plain transformers: `tokenizer(a, b)` and the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from encoder_families import FAMILIES, WRONG_WITH_PADDING
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

from xlt_cli.api import Head, SequenceExample
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.features import Featuriser
from xlt_cli.data.template import Template
from xlt_cli.evaluation.predict import predict
from xlt_cli.launch.computing import start
from xlt_cli.problems import SequenceClassification
from xlt_encoders.huggingface import HuggingFaceEncoder

LABELS = ("A", "B", "C")
HEAD = Head("sequence-classification", LABELS)
SOUND = [name for name in FAMILIES if name not in WRONG_WITH_PADDING]
LONGEST = 24
CHANGED = ("albert", "rembert", "bigbird", "funnel")
"""Families whose tokenizers number them only when asked, and whose models would use them."""


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return start("cpu", "fp32")


def pairs(special: list[str]) -> list[tuple[str, ...]]:
    """Of all lengths, some to be truncated; some with special tokens written out in the text."""
    long = "the cat sees a dog the bird sees a cat a dog sees the bird the dog"
    return [
        ("the cat sees a dog", "a bird"),
        ("a", "the bird sees a cat!"),
        (long, "a dog sees the bird?"),
        ("the cat", long),
        (long, f"{long} the end"),
        *((f"the {token} cat", f"a {token} dog sees {token}{token} the bird") for token in special),
        (" ".join(special), "the dog"),
    ]


def plain(folder: Path, rows: list[tuple[str, ...]], auto: Any) -> list[torch.Tensor]:
    """Row by row: logits, or the last hidden states."""
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    model = auto.from_pretrained(str(folder)).eval()
    found = []
    for row in rows:
        inputs = tokenizer(*row, truncation=True, max_length=LONGEST, return_tensors="pt")
        with torch.no_grad():
            found.append(model(**inputs)[0][0])
    return found


def featurised(plugin: HuggingFaceEncoder, rows: list[tuple[str, ...]], folder: Path) -> Any:
    problem = SequenceClassification(LABELS)
    featuriser = Featuriser(problem, plugin.load_tokenizer(folder), LONGEST)
    examples = [SequenceExample(str(i), row, "A", ("en",) * len(row)) for i, row in enumerate(rows)]
    return problem, featuriser, featuriser.features(examples)


@pytest.mark.parametrize("name", SOUND)
def test_probabilities_are_those_of_plain_transformers(
    name: str, family: Callable[..., Path], runtime: Runtime
) -> None:
    """Of single texts and of pairs."""
    folder = family(name)
    special = AutoTokenizer.from_pretrained(str(folder)).all_special_tokens
    both = [[row[:texts] for row in pairs(special)] for texts in (1, 2)]
    logits = plain(folder, [*both[0], *both[1]], AutoModelForSequenceClassification)
    plugin = HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(folder)))
    model = plugin.load_model(HEAD, folder)
    for rows in both:
        problem, featuriser, features = featurised(plugin, rows, folder)
        predictions = predict(model, features, problem, featuriser.template.pad_id, runtime)
        found = torch.tensor([p.probabilities for p in predictions])
        expected = torch.stack([logits.pop(0) for _ in rows]).softmax(dim=-1)
        assert len(set(map(tuple, expected.tolist()))) > 1
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", [name for name in SOUND if name != "funnel"])
def test_hidden_states_are_those_of_plain_transformers(
    name: str, family: Callable[..., Path]
) -> None:
    folder = family(name, head=False)
    special = AutoTokenizer.from_pretrained(str(folder)).all_special_tokens
    rows = pairs(special)
    plugin = HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(folder), pooling="mean"))
    problem, featuriser, features = featurised(plugin, rows, folder)
    model: Any = plugin.load_model(HEAD)
    from xlt_cli.data.batches import collate

    batch = collate(features, problem, featuriser.template.pad_id)
    with torch.no_grad():
        states = model.eval().encode(model.embed(batch), batch)
    for row, expected in enumerate(plain(folder, rows, AutoModel)):
        torch.testing.assert_close(states[row, : len(expected)], expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", SOUND)
def test_segments_are_those_that_the_tokenizer_gives(name: str) -> None:
    tokenizer = FAMILIES[name][2]()
    template, forced = Template(tokenizer), Template(tokenizer, "forced")
    pieces = tuple(tuple(tokenizer(x, add_special_tokens=False)["input_ids"]) for x in "ab")
    layout = template.lay_out(pieces, 20)
    whole = tokenizer("a", "b")
    assert layout.token_type_ids == whole.get("token_type_ids", [0] * len(whole["input_ids"]))
    if name in CHANGED:
        assert template.differs
        assert any(forced.lay_out(pieces, 20).token_type_ids)
    if name == "bert":
        assert not template.differs
        assert any(layout.token_type_ids)
