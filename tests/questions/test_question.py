"""`xlt question`: arms over families of test sets, against a line through reference runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from question_runs import ARMS, ASKED, REFERENCES, SEEDS, Answering, Ask, Right
from scipy import special, stats

from xlt_cli.errors import DataError, RunError
from xlt_cli.formats import markdown
from xlt_cli.reports.question import report


def contrast(values: dict[str, Any], over: str = "english") -> dict[str, Any]:
    (found,) = [own for own in values["comparisons"][0]["contrasts"] if own["over"] == over]
    return found  # type: ignore[no-any-return]


def two_way(values: np.ndarray, effects: np.ndarray, lines: tuple[float, int] | None = None) -> Any:
    """Mean and interval over K seeds and N items, from the mean squares of the table [K, N]."""
    seeds, items = effects.shape
    table = values[:, None] + effects
    grand, rows, columns = table.mean(), table.mean(axis=1), table.mean(axis=0)
    ms_seeds = items * ((rows - grand) ** 2).sum() / (seeds - 1)
    ms_items = seeds * ((columns - grand) ** 2).sum() / (items - 1)
    rest = table - rows[:, None] - columns[None] + grand
    ms_error = (rest**2).sum() / ((seeds - 1) * (items - 1))
    parts = [
        (ms_seeds / (seeds * items), seeds - 1),
        (max(ms_items - ms_error, 0) / (seeds * items), items - 1),
        *([lines] if lines else []),
    ]
    variance = sum(part for part, _ in parts)
    df = variance / sum(part / df for part, df in parts)
    half = stats.t.ppf(0.975, df) * np.sqrt(variance)
    return grand, grand - half, grand + half, 2 * stats.t.sf(abs(grand) / np.sqrt(variance), df)


def test_contrasts_in_accuracy_are_those_of_the_table_of_seeds_and_items(
    made: Path, ask: Ask, answering: Answering, answers: dict[tuple[str, int], Right]
) -> None:
    found = contrast(ask(made))["families"]
    # French is left out: an arm was trained on it, in all arms. Sets count alike, then draws.
    draws = answering.draws

    def gain(cells: Sequence[tuple[str, str]]) -> np.ndarray:
        return np.array(
            [
                np.mean([answers["low", s][c] * 1.0 - answers["english", s][c] for c in cells], 0)
                for s in SEEDS
            ]
        )

    expected = {
        "in distribution": gain([("en", "")]),
        "zero-shot": gain([("de", "")]),
        "noise": (gain([("de", d) for d in draws]) + gain([("en", d) for d in draws])) / 2,
    }
    holm = {}
    for family, table in expected.items():
        means = table.mean(axis=1)
        value, low, high, p = two_way(means, table - means[:, None])
        own = found[family]["accuracy"]
        assert [own["value"], own["low"], own["high"], own["p"]] == pytest.approx(
            [value, low, high, p], rel=1e-5
        )
        assert own["equivalent"] == (low > -0.3 and high < 0.3)
        holm[family] = p
    least, most = sorted((holm["zero-shot"], holm["noise"]))
    adjusted = sorted(found[family]["accuracy"]["p_holm"] for family in ("zero-shot", "noise"))
    assert adjusted == pytest.approx([min(1, 2 * least), min(1, max(2 * least, most))], rel=1e-5)
    assert "p_holm" not in found["in distribution"]["accuracy"]


def test_the_worst_of_several_draws_is_each_runs_own(
    made: Path, ask: Ask, answering: Answering, answers: dict[tuple[str, int], Right]
) -> None:
    (noise,) = (own for own in ASKED["families"] if own["name"] == "noise")
    worst = {**noise, "sets": [{**one, "draws": "worst"} for one in noise["sets"]]}
    others = [own for own in ASKED["families"] if own is not noise]
    values = ask(made, families=[*others, worst])
    found = contrast(values)["families"]["noise"]["accuracy"]

    def drawn(arm: str, seed: int, language: str) -> np.ndarray:
        cells = [answers[arm, seed][language, draw] * 1.0 for draw in answering.draws]
        return min(cells, key=np.mean)

    table = np.array(
        [
            np.mean([drawn("low", s, x) - drawn("english", s, x) for x in ("de", "en")], axis=0)
            for s in SEEDS
        ]
    )
    means = table.mean(axis=1)
    value, low, high, p = two_way(means, table - means[:, None])
    assert [found["value"], found["low"], found["high"], found["p"]] == pytest.approx(
        [value, low, high, p], rel=1e-5
    )
    chosen = {min(answering.draws, key=lambda d: answers[a, s]["de", d].mean()) for a, s in answers}
    assert len(chosen) > 1, "one draw is the worst of all runs: nothing is tested"


def test_another_metric_is_compared_by_its_name_with_the_rows_that_move_it(
    made: Path, ask: Ask, answering: Answering, answers: dict[tuple[str, int], Right]
) -> None:
    """F1 of sklearn, and what each row moves by leaving it out."""
    from sklearn.metrics import f1_score

    golds = np.array([int(e.label) for e in answering.plan.counted("de")])  # type: ignore[attr-defined]

    def scored(key: tuple[str, int]) -> tuple[float, np.ndarray]:
        told = np.where(answers[key]["de", ""], golds, 1 - golds)
        every = np.arange(len(golds))

        def f1(kept: np.ndarray) -> float:
            return float(f1_score(golds[kept], told[kept], average="macro"))

        without = np.array([f1(every != row) for row in every])
        return f1(every >= 0), (len(golds) - 1) * (without.mean() - without)

    values = ask(made, metric="macro_f1")
    assert values["comparisons"][0]["metric"] == "macro_f1"
    pairs = [(scored(("low", s)), scored(("english", s))) for s in SEEDS]
    gains = np.array([of[0] - over[0] for of, over in pairs])
    value, low, high, _ = two_way(gains, np.stack([of[1] - over[1] for of, over in pairs]))
    own = contrast(values)["families"]["zero-shot"]["macro_f1"]
    assert own["value"] == pytest.approx(value, rel=1e-5)
    assert [own["low"], own["high"]] == pytest.approx([low, high], rel=0.1)
    shown = markdown.text(report(values))
    assert "languages: macro f1" in shown
    assert "effective robustness: macro f1 minus" in shown
    assert "accuracy" not in shown
    with pytest.raises(DataError, match="'pawsx' has no metric 'bleu'") as refused:
        ask(made, metric="bleu")
    assert "macro_f1" in str(refused.value.hint)


@pytest.mark.parametrize("languages", [["en"], ["en", "fr"]])
def test_effective_robustness_is_that_of_numpy_with_the_items_of_line_and_run(
    made: Path, ask: Ask, answers: dict[tuple[str, int], Right], languages: list[str]
) -> None:
    """With French, which an arm was trained on, as a further set in distribution, too."""
    predictors = [{"task": "pawsx", "languages": [own]} for own in languages[1:]]
    shown = ask(made, predictors=predictors)
    found = contrast(shown)["families"]["zero-shot"]["effective_robustness"]
    said = f"a {'plane' if predictors else 'line'} through the reference runs"
    assert said in markdown.text(report(shown))
    references = [key for key in answers if key[0] in (*REFERENCES, "plain")]
    count = len(answers["low", 1]["en", ""])

    def above(run: tuple[str, int], weights: np.ndarray, moved: np.ndarray) -> float:
        def share(key: tuple[str, int], language: str) -> float:
            return float(weights @ answers[key][language, ""] / weights.sum())

        def design(*keys: tuple[str, int]) -> np.ndarray:
            own = [[share(key, language) for language in languages] for key in keys]
            return np.column_stack([np.ones(len(own)), special.logit(own)])

        y = special.logit([share(key, "de") for key in references]) + moved
        fit, *_ = np.linalg.lstsq(design(*references), y, rcond=None)
        return share(run, "de") - float(special.expit(design(run) @ fit)[0])

    def difference(seed: int, weights: np.ndarray, moved: np.ndarray) -> float:
        return above(("low", seed), weights, moved) - above(("english", seed), weights, moved)

    even, still, step = np.ones(count), np.zeros(len(references)), 1e-4
    values = np.array([difference(s, even, still) for s in SEEDS])

    def slope(seed: int, weights: np.ndarray, moved: np.ndarray) -> float:
        ends = [difference(seed, even + w * weights, w * moved) for w in (step, -step)]
        return float(ends[0] - ends[1]) / (2 * step)

    none = np.zeros(count)
    effects = count * np.array([[slope(s, one, still) for one in np.eye(count)] for s in SEEDS])
    by_point = [np.mean([slope(s, none, one) for s in SEEDS]) for one in np.eye(len(references))]
    own = [[answers[key][code, ""].mean() for code in languages] for key in references]
    x = np.column_stack([np.ones(len(own)), special.logit(own)])
    y = special.logit([answers[key]["de", ""].mean() for key in references])
    left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    df = len(references) - 1 - len(languages)
    scatter = float(np.sum(np.square(by_point)) * (left @ left) / df)
    value, low, high, p = two_way(values, effects, (scatter, df))
    assert found["value"] == pytest.approx(value)
    assert [found["low"], found["high"], found["p"]] == pytest.approx([low, high, p], rel=1e-3)


def test_languages_that_an_arm_was_trained_on_are_left_out_in_all_arms(
    made: Path, ask: Ask, answers: dict[tuple[str, int], Right]
) -> None:
    (one,) = ask(made)["comparisons"]
    clean = next(own for own in one["sets"] if own["family"] == "zero-shot")
    assert clean["cells"] == ["de"]
    assert clean["left_out"]["fr"] == "trained on: low"
    for arm in one["arms"]:
        shown = arm["families"]["zero-shot"]["accuracy"]["value"]
        own = [answers[arm["arm"], s]["de", ""].mean() for s in SEEDS]
        assert shown == pytest.approx(np.mean(own))


def test_without_references_there_is_accuracy_alone_and_it_is_said(made: Path, ask: Ask) -> None:
    for reference, why in (
        (None, "names no reference runs"),
        ({"runs": [{"sweep": "few"}]}, "2 reference runs are there, and a line needs 3"),
        ({"runs": [{"sweep": "not trained"}]}, "no runs of the references 'not trained'"),
        (
            {"runs": [*ASKED["reference"]["runs"], {"sweep": "few", "point": "typo"}]},
            "no runs of the references 'few', point 'typo'",
        ),
    ):
        (one,) = ask(made, reference=reference)["comparisons"]
        assert not one["effective_robustness"]
        assert any(why in note for note in one["notes"])
        assert {*contrast({"comparisons": [one]})["families"]["noise"]} == {"accuracy"}


def test_a_run_is_left_out_for_its_damaged_files_and_they_are_named(root: Path, ask: Ask) -> None:
    broken = sorted(root.glob("low-*/evaluations/*/predictions/de*"))[0]
    broken.write_bytes(broken.read_bytes()[:-20])
    (one,) = ask(root)["comparisons"]
    (note,) = [note for note in one["notes"] if "is left out" in note]
    assert broken.parents[3].name in note
    assert "damaged" in note
    assert str(broken.parents[1]) in note


@pytest.mark.parametrize("languages", [["en"], ["en", "fr"]])
def test_runs_beyond_the_references_are_counted(
    made: Path, ask: Ask, answers: dict[tuple[str, int], Right], languages: list[str]
) -> None:
    def figures(name: str, language: str) -> list[float]:
        return [float(own[language, ""].mean()) for (arm, _), own in answers.items() if arm == name]

    beyond = {name: [False] * len(SEEDS) for name in ARMS}
    for language in languages:
        inside = [x for name in ("few", "some") for x in figures(name, language)]
        for name, found in beyond.items():
            outside = [not min(inside) <= x <= max(inside) for x in figures(name, language)]
            beyond[name] = [a or b for a, b in zip(found, outside, strict=True)]
    assert sum(map(sum, beyond.values()))
    predictors = [{"task": "pawsx", "languages": [own]} for own in languages[1:]]
    reference = {"runs": [{"sweep": name} for name in ("few", "some")]}
    (one,) = ask(made, predictors=predictors, reference=reference)["comparisons"]
    (note,) = [note for note in one["notes"] if "extrapolated" in note]
    for name, found in beyond.items():
        said = f"{sum(found)} of {len(SEEDS)} runs of '{name}'"
        assert (said in note) == any(found), note


def test_no_claim_rests_on_an_arm_that_lacks_seeds(root: Path, ask: Ask) -> None:
    (path,) = root.glob("low-s3-*")
    shutil.rmtree(path)
    values = ask(root)
    found = contrast(values)
    assert found["seeds"] == [1, 2, 4]
    assert found["no_claim"] == "'low' has 3 of 4 planned seeds"
    for own in found["families"].values():
        assert (own["accuracy"]["verdict"], own["accuracy"]["equivalent"]) == ("", False)
    for path in root.glob("low-*"):
        shutil.rmtree(path)
    with pytest.raises(RunError, match="no comparison has runs of both arms of a contrast"):
        ask(root)
    (asked,) = ASKED["comparisons"]
    with_another = asked | {"contrasts": [*asked["contrasts"], {"of": "english", "over": "plain"}]}
    values = ask(root, comparisons=[with_another])
    assert "no claim: there are no runs of 'low'" in markdown.text(report(values))
    gone = contrast(values)
    assert (gone["no_claim"], gone["families"]) == ("there are no runs of 'low'", {})


def test_runs_that_have_not_finished_or_lack_a_set_are_left_out_and_named(
    root: Path, ask: Ask
) -> None:
    (stopped,), (cut,) = root.glob("low-s1-*"), root.glob("low-s2-*")
    status = json.loads((stopped / "status.json").read_text("utf-8"))
    (stopped / "status.json").write_text(json.dumps({"state": "error", "message": "", **{
        k: v for k, v in status.items() if k in ("time", "host", "pid")}}), "utf-8")  # fmt: skip
    (folder,) = (cut / "evaluations").iterdir()
    shutil.rmtree(folder / "conditions")
    values = ask(root)
    assert contrast(values)["seeds"] == [3, 4]
    said = [*values["notes"], *values["comparisons"][0]["notes"]]
    assert any(note.startswith(f"{stopped.name} is left out: it is") for note in said)
    assert any(note.startswith(f"{cut.name} is left out") for note in said)


def test_collapsed_runs_are_counted_and_contrasts_are_given_without_them(
    made: Path, ask: Ask, answers: dict[tuple[str, int], Right]
) -> None:
    own = {s: answers["low", s]["en", ""].mean() for s in SEEDS}
    worst = min(own, key=lambda seed: own[seed])
    others = [a["en", ""].mean() for (name, _), a in answers.items() if name in ARMS]
    between = np.nextafter(own[worst], 1)
    fallen = [
        (name, s) for (name, s), a in answers.items()
        if name in ARMS and a["en", ""].mean() < between
    ]  # fmt: skip
    assert min(others) <= own[worst]
    (one,) = ask(made, collapsed_below=float(between))["comparisons"]
    assert {arm["arm"]: arm["collapsed"] for arm in one["arms"]} == {
        name: [s for n, s in fallen if n == name] for name in ARMS
    }
    first = one["without_collapsed"][0]
    left = [s for s in SEEDS if ("low", s) not in fallen and ("english", s) not in fallen]
    assert first["seeds"] == left
    expected = [
        answers["low", s]["de", ""].mean() - answers["english", s]["de", ""].mean() for s in left
    ]
    shown = first["families"]["zero-shot"]["accuracy"]["value"]
    assert shown == pytest.approx(np.mean(expected))


def test_runs_that_were_tested_on_other_rows_are_refused(
    root: Path, ask: Ask, answering: Answering, answers: dict[tuple[str, int], Right]
) -> None:
    (path,) = root.glob("low-s1-*")
    shutil.rmtree(path)
    answering.run(root, "low", 1, answers["low", 1], ["fr"], without=1)
    with pytest.raises(DataError, match="were tested on different rows of"):
        ask(root)
