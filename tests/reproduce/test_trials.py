"""Which runs a reproduction consists of."""

from __future__ import annotations

from xlt_cli.reproduce import definition as reproduction
from xlt_cli.reproduce.trials import Choice, Trial, plan


def planned(**choice: object) -> list[Trial]:
    return plan(reproduction.read("robust-xlt"), Choice(**choice))  # type: ignore[arg-type]


def test_the_default_is_the_offline_encoder_and_seeds_are_the_specs_own() -> None:
    trials = planned()
    assert {t.job.spec.encoder.name for t in trials} == {"e5-small-q4"}
    assert len(trials) == 2 * 4
    assert len(planned(encoder="mbert")) == 2 * 4 * 5


def test_seeds_run_from_one_and_seed_by_seed() -> None:
    trials = planned(seeds=2)
    assert [(t.job.seed, t.task, t.method) for t in trials] == [
        (seed, task, method)
        for seed in (1, 2)
        for task in ("pawsx", "xnli")
        for method in ("ERM", "adversarial", "RS-RP", "RS-DA")
    ]


def test_another_encoder_takes_the_papers_specs_under_its_own_name() -> None:
    (first, *_) = planned(encoder="xlm-r-base")
    spec = first.job.spec
    assert (spec.name, spec.encoder.name) == ("pawsx-xlm-r-base", "xlm-r-base")
    assert (spec.stages[0].batch_size, spec.seeds) == (32, [1, 2, 3, 4, 5])


def test_quick_cuts_down_and_what_the_user_says_comes_last() -> None:
    for encoder in ("e5-small-q4", "mbert"):
        trials = planned(encoder=encoder, quick=True, overrides=["stages.0.limit=7"])
        assert len(trials) == 8
        for trial in trials:
            spec = trial.job.spec
            assert spec.name is not None
            assert spec.name.endswith("-quick")
            assert spec.stages[0].limit == 7
            assert spec.evaluations[0].languages == ["en", "de", "zh"]
    assert {t.job.seed for t in planned(quick=True, seeds=3)} == {1, 2, 3}


def test_a_run_of_a_sweep_is_the_same_run() -> None:
    # What `xlt sweep` has finished is not run again.
    (first, *_) = planned()
    assert first.job.spec.name == "pawsx-e5-small-q4"
