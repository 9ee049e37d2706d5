"""Arms of several points: intermediate languages as a sample."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from question_points import ALONE, FERTILITY, POINTS, Answers, asked, in_german
from question_runs import SEEDS, Answering, Ask
from scipy import stats

from xlt_cli.errors import SpecError
from xlt_cli.formats import markdown
from xlt_cli.reports.question import report
from xlt_cli.runs.directory import Run
from xlt_cli.runs.finding import all_runs
from xlt_cli.stats.crossed import over_languages


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
