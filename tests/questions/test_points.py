"""Arms of several points: languages as a sample, and what a property of theirs says."""

from __future__ import annotations

import csv
import io
import itertools
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from question_runs import ASKED, SEEDS, Answering, Ask, Right
from scipy import stats

from xlt_cli.errors import DataError, SpecError
from xlt_cli.formats import csv as csv_format
from xlt_cli.formats import markdown
from xlt_cli.questions.by_property import intermediate_language, property_of
from xlt_cli.questions.stored import TestedRun as Stored
from xlt_cli.reports import mixed
from xlt_cli.reports.question import report
from xlt_cli.runs.directory import Run
from xlt_cli.runs.finding import all_runs
from xlt_cli.stats.association import rank_correlation
from xlt_cli.stats.crossed import over_languages
from xlt_cli.stats.trend import inside, logit

POINTS = {"sw": 0.62, "ur": 0.7, "qu": 0.66, "wo": 0.75, "yo": 0.58}
FERTILITY = {"swh": 1.6, "ur": 1.4, "qu": 3.0, "yo": 2.7}
ALONE = {
    "name": "alone",
    "arms": {
        "plain": {"sweep": "plain", "seeds": 4},
        "each": {"sweep": "alone", "points": list(POINTS), "seeds": 4},
        "some": {"sweep": "alone", "points": ["ur", "qu", "yo"], "seeds": 4},
        "low": {"sweep": "alone", "points": ["sw", "wo"], "seeds": 4},
    },
    "contrasts": [
        {
            "of": "each",
            "over": "plain",
            "primary": True,
            "by_property": ["fertility", "script", "resource"],
        },
        {"of": "plain", "over": "each"},
        {"of": "some", "over": "low"},
    ],
}
Answers = dict[tuple[str, int], Right]


@pytest.fixture(scope="module")
def alone(answering: Answering) -> Answers:
    rng = np.random.default_rng(8)
    shares = {x: {"en": 0.8, "de": share, "fr": share - 0.05} for x, share in POINTS.items()}
    return {(x, seed): answering.drawn(rng, own) for x, own in shares.items() for seed in SEEDS}


@pytest.fixture(scope="module")
def every(
    tmp_path_factory: pytest.TempPathFactory, made: Path, answering: Answering, alone: Answers
) -> Path:
    root = tmp_path_factory.mktemp("points") / "runs"
    shutil.copytree(made, root)
    for (point, seed), right in alone.items():
        answering.run(root, "alone", seed, right, [point], points=list(POINTS))
    return root


def asked(ask: Ask, root: Path, **changes: Any) -> dict[str, Any]:
    values = ask(
        root,
        comparisons=[{**ALONE, **changes.pop("alone", {})}],
        properties={"fertility": FERTILITY},
        **changes,
    )
    (found,) = values["comparisons"]
    return found  # type: ignore[no-any-return]


def in_german(answers: Answers, arm: str, points: tuple[str, ...] = tuple(POINTS)) -> np.ndarray:
    """Which rows are right, [points, seeds, rows]; zero-shot is German and French."""
    own = points if arm == "alone" else ("plain",)
    return np.array(
        [
            [
                np.mean([answers[x, s][lang, ""] * 1.0 for lang in ("de", "fr")], axis=0)
                for s in SEEDS
            ]
            for x in own
        ]
    )


