"""`xlt eval --model` with foreign names and numbers of labels, against plain transformers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
)

THREE = ("entailment", "neutral", "contradiction")
Cli = Callable[..., Any]
Make = Callable[..., Path]
ROWS = 40


def rows(labels: Sequence[str]) -> list[tuple[str, str, str]]:
    nouns, verbs = ["cat", "dog", "bird", "horse"], ["sees", "likes", "finds", "follows"]
    return [
        (
            f"the {nouns[i % 4]} {verbs[i // 4 % 4]} the {nouns[i // 3 % 4]} {i}",
            f"the {nouns[i // 5 % 4]} {verbs[i % 3]} {i * 7}",
            labels[(i * i + i // 7) % len(labels)],
        )
        for i in range(ROWS)
    ]


@pytest.fixture
def task(tmp_path: Path) -> Callable[[Sequence[str]], str]:
    """Writes pairs with these labels, and returns the task for the command line."""

    def make(labels: Sequence[str]) -> str:
        folder = tmp_path / f"data-{len(labels)}"
        folder.mkdir(exist_ok=True)
        text = "".join("\t".join(row) + "\n" for row in rows(labels))
        (folder / "test-en.tsv").write_text(text, "utf-8")
        return json.dumps(
            {"name": "text-classification", "path": str(folder), "labels": list(labels),
             "texts": 2}
        )  # fmt: skip

    return make


@pytest.fixture
def checkpoint(tiny_encoder: Path, tmp_path: Path) -> Make:
    """Saves a classifier whose config says what the keywords say."""

    def make(outputs: int = 3, **config: Any) -> Path:
        folder = tmp_path / "checkpoint"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(tiny_encoder, folder)
        settings = AutoConfig.from_pretrained(str(tiny_encoder), num_labels=outputs)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(5)
            model = AutoModelForSequenceClassification.from_config(settings)
            for parameter in model.parameters():
                parameter.data += 0.3 * torch.randn_like(parameter)
        model.save_pretrained(str(folder))
        raw = json.loads((folder / "config.json").read_text())
        raw = {k: v for k, v in raw.items() if k not in ("id2label", "label2id")}
        (folder / "config.json").write_text(json.dumps({**raw, **config}))
        return folder

    return make


def probabilities(folder: Path, outputs: int) -> np.ndarray:
    """Plain transformers, in the order of the checkpoint's outputs."""
    config = AutoConfig.from_pretrained(str(folder))
    config.id2label = {i: str(i) for i in range(outputs)}
    model = AutoModelForSequenceClassification.from_pretrained(str(folder), config=config).eval()
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    found = []
    for first, second, _ in rows(THREE):
        with torch.no_grad():
            logits = model(**tokenizer(first, second, return_tensors="pt")).logits
        found.append(logits.softmax(-1)[0].numpy())
    return np.array(found)


