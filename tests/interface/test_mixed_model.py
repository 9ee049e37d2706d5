"""The mixed-effects model over stored figures: its terms, its estimates, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

import xlt_cli
from xlt_cli.errors import DataError, RunError, SpecError
from xlt_cli.problems import Prediction
from xlt_cli.runs import atomic
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import Evaluation, ExperimentSpec
from xlt_cli.spec.identity import FORMAT

LANGUAGES = ("en", "de", "fr", "es", "zh", "ja", "ko")
Shares = dict[str, dict[str, float]]
Write = Callable[..., Shares]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a run with drawn accuracies, in two conditions if asked; returns those by language."""
    monkeypatch.chdir(tmp_path)

    def run(
        name: str,
        seed: int,
        gain: float = 0.0,
        *,
        languages: tuple[str, ...] = LANGUAGES,
        split: str = "test",
        typos: bool = False,
        fixed: float | None = None,
        measured: bool = False,
        trained: tuple[str, ...] = ("en",),
    ) -> Shares:
        found = Run(tmp_path / "runs" / f"{name}-s{seed}")
        stage = {"task": "mini-pawsx", "perturbation": None, "epochs": 1}
        spec = ExperimentSpec.model_validate(
            {"name": name, "encoder": "e5-small-q4", "stages": [stage]}
        )
        record = {"identity": "0", "format": FORMAT, "name": name, "seed": seed}
        found.path.mkdir(parents=True, exist_ok=True)
        record["spec"] = spec.model_dump(mode="json")
        atomic.write_json(found.path / "run.json", record)
        evaluation = Evaluation.model_validate({"task": "mini-pawsx", "split": split})
        store = Store.open(found.evaluations, evaluation, f"{name}{seed}")
        rng = np.random.default_rng([seed, *name.encode()])
        of_run = rng.normal(0, 0.1)
        shares: Shares = {}
        for condition, loss in (("clean", 0.0), ("typos", 0.5)):
            shares[condition] = {}
            for number, language in enumerate(languages):
                mean = 1.0 - 0.15 * number + gain - loss + of_run + rng.normal(0, 0.05)
                drawn = 1 / (1 + np.exp(-mean))
                shares[condition][language] = float(drawn) if fixed is None else fixed

        def figures(condition: str) -> dict[str, Any]:
            by_language = {
                language: {
                    "n": 500,
                    "trained_on": language in trained,
                    "accuracy": {"value": share, "low": share - 0.04, "high": share + 0.04},
                }
                for language, share in shares[condition].items()
            }
            kept = {"averages": {}, "pairs": {}, "pair_averages": {}, "transfer_gap": None}
            return {"languages": by_language, **kept, "warnings": []}

        data = {language: {"sha256": language, "source": ""} for language in languages}
        about = {"task": "mini-pawsx", "split": split, "limit": None, "data": data}
        about |= {
            "metric": "accuracy",
            "trained_on": list(trained),
            "labels": ["0", "1"],
            "notes": [],
        }
        more: dict[str, Any] = {}
        if typos:
            under = [{**figures(x), "condition": x} for x in ("clean", "typos")]
            more = {"condition": "clean", "conditions": under[1:]}
        if measured:
            store.write(Cell(("de", "de")), [Prediction("1", "0", "0")])
            pieces = {x: {"sha256": x, "fertility": 1 + n / 4} for n, x in enumerate(languages)}
            store.write_pieces(pieces)
        store.write_summary({**about, **figures("clean"), **more}, "")
        return shares

    return run


def two(write: Write, seeds: int = 3, **options: Any) -> tuple[list[Shares], list[Shares]]:
    """Two systems, by seed: `erm`, and `adv` with a gain of 0.4 on the logit scale."""
    seen = range(1, seeds + 1)
    return (
        [write("erm", seed, **options) for seed in seen],
        [write("adv", seed, 0.4, **options) for seed in seen],
    )


SYSTEMS = {"ERM": "erm-*", "adversarial": "adv-*"}


def logits(runs: list[Shares], condition: str = "clean") -> np.ndarray:
    """[seeds, zero-shot languages]."""
    shares = np.array([[run[condition][x] for x in LANGUAGES[1:]] for run in runs])
    logit: np.ndarray = np.log(shares / (1 - shares))
    return logit


