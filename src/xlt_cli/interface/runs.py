"""Runs from Python: open them, read what they found, evaluate them further."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, overload

from xlt_cli.interface.predictions import stored_predictions
from xlt_cli.interface.requests import Options, extras_of, option, requested
from xlt_cli.interface.tables import Results, Table
from xlt_cli.runs import directory, finding, predictions

if TYPE_CHECKING:
    import pandas

    from xlt_cli.console.progress import Reporter
    from xlt_cli.launch.jobs import Outcome
    from xlt_cli.reports.search import Searched


class Run:
    """One training of an experiment with one seed, in a directory of its own.

    `open_run` opens one; `Experiment.train` and `Experiment.sweep` return them.

    Attributes:
        point: the point of a sweep that it was made for; empty outside of sweeps.
        error: why it failed in the call that returned it; empty where it did not.
    """

    def __init__(self, run: directory.Run, point: str = "", error: str = "") -> None:
        self._run = run
        self.point = point
        self.error = error

    def __repr__(self) -> str:
        return f"<Run {self.name}: {self.state}>"

    @property
    def path(self) -> Path:
        """The run's directory."""
        return self._run.path

    @property
    def name(self) -> str:
        """The name of the directory."""
        return self._run.name

    @property
    def seed(self) -> int | None:
        """The seed; None for evaluations of a model that xlt did not train."""
        return self._run.record.get("seed")

    @property
    def state(self) -> str:
        """pending, running, done, failed or interrupted."""
        return self._run.state

    @property
    def spec(self) -> dict[str, Any]:
        """The experiment's spec with all defaults filled in, as plain values.

        Raises:
            RunError: these are evaluations of a model that xlt did not train.
        """
        return self._run.spec.model_dump(mode="json")

    def results(self) -> Results:
        """The results of all evaluations that are stored in the run's directory.

        Returns:
            Figures of all stored cells; an evaluation that was interrupted before they were
            summed up is left out.
        """
        stored = predictions.summaries(self._run.evaluations)
        return results_of([(self, [result for _, _, result in stored if result is not None])])

    def metrics(self) -> Table:
        """Losses and scores on dev, as training recorded them.

        Returns:
            One row for each record: stage, step, kind (train or dev) and figures.

        Raises:
            DamagedFile: the record is not what training wrote.
        """
        return Table(self._run.curve)

    def predictions(
        self,
        task: str | None = None,
        language: str | None = None,
        other: str | None = None,
        *,
        split: str | None = None,
    ) -> Table:
        """The stored predictions, one row for each example.

        Args:
            task: only of this task; default: of all.
            language: only in this language (of the first text, in pairs of languages).
            other: the language of the second text; default: the same, and all pairs where no
                language is given.
            split: only of this split.

        Returns:
            Columns evaluation (its directory), task, split, condition, language, other, id, gold,
            predicted and, where they are stored, probabilities and what the
            condition adds (a certified radius).

        Raises:
            RunError: nothing is stored of what is asked for.
            DamagedFile: predictions are not what was written.
        """
        return Table(stored_predictions(self._run, task, language, other, split))

    def evaluate(
        self,
        *,
        device: str | None = None,
        plain: bool = False,
        reporter: Reporter | None = None,
        **options: Unpack[Options],
    ) -> Results:
        """Evaluates the run's model; cells that were evaluated before are only read.

        Without options, the evaluations of the run's spec are made.

        Args:
            device: auto, cpu, mps, cuda or cuda:N; default: the spec's.
            plain: predict without what makes it fast; the answers are the same.
            reporter: gets progress and warnings; default: shown on stderr.
            task: a task by name, or a mapping with its name and parameters.
            split: train, dev or test.
            languages: codes or names of languages.
            generalized: also test the two texts of an example in two different languages.
            limit: use only the first rows of each language.
            conditions: what is done to the inputs, by name or with parameters:
                `[{"name": "CONDITION", "seed": 1}]`.
            alone: parameters of a condition by its name, to be an evaluation of its own, for a
                condition that was written so before there were `conditions`. Its name is also an
                option itself.
            stress: perturbations to test under, each at one strength or several, beside `clean`:
                `["NAME:0.1,0.3"]`.
            draws: test under so many draws of that noise; figures are means over them.
            metrics: metrics in addition to those of the task's problem, by name or with parameters.
            collapse: labels that count as one class: `{"no": ["neutral", "contradiction"]}`.
            by: also average over groups of languages: by family, script, resource (class) or
                language; under `groups` of a result.
            columns: also tell of each language its family, script, resource (class), fertility,
                pieces_per_character, unknown (share of pieces) or distance; under `facts` of a
                result.

        Returns:
            One result for each evaluation.

        Raises:
            UserError: an option is wrong, the run is not finished, or data are missing.
        """
        results = evaluate_run(self._run, options, device, plain, reporter or usual_reporter())
        return results_of([(self, results)])

    def push(
        self,
        repository: str,
        *,
        private: bool = False,
        revision: str | None = None,
        stage: int | None = None,
    ) -> str:
        """Uploads the run's model to the Hugging Face hub, with tokenizer and model card.

        Args:
            repository: `ORG/NAME`; made if it is not there.
            private: whether a new repository is private.
            revision: a branch; default: the main branch.
            stage: which stage's model, counted from 1; default: the last.

        Returns:
            The address of the commit.

        Raises:
            UserError: the model is not there, or the hub is not reached, or refuses.
        """
        from xlt_cli.sharing import push

        return push.push(self._run, repository, private=private, revision=revision, stage=stage)

    def export(self, folder: str | Path, *, stage: int | None = None) -> Path:
        """Writes the run's model to a folder that transformers opens, with tokenizer and card.

        Args:
            folder: made for it; it may be there if it is empty.
            stage: which stage's model, counted from 1; default: the last.

        Returns:
            The folder.

        Raises:
            UserError: the folder has files, the model is not there, or its weights are packed and
                those of the pretrained encoder are not there.
        """
        from xlt_cli.sharing import files

        files.export(self._run, Path(folder), stage)
        return Path(folder)