def figures(xlt: Cli, folder: Path, task: str, tmp_path: Path, *more: str) -> dict[str, Any]:
    result = xlt(
        "eval", "--model", folder, "--task", task, "--json", "--device", "cpu",
        "--runs-dir", tmp_path / "runs", *more,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    (found,) = json.loads(result.stdout)
    return dict(found)


def check(found: dict[str, Any], gold: Sequence[str], predicted: Sequence[str]) -> None:
    english = found["languages"]["en"]
    assert english["n"] == ROWS
    assert english["accuracy"]["value"] == pytest.approx(accuracy_score(gold, predicted))
    macro = f1_score(gold, predicted, average="macro")
    assert english["macro_f1"]["value"] == pytest.approx(macro)


NAMED = ("contradiction", "entailment", "neutral")
IDS = {name: i for i, name in enumerate(NAMED)}
LABEL_N = {str(i): f"LABEL_{i}" for i in range(3)}


@pytest.mark.parametrize(
    "config",
    [
        {"id2label": LABEL_N, "label2id": IDS},
        {"label2id": IDS},
        {"label2id": {name: str(i) for name, i in IDS.items()}},
        {"id2label": {"0": "0", "1": "1", "2": "2"}, "label2id": IDS},
        {"id2label": {str(i): name for name, i in IDS.items()}},
        {"id2label": {str(i): name.upper() for name, i in IDS.items()}, "label2id": IDS},
        {"id2label": dict(enumerate(NAMED)), "label2id": {f"LABEL_{i}": i for i in range(3)}},
    ],
    ids=["generic-id2label", "label2id-only", "text-ids", "numbers", "id2label", "case", "generic"],
)
def test_names_are_taken_from_whichever_mapping_has_them(
    config: dict[str, Any], checkpoint: Make, task: Any, xlt: Cli, tmp_path: Path
) -> None:
    folder = checkpoint(3, **config)
    predicted = [NAMED[i] for i in probabilities(folder, 3).argmax(-1)]
    assert len(set(predicted)) > 1
    found = figures(xlt, folder, task(THREE), tmp_path)
    check(found, [row[2] for row in rows(THREE)], predicted)
    assert not any("does not name" in note for note in found["notes"])


def test_an_order_is_stated_for_outputs_without_names(
    checkpoint: Make, task: Any, xlt: Cli, tmp_path: Path
) -> None:
    folder = checkpoint(3, id2label=LABEL_N)
    best = probabilities(folder, 3).argmax(-1)
    gold = [row[2] for row in rows(THREE)]
    as_task = figures(xlt, folder, task(THREE), tmp_path)
    check(as_task, gold, [THREE[i] for i in best])
    assert any("does not name its labels" in note for note in as_task["notes"])
    found = figures(xlt, folder, task(THREE), tmp_path, "--labels", ",".join(NAMED))
    check(found, gold, [NAMED[i] for i in best])
    assert not any("does not name" in note for note in found["notes"])
    # Another order is another model under test, with results of its own.
    assert len(list((tmp_path / "runs").iterdir())) == 2
    assert figures(xlt, folder, task(THREE), tmp_path)["languages"] == as_task["languages"]


def test_stated_labels_win_over_wrong_names_and_it_is_said(
    checkpoint: Make, task: Any, xlt: Cli, tmp_path: Path
) -> None:
    folder = checkpoint(3, id2label=dict(enumerate(THREE)))
    found = figures(xlt, folder, task(THREE), tmp_path, "--labels", ",".join(NAMED))
    predicted = [NAMED[i] for i in probabilities(folder, 3).argmax(-1)]
    check(found, [row[2] for row in rows(THREE)], predicted)
    assert any("their names in the checkpoint are" in note for note in found["notes"])


def test_a_two_way_model_on_three_way_data(
    checkpoint: Make, task: Any, xlt: Cli, tmp_path: Path
) -> None:
    folder = checkpoint(2, id2label={"0": "not_entailment", "1": "entailment"})
    collapse = "{not_entailment: [neutral, contradiction]}"
    found = figures(xlt, folder, task(THREE), tmp_path, "--collapse", collapse)
    best = probabilities(folder, 2).argmax(-1)
    gold = ["entailment" if row[2] == "entailment" else "not" for row in rows(THREE)]
    check(found, gold, [("not", "entailment")[i] for i in best])
    assert found["collapse"] == {"not_entailment": ["neutral", "contradiction"]}
    assert any("count as 'not_entailment'" in note for note in found["notes"])


def test_a_three_way_model_on_two_way_data_adds_probabilities(
    checkpoint: Make, task: Any, xlt: Cli, tmp_path: Path
) -> None:
    two = ("entailment", "non-entailment")
    folder = checkpoint(3, id2label=dict(enumerate(NAMED)))
    probability = probabilities(folder, 3)
    summed = np.stack([probability[:, 1], probability[:, 0] + probability[:, 2]], -1)
    # Rows where the most probable output is entailment, and yet less probable than the rest.
    assert ((probability.argmax(-1) == 1) != (summed.argmax(-1) == 0)).any()
    csv = tmp_path / "figures.csv"
    found = figures(
        xlt, folder, task(two), tmp_path,
        "--collapse", "{non-entailment: [neutral, contradiction]}", "--csv", str(csv),
    )  # fmt: skip
    check(found, [row[2] for row in rows(two)], [two[i] for i in summed.argmax(-1)])
    header, first, *_ = csv.read_text().splitlines()
    assert header.endswith(",collapse")
    assert "non-entailment" in first
    (store,) = (tmp_path / "runs").glob("*/evaluations/*")
    about = json.loads((store / "evaluation.json").read_text())
    assert about["collapse"] == {"non-entailment": ["neutral", "contradiction"]}
    import pandas

    frame = pandas.read_parquet(store / "predictions" / "en.parquet")
    stored = np.stack(frame["probabilities"])
    np.testing.assert_allclose(stored, summed, atol=1e-5)


def test_a_task_with_a_standard_collapse_needs_no_option(
    checkpoint: Make, xlt: Cli, tmp_path: Path
) -> None:
    two = ("entailment", "non-entailment")
    folder = checkpoint(3, id2label=dict(enumerate(NAMED)))
    text = "".join("\t".join(row) + "\n" for row in rows(two))
    (tmp_path / "hans-en.tsv").write_text(text, "utf-8")
    hans = json.dumps({"name": "hans-regenerated", "path": str(tmp_path)})
    probability = probabilities(folder, 3)
    summed = np.stack([probability[:, 1], probability[:, 0] + probability[:, 2]], -1)
    standard = figures(xlt, folder, hans, tmp_path)
    check(standard, [row[2] for row in rows(two)], [two[i] for i in summed.argmax(-1)])
    assert standard["collapse"] == {"non-entailment": ["neutral", "contradiction"]}
    assert any("neutral, contradiction count as 'non-entailment'" in x for x in standard["notes"])
    none = xlt("eval", "--model", folder, "--task", hans, "--collapse", "{}")
    assert none.exit_code == 2
    assert "3 labels and the task has 2" in none.stderr
    other = "{entailment: [entailment, neutral], non-entailment: [contradiction]}"
    wide = np.stack([probability[:, 1] + probability[:, 2], probability[:, 0]], -1)
    chosen = figures(xlt, folder, hans, tmp_path, "--collapse", other)
    check(chosen, [row[2] for row in rows(two)], [two[i] for i in wide.argmax(-1)])


def test_collapse_and_stated_labels_together(
    checkpoint: Make, task: Any, xlt: Cli, tmp_path: Path
) -> None:
    folder = checkpoint(2, id2label={"0": "LABEL_0", "1": "LABEL_1"})
    collapse = "{not_entailment: [neutral, contradiction]}"
    refused = xlt(
        "eval", "--model", folder, "--task", task(THREE), "--collapse", collapse,
        "--runs-dir", tmp_path / "runs",
    )  # fmt: skip
    assert refused.exit_code == 2
    assert "--labels" in refused.stderr
    found = figures(
        xlt, folder, task(THREE), tmp_path,
        "--collapse", collapse, "--labels", "not_entailment,entailment",
    )  # fmt: skip
    best = probabilities(folder, 2).argmax(-1)
    gold = ["entailment" if row[2] == "entailment" else "not" for row in rows(THREE)]
    check(found, gold, [("not", "entailment")[i] for i in best])


@pytest.mark.parametrize(
    ("outputs", "config", "more", "said"),
    [
        (3, {"id2label": dict(enumerate(THREE)), "label2id": IDS}, (),
         ["id2label: entailment, neutral, contradiction",
          "label2id: contradiction, entailment, neutral"]),
        (3, {"id2label": {"0": "entailment", "1": "entailment", "3": "neutral"}}, (),
         ["label 'entailment' 2 times", "has no id 2"]),
        (3, {"id2label": {"a": "entailment", "1": None}}, (), ["'a' where an id", "None where a"]),
        (3, {"label2id": {"entailment": 0, "neutral": 0, "contradiction": 2}}, (),
         ["the id 0 2 times", "has no id 1"]),
        (3, {"id2label": LABEL_N, "label2id": {"a": 0, "b": 1}}, (), ["3 and 2 labels"]),
        (3, {"id2label": dict(enumerate(("yes", "maybe", "no")))}, (),
         ["yes, maybe, no", "--labels"]),
        (2, {"id2label": {"0": "entailment", "1": "not_entailment"}}, (),
         ["2 labels and the task has 3", "--collapse"]),
        (3, {"id2label": LABEL_N}, ("--labels", "entailment,neutral"), ["2 labels are stated"]),
        (3, {"id2label": LABEL_N}, ("--labels", "entailment,neutral,x"),
         ["the labels stated are not those of the task", "--labels", "neutral, x"]),
        (3, {"id2label": LABEL_N}, ("--labels", "a,a,b"),
         ["'a' names more than one output", "stated: a, a, b"]),
        (3, {"id2label": LABEL_N}, ("--labels", "neutral,Neutral,contradiction"),
         ["the labels stated are not those of the task"]),
        (3, {"id2label": LABEL_N}, ("--labels", "LABEL_0,LABEL_1,LABEL_2"),
         ["the labels stated are not those of the task"]),
        (2, {"id2label": dict(enumerate(("yes", "no")))}, ("--labels", "pos,neg"),
         ["the labels stated are 2 and the task has 3", "stated: pos, neg"]),
        (3, {}, ("--collapse", "{a: [neutral], b: [neutral]}"), ["two classes: 'a' and 'b'"]),
        (3, {}, ("--collapse", "{neutral: [entailment], b: [neutral]}"), ["'neutral' is both a"]),
        (2, {"id2label": {"0": "yes", "1": "no"}}, ("--collapse", "{no: [neutral]}"),
         ["the model's: yes, no", "entailment, no, contradiction"]),
        (3, {"id2label": "entailment"}, (), ["id2label is not a mapping"]),
        (2, {"id2label": dict(enumerate(THREE))}, (), ["not that of the 3 labels"]),
        (2, {}, ("--labels", ",".join(THREE)), ["not that of the 3 labels"]),
    ],
)  # fmt: skip
def test_what_is_not_clear_is_refused_with_all_that_is_wrong(
    outputs: int, config: dict[str, Any], more: tuple[str, ...], said: list[str],
    checkpoint: Make, task: Any, xlt: Cli, tmp_path: Path,
) -> None:  # fmt: skip
    folder = checkpoint(outputs, **config)
    result = xlt(
        "eval", "--model", folder, "--task", task(THREE), "--runs-dir", tmp_path / "runs", *more
    )
    assert result.exit_code == 2, result.output
    for text in said:
        assert text in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("option", "value"),
    [("labels", "a,b"), ("encoder", "e5-small-q4"), ("trained-on", "de"), ("max-length", "64")],
)
def test_what_is_said_of_checkpoints_is_refused_with_a_run(
    xlt: Cli, option: str, value: str
) -> None:
    result = xlt("eval", "some-run", f"--{option}", value)
    assert result.exit_code == 2
    assert f"--{option} needs --model" in result.stderr


