"""Mistakes that users make in a spec: each is answered with the way out."""

from __future__ import annotations

import pytest
from spec_tools import SMALLEST, STAGE, Load, Refused, WriteSpec

from xlt_cli.errors import SpecError
from xlt_cli.spec import Dev, Evaluation, ExperimentSpec, Stage, Sweep
from xlt_cli.spec.foreign_names import SYNONYMS, TRANSFORMERS
from xlt_cli.spec.source import read
from xlt_cli.sweep.plan import points

BASE = "encoder: mbert\nstages:\n- task: xnli\n"

FOREIGN = [
    ("num_train_epochs: 3", "transformers' `num_train_epochs` is `epochs` here"),
    ("per_device_train_batch_size: 8", "is `batch_size` here"),
    ("lr: 1e-5", "`lr` is `learning_rate` here"),
    ("gradient_accumulation_steps: 2", "is `accumulate` here"),
    ("early_stopping_patience: 3", "is `patience` here"),
    ("warmup_ratio: 0.1", "is `warmup` here"),
    ("warmup_updates: 100", "is `warmup_steps` here"),
    ("label_smoothing_factor: 0.1", "is `label_smoothing` here"),
    ("eval_steps: 50", "is `evaluate_every` here"),
    ("save_steps: 50", "is `checkpoint_every` here"),
    ("lr_scheduler_type: linear", "is `schedule` here"),
    ("early_stopping: 3", "is `patience` here"),
    ("method: smart", "is `perturbation` here"),
    ("source_language: en", "is `languages` here"),
    ("max_train_samples: 10", "is `limit` here"),
    ("grad_clip: 1", "is `max_grad_norm` here"),
    ("seed: 3", "is `seeds` here (list them: [1]), a field of the spec itself"),
    ("seed: 3", "at the left margin, `seeds: [3]`"),
    ("num_seeds: 3", "at the left margin, `seeds: [1, 2, 3]`"),
    ("fp16: true", "at the left margin, `precision: bf16`"),
    ("bf16: false", "at the left margin, `precision: auto`"),
    ("no_cuda: true", "at the left margin, `device: cpu`"),
    ("smart: true", "'smart' is a perturbation: write `perturbation: smart`"),
    ("code-switch: {probability: 0.5}", "write `perturbation: code-switch`"),
    ("encoder: mbert", "'encoder' is a field of the spec itself"),
    ("evaluations: []", "'evaluations' is a field of the spec itself"),
    ("settings: generalized", "'settings' is a field of an evaluation"),
    ("eps: 1e-6", "`eps` has no counterpart here: AdamW's epsilon cannot be set"),
    ("optimizer: adam", "has no counterpart here: the optimizer is AdamW"),
]


@pytest.mark.parametrize(("line", "hint"), FOREIGN)
def test_other_tools_names_are_translated(refused: Refused, line: str, hint: str) -> None:
    error = refused(STAGE + line + "\n")
    name = line.partition(":")[0]
    assert error.what == f"unknown field '{name}'"
    assert error.where == f"spec.yaml:4: stages.0.{name}"
    assert hint in error.hint
    assert "known:" not in error.hint


def test_labels_of_a_data_set_are_told_their_place(refused: Refused) -> None:
    error = refused(STAGE + "labels: [a, b]\n")
    assert "a parameter of the tasks for your own files" in error.what
    assert error.where == "spec.yaml:4: stages.0.labels"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("task: xnli\n", "stages:\n  - task: xnli"),
        ("epochs: 2\n", "stages:\n  - epochs: 2"),
        ("num_train_epochs: 2\n", "`epochs` here, a field of a stage:\nstages:\n  - epochs: 2"),
        ("learning_rate: 2e-5\n", "'learning_rate' is a field of a stage"),
        ("target_languages: [de]\n", "evaluations:\n  - languages: [de]"),
        ("model: xlm-r-base\n", "`model` is `encoder` here"),
        ("model_name_or_path: x\n", "transformers' `model_name_or_path` is `encoder` here"),
        ("max_seq_length: 64\n", "transformers' `max_seq_length` is `max_length` here"),
        ("output_dir: runs\n", "--runs-dir"),
        ("grid: {}\n", "'grid' is a field of `sweep`"),
    ],
)
def test_a_name_at_the_top_is_shown_at_its_place(refused: Refused, text: str, hint: str) -> None:
    error = refused(BASE + text)
    assert error.where.startswith("spec.yaml:4: ")
    assert hint in error.hint


