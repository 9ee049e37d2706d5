"""Inputs of the kept outputs: typical evaluations, sweeps and reproductions, drawn from seeds.

They are stored as JSON beside the expected outputs, so that an output is compared with what the
same input gave before.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from xlt_cli.console.progress import Reporter
from xlt_cli.evaluation.condition_figures import measured_as_dict
from xlt_cli.evaluation.notes import words_notes
from xlt_cli.launch.jobs import Outcome
from xlt_cli.problems import Prediction, Problem, SequenceClassification, TokenLabelling
from xlt_cli.problems.collapse import described
from xlt_cli.reports.selection import Selected
from xlt_cli.reports.summary import counted, summarise
from xlt_cli.reports.validity import note
from xlt_cli.reproduce import definition
from xlt_cli.reproduce.records import Record
from xlt_cli.reproduce.report import report
from xlt_cli.reproduce.trials import Choice, Trial, plan
from xlt_cli.runs.predictions import Answers
from xlt_conditions.smoothing import Smoothing

Cells = dict[tuple[str, str], list[Prediction]]
NLI = SequenceClassification(("entailment", "neutral", "contradiction"))
PARAPHRASE = SequenceClassification(("0", "1"))
TAGS = TokenLabelling(("O", "B-PER", "I-PER", "B-LOC", "I-LOC"), "BIO")
XNLI = (
    "ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh",
)  # fmt: skip


def evaluation(
    problem: Problem,
    cells: Cells,
    task: str = "xnli",
    metric: str = "accuracy",
    notes: Sequence[str] = (),
    **more: Any,
) -> dict[str, Any]:
    """The results of an evaluation, as `xlt eval --json` prints them."""
    figures = {pair: counted(problem, rows) for pair, rows in cells.items()}
    found = summarise(problem, metric, figures, ["en"], True).as_dict()
    languages = dict.fromkeys(language for pair in cells for language in pair)
    data = {
        x: {"source": f"{task}/test-{x}.tsv", "sha256": f"{x}00", "rows": 40} for x in languages
    }
    return {
        "task": task,
        "split": "test",
        "limit": None,
        "place": "",
        "demonstration": False,
        **({"scoring": problem.scoring} if problem.scoring else {}),
        **found,
        "data": data,
        "notes": [
            *map(note, found["warnings"]),
            *notes,
            *words_notes(problem, figures, 32),
        ],
        **more,
    }


def predictions(
    problem: Problem, name: str, right: float, count: int = 40, answer: str | None = None
) -> list[Prediction]:
    """Rows with every label in turn.

    Args:
        right: the share of correct answers.
        answer: what is answered to every row, whatever its label.
    """
    rng, labels = random.Random(name), problem.labels
    rows = []
    for i in range(count):
        gold = labels[i % len(labels)]
        other = labels[(i + 1) % len(labels)]
        predicted = answer or (gold if rng.random() < right else other)
        rows.append(Prediction(f"t-{i}", gold, predicted))
    return rows


def standard(problem: Problem, languages: Sequence[str], **more: Any) -> Cells:
    """Cells of languages; the further down the list, the worse."""
    return {
        (x, x): predictions(problem, x, 0.95 - 0.03 * index, **more)
        for index, x in enumerate(languages)
    }


def _pairs(languages: Sequence[str]) -> Cells:
    return {
        (a, b): predictions(NLI, f"{a} {b}", 0.9 - 0.02 * index)
        for index, (a, b) in enumerate((a, b) for a in languages for b in languages)
    }


def _collapsed() -> dict[str, Any]:
    cells = standard(PARAPHRASE, ["en", "de", "fr"])
    cells = {pair: predictions(PARAPHRASE, "x", 1, answer="1") for pair in cells}
    return evaluation(PARAPHRASE, cells, "pawsx")


def _one_collapsed_language() -> dict[str, Any]:
    cells = standard(NLI, ["en", "de", "sw", "th"])
    cells["sw", "sw"] = predictions(NLI, "x", 1, answer="neutral")
    cells["th", "th"] = cells["th", "th"][:7]
    return evaluation(NLI, cells, place="indonli/", demonstration=True)


def _labels_collapsed() -> dict[str, Any]:
    collapse = {"not_entailment": ["neutral", "contradiction"]}
    problem = SequenceClassification(("entailment", "not_entailment"))
    notes = [f"labels are collapsed: {described(collapse)}"]
    return evaluation(problem, standard(problem, ["en", "de"]), notes=notes, collapse=collapse)


def _smoothed() -> dict[str, Any]:
    cells, rng = {}, random.Random("smoothing")
    for language in ("en", "de"):
        cells[language, language] = [
            Prediction(p.id, p.gold, None, (), {"radius": 0.0})
            if rng.random() < 0.2
            else Prediction(p.id, p.gold, p.predicted, (), {"radius": round(rng.random() / 10, 6)})
            for p in predictions(PARAPHRASE, language, 0.8)
        ]
    condition = Smoothing(Smoothing.Params.model_validate({"noise": "random-perturbation"}))
    certified = {pair[0]: condition.figures(rows) for pair, rows in cells.items()}
    measured = measured_as_dict(Smoothing.measured)
    return evaluation(PARAPHRASE, cells, "pawsx", certified=certified, measured=measured)


def _tags() -> dict[str, Any]:
    rng, cells = random.Random("tags"), {}
    golds = (("B-PER", "I-PER", "O", "O"), ("O", "B-LOC", "I-LOC"), ("O", "O", "B-PER", "O", "O"))
    for language, cut, right in (("en", 0.0, 0.95), ("de", 0.1, 0.8), ("sw", 0.0, 0.6)):
        rows = []
        for i in range(60):
            gold = golds[i % 3]
            answer = [t if rng.random() < right else rng.choice(TAGS.labels) for t in gold]
            seen = [None if rng.random() < cut else tag for tag in answer]
            rows.append(Prediction(f"t-{i}", gold, tuple(seen)))
        cells[language, language] = rows
    return evaluation(TAGS, cells, "panx", "f1")


def evaluations(only: str | None = None) -> dict[str, dict[str, Any]]:
    """Results by the name of the case; of all cases, or of one."""
    caveat = "E5 encoders were contrastively tuned on data that includes English NLI"
    two = ["en", "de"]
    makers: dict[str, Callable[[], dict[str, Any]]] = {
        "one-language": lambda: evaluation(NLI, standard(NLI, ["en"]), notes=[caveat]),
        "languages": lambda: evaluation(NLI, standard(NLI, XNLI), notes=[caveat]),
        "macro-f1": lambda: evaluation(NLI, standard(NLI, two), metric="macro_f1"),
        "pairs": lambda: evaluation(NLI, _pairs(["en", "de", "sw", "zh"])),
        "many-pairs": lambda: evaluation(NLI, _pairs(XNLI)),
        "collapsed": _collapsed,
        "one-collapsed-language": _one_collapsed_language,
        "labels-collapsed": _labels_collapsed,
        "smoothed": _smoothed,
        "tags": _tags,
    }
    return {name: make() for name, make in makers.items() if only in (None, name)}


def outcome(
    label: str,
    seed: int,
    results: Sequence[Mapping[str, Any]] = (),
    error: str = "",
    dev: Selected | None = None,
    search: bool = False,
) -> Outcome:
    """What became of a run, as far as a report looks at it."""
    evaluations = [] if search else [1]
    job = SimpleNamespace(label=label, seed=seed, spec=SimpleNamespace(evaluations=evaluations))
    name = f"{label.lower() or 'base'}-s{seed}"
    run = SimpleNamespace(path=Path(f"/runs/{name}"), name=name)
    given = {"job": job, "run": run, "results": list(results), "error": error, "dev": dev}
    return cast(Outcome, SimpleNamespace(**given))


def on_dev(score: float, constant: bool = False, task: str = "xnli", place: str = "") -> Selected:
    """The score of a run's selected step on dev."""
    languages = ["en"] if task == "xnli" else ["en", "de"]
    oracle = len(languages) > 1
    return Selected(task, "dev", languages, "accuracy", score, 10, 20, oracle, constant, place)


