"""Retrieval with whole runs: any model is tested, a stage is trained, thresholds come from dev."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import LEXICON, Cli

from xlt_cli.api import Head
from xlt_cli.errors import UserError
from xlt_cli.interface.experiment import Experiment
from xlt_cli.interface.runs import open_run
from xlt_cli.models.foreign import Foreign
from xlt_cli.problems import SentenceRetrieval
from xlt_cli.runs.predictions import Store
from xlt_encoders.huggingface import HuggingFaceEncoder

CODES = {"en": "eng_Latn", "de": "deu_Latn", "fr": "fra_Latn"}


@pytest.fixture(scope="module")
def data(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first sentences of the tiny pairs as SIB-200, and half of them as BUCC."""
    root = tmp_path_factory.mktemp("retrieval")
    for folder in ("sib200", "bucc", "tatoeba"):
        (root / folder).mkdir()
    (root / "tatoeba" / "de-en.tsv").write_text("ein Hund\ta dog\neine Katze\ta cat\n", "utf-8")
    (root / "pawsx").symlink_to(tiny_data / "pawsx")
    for split in ("train", "dev", "test"):
        sentences = {}
        for language in LEXICON:
            rows = (tiny_data / f"pawsx/{split}-{language}.tsv").read_text("utf-8").splitlines()
            sentences[language] = [row.split("\t")[0] for row in rows]
            lines = "".join(f"{text}\tsports\n" for text in sentences[language])
            (root / f"sib200/{split}-{CODES[language]}.tsv").write_text(lines, "utf-8")
        if split == "train":
            continue
        half = len(sentences["de"]) // 2
        english = sentences["en"][:half] + [f"{text} again" for text in sentences["en"][half:]]
        for code, texts in (("de", sentences["de"]), ("en", english)):
            lines = "".join(f"{code}-{n:03}\t{text}\n" for n, text in enumerate(texts))
            (root / f"bucc/de-en.{split}.{code}").write_text(lines, "utf-8")
        gold = "".join(f"de-{n:03}\ten-{n:03}\n" for n in range(half))
        (root / f"bucc/de-en.{split}.gold").write_text(gold, "utf-8")
    return root


