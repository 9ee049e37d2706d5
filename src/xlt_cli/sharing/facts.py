"""What a model card says of a run's training, read from the run's directory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xlt_cli.errors import UserError
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.runs.portable import bare_text
from xlt_cli.runs.stage import ABOUT
from xlt_cli.spec import Stage
from xlt_cli.spec.building import build_task

BASE = "base"
"""Beside an adapter, the folder of the model that it is put in."""


@dataclass(frozen=True)
class Trained:
    """A stage.

    Attributes:
        methods: the names of its perturbations.
        rule: how its checkpoint was selected.
        licences: of the data, by task, as far as they are known.
    """

    task: str
    languages: Sequence[str]
    split: str
    limit: int | None
    methods: Sequence[str]
    epochs: float
    batch_size: int
    learning_rate: float
    rule: str
    licences: dict[str, str]


@dataclass(frozen=True)
class Facts:
    """A run.

    Attributes:
        base_model: a hub id; empty for a folder, or an encoder of another kind.
        architecture: the class in transformers that opens the model; empty if there is none.
        texts: of an example; None if it is not known.
        overrides: of the spec, as `--set` takes them.
        sources: where rows that were trained on come from.
        adapter: the model's folder has an adapter beside the base model.
    """

    run: str
    encoder: str
    base_model: str
    architecture: str
    adapter: bool
    labels: Sequence[str]
    texts: int | None
    stages: Sequence[Trained]
    trained_on: Sequence[str]
    sources: Sequence[str]
    caveats: Sequence[str]
    max_length: int
    seed: int
    versions: dict[str, str]
    spec: str
    overrides: Sequence[str]


def facts_of_run(run: Run, stage: int) -> Facts:
    """The facts of the model of a stage.

    Raises:
        UserError: the run's record cannot be read.
    """
    spec, model = run.spec, run.stage(stage) / "model"
    stages = [_stage(run, index, each) for index, each in enumerate(spec.stages[: stage + 1])]
    adapter = (model / "adapter_config.json").is_file()
    config = atomic.read_json((model / BASE if adapter else model) / "config.json") or {}
    labels = config.get("id2label") or {}
    fingerprints = atomic.read_json(run.path / "fingerprints.json") or {}
    known = fingerprints.get(f"encoder/{spec.encoder.name}", {})
    trained_tasks = [each.task for each in stages]
    opened = spec.encoder.params.get("model")
    written = run.path / "spec.yaml"
    return Facts(
        run=run.name,
        encoder=spec.encoder.name + (f" ({bare_text(opened)})" if isinstance(opened, str) else ""),
        base_model=str(known.get("model", "")),
        architecture=next(iter(config.get("architectures") or ()), ""),
        adapter=adapter,
        labels=[labels[key] for key in sorted(labels, key=int)],
        texts=_texts(spec.stages[stage]),
        stages=stages,
        trained_on=list(dict.fromkeys(x for each in stages for x in each.languages)),
        sources=[
            about["source"]
            for name, about in fingerprints.items()
            if isinstance(about, dict)
            and "source" in about
            and name.split("{")[0].split("/")[0] in trained_tasks
        ],
        caveats=list((atomic.read_json(model / ABOUT) or {}).get("caveats", ())),
        max_length=spec.max_length,
        seed=run.seed,
        versions=_versions(run),
        spec=written.read_text("utf-8") if written.is_file() else "",
        overrides=list(run.record.get("overrides") or ()),
    )


def _stage(run: Run, index: int, stage: Stage) -> Trained:
    result = atomic.read_json(run.stage(index) / "result.json") or {}
    tasks = [stage.task, *(other.task for other in stage.also)]
    licences = {}
    for use in tasks:
        try:
            licences[use.name] = build_task(use).licence
        except UserError:  # its plugin is gone
            continue
    return Trained(
        task=" and ".join(use.name for use in tasks),
        languages=list(stage.languages or ()),
        split=stage.split,
        limit=stage.limit,
        methods=[use.name for use in stage.perturbation],
        epochs=stage.epochs,
        batch_size=stage.batch_size,
        learning_rate=stage.learning_rate,
        rule=result.get("rule", ""),
        licences={name: licence for name, licence in licences.items() if licence},
    )


def _texts(stage: Stage) -> int | None:
    try:
        return build_task(stage.task).texts
    except UserError:
        return None


def _versions(run: Run) -> dict[str, str]:
    sessions: list[Any] = atomic.read_lines(run.path / "environment.jsonl")
    if not sessions:
        return {}
    first = sessions[0]
    packages = first.get("packages", {})
    every = {"xlt": first.get("xlt"), **{n: packages.get(n) for n in ("torch", "transformers")}}
    return {name: str(version) for name, version in every.items() if version}