def sweeps(kept: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Outcome]]:
    """Outcomes by the name of the case.

    Args:
        kept: results by the name of their case.
    """
    languages, macro = kept["languages"], kept["macro-f1"]
    search = partial(outcome, search=True)
    return {
        "one-run": [outcome("", 1, [languages], dev=on_dev(0.8))],
        "one-run-collapsed-on-dev": [outcome("", 1, [macro], dev=on_dev(0.5, constant=True))],
        "seeds": [
            outcome("", 1, [languages, kept["pairs"]], dev=on_dev(0.81)),
            outcome("", 2, [macro, kept["one-collapsed-language"]], dev=on_dev(0.83)),
        ],
        "points": [
            outcome("ERM", 1, [languages], dev=on_dev(0.81)),
            outcome("ERM", 2, [kept["one-collapsed-language"]], dev=on_dev(0.83)),
            outcome("RS-DA", 1, [languages], dev=on_dev(0.9)),
            outcome("RS-DA", 2, error="the loss is no number"),
            outcome("rate=[x]", 1, [kept["collapsed"]], dev=on_dev(0.5, constant=True)),
            outcome("rate=[x]", 2, error="stopped"),
            outcome("failed", 1, error="stopped"),
        ],
        "search": [
            search("worse", 1, dev=on_dev(0.7)),
            search("best", 1, dev=on_dev(0.8)),
            search("best", 2, dev=on_dev(0.9)),
            search("majority", 1, dev=on_dev(0.95, constant=True)),
            search("majority", 2, dev=on_dev(0.6)),
            search("oracle", 1, dev=on_dev(0.9, task="pawsx", place="indonli/")),
            search("failed", 1, error="stopped"),
        ],
        "one-search": [search("", 1, dev=on_dev(0.7))],
    }