@pytest.fixture(autouse=True)
def _data(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLT_DATA_DIR", str(data))


def evaluated(xlt: Cli, root: Path, *arguments: object) -> dict[str, Any]:
    result = xlt("eval", *arguments, "--runs-dir", root, "--json", "--quiet")
    assert result.exit_code == 0, result.output
    (one,) = json.loads(result.stdout)
    return dict(one)


@pytest.fixture(scope="module")
def runs(tiny_encoder: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on pairs of sentences, and one on retrieval."""
    root = tmp_path_factory.mktemp("runs")
    common = {
        "encoder": {"name": "hf", "model": str(tiny_encoder)},
        "seeds": [1],
        "device": "cpu",
    }
    stage = {"batch_size": 16, "learning_rate": 1e-3}
    tested = {"task": {"name": "sib200-retrieval", "path": str(data / "sib200")}}
    pairs = {**stage, "task": {"name": "pawsx", "path": str(data / "pawsx")}, "epochs": 1}
    retrieval = {
        **stage,
        "task": {"name": "sib200-retrieval", "path": str(data / "sib200")},
        "languages": ["deu_Latn"],
        "perturbation": ["typos", "random-perturbation"],
        "epochs": 4,
    }
    for name, made in (("pairs", pairs), ("contrast", retrieval)):
        spec = {**common, "name": name, "stages": [made], "evaluations": [tested]}
        Experiment.from_dict(spec).train(runs_dir=root)
    return root


def plain_accuracy(folder: Path, data: Path, layer: int, pooling: str) -> float:
    """German sentences found in English, in plain transformers and numpy."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).eval()
    vectors = []
    for code in ("deu_Latn", "eng_Latn"):
        lines = (data / f"sib200/test-{code}.tsv").read_text("utf-8").splitlines()
        own = []
        for line in lines:
            given = tokenizer(line.split("\t")[0], return_tensors="pt")
            with torch.no_grad():
                states = model(**given, output_hidden_states=True).hidden_states[layer][0]
            own.append((states.mean(dim=0) if pooling == "sentence-mean" else states[0]).numpy())
        vectors.append(np.array(own))
    query, pool = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in vectors)
    return float(((query @ pool.T).argmax(axis=1) == np.arange(len(query))).mean())


@pytest.mark.parametrize(
    ("layer", "pooling"), [(None, "sentence-mean"), (1, "sentence-mean"), (0, "sentence-mean"),
                           (2, "sentence-cls")],
)  # fmt: skip
def test_a_model_without_training_is_scored_as_by_plain_code(
    tiny_encoder: Path, data: Path, tmp_path: Path, xlt: Cli, layer: int | None, pooling: str
) -> None:
    asked = {"name": "sib200-retrieval", "layer": layer, "pooling": pooling}
    task = json.dumps(asked)
    arguments = ("--model", tiny_encoder, "--task", task, "--languages", "de")
    result = evaluated(xlt, tmp_path, *arguments)
    due = plain_accuracy(tiny_encoder, data, 2 if layer is None else layer, pooling)
    assert result["languages"]["deu_Latn"]["accuracy"]["value"] == pytest.approx(due)
    assert ("layer 1" in result["scoring"]) == (layer == 1)


def test_a_run_on_another_task_is_tested_with_its_encoder(runs: Path, data: Path, xlt: Cli) -> None:
    (run,) = runs.glob("pairs*")
    result = evaluated(xlt, runs, run, "--task", "sib200-retrieval", "--languages", "de,fr")
    due = plain_accuracy(open_run(run)._run.model, data, 2, "sentence-mean")
    assert result["languages"]["deu_Latn"]["accuracy"]["value"] == pytest.approx(due)
    assert set(result["languages"]) == {"deu_Latn", "fra_Latn"}


def test_a_contrastive_stage_learns_what_it_is_trained_for(runs: Path, xlt: Cli) -> None:
    figures = []
    for name in ("pairs", "contrast"):
        (run,) = runs.glob(f"{name}*")
        task = ("--task", "sib200-retrieval", "--languages", "de")
        figures.append(evaluated(xlt, runs, run, *task)["languages"]["deu_Latn"]["mrr"]["value"])
    assert figures[1] > figures[0] + 0.2


def test_stress_is_on_the_query_and_attacks_are_refused(runs: Path, xlt: Cli) -> None:
    (run,) = runs.glob("contrast*")
    noisy = ("--languages", "de", "--stress", "typos:0.5", "--limit", "10")
    result = evaluated(xlt, runs, run, "--task", "sib200-retrieval", "--split", "test", *noisy)
    assert len(result["conditions"]) == 1
    for condition in ("pgd", "word-substitution", "{name: smoothing, noise: random-perturbation}"):
        asked = ("--task", "sib200-retrieval", "--languages", "de", "--condition", condition)
        refused = xlt("eval", run, *asked, "--runs-dir", runs)
        assert refused.exit_code == 2
        assert "sib200-retrieval" in refused.output


def test_the_threshold_of_test_rows_is_chosen_on_dev(runs: Path, xlt: Cli) -> None:
    (run,) = runs.glob("contrast*")
    test = evaluated(xlt, runs, run, "--task", "bucc", "--split", "test")
    dev = evaluated(xlt, runs, run, "--task", "bucc", "--split", "dev")
    (on_test,) = [note for note in test["notes"] if note.startswith("threshold")]
    (on_dev,) = [note for note in dev["notes"] if note.startswith("threshold")]
    assert on_test.endswith("the best for the dev rows")
    assert "oracle" in on_dev
    threshold = on_test.split()[3].rstrip(",")
    assert threshold == on_dev.split()[3].rstrip(",")
    stated = f"{{name: bucc, threshold: {threshold}}}"
    again = evaluated(xlt, runs, run, "--task", stated, "--split", "test")
    assert again["languages"]["de"]["f1"] == test["languages"]["de"]["f1"]
    assert f"threshold {float(threshold):g}" in again["scoring"]


@pytest.mark.parametrize("cells", [1, 2, 3])
def test_thresholds_are_told_as_ever_where_an_evaluation_was_interrupted(
    runs: Path, data: Path, tmp_path: Path, xlt: Cli, monkeypatch: pytest.MonkeyPatch, cells: int
) -> None:
    """After some cells; of a language whose cells are there, no threshold is chosen again."""
    pairs = tmp_path / "bucc"
    pairs.mkdir()
    for split, code, side in itertools.product(("dev", "test"), ("de", "ru"), ("de", "en", "gold")):
        text = (data / f"bucc/de-en.{split}.{side}").read_text("utf-8").replace("de-", f"{code}-")
        own = code if side == "de" else side
        (pairs / f"{code}-en.{split}.{own}").write_text(text, "utf-8")
    noise = "{name: perturbed, perturbation: random-perturbation}"
    arguments = ["--task", f"{{name: bucc, path: {pairs}}}", "--split", "test"]
    arguments += ["--condition", "clean", "--condition", noise]
    stored: list[bytes] = []
    written: list[int] = []
    write = Store.write

    def stop(self: Store, *given: Any) -> Any:
        if len(written) == cells:
            raise RuntimeError("killed")
        written.append(1)
        return write(self, *given)

    for name in ("whole", "stopped"):
        shutil.copytree(runs, tmp_path / name, ignore=shutil.ignore_patterns("bucc-*"))
        (run,) = (tmp_path / name).glob("contrast*")
        if name == "stopped":
            with monkeypatch.context() as patched:
                patched.setattr(Store, "write", stop)
                result = xlt("eval", run, *arguments, "--runs-dir", tmp_path / name)
                assert result.exit_code == 1, result.output
        evaluated(xlt, tmp_path / name, run, *arguments)
        (path,) = run.glob("evaluations/bucc*/results.json")
        stored.append(path.read_bytes())
    notes = json.loads(stored[0])["notes"]
    assert [note.split(":")[0] for note in notes if note.startswith("threshold")] == [
        "threshold of de",
        "threshold of ru",
    ]
    assert stored[1] == stored[0]


def test_a_threshold_cannot_be_chosen_without_dev_rows(
    runs: Path, data: Path, tmp_path: Path, xlt: Cli
) -> None:
    for file in (data / "bucc").glob("*.test.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (run,) = runs.glob("contrast*")
    task = f"{{name: bucc, path: {tmp_path}}}"
    result = xlt("eval", run, "--task", task, "--split", "test", "--runs-dir", runs)
    assert result.exit_code == 2
    assert "chosen on dev rows, and has none in 'de'" in result.output


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--task", "{name: sib200-retrieval, layer: 3}"), "layer 3 is asked for"),
        (("--task", "{name: sib200-retrieval, pooling: mean}"), "there is no pooling 'mean'"),
        (("--task", "bucc", "--split", "train"), "the task 'bucc' has no train split"),
        (("--task", "tatoeba", "--split", "dev"), "the task 'tatoeba' has no dev split"),
        (("--task", "sib200-retrieval", "--collapse", "{a: ['0', '1']}"), "no labels that could"),
    ],
)
def test_what_cannot_be_is_refused(
    runs: Path, xlt: Cli, arguments: tuple[str, ...], what: str
) -> None:
    (run,) = runs.glob("pairs*")
    languages = () if "--split" in arguments else ("--languages", "de")
    result = xlt("eval", run, *arguments, *languages, "--runs-dir", runs)
    assert result.exit_code == 2, result.output
    assert what in result.output


def test_a_pretrained_encoder_has_no_head_for_labels(tiny_encoder: Path) -> None:
    encoder = HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(tiny_encoder)))
    model = Foreign(encoder, None, "tiny", {}, {}, None)
    assert model.labels() is None
    assert isinstance(model.load(SentenceRetrieval().head), torch.nn.Module)
    with pytest.raises(UserError, match="without a head for sequence-classification"):
        model.load(Head("sequence-classification", ("a", "b")))


def test_a_model_that_is_nowhere_is_refused_with_what_was_meant(tmp_path: Path, xlt: Cli) -> None:
    result = xlt("eval", "--model", "mbrt", "--task", "sib200-retrieval", "--runs-dir", tmp_path)
    assert result.exit_code == 2
    assert "did you mean 'mbert'?" in result.output
