"""An experiment from Python: state it, train it, evaluate it, sweep it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from xlt_cli.errors import RunError
from xlt_cli.interface.requests import Options, Written
from xlt_cli.interface.runs import Run, Runs, results_of, root_of, usual_reporter
from xlt_cli.interface.swept import Swept
from xlt_cli.interface.tables import Results, Table
from xlt_cli.interface.values import Overrides, as_json, as_set, as_yaml
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Source, parse_override, read
from xlt_cli.spec.yaml_lines import Document

if TYPE_CHECKING:
    from xlt_cli.console.progress import Reporter
    from xlt_cli.reports.search import Searched


class Experiment:
    """An encoder, stages of training, evaluations and seeds: a spec that was checked.

    `Experiment.from_file` and `Experiment.from_dict` make one.
    """

    def __init__(self, source: Source, overrides: Iterable[str] = ()) -> None:
        self._source = source
        self._overrides = list(overrides)
        self._resolved = resolve(source)
        self._swept = Swept(source, self._overrides, self._resolved)

    @classmethod
    def from_file(cls, path: str | Path, overrides: Overrides = ()) -> Experiment:
        """Reads a spec file and checks it.

        Args:
            path: the YAML file.
            overrides: values in place of the file's, as `{"stages.0.epochs": 1}`, or in the
                command line's form, as `["stages.0.epochs=1"]`.

        Returns:
            The experiment; nothing is loaded or made yet.

        Raises:
            UserError: the file, a field, an override or a plugin is wrong.
        """
        changes = as_set(overrides)
        return cls(read(Path(path), changes), changes)

    @classmethod
    def from_dict(cls, spec: Mapping[str, Any], overrides: Overrides = ()) -> Experiment:
        """Checks a spec that is given as plain values, as YAML would be read.

        Args:
            spec: `{"encoder": ..., "stages": [...], ...}`; without a `name`, runs are called
                `experiment`.
            overrides: values in place of the spec's, as for `from_file`.

        Returns:
            The experiment; nothing is loaded or made yet.

        Raises:
            UserError: a field, an override or a plugin is wrong.
        """
        changes = as_set(overrides)
        text = as_json(spec)
        document = Document(Path("experiment"), json.loads(text), {})
        return cls(Source(document, text + "\n", tuple(map(parse_override, changes))), changes)

    def __repr__(self) -> str:
        return f"<Experiment {self.name}>"

    @property
    def name(self) -> str:
        """The name that its runs begin with."""
        return str(self._resolved.spec.name)

    @property
    def spec(self) -> dict[str, Any]:
        """The spec with all defaults filled in, as plain values."""
        return self._resolved.spec.model_dump(mode="json")

    @property
    def size(self) -> int:
        """How many runs its sweep has: points times seeds.

        Raises:
            UserError: a point is wrong.
        """
        return self._swept.size

    def check(self) -> list[str]:
        """Checks what can be checked without loading data or weights, for all points of its sweep.

        `train` and `sweep` do so first of all.

        Returns:
            Remarks on values that are allowed and rarely work.

        Raises:
            UserError: all files, splits and languages that are missing.
        """
        from xlt_cli.spec.advice import advice
        from xlt_cli.spec.checks import check_inputs

        self._swept.points  # noqa: B018  (what is wrong with a point comes first)
        check_inputs(self._resolved, self._source)
        self._swept.check()
        return advice(self._resolved.spec, self._source)

    def train(
        self,
        *,
        runs_dir: str | Path | None = None,
        plain: bool = False,
        restore: bool = False,
        reporter: Reporter | None = None,
    ) -> Runs:
        """Trains the experiment with each of its seeds, and evaluates the results.

        A finished run is not run again; an interrupted one goes on from its last checkpoint.

        Args:
            runs_dir: where runs live; default: `$XLT_RUNS_DIR`, or `runs`.
            plain: train without what makes it fast.
            restore: train runs again whose weights were pruned, and keep them.
            reporter: gets progress and warnings; default: shown on stderr.

        Returns:
            A run for each seed.

        Raises:
            UserError: inputs are missing or malformed.
            TrainingFailed: a loss is no longer a number.
        """
        from xlt_cli.spec.checks import check_inputs

        check_inputs(self._resolved, self._source)
        from xlt_cli.launch.jobs import PlannedRun
        from xlt_cli.launch.local import run_jobs
        from xlt_cli.runs.stage_store import collect

        reporter = reporter or usual_reporter()
        spec = self._resolved.spec
        sweep = spec.sweep
        if sweep and (sweep.points or sweep.grid or sweep.zip or sweep.arms or sweep.search):
            reporter.warn(
                "the spec has a sweep; this trains the spec without it (`xlt sweep` runs the sweep)"
            )
        jobs = [PlannedRun(spec, seed, self._source.text, self._overrides) for seed in spec.seeds]
        made = run_jobs(jobs, root_of(runs_dir), reporter, plain, restore)
        collect(root_of(runs_dir))  # what `keep` took from the last run that used it
        return Runs(made)

    def evaluate(
        self,
        *,
        runs_dir: str | Path | None = None,
        device: str | None = None,
        plain: bool = False,
        reporter: Reporter | None = None,
        **options: Unpack[Options],
    ) -> Results:
        """Evaluates the trained run of each seed; cells that were evaluated before are only read.

        Args:
            runs_dir: where runs live; default: `$XLT_RUNS_DIR`, or `runs`.
            device: auto, cpu, mps, cuda or cuda:N; default: the spec's.
            plain: predict without what makes it fast; the answers are the same.
            reporter: gets progress and warnings; default: shown on stderr.
            options: as `Run.evaluate` has them; without any, the spec's evaluations are made.

        Returns:
            The results of all seeds.

        Raises:
            RunError: a seed is not trained.
            UserError: an option is wrong, or data are missing.
        """
        from xlt_cli.runs.making import recorded

        runs = []
        for seed in self._resolved.spec.seeds:
            run = recorded(root_of(runs_dir), self._resolved.spec, seed)
            if not (run.path / "run.json").is_file():
                raise RunError(
                    f"seed {seed} of '{self.name}' is not trained", str(run.path), "train it first"
                )
            runs.append(Run(run))
        made = [
            (run, run.evaluate(device=device, plain=plain, reporter=reporter, **options))
            for run in runs
        ]
        return results_of(made)

    def plan(self, *, runs_dir: str | Path | None = None, any_precision: bool = False) -> Table:
        """The runs of the experiment's sweep; nothing is run.

        Args:
            runs_dir: where runs live; default: `$XLT_RUNS_DIR`, or `runs`.
            any_precision: where the spec leaves the precision open and this machine has not made a
                run, the one of another machine (bf16 on a GPU, fp32 without) takes its place.

        Returns:
            One row for each point and seed: run, path, name, label and values of the point, seed,
            state (pending, running, done, failed or interrupted), attempts (how often sweeps
            started it), error (of the last attempt, if it failed), estimate (what it will take:
            seconds, disk, ram and gpu in bytes, the number of ended runs that this was learned
            from, their device; None where there are none on such a device).

        Raises:
            UserError: a point is wrong, or its inputs are missing.
        """
        return self._swept.table(root_of(runs_dir), any_precision)

    def systems(self, *, runs_dir: str | Path | None = None) -> dict[str, list[str]]:
        """The finished runs of each point of the experiment's sweep, for `xlt_cli.compare`.

        In each point of a search's sweep, they are those of the best trial.

        Args:
            runs_dir: where runs live; default: `$XLT_RUNS_DIR`, or `runs`.

        Returns:
            The paths of runs, one for each seed, by the name of the point.

        Raises:
            RunError: a point has no finished run.
            UserError: a point is wrong, or its inputs are missing.
        """
        return self._swept.systems(root_of(runs_dir))

    def trials(self, *, runs_dir: str | Path | None = None) -> list[Searched]:
        """The trials of the experiment's search so far; nothing is run.

        Args:
            runs_dir: where runs live; default: `$XLT_RUNS_DIR`, or `runs`.

        Returns:
            For each point of the sweep: what is optimised (`optimized`), whether the choice is an
            oracle and why, how many trials are `planned`, and its `trials`; `ranked` has them best
            first, `best` is the best one that is done.

        Raises:
            UserError: a point is wrong, or the search was changed since it was begun.
        """
        return self._swept.trials(root_of(runs_dir))

    def changes(self, *, runs_dir: str | Path | None = None) -> str:
        """What has changed in the spec since its sweep was begun, if runs of it are gone.

        Args:
            runs_dir: where runs live; default: `$XLT_RUNS_DIR`, or `runs`.

        Returns:
            The fields and the runs, in lines; empty if runs were only added.

        Raises:
            UserError: a point is wrong, or its inputs are missing.
        """
        return self._swept.changes(root_of(runs_dir))

    def sweep(
        self,
        *,
        runs_dir: str | Path | None = None,
        jobs: int | None = 1,
        launcher: Written | None = None,
        on_error: Literal["continue", "stop"] = "continue",
        retries: int = 0,
        retry_failed: bool = False,
        max_hours: float | None = None,
        accept_changes: bool = False,
        plain: bool = False,
        offline: bool = False,
        reporter: Reporter | None = None,
    ) -> Runs:
        """Trains and evaluates every point of the experiment's sweep with every seed.

        What is finished is not run again, and interrupted runs continue. Runs at which other
        processes work are left to them.

        Args:
            runs_dir: where runs live; default: `$XLT_RUNS_DIR`, or `runs`.
            jobs: how many runs at once, each in a process of its own; None for as many as cores
                and memory allow.
            launcher: what runs the jobs, a launcher plugin by name or with parameters; default:
                this process, or `processes` where several run at once.
            on_error: what to do when a run has failed: continue with the others, or stop, which
                starts no more runs.
            retries: how often a run that fails is tried again, after the others.
            retry_failed: try runs again that failed in an earlier call.
            max_hours: after which runs at work are interrupted; they continue with the next call.
            accept_changes: go on although the spec was changed and runs of the sweep are gone.
            plain: train without what makes it fast.
            offline: jobs in other processes do not use the network.
            reporter: gets progress and warnings; default: shown on stderr.

        Returns:
            A run for each point and seed; `failed` has those that failed.

        Raises:
            UserError: a point is wrong, its inputs are missing, or the spec was changed.
        """
        from xlt_cli.launch import choice

        root, swept = root_of(runs_dir), self._swept
        chosen = choice.launcher(as_yaml(launcher), jobs)
        planned = [] if swept.is_search else swept.planned_again(root, accept_changes)
        if launcher is None and len(planned) == 1:
            chosen = None  # there is nothing to do at once
        from xlt_cli.launch.driving import Policy, drive
        from xlt_cli.runs.stage_store import collect

        policy = Policy(on_error == "continue", retry_failed, retries, max_hours)
        reporter = reporter or usual_reporter()
        if swept.is_search:
            swept.check_in(root)
            from xlt_cli.search.running import search

            found = search(swept.searches, root, reporter, policy, plain, chosen, offline)
            collect(root)
            return Runs(found.outcomes, found.out_of_time, found.searched)
        made = drive(planned, root, reporter, policy, plain, chosen, offline)
        collect(root)
        return Runs(made.outcomes, made.out_of_time)

    def write_manifest(
        self,
        path: str | Path,
        *,
        runs_dir: str | Path | None = None,
        accept_changes: bool = False,
        plain: bool = False,
        offline: bool = False,
    ) -> int:
        """Writes a manifest of the experiment's sweep; `xlt run MANIFEST JOB` makes one run.

        Of a search, it has the runs of all trials; these must not depend on results.

        Args:
            path: the file.
            runs_dir: where runs live; default: `$XLT_RUNS_DIR`, or `runs`.
            accept_changes: go on although the spec was changed and runs of the sweep are gone.
            plain: the jobs train without what makes it fast.
            offline: the jobs do not use the network.

        Returns:
            The number of jobs.

        Raises:
            UserError: a point is wrong, the file is something else than a manifest, the spec was
                changed, or the trials of a search depend on results.
        """
        from xlt_cli.launch import manifest

        swept, root = self._swept, root_of(runs_dir)
        manifest.check_place(Path(path))
        if swept.is_search:
            planned = swept.planned_ahead(root)
        else:
            planned = swept.planned_again(root, accept_changes)
        manifest.write(Path(path), planned, root, plain=plain, offline=offline)
        return len(planned)
