"""Figures from records of rows, against arithmetic by hand, scikit-learn and scipy."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr
from scipy.stats import t as student_t
from sklearn.metrics import roc_auc_score

from xlt_analyses.alignment.analysis import Alignment
from xlt_analyses.alignment.figures import drawn
from xlt_analyses.alignment.measures import results as results_of
from xlt_analyses.alignment.measures import summarise
from xlt_analyses.alignment.records import Probed, SourceRow, TranslatedRow
from xlt_analyses.alignment.seeds import share
from xlt_analyses.alignment.tables import report
from xlt_cli.analyses import drawing, files
from xlt_cli.api import Measured, MeasuredRun
from xlt_cli.api.stats import RESAMPLES, Resampled, auc, auc_influence, correlation, draws, wilson
from xlt_cli.formats import terminal

LANGUAGES = ("de", "fr", "ja", "sw", "zh")


def probed(seed: int, rows: int = 60, votes: bool = True, room: float = 0.2) -> Probed:
    """Records whose decisions are carried over more often where the translation is near."""
    rng = np.random.default_rng(seed)
    source = [
        SourceRow(
            str(i),
            "01"[rng.integers(2)],
            "01"[rng.integers(2)],
            float(rng.uniform(0.05, room)),
            bool(rng.random() < 0.1),
            float(rng.uniform(0.1, 0.5)),
            float(rng.uniform(0, 0.2)) if votes else None,
        )
        for i in range(rows)
    ]
    languages = {}
    for number, language in enumerate(LANGUAGES):
        found = []
        for row in source[: rows - number]:  # later languages lack some rows
            distance = float(rng.uniform(0, 0.2 + 0.05 * number))
            flips = rng.random() < 0.1 + distance
            answer = str(1 - int(row.predicted)) if flips else row.predicted
            shifted = str(1 - int(row.predicted)) if rng.random() < distance else row.predicted
            found.append(
                TranslatedRow(row.id, answer, shifted, distance, 2 * distance, 3 * distance)
            )
        languages[language] = found
    return Probed(source, languages)


Seeds = dict[str, list[Probed]]


@pytest.fixture(scope="module")
def records() -> Seeds:
    return {"erm": [probed(1)], "robust": [probed(2, room=0.4)]}


def of_run(name: str, seed: int, one: Probed) -> MeasuredRun:
    """The records as the runner gives them."""
    rows = {"en": one.source, **one.languages}
    kept = {language: [asdict(row) for row in own] for language, own in rows.items()}
    return MeasuredRun(name, f"{name}-s{seed}", seed, "0" * 64, kept)


def analysis(records: Seeds) -> Measured:
    about = {
        "task": "xnli",
        "split": "test",
        "limit": 60,
        "source": "en",
        "demonstration": False,
        "radii": {"explained": ["how"]},
        "notes": ["a caveat"],
    }
    runs = [
        of_run(name, seed, one)
        for name, seeds in records.items()
        for seed, one in enumerate(seeds, start=1)
    ]
    return Measured(about, runs)


@pytest.fixture(scope="module")
def results(records: Seeds) -> dict[str, Any]:
    return results_of(analysis(records))


def test_shares_by_hand(records: Seeds) -> None:
    found = summarise(records)["runs"]["erm"]
    source = {row.id: row for row in records["erm"][0].source}
    for language, rows in records["erm"][0].languages.items():
        expected = {
            "accuracy": [r.predicted == source[r.id].gold for r in rows],
            "carried": [r.predicted == source[r.id].predicted for r in rows],
            "shift_held": [r.shifted == source[r.id].predicted for r in rows],
            "inside_words": [r.words < source[r.id].radius for r in rows],
            "inside_hidden": [r.hidden < source[r.id].radius_hidden for r in rows],
            "inside_certified": [r.total < (source[r.id].certified or 0) for r in rows],
        }
        figures_of = found["languages"][language]
        assert figures_of["n"] == len(rows)
        for name, holds in expected.items():
            interval = wilson(float(np.mean(holds)), len(rows)).as_dict()
            assert figures_of[name] == pytest.approx(interval), name
        medians = np.median([[r.words, r.hidden, r.total] for r in rows], axis=0)
        for space, median in zip(("words", "hidden", "total"), medians, strict=True):
            assert figures_of[f"median_distance_{space}"] == pytest.approx(median)
    for name in ("carried", "inside_words"):
        mean = np.mean([f[name]["value"] for f in found["languages"].values()])
        assert found["average"][name]["value"] == pytest.approx(mean)
    assert found["source"]["median_radius_words"] == np.median([r.radius for r in source.values()])


def test_whether_being_inside_foretells_the_outcome(records: Seeds) -> None:
    rows, source = records["erm"][0].languages["ja"], {r.id: r for r in records["erm"][0].source}
    found = summarise(records)["runs"]["erm"]["languages"]["ja"]["predicts"]["words"]
    carried = np.array([r.predicted == source[r.id].predicted for r in rows])
    room = np.array([source[r.id].radius - r.words for r in rows])
    assert found["auc"]["value"] == pytest.approx(roc_auc_score(carried, room))
    assert found["auc"]["low"] <= found["auc"]["value"] <= found["auc"]["high"]
    assert found["carried_inside"]["value"] == pytest.approx(carried[room > 0].mean())
    assert found["carried_inside"]["n"] == (room > 0).sum()
    assert found["carried_outside"]["value"] == pytest.approx(carried[room <= 0].mean())


def test_an_auc_is_scikit_learns_in_each_resample() -> None:
    rng = np.random.default_rng(3)
    holds, score = rng.random(40) < 0.6, np.round(rng.random(40), 1)  # with ties
    weights = draws(40, "auc")
    found = auc(holds, score, weights)
    assert found is not None
    assert found.value == pytest.approx(roc_auc_score(holds, score))
    for replicate in (0, 17, 999):
        expected = roc_auc_score(holds, score, sample_weight=weights[replicate])
        assert found.replicates[replicate] == pytest.approx(expected)
    assert auc(np.ones(5, bool), np.arange(5.0), draws(5, "auc")) is None


@pytest.mark.parametrize(("kind", "function"), [("pearson", pearsonr), ("spearman", spearmanr)])
def test_a_correlation_is_scipys_in_each_resample(kind: str, function: object) -> None:
    rng = np.random.default_rng(4)
    sides = [
        [Resampled(rng.random(), rng.random(RESAMPLES).round(1)) for _ in range(6)] for _ in "ab"
    ]
    found = correlation(kind, *sides)  # type: ignore[arg-type]
    assert found is not None
    values = [[part.value for part in side] for side in sides]
    assert found.value == pytest.approx(function(*values).statistic)  # type: ignore[operator]
    for replicate in (0, 500):
        values = [[part.replicates[replicate] for part in side] for side in sides]
        expected = function(*values).statistic  # type: ignore[operator]
        assert found.replicates[replicate] == pytest.approx(expected)


def test_there_is_no_correlation_of_one_language_or_of_a_constant() -> None:
    one, two = (Resampled(v, np.full(RESAMPLES, v)) for v in (0.1, 0.2))
    assert correlation("pearson", [one], [two]) is None
    assert correlation("spearman", [one, one], [one, two]) is None


def test_gains_are_differences_on_the_same_rows(records: Seeds) -> None:
    found = summarise(records)
    gains = found["comparisons"]["robust"]["gains"]
    for language, figures_of in gains.items():
        for name, gain in figures_of.items():
            first, second = (found["runs"][r]["languages"][language][name] for r in records)
            assert gain["value"] == pytest.approx(second["value"] - first["value"])
            assert gain["low"] <= gain["value"] <= gain["high"]
    logs = [
        np.log(b.radius / a.radius)
        for a, b in zip(records["erm"][0].source, records["robust"][0].source, strict=True)
    ]
    growth = found["comparisons"]["robust"]["radius"]["words"]
    assert growth["value"] == pytest.approx(np.exp(np.mean(logs)))
    assert growth["low"] < growth["value"] < growth["high"]
    correlations = found["comparisons"]["robust"]["correlations"]
    assert correlations["inside_words"]["n"] == len(LANGUAGES)
    sides = [[g[name]["value"] for g in gains.values()] for name in ("inside_words", "accuracy")]
    assert correlations["inside_words"]["pearson"]["value"] == pytest.approx(
        pearsonr(*sides).statistic
    )


def test_a_run_against_itself_gains_nothing() -> None:
    same = probed(5)
    (comparison,) = summarise({"one": [same], "other": [same]})["comparisons"].values()
    for figure in comparison["average"].values():
        assert figure == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert comparison["correlations"]["inside_words"]["pearson"] is None
    assert comparison["radius"]["words"] == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_seeds_are_averaged_over_the_same_rows() -> None:
    several = {"erm": [probed(1), probed(3)], "robust": [probed(2, room=0.4), probed(4, room=0.4)]}
    found = summarise(several)
    singles = [summarise({name: [seeds[i]] for name, seeds in several.items()}) for i in (0, 1)]

    def mean(*keys: str) -> float:
        values = []
        for one in singles:
            for key in keys:
                one = one[key]
            values.append(one["value"] if isinstance(one, dict) else one)
        return float(np.mean(values))

    runs = found["runs"]["robust"]
    for language, figures_of in runs["languages"].items():
        where = ("runs", "robust", "languages", language)
        assert figures_of["n"] == singles[0]["runs"]["robust"]["languages"][language]["n"]
        for name in ("accuracy", "carried", "inside_words"):
            assert figures_of[name]["value"] == pytest.approx(mean(*where, name))
            assert figures_of[name]["low"] < figures_of[name]["value"] < figures_of[name]["high"]
        expected = mean(*where, "predicts", "words", "auc")
        assert figures_of["predicts"]["words"]["auc"]["value"] == pytest.approx(expected)
    assert runs["source"]["accuracy"]["value"] == pytest.approx(
        mean("runs", "robust", "source", "accuracy")
    )
    gain = found["comparisons"]["robust"]["average"]["accuracy"]
    assert gain["value"] == pytest.approx(mean("comparisons", "robust", "average", "accuracy"))
    factors = [one["comparisons"]["robust"]["radius"]["words"]["value"] for one in singles]
    grown = found["comparisons"]["robust"]["radius"]["words"]
    assert grown["value"] == pytest.approx(np.exp(np.mean(np.log(factors))))


def test_equal_seeds_give_the_figures_of_one() -> None:
    """The mean of two equal seeds is theirs, and its interval that of their rows alone."""
    one, two = probed(1), probed(2, room=0.4)
    single, double = (
        summarise({"erm": [one] * seeds, "robust": [two] * seeds})["comparisons"]["robust"]
        for seeds in (1, 2)
    )
    for part in ("average", "radius"):
        for name, figure in single[part].items():
            assert double[part][name]["value"] == pytest.approx(figure["value"])
    logs = np.log([b.radius / a.radius for a, b in zip(one.source, two.source, strict=True)])
    error = logs.std(ddof=1) / np.sqrt(len(logs))
    low, high = student_t(len(logs) - 1).interval(0.95)
    expected = np.exp(logs.mean() + error * np.array([low, high]))
    grown = double["radius"]["words"]
    assert [grown["low"], grown["high"]] == pytest.approx(expected, rel=1e-3)
    for name, found in single["correlations"].items():
        assert double["correlations"][name]["pearson"] == pytest.approx(found["pearson"])


def test_the_interval_over_seeds_is_that_of_mean_squares() -> None:
    """A gain in a language, against the analysis of variance of its table by hand."""
    seeds = (1, 3, 5)
    base, robust = [probed(s) for s in seeds], [probed(s + 10, room=0.4) for s in seeds]
    found = summarise({"erm": base, "robust": robust})["comparisons"]["robust"]["gains"]["de"]
    table = np.array(
        [
            [
                float(x.predicted == r.gold) - float(y.predicted == q.gold)
                for x, r, y, q in zip(
                    mine.languages["de"],
                    mine.source,
                    own.languages["de"],
                    own.source,
                    strict=True,
                )
            ]
            for mine, own in zip(robust, base, strict=True)
        ]
    )
    (k, n), grand = table.shape, table.mean()
    of_seeds = n * ((table.mean(axis=1) - grand) ** 2).sum() / (k - 1)
    of_rows = k * ((table.mean(axis=0) - grand) ** 2).sum() / (n - 1)
    rest = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + grand
    noise = (rest**2).sum() / ((k - 1) * (n - 1))
    parts = np.array([of_seeds, max(of_rows - noise, 0)]) / (k * n)
    df = parts.sum() / (parts / [k - 1, n - 1]).sum()
    expected = grand + np.sqrt(parts.sum()) * np.array(student_t(df).interval(0.95))
    gain = found["accuracy"]
    assert [gain["low"], gain["high"]] == pytest.approx(np.clip(expected, -1, 1))


def test_rows_move_an_auc_as_their_weights_do() -> None:
    rng = np.random.default_rng(6)
    holds, score = rng.random(50) < 0.4, np.round(rng.random(50), 1)  # with ties
    moved = []
    for row in range(50):
        sides = []
        for step in (1e-4, -1e-4):
            weights = np.ones(50)
            weights[row] += step
            sides.append(roc_auc_score(holds, score, sample_weight=weights))
        moved.append(50 * (sides[0] - sides[1]) / 2e-4)
    effects = auc_influence(holds, score)
    assert effects == pytest.approx(np.array(moved), abs=1e-6)
    assert effects.mean() == pytest.approx(0)


def test_no_interval_is_a_point_because_seeds_agree_by_chance() -> None:
    """One row of many with each seed, each time another: nothing varies in the table's means."""
    holds = [np.arange(40) == place for place in (3, 8, 21)]
    figure = share(holds, [np.ones(40, bool)] * 3, draws(40, "alignment"))
    found = figure.interval()
    assert found.value == pytest.approx(1 / 40)
    assert 0 <= found.low < found.value < found.high <= 1


