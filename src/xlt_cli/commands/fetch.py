"""`xlt fetch SPEC`: brings everything that a later `--offline` run needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlt_cli.commands.options import Overrides, SpecFile
from xlt_cli.terminal import echo

if TYPE_CHECKING:
    from xlt_cli.spec import ExperimentSpec


def fetch(spec_file: SpecFile, overrides: Overrides = None) -> None:
    """Download the encoder and all data of a spec, so that it runs with --offline."""
    from xlt_cli.spec import resolution as files
    from xlt_cli.spec.source import read
    from xlt_cli.sweep.plan import points

    source = read(spec_file, overrides or [])
    done: set[str] = set()
    for spec in [files.resolve(source), *(point.spec for point in points(source))]:
        _fetch(spec, done)
    echo(f"all of {spec_file} is here; `xlt train {spec_file} --offline` needs no network")


def _fetch(spec: ExperimentSpec, done: set[str]) -> None:
    """Fetches what a spec needs and is not in `done`."""
    from xlt_cli.errors import DataError
    from xlt_cli.languages import own_codes
    from xlt_cli.spec import resolution as files

    key = spec.encoder.model_dump_json()
    if key not in done:
        echo(f"encoder {spec.encoder.name} ...", err=True)
        files.build_encoder(spec.encoder).fetch()
        done.add(key)
    for stage in spec.stages:
        for perturbation in stage.perturbation:
            files.build_perturbation(perturbation).fetch()
    wanted = [(s.task, s.split, s.languages) for s in spec.stages]
    wanted += [(s.task, s.dev.split, s.dev.languages) for s in spec.stages if s.dev]
    wanted += [(e.task, e.split, e.languages) for e in spec.evaluations if e.task]
    for use, split, languages in wanted:
        task = files.build_task(use)
        known = task.languages(split)
        if not known:
            raise DataError(f"the task '{task.name}' has no {split} split", "", task.missing(split))
        for language in own_codes(languages, known) if languages else known:
            key = f"{use.model_dump_json()} {split} {language}"
            if key not in done:
                echo(f"{task.name} {split} {language} ...", err=True)
                task.fetch(split, language)
                done.add(key)