class Runs(Sequence[Run]):
    """Several runs, in order; it has a length and can be indexed.

    Attributes:
        out_of_time: whether the sweep ended because of `max_hours`; runs that were not started are
            left out.
        searched: of a search, the trials in each point of its sweep (`Experiment.trials`).
    """

    def __init__(
        self,
        outcomes: Sequence[Outcome],
        out_of_time: bool = False,
        searched: Sequence[Searched] = (),
    ) -> None:
        self.out_of_time = out_of_time
        self.searched = tuple(searched)
        self._outcomes = tuple(outcomes)
        self._runs = tuple(Run(one.run, one.job.label, one.error) for one in outcomes)

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Run]: ...
    def __getitem__(self, index: int | slice) -> Run | Sequence[Run]:
        return self._runs[index]

    def __len__(self) -> int:
        return len(self._runs)

    def __repr__(self) -> str:
        return f"<Runs {', '.join(run.name for run in self)}>"

    @property
    def outcomes(self) -> Sequence[Outcome]:
        """What the command line prints of them."""
        return self._outcomes

    @property
    def failed(self) -> Sequence[Run]:
        """The runs that failed; `run.error` says why."""
        return [run for run in self if run.error]

    def results(self) -> Results:
        """The results of the evaluations that each run's spec asks for.

        Returns:
            Those of all runs, in order; a run that failed has none.
        """
        return results_of(
            [(run, one.results) for run, one in zip(self, self._outcomes, strict=True)]
        )

    def frame(self) -> pandas.DataFrame:
        """The figures of all runs as a pandas data frame, one figure in a row.

        Returns:
            The columns of `Results.frame`.
        """
        return self.results().frame()


def open_run(path_or_name: str | Path, runs_dir: str | Path | None = None) -> Run:
    """Opens a run that was trained before.

    Args:
        path_or_name: its directory, its name, or the unambiguous beginning of its name.
        runs_dir: where runs are looked for by name; default: `$XLT_RUNS_DIR`, or `runs`.

    Returns:
        The run, finished or not.

    Raises:
        RunError: there is no such run, or several.
    """
    return Run(finding.find(root_of(runs_dir), str(path_or_name)))


def evaluate_run(
    run: directory.Run,
    options: Options,
    device: str | None,
    plain: bool,
    reporter: Reporter,
    prefix: str = "",
) -> list[dict[str, Any]]:
    """Evaluates a run.

    Args:
        prefix: what stands before the name of an option in errors.
    """
    from xlt_cli.spec.building import build_task
    from xlt_cli.spec.checks import check_evaluations
    from xlt_cli.spec.suitability import check_head, fill_collapse

    spec = run.spec
    run.weights  # noqa: B018  (raises if training has not finished)
    evaluations = requested(spec.evaluations, spec.stages, options, prefix)
    extras = extras_of(options, prefix)
    trained = build_task(spec.stages[-1].task)
    for evaluation in evaluations:
        fill_collapse(evaluation, trained.labels, trained)
        check_head(trained, evaluation, option("task", prefix))
    check_evaluations(evaluations)
    from xlt_cli.launch import pipeline
    from xlt_cli.launch.computing import start

    runtime = start(device or spec.device, spec.precision, plain)
    return pipeline.evaluate_run(run, evaluations, runtime, reporter, extras=extras)


def results_of(by_run: Sequence[tuple[Run, Sequence[dict[str, Any]]]]) -> Results:
    """The results of runs, with what their data frame says of each."""
    return Results(
        [result for _, results in by_run for result in results],
        [
            {"run": run.name, "point": run.point, "seed": run.seed}
            for run, results in by_run
            for _ in results
        ],
    )


def root_of(runs_dir: str | Path | None) -> Path:
    """The directory that runs live in."""
    return finding.default_root() if runs_dir is None else Path(runs_dir)


def usual_reporter() -> Reporter:
    """Shows progress on stderr, in one process of several."""
    from xlt_cli.compute.processes import is_first_process
    from xlt_cli.console.progress import Reporter

    return Reporter(quiet=not is_first_process())