def reproductions(only: str | None = None) -> dict[str, dict[str, Any]]:
    """Reports of a reproduction, as `xlt reproduce --json` prints them; of all cases, or of one."""
    pawsx, quick = Choice(seeds=4, tasks=["pawsx"]), Choice(None, 1, True, ["max_length=32"])
    makers: dict[str, Callable[[], dict[str, Any]]] = {
        "two-seeds": lambda: _reproduction(Choice(seeds=2)),
        "collapsed": lambda: _reproduction(pawsx, {("adversarial", 2), ("ERM", 3)}),
        "one-seed-quick": lambda: _reproduction(quick),
        "missing": lambda: _reproduction(Choice(seeds=2), failed={("RS-DA", 1), ("ERM", 2)}),
        "other-baseline": lambda: _reproduction(Choice(seeds=5, tasks=["xnli"]), baseline="RS-DA"),
        "nothing": lambda: _reproduction(Choice(), failed=None),
    }
    return {name: make() for name, make in makers.items() if only in (None, name)}


def _reproduction(
    choice: Choice,
    fallen: Collection[tuple[str, int]] = (),
    failed: Collection[tuple[str, int]] | None = (),
    baseline: str | None = None,
) -> dict[str, Any]:
    """A report.

    Args:
        fallen: methods and seeds of runs that collapsed.
        failed: of runs that failed; None: all.
    """
    shipped = definition.read("robust-xlt")
    records = [
        _record(
            trial,
            (trial.method, trial.job.seed) in fallen,
            failed is None or (trial.method, trial.job.seed) in failed,
        )
        for trial in plan(shipped, choice)
    ]
    return report(shipped, choice, records, Reporter(quiet=True), baseline)


def _record(trial: Trial, fallen: bool, failed: bool) -> Record:
    about = (trial.task, trial.method, trial.job.seed, f"{trial.method}-{trial.job.seed}")
    evaluated = trial.job.spec.evaluations[0]
    if failed:
        return Record(*about, "the data are missing", evaluated, [], dict)
    problem = NLI if trial.task == "xnli" else PARAPHRASE
    right = {"ERM": 0.6, "adversarial": 0.68, "RS-RP": 0.62}.get(trial.method, 0.75)
    languages = ("en", "de", "fr", "sw", "zh")
    pairs = [(x, x) for x in languages] + [(x, y) for x in languages for y in languages if x != y]
    cells = {
        pair: predictions(
            problem,
            f"{trial.method} {trial.job.seed} {pair}",
            right if pair[0] == "en" else right - 0.1,
            60,
            problem.labels[1] if fallen else None,
        )
        for pair in pairs
    }
    result = evaluation(problem, cells, trial.task, notes=[f"a note of {trial.task}"])
    answers = {pair: Answers.of(rows) for pair, rows in cells.items()}
    return Record(*about, "", evaluated, [result], partial(dict, answers))