def three_way(table: np.ndarray) -> tuple[float, float, float]:
    """Mean and interval over points, seeds and items: docs/explanation/statistics.md, in numpy.

    Args:
        table: differences, [points, seeds, items].
    """
    count, seeds, items = table.shape

    def square(*kept: int) -> float:
        """The mean square of a factor, or of an interaction, over the number of all cells."""
        total = np.zeros_like(table)
        for subset in itertools.chain.from_iterable(
            itertools.combinations(kept, r) for r in range(len(kept) + 1)
        ):
            axes = tuple({0, 1, 2} - set(subset))
            mean = table.mean(axis=axes, keepdims=True) if axes else table
            total = total + (-1) ** (len(kept) - len(subset)) * mean
        df = np.prod([table.shape[k] - 1 for k in kept])
        return float((total**2).sum() / df / table.size)

    points, of_seeds, noise = square(0), square(1), square(0, 1)
    few, many = sorted([(of_seeds, seeds - 1), (points, count - 1)], key=lambda own: own[1])
    net = many[0] - noise
    figures = max(few[0] + net, few[0] * few[1] / (few[1] + 1))
    share = few[0] / (few[0] + max(net, 0))
    inverse = share ** (4 / 3) / few[1] + (1 - share) ** (4 / 3) / many[1]
    every = max(square(2) - square(1, 2), 0)
    common = max(every - square(0, 2) + square(0, 1, 2), 0)

    def half(parts: list[tuple[float, float]]) -> float:
        variance = sum(part for part, _ in parts)
        if variance == 0:
            return 0.0
        df = variance / sum(part / own for part, own in parts)
        return float(stats.t.ppf(0.975, df) * np.sqrt(variance))

    wide = max(half([(figures, 1 / inverse), (common, items - 1)]), half([(every, items - 1)]))
    mean = float(table.mean())
    return mean, mean - wide, mean + wide


def test_points_are_a_sample_beside_seeds_and_items(
    every: Path, ask: Ask, answers: Answers, alone: Answers
) -> None:
    found = asked(ask, every)
    first, reverse, _ = found["contrasts"]
    table = in_german(alone, "alone") - in_german(answers, "plain")
    value, low, high = three_way(table)
    own = first["families"]["zero-shot"]["accuracy"]
    assert [own["value"], own["low"], own["high"]] == pytest.approx([value, low, high], rel=1e-4)
    own = reverse["families"]["zero-shot"]["accuracy"]
    assert [own["value"], own["low"], own["high"]] == pytest.approx([-value, -high, -low], rel=1e-4)
    arm = found["arms"][1]
    assert arm["points"] == list(POINTS)
    assert arm["seeds"] == list(SEEDS)
    assert arm["families"]["zero-shot"]["accuracy"]["value"] == pytest.approx(
        in_german(alone, "alone").mean()
    )
    assert (first["no_claim"], first["families"]["zero-shot"]["accuracy"]["verdict"]) != ("", "")


def test_two_samples_of_points_are_compared_with_a_shared_variance(
    every: Path, ask: Ask, alone: Answers
) -> None:
    *_, third = asked(ask, every)["contrasts"]
    table = in_german(alone, "alone")
    both = [1, 2, 4, 0, 3]
    figures = table.mean(axis=2)[both].T
    effects = [table[x] - table[x].mean(axis=1, keepdims=True) for x in both]
    expected = over_languages(figures, effects, [range(3), range(3, 5)])
    assert expected is not None
    own = third["families"]["zero-shot"]["accuracy"]
    assert own["value"] == pytest.approx(expected.value)
    assert [own["low"], own["high"]] == pytest.approx(
        [expected.interval().low, expected.interval().high], rel=1e-4
    )


def test_effects_are_ranked_with_numbers_and_averaged_over_words(
    every: Path, ask: Ask, answers: Answers, alone: Answers
) -> None:
    found = asked(ask, every)
    about = found["contrasts"][0]["by_property"]
    effects = (in_german(alone, "alone") - in_german(answers, "plain")).mean(axis=(1, 2))
    shown = {one["point"]: one for one in about["points"]}
    assert [x["effects"]["zero-shot"]["accuracy"] for x in shown.values()] == pytest.approx(effects)
    assert [x["properties"]["fertility"] for x in shown.values()] == [1.6, 1.4, 3.0, None, 2.7]
    assert shown["ur"]["properties"]["script"] == "Arab"
    (one,) = [
        x
        for x in about["relations"]
        if (x["property"], x["family"], x["outcome"]) == ("fertility", "zero-shot", "accuracy")
    ]
    known = [0, 1, 2, 4]
    expected = stats.spearmanr([1.6, 1.4, 3.0, 2.7], effects[known]).statistic
    assert (one["value"], one["points"]) == (pytest.approx(expected), 4)
    assert one["p_holm"] >= one["p"]
    latin = [x for x in about["means"] if x["level"] == "Latn" and x["family"] == "zero-shot"]
    own = next(x for x in latin if x["outcome"] == "accuracy")
    assert own["value"] == pytest.approx(np.mean(effects[[0, 2, 3, 4]]))
    text = markdown.text(
        report(ask(every, comparisons=[ALONE], properties={"fertility": FERTILITY}))
    )
    assert "each (5 points)" in text
    assert "rank correlation of accuracy with properties" in text
    assert "they are a sample" in text