def test_intervals_are_wider_where_seeds_differ() -> None:
    def width(*others: int) -> float:
        seeds = [probed(seed, room=0.1 + 0.4 * (seed % 2)) for seed in (2, *others)]
        base = [probed(1) for _ in seeds]
        found = summarise({"erm": base, "robust": seeds})
        gain = found["comparisons"]["robust"]["average"]["inside_words"]
        return float(gain["high"] - gain["low"])

    assert width(3) > 1.5 * width(2)


def test_without_votes_nothing_is_certified() -> None:
    found = summarise({"one": [probed(6, votes=False)]})["runs"]["one"]
    assert "inside_certified" not in found["average"]
    assert found["source"]["median_certified"] is None
    assert found["languages"]["de"]["median_distance_total"] > 0


def test_results_are_json_and_csv(results: dict[str, Any], tmp_path: Path) -> None:
    files.write(tmp_path, report(results))
    # Strict JSON: no NaN.
    text = json.dumps(results, allow_nan=False)
    assert json.loads((tmp_path / "results.json").read_text()) == json.loads(text)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "results.csv").read_text())))
    found = {(r["run"], r["kind"], r["language"], r["quantity"]): r for r in rows}
    assert len(found) == len(rows)
    runs = json.loads(text)["runs"]
    row = found["erm", "figure", "ja", "predicts.words.auc"]
    assert (
        float(row["value"]) == runs["erm"]["languages"]["ja"]["predicts"]["words"]["auc"]["value"]
    )
    assert found["erm", "figure", "en", "accuracy"]["n"] == "60"
    assert found["robust", "correlation", "", "inside_words.pearson"]["n"] == "5"
    assert ("robust", "gain", "average", "shift_held") in found