def test_a_missing_field_is_not_said_beside_the_name_that_is_wrong(refused: Refused) -> None:
    for text in ("model: xlm-r-base\nstages:\n- task: xnli\n", "encoder: mbert\ntask: xnli\n"):
        assert refused(text).further == ()


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        (STAGE + 'learning_rate: "2e-5"\n', "not '2e-5'", "remove the quotes: learning_rate: 2e-5"),
        (STAGE + "batch_size: '32'\n", "not '32'", "remove the quotes: batch_size: 32"),
        (STAGE + "batch_size: 32.0\n", "not 32.0", "write batch_size: 32"),
        (BASE + "seeds: [1, 2e0]\n", "not 2.0", "write 2"),
        (BASE + "seeds: ['3']\n", "not '3'", "remove the quotes: 3"),
        (STAGE + "limit: 1_000\n", "not '1_000'", "write limit: 1000"),
        (STAGE + "limit: 1e3\n", "not 1000.0", "write limit: 1000"),
        (STAGE + "dev: false\n", "a mapping of names", "for none, write `dev: null`"),
        (STAGE + "dev: none\n", "a mapping of names", "for none, write `dev: null`"),
        (STAGE + "dev: true\n", "a mapping of names", "{split: dev"),
        (STAGE + "max_grad_norm: false\n", "not False", "write `max_grad_norm: null`"),
        (STAGE + "limit: all\n", "not 'all'", "write `limit: null`"),
        (STAGE + "perturbation: false\n", "a mapping of names", "write `perturbation: null`"),
        (STAGE + "perturbation: none\n", "unknown perturbation", "write `perturbation: null`"),
        (STAGE + "perturbation: ERM\n", "unknown perturbation", "write `perturbation: null`"),
        (STAGE + "perturbation: typos,smart\n", "unknown", "perturbation: [typos, smart]"),
        (BASE + "seeds: 3\n", "a list is expected", "`seeds: [3]`"),
        (BASE + "seeds: [-1]\n", "greater than or equal to 0", ""),
        (BASE + 'seeds: "1,2,3"\n', "a list is expected", "seeds: [1, 2, 3]"),
        (BASE + "seeds: 1, 2\n", "a list is expected", "seeds: [1, 2]"),
        (BASE + "name: my run\n", "letters (a-z, A-Z), digits", ""),
        (BASE + "device: abacus\n", "it is auto, cpu, mps, cuda or cuda:N", ""),
        (BASE + "device: 0\n", "it is auto, cpu, mps, cuda or cuda:N", ""),
        (BASE + "  epochs: 1\n\tlimit: 3\n", "a tab", "spaces"),
        (BASE + 'name: "C:\\data"\n', "unknown escape character", "single quotes"),
        ("encoder: mbert\nstages:\n  task: xnli\n", "a list", "stages:\n  - task: xnli"),
        (BASE + "evaluations:\n  split: dev\n", "a list", "evaluations:\n  - split: dev"),
        ("encoder: mbert\nstages:\n- xnli\n", "a mapping", "write `- task: xnli`"),
        (BASE + "sweep: {stages.0.epochs: [1, 2]}\n", "unknown", "grid:\n    stages.0.epochs: ["),
        (BASE + "sweep: {lr: [1, 2]}\n", "unknown", "grid:\n    stages.0.learning_rate: [1, 2]"),
        (BASE + "sweep: {grid: {max_length: 64}}\n", "a list", "max_length: [64]"),
        (BASE + "evaluations:\n- smoothing: 0.5\n", "a mapping", "noise: {name: random-pert"),
        (STAGE + "epochs: 3,5\n", "not '3,5'", "write epochs: 3.5"),
        (STAGE + "limit: 1,000\n", "not '1,000'", "write limit: 1000"),
        ("encoder: mbert\nstages:\n- task: {path: x}\n", "'name'", "{name: TASK, path: x}"),
        (STAGE + "perturbation: {typos: {rate: 0.1}}\n", "'name'", "{name: typos, rate: 0.1}"),
        ("encoder: {mbert: {dropout: 0}}\nstages:\n- task: xnli\n", "'name'", "{name: mbert, dr"),
        (BASE + "evaluations: xnli\n", "a list", "evaluations:\n  - task: xnli"),
        (BASE + "evaluations:\n- xnli\n", "a mapping", "write `- task: xnli`"),
        (BASE + "evaluations: null\n", "a list", "write `evaluations: []`"),
        ("encoder: mbert\nstages: xnli\n", "a list", "stages:\n  - task: xnli"),
        (BASE + "precision: float32\n", "'fp32'", "write `fp32`"),
        (BASE + "precision: fp16\n", "'bf16'", "write `bf16`"),
        (BASE + "sweep: {grid: [{max_length: [8]}]}\n", "a mapping", "grid: {stages.0.epochs: ["),
        ("encoder:mbert\nstages: x\n", "not valid YAML", "a space after the colon"),
        (
            "encoder: xnli\nstages:\n- task: xnli\n",
            "unknown encoder",
            "another kind of plugin (task)",
        ),
        (
            "encoder: mbert\nstages:\n- task: span-extraction\n",
            "unknown task",
            "your own data are read by `question-answering`; other tasks of it: mlqa, ",
        ),
        (
            "encoder: mbert\nstages:\n- task: intent-and-slots\n",
            "unknown task",
            "your own data are read by `utterances`; other tasks of it: massive",
        ),
        (
            "encoder: mbert\nstages:\n- task: masked-language-modelling\n",
            "unknown task",
            "your own data are read by `parallel-text` and `text`",
        ),
        (
            "encoder: mbert\nstages:\n- task: {name: hub, problem: regression}\n",
            "unknown task",
            "`dataset: ORG/NAME` of one of these tasks: answer-ranking, multiple-choice, ",
        ),
    ],
)
def test_a_wrong_value_is_answered_with_the_right_one(
    refused: Refused, text: str, what: str, hint: str
) -> None:
    error = refused(text)
    assert what in error.what
    assert "^" not in error.what  # no regular expressions
    assert hint in error.hint
    assert error.where.startswith("spec.yaml:")


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("seeds=1,2,3", "[1, 2, 3]"),
        ("stages[0].epochs=1", "stages.0.epochs"),
        ("stages.epochs=1", "stages.0.epochs"),
        ("epochs=1", "a field of a stage: stages.0.epochs"),
        ("lr=1", "`learning_rate` here, a field of a stage: stages.0.learning_rate"),
    ],
)
def test_a_wrong_path_is_answered_with_the_right_one(
    refused: Refused, override: str, hint: str
) -> None:
    error = refused(SMALLEST, override)
    assert hint in error.hint
    assert error.where.startswith(f"--set {override}")