def test_a_run_is_tested_on_data_with_other_labels(
    tiny_encoder: Path, task: Any, xlt: Cli, tmp_path: Path
) -> None:
    data = json.loads(task(THREE))
    text = "".join("\t".join(row) + "\n" for row in rows(THREE))
    (Path(data["path"]) / "train-en.tsv").write_text(text, "utf-8")
    two = ("entailment", "non-entailment")
    other = json.loads(task(two))
    collapse = {"non-entailment": ["neutral", "contradiction"]}
    spec = tmp_path / "s.yaml"
    stage = {"task": data, "epochs": 4, "batch_size": 8, "learning_rate": 1e-3, "dev": None}
    evaluations = [
        {"allow_overlap": True},
        {"task": other, "collapse": collapse, "allow_overlap": True},
    ]
    spec.write_text(
        json.dumps({"encoder": str(tiny_encoder), "stages": [stage], "evaluations": evaluations})
    )
    runs = ("--runs-dir", tmp_path / "runs", "--device", "cpu")
    trained = xlt("train", spec, "--json", *runs)
    assert trained.exit_code == 0, trained.stderr
    three_way, two_way = json.loads(trained.stdout)[0]["evaluations"]
    (run,) = (tmp_path / "runs").glob("[!.]*")
    probability = probabilities(run / "stages/0/model", 3)
    gold = [row[2] for row in rows(THREE)]
    check(three_way, gold, [THREE[i] for i in probability.argmax(-1)])
    summed = np.stack([probability[:, 0], probability[:, 1:].sum(-1)], -1)
    gold = [row[2] for row in rows(two)]
    check(two_way, gold, [two[i] for i in summed.argmax(-1)])
    again = xlt(
        "eval", run.name, "--task", json.dumps(other), "--collapse", json.dumps(collapse), "--json",
        "--allow-overlap", *runs,
    )  # fmt: skip
    assert json.loads(again.stdout)[0]["languages"] == two_way["languages"]
    refused = xlt("eval", run.name, "--task", json.dumps(other), *runs)
    assert refused.exit_code == 2
    assert "--collapse" in refused.stderr


