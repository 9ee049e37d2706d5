"""Runs that questions are asked of."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from question_points import POINTS, Answers
from question_runs import ARMS, ASKED, REFERENCES, SEEDS, SHARES, Answering, Ask, Right

import xlt_cli


@pytest.fixture(scope="module")
def answering(tiny_data: Path) -> Answering:
    return Answering(tiny_data)


@pytest.fixture(scope="module")
def answers(answering: Answering) -> dict[tuple[str, int], Right]:
    rng = np.random.default_rng(3)
    shares = SHARES | {
        name: {"en": share, "de": share - 0.1, "fr": share - 0.15}
        for name, share in REFERENCES.items()
    }
    seeds = {name: SEEDS if name in ARMS else SEEDS[:2] for name in shares}
    return {
        (name, seed): answering.drawn(rng, own)
        for name, own in shares.items()
        for seed in seeds[name]
    }


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory,
    answering: Answering,
    answers: dict[tuple[str, int], Right],
) -> Path:
    root = tmp_path_factory.mktemp("question") / "runs"
    for (name, seed), right in answers.items():
        answering.run(root, name, seed, right, ARMS.get(name, ()))
    return root


@pytest.fixture
def root(tmp_path: Path, made: Path) -> Path:
    """A copy of the runs, which may be changed."""
    shutil.copytree(made, tmp_path / "runs")
    return tmp_path / "runs"


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    def asked(root: Path, **changes: Any) -> dict[str, Any]:
        file = tmp_path / "question.yaml"
        file.write_text(yaml.safe_dump({**ASKED, **changes}, sort_keys=False), "utf-8")
        return xlt_cli.question(file, runs_dir=root).values

    return asked


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