def test_the_correlation_of_ranks_is_scipys_and_its_p_that_of_all_orders() -> None:
    rng = np.random.default_rng(2)
    for count in (3, 5, 6):
        x, y = rng.normal(size=count), rng.normal(size=count)
        value, p = rank_correlation(x.tolist(), y.tolist()) or (np.nan, np.nan)
        rho = stats.spearmanr(x, y).statistic
        every = [stats.spearmanr(order, y).statistic for order in itertools.permutations(x)]
        assert value == pytest.approx(rho)
        tails = [np.mean(np.array(every) >= rho - 1e-9), np.mean(np.array(every) <= rho + 1e-9)]
        assert p == pytest.approx(min(1, 2 * min(tails)))
    assert rank_correlation([1, 1, 1], [1, 2, 3]) is None
    assert rank_correlation([1, 2], [1, 2]) is None
    many = rank_correlation(list(range(12)), list(range(12)))
    assert many is not None
    assert many[0] == pytest.approx(1)
    assert many[1] < 0.001


def in_urdu(root: Path) -> list[Run]:
    return [
        run
        for run in all_runs(root)
        if run.name.startswith("alone") and "ur" in str(run.record["overrides"])
    ]


def test_no_claim_rests_on_a_point_that_lacks_seeds(tmp_path: Path, every: Path, ask: Ask) -> None:
    root = tmp_path / "runs"
    shutil.copytree(every, root)
    (gone,) = (run for run in in_urdu(root) if run.seed == 2)
    shutil.rmtree(gone.path)
    found = asked(ask, root)
    first = found["contrasts"][0]
    assert first["seeds"] == [1, 3, 4]
    assert first["no_claim"] == "'each' has 3 of 4 planned seeds at 'ur'"
    assert first["families"]["zero-shot"]["accuracy"]["verdict"] == ""
    for run in in_urdu(root):
        shutil.rmtree(run.path)
    found = asked(ask, root)
    assert found["arms"][1]["points"] == ["sw", "qu", "wo", "yo"]
    assert "0 of 4 planned seeds at 'ur'" in found["contrasts"][0]["no_claim"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"arms": {"a": {"sweep": "a", "point": "x", "points": ["x", "y"]}}}, "not both"),
        ({"arms": {"a": {"sweep": "a", "points": ["x", "x"]}}}, "named twice"),
        ({"arms": {"a": {"sweep": "a", "points": ["x"]}}}, "points"),
        ({"contrasts": [{"of": "plain", "over": "each", "by_property": ["script"]}]}, "over one"),
        ({"contrasts": [{"of": "some", "over": "low", "by_property": ["script"]}]}, "over one"),
        ({"contrasts": [{"of": "each", "over": "low"}]}, "share the point 'sw'"),
        ({"contrasts": [{"of": "each", "over": "plain", "by_property": ["script", "script"]}]},
         "named twice"),
        ({"mixed_model": {"baseline": "plain", "covariates": ["fertility", "fertility"]}},
         "named twice"),
        ({"contrasts": [{"of": "each", "over": "plain", "by_property": ["fertile"]}]},
         "unknown property 'fertile'"),
        ({"mixed_model": {"baseline": "plane"}}, "no arm: 'plane'"),
        ({"mixed_model": {"baseline": "plain", "covariates": ["distance"]}}, "unknown property"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(
    every: Path, ask: Ask, change: dict[str, Any], what: str
) -> None:
    arms = {**ALONE["arms"], **change.pop("arms", {})}  # type: ignore[dict-item]
    with pytest.raises(SpecError) as refused:
        asked(ask, every, alone={"arms": arms, **change})
    assert what in f"{refused.value.what} {refused.value.where}"


def test_points_without_one_intermediate_language_are_refused(every: Path, ask: Ask) -> None:
    arms = {"plain": {"sweep": "plain"}, "each": {"sweep": "alone", "points": ["sw", "ur"]}}
    contrasts = [{"of": "each", "over": "plain", "by_property": ["script"]}]
    found = asked(ask, every, alone={"arms": arms, "contrasts": contrasts})
    assert len(found["contrasts"][0]["by_property"]["points"]) == 2
    plain = [Stored(run, {}) for run in all_runs(every) if run.name.startswith("plain")]
    with pytest.raises(DataError, match="trained on nothing before their last stage"):
        intermediate_language("plain", plain)


def test_the_mixed_model_is_that_of_the_cells(
    every: Path, ask: Ask, answering: Answering, answers: Answers, alone: Answers
) -> None:
    model = {"baseline": "plain", "covariates": ["in-distribution"]}
    arms = {name: ALONE["arms"][name] for name in ("plain", "each")}  # type: ignore[index]
    contrasts = [{"of": "each", "over": "plain"}]
    families = [
        {"name": one["name"], "sets": [{**x, "trained_on": True} for x in one["sets"]]}
        for one in ASKED["families"]
    ]
    found = asked(
        ask,
        every,
        alone={"arms": arms, "contrasts": contrasts, "mixed_model": model},
        families=families,
    )
    made = found["mixed_model"]
    assert made["formula"] == (
        "logit(accuracy) ~ system * condition + in-distribution + (1 | language) + (1 | seed) + "
        "(1 | set) + (1 | intermediate) + (1 | run) + (1 | system:language) + (1 | system:seed) + "
        "(1 | system:set) + (1 | condition:language) + (1 | condition:seed) + "
        "(1 | condition:intermediate) + (1 | condition:run) + (1 | system:condition:language) + "
        "(1 | system:condition:seed)"
    )
    rows = []
    for arm, own in (("plain", {"plain": answers}), ("each", dict.fromkeys(POINTS, alone))):
        for point, known in own.items():
            for seed in SEEDS:
                right = known[point, seed]
                home = float(logit(inside(right["en", ""].mean(), answering.rows)))
                for title, family, langs, keys in (
                    ("pawsx test", "zero-shot", ("en", "de", "fr"), [""]),
                    ("noisy", "noise", ("en", "de", "fr"), answering.draws),
                    ("noise in English", "noise", ("en",), answering.draws),
                ):
                    for lang in langs:
                        rows.append(
                            mixed.Observed(
                                arm,
                                lang,
                                str(seed),
                                family,
                                float(np.mean([right[lang, key].mean() for key in keys])),
                                len(keys) * answering.rows,
                                {"in-distribution": home},
                                {
                                    "set": title,
                                    "intermediate": point if point in POINTS else "none",
                                    "run": f"{point} {seed}",
                                },
                            )
                        )
    expected = mixed.model(rows, mixed.Question("plain", True, "accuracy", ["in-distribution"]))
    for one, other in zip(made["differences"], expected["differences"], strict=True):
        assert one["value"] == pytest.approx(other["value"], abs=2e-4)
        assert one["error"] == pytest.approx(other["error"], rel=2e-2)
    assert made["levels"] == {"system": 2, "language": 3, "seed": 4}
    text = markdown.text(report({**ask(every), "comparisons": [found]}))
    assert "a system is an arm, a condition a family of test sets" in text


def test_a_mixed_model_that_cannot_be_made_is_said(every: Path, ask: Ask) -> None:
    model = {"baseline": "plain", "covariates": ["fertility"]}
    arms = {name: ALONE["arms"][name] for name in ("plain", "each")}  # type: ignore[index]
    contrasts = [{"of": "each", "over": "plain"}]
    asking = {"arms": arms, "contrasts": contrasts, "mixed_model": model}
    found = asked(ask, every, alone=asking)
    assert found["mixed_model"] is None
    assert any("without a known fertility: de, en, fr" in note for note in found["notes"])
    assert any("there is no mixed model" in note for note in found["notes"])


@pytest.mark.parametrize(
    ("stated", "what"),
    [
        ({"fertility": {"sw": 1.6, "ur": "high"}}, "a number of some languages and a word"),
        ({"fertility": {"sw": "1.6"}}, "is written as such"),
        ({"fertility": {"sw": "1,6"}}, "is written as such"),
        ({"fertility": {"sw": True}}, "a number or a word, not True"),
        ({"fertility": {"sw": float("nan")}}, "is written as such"),
        ({"fertility": {"zzzzz": 1.6}}, "'zzzzz' in the property 'fertility' is no known language"),
        ({"condition": {"sw": 1.6}}, "cannot be called 'condition'"),
        ({"family": {"sw": "Bantu"}}, "cannot be called 'family'"),
    ],
)
def test_properties_that_cannot_be_meant_are_refused(
    every: Path, ask: Ask, stated: dict[str, Any], what: str
) -> None:
    with pytest.raises(SpecError, match=re.escape(what)):
        ask(every, comparisons=[ALONE], properties={**stated, "other": {"sw": 1}})


def test_a_property_is_of_the_language_that_is_meant() -> None:
    stated = {"x": {"yue": 9.0, "zho_Hans": 1.0, "sr": 3.0, "sw": 2.0, "fr": 4.0}}
    assert property_of("x", "zh", stated) == 1.0
    assert property_of("x", "hr", stated) is None
    assert property_of("x", "swh_Latn", stated) == 2.0
    assert property_of("resource", "sw", {}) == 2


def test_points_with_collapsed_runs_are_left_out_of_the_second_table(
    every: Path, ask: Ask, answering: Answering, alone: Answers
) -> None:
    """Without a point's run, its other seeds say less than the points that are whole."""
    shares = {key: own["en", ""].mean() for key, own in alone.items()}
    below = sorted(shares.values())[1] + 1e-9
    fallen = {point for (point, _), share in shares.items() if share < below}
    found = asked(ask, every, collapsed_below=float(below))
    (_, each, *_), *_ = (found["arms"], 0)
    assert len(each["collapsed"]) == 2
    own = found["without_collapsed"][0]
    assert own["seeds"] == list(SEEDS)
    kept = [x["point"] for x in own["by_property"]["points"]]
    assert kept == [point for point in POINTS if point not in fallen]
    found = asked(ask, every, collapsed_below=0.999)
    own = found["without_collapsed"][0]
    assert (own["families"], own["no_claim"]) == ({}, "no run of 'each' is left")
    text = markdown.text(report(ask(every, comparisons=[ALONE], collapsed_below=0.999,
                                    properties={"fertility": FERTILITY})))  # fmt: skip
    assert "no claim: no run of 'each' is left" in text


def test_a_run_of_two_arms_is_in_no_model(every: Path, ask: Ask) -> None:
    model = {"baseline": "plain", "covariates": []}
    found = asked(ask, every, alone={"mixed_model": model})
    assert found["mixed_model"] is None
    assert any("is a run of 'each' and of 'some'" in note for note in found["notes"])


def test_the_records_have_the_points_and_the_model(every: Path, ask: Ask) -> None:
    arms = {name: ALONE["arms"][name] for name in ("plain", "each")}  # type: ignore[index]
    asking = {**ALONE, "arms": arms, "contrasts": ALONE["contrasts"][:1],  # type: ignore[index]
              "mixed_model": {"baseline": "plain"}}  # fmt: skip
    families = [
        {"name": one["name"], "sets": [{**x, "trained_on": True} for x in one["sets"]]}
        for one in ASKED["families"]
    ]
    values = ask(every, comparisons=[asking], properties={"fertility": FERTILITY},
                 families=families)  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(csv_format.text(report(values)))))
    kinds = {row["kind"] for row in rows}
    assert kinds >= {"point", "property", "rank correlation", "mean of points", "mixed model"}
    fertility = [r for r in rows if r["kind"] == "property" and r["property"] == "fertility"]
    assert [r["value"] for r in fertility] == ["1.6", "1.4", "3.0", "", "2.7"]
    assert {r["word"] for r in rows if r["property"] == "script"} >= {"Latn", "Arab"}
