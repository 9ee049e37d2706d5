"""Text perturbations in the stream of training batches, and light to import."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from light_processes import run

from xlt_cli.api import Example, Perturbation, SequenceExample, TextPerturbation
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.registry import fault
from xlt_cli.training.checkpoints import Position
from xlt_cli.training.epochs import Epochs
from xlt_cli.training.noise import Noise
from xlt_cli.training.stream import Stream
from xlt_perturbations.bpe_sampling import BpeSampling
from xlt_perturbations.code_switch import CodeSwitch
from xlt_perturbations.synonyms import Synonyms
from xlt_perturbations.transliterate import Transliterate
from xlt_perturbations.typos import Typos
from xlt_perturbations.word_order import WordOrder

PLUGINS: list[type[TextPerturbation]] = [CodeSwitch, Synonyms, Typos, WordOrder]
OTHERS: list[type[Perturbation]] = [BpeSampling, Transliterate]
TEXT = "The movie was rather good, and everybody liked the movie."
EXAMPLES = [SequenceExample(f"train-{i}", (TEXT, TEXT), "yes", ("en", "en")) for i in range(6)]


@pytest.fixture(autouse=True)
def _lexicons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "lexicons"
    folder.mkdir()
    near = {"movie": ["film", "kino"], "good": ["great", "fine"], "rather": ["quite"]}
    (folder / "counterfitted_neighbors.json").write_text(json.dumps(near))
    (folder / "en-de.tsv").write_text("movie\tfilm\ngood\tgut\nthe\tder\nliked\tmochten\n")
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path))


def featurise(examples: Sequence[Example]) -> list[Feature]:
    """Features that carry their texts as id."""
    return [
        Feature("|".join(e.texts), [0] * len(e.texts[0]), [], [], [], e.languages, 0, e.label)
        for e in examples
        if isinstance(e, SequenceExample)
    ]


class Maker:
    """Stands where the tokenizer would."""

    problem = SequenceClassification(("yes", "no"))
    features = staticmethod(featurise)


def epochs(plugin: TextPerturbation, seed: str, count: int) -> list[list[str]]:
    """The texts of each epoch, in the order of their batches."""
    source = Epochs(EXAMPLES, Maker(), seed, Noise(text=((plugin, 1.0),)))  # type: ignore[arg-type]
    stream = Stream(source, 4, seed)
    position, found = Position(), []
    for epoch in range(count):
        texts: list[str] = []
        while len(texts) < 2 * len(EXAMPLES):
            texts += [feature.id for feature in stream.next(position)]
        assert position.epoch == epoch
        found.append(texts)
    return found


@pytest.mark.parametrize("cls", PLUGINS, ids=lambda cls: cls.name)
def test_copies_are_fresh_in_each_epoch_and_the_same_for_the_seed(
    cls: type[TextPerturbation],
) -> None:
    first = epochs(cls(), "1/stage/0", 3)
    assert first == epochs(cls(), "1/stage/0", 3)
    assert len({tuple(sorted(texts)) for texts in first}) == 3
    assert sorted(first[0]) != sorted(epochs(cls(), "2/stage/0", 1)[0])
    for texts in first:
        assert texts.count(f"{TEXT}|{TEXT}") >= len(EXAMPLES), "the clean ones"
        assert len(set(texts)) > 2, "each example has noise of its own"


@pytest.mark.parametrize("cls", [*PLUGINS, *OTHERS], ids=lambda cls: cls.name)
def test_they_keep_to_the_contract(cls: type[Perturbation]) -> None:
    assert fault("perturbation", cls.name, cls) == ""
    assert all(field.description for field in cls.Params.model_fields.values())


def test_importing_them_is_light() -> None:
    modules = ", ".join(cls.__module__ for cls in (*PLUGINS, *OTHERS))
    heavy = ("torch", "numpy", "datasets", "huggingface_hub", "tokenizers", "uroman", "wn")
    code = f"import sys, {modules}; print(sorted({{*{heavy}}} & {{*sys.modules}}))"
    done = run([sys.executable, "-c", code], check=True)
    assert done.stdout.strip() == "[]"
