"""Runs of sweeps with chosen right and wrong answers, made without training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from xlt_cli.api import PluginUse, Prediction
from xlt_cli.data.rows import RowStore
from xlt_cli.evaluation.plan import Plan, make_plan
from xlt_cli.evaluation.subject import Subject
from xlt_cli.evaluation.summary import summarise_all
from xlt_cli.runs.directory import Run
from xlt_cli.runs.making import create
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import Evaluation
from xlt_cli.spec.resolution import resolve, resolve_evaluation
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import Document

NOISE = {"name": "perturbed", "perturbation": "typos", "strength": 0.3, "draws": 2}
LANGUAGES = ("en", "de", "fr")
Right = Mapping[tuple[str, str], np.ndarray]
"""By language and condition ("" or the key of a draw), which rows are right."""
SEEDS = (1, 2, 3, 4)
ARMS: Mapping[str, Sequence[str]] = {"plain": (), "english": ("en",), "low": ("fr",)}
SHARES = {
    "plain": {"en": 0.8, "de": 0.7, "fr": 0.6},
    "english": {"en": 0.82, "de": 0.7, "fr": 0.6},
    "low": {"en": 0.8, "de": 0.75, "fr": 0.7},
}
REFERENCES = {"few": 0.6, "some": 0.66, "many": 0.74}
ASKED: dict[str, Any] = {
    "title": "Does it help?",
    "equivalence": 30,
    "in_distribution": {"task": "pawsx", "languages": ["en"]},
    "families": [
        {"name": "zero-shot", "sets": [{"task": "pawsx"}]},
        {
            "name": "noise",
            "sets": [
                {"task": "pawsx", "condition": NOISE},
                {
                    "task": "pawsx",
                    "condition": NOISE,
                    "languages": ["en"],
                    "trained_on": True,
                    "name": "noise in English",
                },
            ],
        },
    ],
    "reference": {"runs": [{"sweep": name} for name in (*REFERENCES, "plain")]},
    "comparisons": [
        {
            "name": "languages",
            "arms": {name: {"sweep": name, "seeds": len(SEEDS)} for name in ARMS},
            "contrasts": [
                {"of": "low", "over": "english", "primary": True},
                {"of": "low", "over": "plain"},
            ],
        }
    ],
}
Ask = Callable[..., dict[str, Any]]
"""Asks a question, with changes of `ASKED`, of the runs of a folder; its values."""


class Answering:
    """Writes runs that answer the same rows.

    Args:
        data: the folder with `pawsx`.
    """

    def __init__(self, data: Path) -> None:
        self.task = {"name": "pawsx", "path": str(data)}
        asked = Evaluation(
            task=PluginUse.model_validate(self.task),
            languages=list(LANGUAGES),
            conditions=[PluginUse(name="clean"), PluginUse.model_validate(NOISE)],
        )
        self.plan: Plan = make_plan(resolve_evaluation(asked, ()), RowStore())
        self.draws = [tested.key for tested in self.plan.conditions if tested.key]
        self.rows = len(self.plan.counted("en"))

    def run(
        self,
        root: Path,
        sweep: str,
        seed: int,
        right: Right,
        before: Sequence[str] = (),
        without: int = 0,
        points: Sequence[str] = (),
    ) -> Run:
        """A finished run.

        Args:
            before: the languages of a stage that comes before English.
            points: the points of the sweep, each a language of that stage, which is this run's.
            without: so many of the last rows it was not asked.
        """
        first = [{"task": self.task, "languages": list(before)}] if before else []
        stages: list[dict[str, Any]] = [*first, {"task": self.task, "languages": ["en"]}]
        written: dict[str, Any] = {"name": sweep, "encoder": "e5-small-q4", "stages": stages}
        if points:
            named = [{"name": x, "stages.0.languages": [x]} for x in points]
            written["sweep"] = {"points": named}
        spec = resolve(Source(Document(Path("spec.yaml"), written, {}), "")).spec
        run = create(root, spec, seed, "", [f"stages.0.languages={[*before]}"] if points else [])
        weights = f"weights of {sweep} {seed}"
        subject = Subject(never, never, (), ["en", *before], (), 48, weights, never)  # type: ignore[arg-type]
        store = Store.open(run.evaluations, self.plan.evaluation, weights)
        for tested in self.plan.conditions:
            if tested.key:
                store.write_given(tested.key, tested.given())
        for cell in self.plan.cells:
            answers = right[cell.languages[0], cell.condition]
            predictions = [
                Prediction(e.id, e.label, e.label if ok else "10"[int(e.label)])  # type: ignore[attr-defined]
                for e, ok in zip(self.plan.counted(cell.languages[0]), answers, strict=True)
            ]
            store.write(cell, predictions[: len(predictions) - without])
        summarise_all(self.plan, store, subject)
        run.set_state("success")
        return run

    def drawn(self, rng: np.random.Generator, shares: Mapping[str, float]) -> Right:
        """Answers that are right in about such a share of the rows of each language."""
        return {
            (language, key): rng.random(self.rows) < shares[language] - (0.1 if key else 0)
            for language in LANGUAGES
            for key in ("", *self.draws)
        }


def never(*_: object) -> Any:
    raise AssertionError("nothing may be predicted")