@pytest.mark.parametrize(
    ("grid", "hint"),
    [
        ("{epochs: [1]}", "'epochs' is a field of a stage: stages.0.epochs"),
        ("{lr: [1]}", "`learning_rate` here, a field of a stage: stages.0.learning_rate"),
        ("{split: [dev]}", "'split' is a field of a stage: stages.0.split"),
    ],
)
def test_a_grid_without_paths_is_answered_with_them(
    write_spec: WriteSpec, grid: str, hint: str
) -> None:
    path = write_spec(BASE + f"sweep: {{grid: {grid}}}\n")
    with pytest.raises(SpecError) as caught:
        points(read(path))
    assert hint in caught.value.hint
    assert f"{path}:4: sweep.grid" in caught.value.where


@pytest.mark.parametrize(
    ("use", "name", "meant"),
    [
        ("encoder: {name: hf, model_name: x}", "model_name", "model"),
        ("encoder: {name: hf, path: x}", "path", "model"),
        ("encoder: {name: mbert, commit: x}", "commit", "revision"),
    ],
)
def test_other_names_of_parameters_are_translated(
    refused: Refused, use: str, name: str, meant: str
) -> None:
    error = refused(f"{use}\nstages:\n- task: xnli\n")
    assert error.what.startswith(f"unknown parameter '{name}'")
    assert f"did you mean '{meant}'?" in error.hint
    assert error.further == ()


def test_mistakes_of_shape_and_of_plugins_are_said_together(refused: Refused) -> None:
    error = refused(
        "encoder: mbrt\nstages:\n- task: xnl\n  epoch: 1\n"
        "- task: xnli\n  perturbation: [nope, smrt]\n"
    )
    every = [error, *error.further]
    assert [single.what for single in every] == [
        "unknown field 'epoch'",
        "unknown encoder 'mbrt'",
        "unknown task 'xnl'",
        "unknown perturbation 'nope'",
        "unknown perturbation 'smrt'",
    ]
    assert all("spec.yaml:" in single.where for single in every)


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        (STAGE + "languages: en,de\n", "languages", ["en", "de"]),
        (STAGE + "languages: 'en, de'\n", "languages", ["en", "de"]),
        (STAGE + "split: validation\n", "split", "dev"),
        (STAGE + "split: Training\n", "split", "train"),
    ],
)
def test_what_can_only_mean_one_thing_is_taken(
    load: Load, text: str, path: str, value: object
) -> None:
    text = text.replace("xnli", "mini-pawsx")
    assert getattr(load(text).stages[0], path) == value


@pytest.mark.parametrize(
    ("written", "meant"), [("gpu", "cuda"), ("GPU:1", "cuda:1"), ("CPU", "cpu")]
)
def test_a_gpu_is_cuda(load: Load, written: str, meant: str) -> None:
    assert load(SMALLEST + f"device: {written}\n").device == meant


def test_every_foreign_name_leads_to_a_field_and_hides_none() -> None:
    levels = {
        "": ExperimentSpec,
        "stages.N.": Stage,
        "stages.N.dev.": Dev,
        "evaluations.N.": Evaluation,
        "sweep.": Sweep,
    }
    for path in filter(None, [*TRANSFORMERS.values(), *SYNONYMS.values()]):
        own = path.rpartition(".")[2]
        assert own in levels[path.removesuffix(own)].model_fields, path
    for name, path in SYNONYMS.items():
        assert name not in TRANSFORMERS
        assert path.rpartition(".")[2] != name or "." in path