def test_a_balanced_difference_is_the_mean_paired_difference_of_logits(write: Write) -> None:
    plain, robust = two(write)
    values = xlt_cli.mixed_model(SYSTEMS).values
    (found,) = values["differences"]
    paired = logits(robust) - logits(plain)
    assert found["value"] == pytest.approx(paired.mean())
    assert values["rows"] == 36
    assert values["levels"] == {"system": 2, "language": 6, "seed": 3}
    assert values["formula"] == (
        "logit(accuracy) ~ system + (1 | language) + (1 | seed) + (1 | system:language) + "
        "(1 | system:seed)"
    )
    start = stats.logistic.cdf(logits(plain).mean())
    assert found["at_baseline"] == pytest.approx(start)
    moved = stats.logistic.cdf(logits(robust).mean()) - start
    assert found["points"]["value"] == pytest.approx(moved)
    assert found["low"] < found["value"] < found["high"]
    assert (found["p"] <= 0.05) == (found["low"] > 0 or found["high"] < 0)


def test_conditions_interact_with_systems_and_are_random_in_languages(write: Write) -> None:
    plain, robust = two(write, typos=True)
    values = xlt_cli.mixed_model(SYSTEMS).values
    by = {one["at"]: one["value"] for one in values["differences"] if one["by"] == "condition"}
    for condition in ("clean", "typos"):
        paired = logits(robust, condition) - logits(plain, condition)
        assert by[condition] == pytest.approx(paired.mean())
    fixed = {one["term"]: one["value"] for one in values["fixed"]}
    interaction = fixed["system adversarial : condition typos"]
    assert interaction == pytest.approx(by["typos"] - by["clean"])
    assert "system * condition" in values["formula"]
    assert "(1 | condition:language)" in values["formula"]
    clean = xlt_cli.mixed_model(SYSTEMS, where={"condition": ["clean"]})
    assert "condition" not in clean.formula


def test_covariates_have_effects_of_their_own_or_by_system(write: Write) -> None:
    two(write)
    values = xlt_cli.mixed_model(SYSTEMS, covariates=["in-distribution"], by=["script"]).values
    assert "system * script + in-distribution" in values["formula"]
    assert "in-distribution" in values["centres"]
    assert "system adversarial : script Latn" in [one["term"] for one in values["fixed"]]
    assert {one["at"] for one in values["differences"]} >= {"", "Latn"}


def test_in_distribution_is_of_languages_that_all_systems_were_trained_on(write: Write) -> None:
    """Who was trained on French as well, a harder language, is not worse in distribution for it."""
    shares = {}
    for seed in (1, 2, 3):
        shares["erm", seed] = write("erm", seed)
        shares["adv", seed] = write("adv", seed, trained=("en", "fr"))
    values = xlt_cli.mixed_model(SYSTEMS, covariates=["in-distribution"]).values
    english = {run: special.logit(own["clean"]["en"]) for run, own in shares.items()}
    rows = [x for (name, _), x in english.items() for _ in range(6 if name == "erm" else 5)]
    assert values["centres"]["in-distribution"] == pytest.approx(np.mean(rows), rel=1e-6)
    for seed in (1, 2, 3):
        write("adv", seed, trained=("fr",))
    with pytest.raises(DataError, match="no language that all systems were trained on"):
        xlt_cli.mixed_model(SYSTEMS, covariates=["in-distribution"])


def test_what_was_measured_with_the_tokenizer_can_be_a_covariate(write: Write) -> None:
    two(write, measured=True)
    values = xlt_cli.mixed_model(SYSTEMS, by=["fertility"]).values
    fixed = {one["term"]: one["value"] for one in values["fixed"]}
    assert fixed["fertility"] == pytest.approx(-0.15 * 4, abs=0.15)
    assert values["centres"]["fertility"] == pytest.approx(1 + 3.5 / 4)
    assert abs(fixed["system adversarial : fertility"]) < 0.2


def test_the_baseline_may_be_another_system_and_the_sign_turns(write: Write) -> None:
    two(write)
    (first,) = xlt_cli.mixed_model(SYSTEMS).values["differences"]
    (other,) = xlt_cli.mixed_model(SYSTEMS, baseline="adversarial").values["differences"]
    assert other["system"] == "ERM"
    assert other["value"] == pytest.approx(-first["value"])
    assert other["p"] == pytest.approx(first["p"], rel=1e-3)


