"""Checks of `xlt eval` before torch is imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xlt_cli.errors import RunError, SpecError, did_you_mean

if TYPE_CHECKING:
    from xlt_cli.runs.directory import Run


SHOWN = ("by", "columns", "metrics")
"""The options that say what is shown of results, not what is tested."""


def check_choice(run_name: str | None, model: object) -> None:
    """Refuses to evaluate both a run and a model, or neither."""
    if run_name is not None and model is not None:
        raise SpecError(
            f"both a run ('{run_name}') and a model ('{model}') are given",
            "xlt eval",
            "evaluate a run with `xlt eval RUN`, and a model that was not trained with xlt with "
            "`xlt eval --model DIR --task TASK`",
        )
    if run_name is None and model is None:
        raise SpecError(
            "neither a run nor a model is given",
            "xlt eval",
            "`xlt eval RUN` evaluates a run (`xlt runs` lists them); `xlt eval --model DIR --task "
            "TASK` evaluates a model that was not trained with xlt",
        )


def check_of_model(given: Mapping[str, object]) -> None:
    """Refuses options of models that were not trained with xlt where a run is evaluated.

    Args:
        given: their values, by the name of the option.
    """
    for name, value in given.items():
        if value is not None:
            raise SpecError(
                f"--{name} needs --model; a run has its own, which is stored with it", f"--{name}"
            )


def check_archived(given: Mapping[str, object]) -> None:
    """Refuses with --from what needs a model.

    Args:
        given: values of options, by name.
    """
    for name, value in given.items():
        if value:
            raise SpecError(
                f"--{name} and --from contradict each other: an archive has no model",
                f"--{name}",
                "leave one of them out",
            )


def archived_run(root: Path, archive: Path, wanted: str | None) -> Run:
    """The run with a name in an opened archive, or its only one.

    Raises:
        RunError: there is none, or there are several.
    """
    from xlt_cli.commands.systems import all_in, inside
    from xlt_cli.runs.directory import Run

    paths = all_in(root) if wanted is None else inside(root, wanted)
    if len(paths) != 1:
        names = ", ".join(Path(path).name for path in paths)
        raise RunError(
            f"the archive has {len(paths)} such runs", str(archive), f"name one: {names}"
        )
    return Run(Path(paths[0]))


def columns(given: Sequence[str] | None, sort: str | None) -> list[str]:
    """What is shown of each language: what is asked for, and what languages are sorted by.

    Raises:
        SpecError: nothing can be sorted by it.
    """
    if sort is None:
        return list(given or ())
    from xlt_cli.evaluation.extras import COLUMNS
    from xlt_cli.reports.by_language import FIGURE, ROWS

    if sort in (FIGURE, ROWS):
        return list(given or ())
    known = (*COLUMNS, ROWS, FIGURE)
    if sort not in known:
        hint = did_you_mean(sort, known) or f"sort by {', '.join(known)}"
        raise SpecError(f"languages cannot be sorted by '{sort}'", "--sort", hint)
    return list(dict.fromkeys([*(given or ()), sort]))


def check_suite(options: Mapping[str, object], model: object) -> None:
    """Refuses --suite with a foreign model, or with options that the suite states itself."""
    if model is not None:
        raise SpecError("--suite tests runs; it cannot be used with --model", "--suite")
    given = [name for name, value in options.items() if value and name not in SHOWN]
    if given:
        raise SpecError(
            f"--suite states its own tests, and --{given[0].replace('_', '-')} is given as well",
            "--suite",
            "leave one of them out; a suite is a YAML file, which you can copy and change",
        )


def find_run(root: Path, wanted: str, languages: Sequence[str] | None) -> Run:
    """The finished run with a name.

    Raises:
        RunError: there is none; the hint says what the name stands for instead.
    """
    from xlt_cli.runs.finding import find

    owner = run_above(Path(wanted))
    if owner is not None:
        hint = f"evaluate the run with `xlt eval {owner}`"
        if (Path(wanted) / "config.json").is_file():
            hint += f"; to evaluate the model alone, `xlt eval --model {wanted} --task TASK`"
        raise RunError("this is a file or folder inside a run", wanted, hint)
    try:
        run = find(root, wanted)
    except RunError as error:
        folder = Path(wanted)
        if (folder / "config.json").is_file():
            hint = f"it is a model: `xlt eval --model {wanted} --task TASK`"
            raise RunError(f"'{wanted}' is not a run", str(root), hint) from None
        if folder.suffix in (".yaml", ".yml") and folder.is_file():
            hint = f"it is a spec: `xlt train {wanted}` trains its runs"
            raise RunError(f"'{wanted}' is not a run", str(root), hint) from None
        if languages and len(wanted) <= 3:
            listed = ",".join([*languages, wanted])
            hint = f"several languages are separated by commas: --languages {listed}"
            raise RunError(error.what, error.where, hint) from None
        raise
    run.weights  # noqa: B018  (raises if training has not finished)
    return run


def run_above(path: Path) -> Path | None:
    """The run that contains a path; None if the path is a run itself, or is in none."""
    if (path / "run.json").is_file():
        return None
    return next((folder for folder in path.parents if (folder / "run.json").is_file()), None)
