"""Tables of stored figures: what stands in a cell, what is refused, and what is marked."""

from __future__ import annotations

import csv
import io
import json
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import xlt_cli
from xlt_cli.problems import Prediction, SequenceClassification
from xlt_cli.references.finding import found
from xlt_cli.reports.summary import counted, summarise
from xlt_cli.runs import atomic
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import Evaluation, ExperimentSpec
from xlt_cli.spec.identity import FORMAT

LANGUAGES = ("en", "de", "fr", "zh")
Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a run whose answers to 60 rows of each language are right in a share of them."""
    monkeypatch.chdir(tmp_path)

    def run(
        name: str,
        seed: int,
        share: float,
        *,
        method: str | None = None,
        encoder: str = "e5-small-q4",
        languages: tuple[str, ...] = LANGUAGES,
        split: str = "test",
        answer: str | None = None,
        under: Mapping[str, float] | None = None,
        epochs: int = 1,
    ) -> None:
        found = Run(tmp_path / "runs" / f"{name}-s{seed}")
        stage = {"task": "mini-pawsx", "perturbation": method, "epochs": epochs}
        spec = ExperimentSpec.model_validate({"name": name, "encoder": encoder, "stages": [stage]})
        record = {"identity": "0", "format": FORMAT, "name": name, "seed": seed}
        record["spec"] = spec.model_dump(mode="json")
        atomic.write_json(_made(found.path) / "run.json", record)
        evaluation = Evaluation.model_validate({"task": "mini-pawsx", "split": split})
        store = Store.open(found.evaluations, evaluation, f"{name}{seed}")
        problem, cells = SequenceClassification(("0", "1")), {}
        for number, language in enumerate(languages):
            rng = np.random.default_rng([seed, number, int(100 * share)])
            golds = [str(i % 2) for i in range(60)]
            told = [g if rng.random() < share else str(1 - int(g)) for g in golds]
            rows = [
                Prediction(f"t-{i}", g, answer or t)
                for i, (g, t) in enumerate(zip(golds, told, strict=True))
            ]
            store.write(Cell((language, language)), rows)
            cells[language, language] = counted(problem, rows)
        figures = summarise(problem, "accuracy", cells, ["en"], True).as_dict()
        data = {language: {"sha256": language, "source": ""} for language in languages}
        about = {"task": "mini-pawsx", "split": split, "limit": None, "data": data}
        more: dict[str, Any] = {}
        if under:
            kept = ("languages", "averages", "pairs", "pair_averages", "transfer_gap", "warnings")
            own = {name: figures[name] for name in kept}
            more = {"condition": "clean", "conditions": [{**own, "condition": x} for x in under]}
        store.write_summary({**about, **figures, **more, "notes": []}, "")

    return run


def _made(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture
def two(write: Write) -> None:
    """Two methods, three seeds each."""
    for seed in (1, 2, 3):
        write("erm", seed, 0.6)
        write("adv", seed, 0.95, method="adversarial")


def stored(run: str, language: str) -> float:
    (result,) = xlt_cli.open_run(run).results()
    return float(result["languages"][language]["accuracy"]["value"])


def cell(values: Mapping[str, Any], **place: str) -> Mapping[str, Any]:
    (found,) = [
        one for one in values["cells"] if all(one[name] == value for name, value in place.items())
    ]
    return found


@pytest.mark.usefixtures("two")
def test_cells_are_means_over_languages_and_seeds_with_their_deviation() -> None:
    values = xlt_cli.tabulate(["erm-*", "adv-*"], rows=["method"], columns=["task"]).values
    found = cell(values, method="ERM")
    means = [
        statistics.mean(stored(f"erm-s{seed}", x) for x in LANGUAGES[1:]) for seed in (1, 2, 3)
    ]
    assert found["value"] == pytest.approx(statistics.mean(means))
    assert found["deviation"] == pytest.approx(statistics.stdev(means))
    assert found["languages"] == sorted(LANGUAGES[1:])
    assert (found["best"], cell(values, method="adversarial")["best"]) == (False, True)


@pytest.mark.usefixtures("two")
def test_intervals_are_students_over_seeds_and_the_stored_ones_of_one_seed() -> None:
    asked: dict[str, Any] = {"rows": ["method"], "columns": ["language"], "spread": "interval"}
    found = cell(xlt_cli.tabulate("erm-*", **asked).values, language="de")
    each = [stored(f"erm-s{seed}", "de") for seed in (1, 2, 3)]
    low, high = stats.t.interval(0.95, 2, statistics.mean(each), stats.sem(each))
    assert (found["low"], found["high"]) == pytest.approx((low, high))
    (result,) = xlt_cli.open_run("erm-s1").results()
    one = cell(xlt_cli.tabulate("erm-s1", **asked).values, language="de")
    known = result["languages"]["de"]["accuracy"]
    assert (one["low"], one["high"]) == (known["low"], known["high"])
    asked["columns"] = ["group"]
    average = cell(xlt_cli.tabulate("erm-s1", **asked).values, group="zero-shot")
    assert average["low"] == result["averages"]["zero_shot"]["accuracy"]["low"]


@pytest.mark.usefixtures("two")
def test_languages_and_their_groups_stand_where_they_are_asked_for() -> None:
    def heads(*columns: str, **where: list[str]) -> list[list[str]]:
        found = xlt_cli.tabulate("erm-*", rows=["method"], columns=columns, where=where)
        return list(found.values["heads"])

    assert heads("language")[0] == ["en"]
    assert heads("group") == [["trained on"], ["zero-shot"]]
    assert heads("family") == [["Indo-European"], ["Sino-Tibetan"]]
    assert heads("language", language=["de", "zh"]) == [["de"], ["zh"]]
    by_family = xlt_cli.tabulate("erm-*", rows=["family"], columns=["seed"]).values
    assert cell(by_family, family="Indo-European", seed="2")["languages"] == ["de", "fr"]


def test_conditions_and_encoders_are_dimensions(write: Write) -> None:
    write("a", 1, 0.7, under={"typos": 0.1})
    write("b", 1, 0.9, encoder="mbert", under={"typos": 0.1})
    found = xlt_cli.tabulate("*-s1", rows=["encoder"], columns=["condition"], best="encoder")
    assert found.values["heads"] == [["clean"], ["typos"]]
    assert cell(found.values, encoder="mbert", condition="typos")["best"]
    assert len(found.frame()) == 4


@pytest.mark.usefixtures("two")
def test_marks_are_those_of_a_comparison() -> None:
    systems = {"ERM": "erm-*", "adversarial": "adv-*"}
    (one,) = xlt_cli.compare(systems).values["evaluations"]
    cells = one["gains"]["adversarial"]["cells"]
    found = xlt_cli.tabulate(
        list(systems.values()), rows=["method"], columns=["group"], baseline="ERM"
    ).values
    for group, average in (("zero-shot", "zero_shot"), ("trained on", "source")):
        own = cell(found, method="adversarial", group=group)
        assert own["p"] == cells[f"average:{average}"]["p"] < 0.05
        assert cell(found, method="ERM", group=group)["p"] is None
    found = xlt_cli.tabulate(systems, rows=["method"], columns=["language"], baseline="ERM").values
    assert cell(found, method="adversarial", language="de")["p"] == cells["de"]["p_adjusted"]
    found = xlt_cli.tabulate(systems, rows=["method"], columns=["family"], baseline="ERM").values
    assert {own["p"] for own in found["cells"]} == {None}


@pytest.mark.usefixtures("two")
def test_every_format_of_the_command(xlt: Any) -> None:
    given = ["table", "erm-*", "adv-*", "--columns", "group", "--baseline", "ERM"]
    assert "zero-shot" in xlt(*given).stdout
    latex = xlt(*given, "--format", "latex").stdout
    assert r"\toprule" in latex
    assert r"adversarial & \bfseries" in latex
    assert r"\textsuperscript{{*}}" in latex
    assert "| adversarial |" in xlt(*given, "--format", "markdown").stdout
    rows = list(csv.DictReader(io.StringIO(xlt(*given, "--format", "csv").stdout)))
    values = json.loads(xlt(*given, "--json").stdout)
    assert len(rows) == len(values["cells"]) == 4
    assert [float(row["value"]) for row in rows] == [one["value"] for one in values["cells"]]
    assert rows[0]["metric"] == "accuracy"


def test_collapsed_runs_bear_their_mark(write: Write, xlt: Any) -> None:
    write("erm", 1, 0.6, answer="1")
    shown = xlt("table", "erm-*").stdout
    assert "50.0†" in shown
    assert "some runs collapsed" in shown


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--rows", "metod"], "did you mean 'method'?"),
        (["--columns", "langauge"], "did you mean 'language'?"),
        (["--rows", "task"], "'task' is there twice"),
        (["--columns", ","], "a table needs columns"),
        (["--where", "language=xx"], "no result has the language 'xx'"),
        (["--where", "limit=5"], "no result has the limit '5' where known: none"),
        (["--where", "lang=de"], "unknown dimension 'lang'"),
        (["--where", "language"], "lacks a value"),
        (["--rows", "encoder"], "differ in method (ERM, adversarial)"),
        (["--best", "colour"], "unknown dimension 'colour'"),
        (["--baseline", "DA"], "unknown method 'DA'"),
        (["--baseline", "ERM", "--columns", "seed"], "tests are over seeds"),
        (["--where", "language=en", "--where", "group=zero-shot"], "no figure is left"),
    ],
)
@pytest.mark.usefixtures("two")
def test_what_cannot_be_is_refused(options: list[str], said: str, xlt: Any) -> None:
    result = xlt("table", "erm-*", "adv-*", *options)
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.output.split())


def test_figures_that_cannot_be_averaged_are_refused(write: Write, xlt: Any) -> None:
    def said(*given: str) -> str:
        result = xlt("table", *given)
        assert result.exit_code == 2, result.output
        return " ".join(result.output.split())

    write("erm", 1, 0.6)
    write("long", 2, 0.6, epochs=3)
    assert "not seeds of one training" in said("*-s?")
    assert xlt("table", "A=erm-*", "B=long-*").exit_code == 0
    write("twice", 1, 0.6)
    assert "not seeds of one training" in said("erm-s1", "twice-s1")
    write("erm", 1, 0.7, split="dev")
    assert "--where split=" in said("erm-s1")
    write("few", 2, 0.6, languages=("en", "de"), method="adversarial")
    assert "over different languages" in said("erm-s1", "few-s2", "--where", "split=test")
    assert xlt("table", "erm-s1", "few-s2", "--columns", "language,split").exit_code == 0
    limited = xlt("table", "erm-s1", "--where", "limit=none", "--where", "split=dev", "--json")
    assert [one["value"] for one in json.loads(limited.stdout)["cells"]]
    (Path("runs") / "bare-s1").mkdir()
    atomic.write_json(Path("runs/bare-s1/run.json"), {"identity": "0", "seed": 1})
    assert "'bare-s1' has no results" in said("bare-s1")


def test_runs_without_a_zero_shot_language_are_named(write: Write) -> None:
    write("all", 1, 0.8)
    write("all", 2, 0.8, languages=("en",))
    write("own", 1, 0.8, languages=("en",))
    runs = {"all": "all-*", "own": "own-*"}
    values = xlt_cli.tabulate(runs, rows=["method"], columns=["task"]).values
    assert [(one["method"], one["seeds"]) for one in values["cells"]] == [("all", ["1"])]
    said = "left out, as no zero-shot language was tested: all-s2, own-s1 on mini-pawsx test"
    assert said in values["notes"]
    apart = xlt_cli.tabulate(runs, rows=["method"], columns=["language"]).values
    assert not any(note.startswith("left out") for note in apart["notes"])


@pytest.mark.usefixtures("two")
def test_the_path_of_a_run_is_no_pattern_whatever_is_in_it(tmp_path: Path) -> None:
    root = tmp_path / "runs [a-z] * {x}"
    (tmp_path / "runs").rename(root)
    paths = [str(root / f"erm-s{seed}") for seed in (1, 2)]
    values = xlt_cli.tabulate(paths, rows=["run"], columns=["task"], runs_dir=root).values
    assert [one["run"] for one in values["cells"]] == ["erm-s1", "erm-s2"]
    runs, _ = found(paths, root, [])
    assert [run.path for run in runs] == [root / "erm-s1", root / "erm-s2"]
    assert len(found(["erm-*"], root, [])[0]) == 3