def test_missing_cells_are_no_obstacle(write: Write) -> None:
    two(write)
    write("erm", 3, languages=LANGUAGES[:4])
    values = xlt_cli.mixed_model(SYSTEMS).values
    assert values["rows"] == 33
    assert values["converged"]


def test_figures_that_never_vary_are_refused(write: Write) -> None:
    two(write, fixed=0.5)
    with pytest.raises(DataError, match="do not vary"):
        xlt_cli.mixed_model(SYSTEMS)


@pytest.mark.parametrize(
    ("options", "error", "what"),
    [
        ({"by": ["famly"]}, SpecError, "unknown covariate 'famly'"),
        ({"baseline": "ERN"}, SpecError, "unknown system 'ERN'"),
        ({"level": 2}, SpecError, "between 0 and 1"),
        ({"where": {"language": ["de", "fr"]}}, DataError, "3 languages or more; there are 2"),
        ({"where": {"condition": ["typos"]}}, SpecError, "no result has the condition"),
        ({"covariates": ["fertility"]}, DataError, "has no fertility of the language"),
        ({"covariates": ["family"], "by": ["script"]}, DataError, "too few for"),
    ],
)
def test_what_cannot_be_modelled_is_refused_with_the_reason(
    write: Write, options: dict[str, Any], error: type[Exception], what: str
) -> None:
    two(write)
    with pytest.raises(error, match=what):
        xlt_cli.mixed_model(SYSTEMS, **options)


def test_two_seeds_one_system_and_several_tests_are_refused(write: Write) -> None:
    two(write, seeds=2)
    with pytest.raises(DataError, match="3 seeds or more; there are 2"):
        xlt_cli.mixed_model(SYSTEMS)
    with pytest.raises(SpecError, match="two systems"):
        xlt_cli.mixed_model({"ERM": "erm-*"})
    (Path("runs") / "erm-s1" / "evaluations").rename("elsewhere")
    with pytest.raises(RunError, match="'erm-s1' has no results"):
        xlt_cli.mixed_model(SYSTEMS)
    Path("elsewhere").rename(Path("runs") / "erm-s1" / "evaluations")
    write("erm", 1, split="dev")
    with pytest.raises(DataError, match="differ in split"):
        xlt_cli.mixed_model(SYSTEMS)


def test_every_format_has_the_same_figures(write: Write) -> None:
    from xlt_cli.formats import latex, markdown

    two(write)
    found = xlt_cli.mixed_model(SYSTEMS)
    json.dumps(found.values)
    frame = found.frame()
    assert frame["quantity"].tolist()[:2] == ["difference", "fixed effect"]
    assert frame["value"][0] == pytest.approx(found.values["differences"][0]["value"])
    for text in (latex.text(found.report), markdown.text(found.report)):
        assert "fixed effects" in text
        assert "remain the main result" in text


def test_the_command_prints_formula_differences_and_purpose(write: Write, xlt: Any) -> None:
    two(write)
    given = ["mixed-model", "ERM=erm-*", "adversarial=adv-*"]
    shown = " ".join(xlt(*given).stdout.split())
    assert "adversarial over ERM: +" in shown
    assert "logit(accuracy) ~ system + (1 | language)" in shown
    assert "3 seeds: too few" in shown
    values = json.loads(xlt(*given, "--by", "script", "--level", "0.1", "--json").stdout)
    assert values["level"] == 0.1
    assert values["differences"][0]["system"] == "adversarial"


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (["erm-*", "adv-*"], "without the names of their systems"),
        (["ERM=erm-*", "A=adv-*", "--with", "famly"], "did you mean 'family'?"),
        (["ERM=erm-*", "A=adv-*", "--where", "condition"], "lacks a value"),
        (["ERM=erm-*", "A=none-*"], "no run matches 'none-*'"),
    ],
)
def test_mistakes_are_told_and_exit_with_two(
    write: Write, xlt: Any, given: list[str], what: str
) -> None:
    two(write)
    result = xlt("mixed-model", *given)
    assert result.exit_code == 2
    assert what in " ".join(result.output.split())