def test_tables_fit_into_a_hundred_columns(results: dict[str, Any]) -> None:
    text = terminal.text(report(results), 100)
    assert max(map(len, text.splitlines())) <= 100
    assert "…" not in text
    for expected in ("erm (baseline)", "robust minus erm", "average (5)", "Pearson", "a caveat"):
        assert expected in text


def test_figures_are_written_and_the_same_again(
    results: dict[str, Any], records: Seeds, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    written, alignment = report(results), Alignment()
    paths = drawing.draw(tmp_path / "one", alignment, analysis(records), written)
    assert sorted(p.name for p in paths) == [
        "distances.png",
        "distances.svg",
        "gains.png",
        "gains.svg",
        "overview.png",
        "overview.svg",
    ]
    drawing.draw(tmp_path / "two", alignment, analysis(records), written)
    for name in ("distances.svg", "gains.svg"):
        content = (tmp_path / "one" / name).read_bytes()
        assert content == (tmp_path / "two" / name).read_bytes()
        root = ElementTree.fromstring(content)
        texts = {
            "".join(e.itertext()).strip() for e in root.iter("{http://www.w3.org/2000/svg}text")
        }
        assert set(LANGUAGES) <= texts
    overview = [(tmp_path / folder / "overview.svg").read_bytes() for folder in ("one", "two")]
    assert overview[0] == overview[1]
    assert (tmp_path / "one" / "gains.png").read_bytes().startswith(b"\x89PNG")


def test_one_run_has_no_figure_of_gains(records: Seeds) -> None:
    pytest.importorskip("matplotlib")
    one = {"erm": records["erm"]}
    assert list(drawn(summarise(one), one)) == ["distances"]


def test_a_collapsed_run_is_named(records: Seeds) -> None:
    sound = analysis(records)
    assert not [note for note in results_of(sound)["notes"] if "collapsed" in note]
    run = sound.runs[-1]
    source: list[Mapping[str, Any]] = [{**row, "predicted": "1"} for row in run.records["en"]]
    fallen = replace(run, records={**run.records, "en": source})
    notes = results_of(replace(sound, runs=[*sound.runs[:-1], fallen]))["notes"]
    (said,) = [note for note in notes if "collapsed" in note]
    assert said.startswith(f"† '{run.run}' has collapsed: it answers '1' to every source row")