def test_tags_of_a_token_checkpoint(tiny_encoder: Path, xlt: Cli, tmp_path: Path) -> None:
    tags = ("NOUN", "VERB", "DET")
    folder, data = tmp_path / "checkpoint", tmp_path / "data"
    shutil.copytree(tiny_encoder, folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        config = AutoConfig.from_pretrained(str(folder), num_labels=4)
        model = AutoModelForTokenClassification.from_config(config).eval()
        for parameter in model.parameters():
            parameter.data += 0.3 * torch.randn_like(parameter)
    model.save_pretrained(str(folder))
    raw = json.loads((folder / "config.json").read_text())
    names = ("DET", "AUX", "VERB", "NOUN")
    raw |= {"label2id": {name: i for i, name in enumerate(names)}}
    (folder / "config.json").write_text(json.dumps(raw))
    data.mkdir()
    sentences = [
        (["the", "cat", "sees"], ["DET", "NOUN", "VERB"]),
        (["dog", "likes", "the", "bird"], ["NOUN", "VERB", "DET", "NOUN"]),
    ]
    (data / "test-en.tsv").write_text(
        "\n".join(
            "".join(f"{w}\t{t}\n" for w, t in zip(*sentence, strict=True)) for sentence in sentences
        )
    )
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    gold, predicted = [], []
    for words, own in sentences:
        batch = tokenizer(words, is_split_into_words=True, return_tensors="pt")
        with torch.no_grad():
            logits = model(**batch).logits[0].double().softmax(-1)
        logits[:, 2] += logits[:, 1]  # AUX counts as VERB
        logits[:, 1] = 0
        first = [batch.word_ids().index(i) for i in range(len(words))]
        predicted += [names[i] for i in logits[first].argmax(-1).tolist()]
        gold += own
    task = json.dumps({"name": "token-labelling", "path": str(data), "tags": list(tags)})
    found = figures(xlt, folder, task, tmp_path, "--collapse", "{VERB: [AUX]}")
    accuracy = found["languages"]["en"]["accuracy"]["value"]
    assert accuracy == pytest.approx(accuracy_score(gold, predicted))
