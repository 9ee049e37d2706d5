"""`xlt analyze ...`: why runs transfer as they do. One sub-command per analysis."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xlt_cli.commands.options import (
    AsJson,
    Device,
    Offline,
    Quiet,
    RunsDir,
    go_offline,
    listed,
    runs_root,
)
from xlt_cli.errors import SpecError, UserError, did_you_mean

if TYPE_CHECKING:
    from xlt_cli.analysis.alignment import Probed
    from xlt_cli.console.progress import Reporter

PLOTS = "no figures were drawn: matplotlib is missing; pip install 'xlt-cli[plots]'"

app = typer.Typer(help="Analyze finished runs: why they transfer as they do.", no_args_is_help=True)


@app.callback()
def analyses() -> None:
    """Keeps `alignment` a sub-command while it is the only one."""


@app.command("alignment")
def alignment(
    names: Annotated[
        list[str],
        typer.Argument(metavar="RUN...", help="Finished runs; the first is the baseline."),
    ],
    languages: Annotated[
        str | None, typer.Option("--languages", help="Comma-separated; default: all.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="Source rows to probe; 0: all.")
    ] = 200,
    split: Annotated[str, typer.Option("--split", help="train, dev or test.")] = "test",
    votes: Annotated[
        int, typer.Option("--votes", min=0, help="For the certified radius; 0: leave it out.")
    ] = 100,
    sigma: Annotated[
        float, typer.Option("--sigma", min=0.001, help="Of the votes' noise, per token.")
    ] = 0.5,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Default: analysis/alignment of the last RUN."),
    ] = None,
    device: Device = None,
    runs_dir: RunsDir = None,
    offline: Offline = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Do translations lie where the decision on the English row still holds?

    Measures per row how much noise flips the decision and how far the translation lies; compares
    robust runs with a baseline.

    On a processor this takes minutes for a hundred rows, about half of them for votes: --votes 0
    leaves them out.

    What was measured is kept in the run and not measured again.
    """
    from xlt_cli.api import SPLITS

    if split not in SPLITS:
        raise SpecError(f"there is no split '{split}'", "--split", did_you_mean(split, SPLITS))
    go_offline(offline)
    from rich.text import Text

    from xlt_cli.analysis import alignment_export
    from xlt_cli.console import alignment_tables, report
    from xlt_cli.console.progress import Reporter
    from xlt_cli.engine.alignment import Request, check_same, prepare, results
    from xlt_cli.engine.alignment_probe import probe
    from xlt_cli.engine.probing import Probing
    from xlt_cli.engine.runtime import start
    from xlt_cli.runs.directory import find

    root = runs_root(runs_dir)
    runs = [find(root, name) for name in names]
    for run in runs:
        run.model  # noqa: B018  (raises if training has not finished: all are asked first)
    reporter = Reporter(quiet=quiet or as_json)
    runtime = start(device or runs[0].spec.device, "fp32")
    if runtime.world > 1:
        raise UserError("alignment is probed by one process", "xlt analyze alignment")
    request = Request(
        split,
        listed(languages),
        limit or None,
        Probing(sigma=sigma, samples=votes, selection=max(votes // 10, 1) if votes else 0),
    )
    subjects = [prepare(run, request, runtime) for run in runs]
    check_same(subjects)
    probed = {subject.name: probe(subject, runtime, reporter) for subject in subjects}
    found = results(subjects, probed)
    directory = out or runs[-1].path / "analysis" / "alignment"
    alignment_export.write(directory, found)
    _draw(directory, found, probed, reporter)
    if as_json:
        report.print_json(found)
        return
    console = report.stdout()
    console.print(alignment_tables.alignment(found))
    console.print(Text(f"written to: {directory}", style="dim"), soft_wrap=True)


def _draw(
    directory: Path, found: dict[str, Any], probed: Mapping[str, Probed], reporter: Reporter
) -> None:
    """Figures, where they can be drawn."""
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        reporter.warn(PLOTS)
        return
    from xlt_cli.analysis import figures

    figures.write(directory, found, probed)
