"""Questions from Python: arms over families of test sets, from stored runs."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlt_cli.interface.runs import root_of
from xlt_cli.interface.tables import records_of
from xlt_cli.runs import run_archive
from xlt_cli.runs.finding import all_runs

if TYPE_CHECKING:
    import pandas

    from xlt_cli.api.reports import Report


class Answered:
    """What stored runs say to a question, as `xlt question` prints it.

    Attributes:
        values: all figures, as `xlt question --json` prints them.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def __repr__(self) -> str:
        names = ", ".join(one["name"] for one in self.values["comparisons"])
        return f"<Answered '{self.values['title']}': {names}>"

    @property
    def report(self) -> Report:
        """The report, as pieces that the formats render."""
        from xlt_cli.reports.question import report

        return report(self.values)

    def frame(self) -> pandas.DataFrame:
        """The figures as a pandas data frame, one in a row.

        Returns:
            The columns of `xlt question --format csv`.
        """
        return records_of(self.report).frame()


def question(
    file: str | Path,
    *,
    runs_dir: str | Path | Sequence[str | Path] | None = None,
    archives: Sequence[str | Path] = (),
) -> Answered:
    """Answers a question from stored runs: arms over families of test sets, against a line.

    Args:
        file: the question, as YAML.
        runs_dir: the runs directory, or several; default: `$XLT_RUNS_DIR`, or `runs`, unless
            archives are given.
        archives: files that `xlt archive` wrote; the question's runs may be spread over several.

    Returns:
        Figures of arms and contrasts, with intervals and verdicts.

    Raises:
        SpecError: the file is wrong.
        RunError: no comparison has runs of both arms of a contrast, or two runs of an arm have the
            same seed.
        DataError: runs were tested on different rows, or an archive is damaged.
    """
    from xlt_cli.questions.answer import answered
    from xlt_cli.spec.question import load

    asked = load(file)
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(run_archive.opened(Path(path))) for path in archives]
        roots = [archive.root for archive in opened]
        if runs_dir is not None or not archives:
            several = (
                [runs_dir] if runs_dir is None or isinstance(runs_dir, str | Path) else runs_dir
            )
            roots += [root_of(one) for one in several]
        runs = {run.path.resolve(): run for root in roots for run in all_runs(root)}
        return Answered(answered(asked, list(runs.values())))
