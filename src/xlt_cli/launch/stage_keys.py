"""What names the trained stages of an experiment: all that they are made from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xlt_cli.data.rows import RowStore, task_key
from xlt_cli.data.training_rows import consulted, list_fingerprints
from xlt_cli.spec import ResolvedExperiment, ResolvedRows, ResolvedStage
from xlt_cli.spec.identity import stage_key


def stage_keys(
    experiment: ResolvedExperiment, rows: RowStore, seed: int, precision: str
) -> list[str]:
    """The key of each stage: of its parent, itself, its data, the encoder, precision and seed.

    Args:
        rows: has loaded all that the stages read.
    """
    keys: list[str] = []
    encoder = experiment.encoder.fingerprint()
    for stage in experiment.stages:
        made_from = {
            "parent": keys[-1] if keys else "",
            "encoder": encoder,
            "data": dict(_data(stage, rows)),
            "precision": precision,
            "seed": seed,
        }
        keys.append(stage_key(experiment.spec, stage.spec, made_from))
    return keys


def _data(stage: ResolvedStage, rows: RowStore) -> Iterator[tuple[str, Any]]:
    """The hashes of the rows of a stage, of its lists of ids and of what its noise works with."""
    read = [*stage.sources, *consulted(stage)]
    if stage.dev is not None:
        read.append(ResolvedRows(stage.task, stage.dev.split, stage.dev.languages))
    for source in read:
        for language in source.languages or source.task.languages(source.split):
            about = rows.about(source.task, source.split, language)
            yield f"{task_key(source.task)}/{source.split}/{language}", about["sha256"]
    for name, about in list_fingerprints(stage).items():
        yield name, about["sha256"]
    for perturbation, _ in stage.perturbations:
        for name, digest in perturbation.fingerprint().items():
            yield f"perturbation/{perturbation.name}/{name}", digest
