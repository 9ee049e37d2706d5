"""What a condition costs, in the unit of the metric."""

from __future__ import annotations

import numpy as np
import pytest

from xlt_cli.problems import MaskedLanguageModelling
from xlt_cli.reports.drops import drops
from xlt_cli.stats.intervals import Sample


def sample(loss: float, right: int) -> Sample:
    """Twenty rows of ten predictions each."""
    return Sample([str(i) for i in range(20)], np.array([[loss, right, 10.0]] * 20))


def test_a_drop_of_perplexity_is_a_number_and_one_of_accuracy_a_share() -> None:
    clean = {("en", "en"): sample(10.0, 5), ("de", "de"): sample(20.0, 5)}
    under = {("en", "en"): sample(15.0, 4), ("de", "de"): sample(30.0, 1)}
    problem = MaskedLanguageModelling()
    lost = drops(problem, clean, under, [("de", "de")], aligned=False)
    english = lost["drop"]["languages"]["en"]
    assert english["perplexity"]["value"] == pytest.approx(np.exp(1.0) - np.exp(1.5))
    assert english["perplexity"]["unit"] == "number"
    assert english["accuracy"]["value"] == pytest.approx(0.1)
    assert "unit" not in english["accuracy"]
    assert lost["drop"]["averages"]["zero_shot"]["perplexity"]["unit"] == "number"
    assert lost["largest"]["drop"]["perplexity"]["language"] == "de"
    assert lost["largest"]["drop"]["perplexity"]["unit"] == "number"
    relative = lost["relative_drop"]["languages"]["en"]["perplexity"]
    assert relative["value"] == pytest.approx(1 - np.exp(0.5))
    assert "unit" not in relative  # a share of the clean figure
