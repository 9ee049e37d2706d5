"""Effective robustness from Python: runs against a line through reference runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlt_cli.errors import SpecError, did_you_mean
from xlt_cli.interface.comparable import Given, matching_runs
from xlt_cli.interface.runs import Run, root_of, usual_reporter
from xlt_cli.interface.tables import records_of

if TYPE_CHECKING:
    import pandas

    from xlt_cli.api.reports import Report
    from xlt_cli.console.progress import Reporter


class EffectiveRobustness:
    """How far runs lie above a line through reference runs.

    Attributes:
        values: all figures and lines, as `xlt effective-robustness --json` prints them.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def __repr__(self) -> str:
        runs = ", ".join(run["run"] for run in self.values["runs"])
        return f"<EffectiveRobustness of {runs}: {len(self.values['sets'])} test sets>"

    @property
    def report(self) -> Report:
        """The report, as pieces that the formats render."""
        from xlt_cli.reports.effective import report

        return report(self.values)

    def frame(self) -> pandas.DataFrame:
        """The figures as a pandas data frame, one in a row.

        Returns:
            The columns of `xlt effective-robustness --format csv`.
        """
        return records_of(self.report).frame()


def effective_robustness(
    runs: Given | Sequence[Given],
    references: Given | Sequence[Given],
    *,
    split: str = "test",
    metric: str | None = None,
    runs_dir: str | Path | None = None,
    reporter: Reporter | None = None,
) -> EffectiveRobustness:
    """Compares runs out of distribution with a line through reference runs.

    The line is fitted to the references on logit axes: what figure out of distribution to expect at
    a figure in distribution. Stored evaluations of all runs are read; nothing is predicted.

    Args:
        runs: a name or path, perhaps with `*`; a `Run`; or several.
        references: the same, three runs or more; those that are among `runs` are no points of the
            line.
        split: the split in distribution, test or dev.
        metric: a share that is better when higher, such as accuracy or F1; default: the accuracy,
            or the main metric of a task that has none.
        runs_dir: where runs are looked for by name; default: `$XLT_RUNS_DIR`, or `runs`.
        reporter: gets progress and warnings; default: shown on stderr.

    Returns:
        Figures, lines and effective robustness on every test set.

    Raises:
        SpecError: there is no such split or metric.
        RunError: there is no such run, or too few references can be used.
        DataError: the metric is not defined for the rows of a language.
    """
    from xlt_cli.api import SPLITS
    from xlt_cli.references import finding, measure
    from xlt_cli.references.stored import subject
    from xlt_cli.spec import split_name

    split = split_name(split)
    if split not in SPLITS:
        raise SpecError(f"there is no split '{split}'", "split", did_you_mean(split, SPLITS))
    root = root_of(runs_dir)
    several = [run for one in _several(runs) for run in matching_runs(one, root)]
    tested = list({run.path.resolve(): run for run in several}.values())
    named = [str(one.path if isinstance(one, Run) else one) for one in _several(references)]
    others, both = finding.found(named, root, tested)
    every = [*tested, *others]
    subjects = [subject(*pair) for pair in zip(finding.named(every), every, strict=True)]
    values = measure.measured(
        subjects[: len(tested)],
        subjects[len(tested) :],
        split,
        reporter or usual_reporter(),
        metric,
    )
    if both:
        values["notes"].append(
            f"{both} of the runs {'is' if both == 1 else 'are'} also among the references, and no "
            "point of the lines"
        )
    return EffectiveRobustness(values)


def _several(given: Given | Sequence[Given]) -> Sequence[Given]:
    return [given] if isinstance(given, str | Path | Run) else given
