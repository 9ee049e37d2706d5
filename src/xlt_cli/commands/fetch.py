"""`xlt fetch SPEC`: downloads everything that a later `--offline` run needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlt_cli.commands.options import Overrides, SpecFile
from xlt_cli.terminal import echo

if TYPE_CHECKING:
    from xlt_cli.spec import ResolvedExperiment


def fetch(spec_file: SpecFile, overrides: Overrides = None) -> None:
    """Download the encoder and all data of a spec, so that it runs with --offline."""
    from xlt_cli.search.planning import ends
    from xlt_cli.spec import resolution as files
    from xlt_cli.spec.source import read
    from xlt_cli.sweep.plan import points

    source = read(spec_file, overrides or [])
    done: set[str] = set()
    swept = points(source)
    every = [files.resolve(source), *(point.experiment for point in swept)]
    for experiment in [*every, *(experiment for _, experiment in ends(swept, source))]:
        _fetch(experiment, done)
    echo(f"{spec_file} is complete; `xlt train {spec_file} --offline` needs no network")


def _fetch(experiment: ResolvedExperiment, done: set[str]) -> None:
    """Downloads what an experiment needs, except for what is in `done`."""
    from xlt_cli.data.rows import task_key
    from xlt_cli.errors import DataError
    from xlt_cli.languages import own_codes

    spec = experiment.spec
    key = spec.encoder.model_dump_json()
    if key not in done:
        echo(f"encoder {spec.encoder.name} ...", err=True)
        experiment.encoder.fetch()
        done.add(key)
    for perturbation in experiment.perturbations:
        perturbation.fetch()
    wanted = []
    for stage in experiment.stages:
        excluded = [each.rows for each in stage.exclusions if each.rows]
        for rows in (*stage.sources, *excluded):
            wanted.append((rows.task, rows.split, rows.languages))
        if stage.dev is not None:
            wanted.append((stage.task, stage.dev.split, stage.dev.languages))
    for evaluation in experiment.evaluations:
        tested = tuple(evaluation.spec.languages or ())
        wanted.append((evaluation.task, evaluation.spec.split, tested))
    for task, split, languages in wanted:
        known = task.languages(split)
        if not known:
            raise DataError(f"the task '{task.name}' has no {split} split", "", task.missing(split))
        for language in own_codes(languages, known) if languages else known:
            key = f"{task_key(task)} {split} {language}"
            if key not in done:
                echo(f"{task.name} {split} {language} ...", err=True)
                task.fetch(split, language)
                done.add(key)
