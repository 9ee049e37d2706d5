"""Typological distances: symmetric, 0 to itself, with their coverage; an optional extra."""

from __future__ import annotations

import importlib.util
import logging

import numpy as np
import pytest

from xlt_cli.errors import UserError
from xlt_cli.languages import typology

INSTALLED = importlib.util.find_spec("urielplus") is not None
needs_uriel = pytest.mark.skipif(not INSTALLED, reason="urielplus is not installed")


@needs_uriel
def test_a_distance_is_the_angle_of_the_features_that_both_languages_have() -> None:
    made = typology.distance("de", ["en"])
    uriel = typology._uriel()
    table, rows = uriel.data[1], list(uriel.langs[1])
    vectors = [table[rows.index(code)].max(axis=-1) for code in ("deu", "eng")]
    both = (vectors[0] != -1) & (vectors[1] != -1)
    one, other = (vector[both] for vector in vectors)
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    assert made.value == pytest.approx(2 / np.pi * np.arccos(cosine), abs=1e-4)
    assert made.coverage == pytest.approx(both.mean())
    assert made.nearest == "en"


@needs_uriel
def test_distances_are_symmetric_and_to_the_nearest() -> None:
    for first, second in (("sw", "en"), ("th", "vi"), ("shp", "es")):
        there, back = typology.distance(first, [second]), typology.distance(second, [first])
        assert there.value == back.value
        assert there.coverage == back.coverage
    each = {code: typology.distance("nl", [code]).value for code in ("de", "ja", "tr")}
    nearest = typology.distance("nl", list(each))
    assert (nearest.nearest, nearest.value) == ("de", min(each.values()))  # type: ignore[type-var]
    assert typology.distance("swh_Latn", ["de", "sw"]).value == 0.0


@needs_uriel
def test_what_is_not_known_has_no_distance() -> None:
    for code in ("xx", "x-mine"):
        assert typology.distance(code, ["en"]) == typology.Distance(None, 0.0, None)
    assert typology.distance("de", []).value is None


@needs_uriel
def test_the_packages_logging_is_kept_away(caplog: pytest.LogCaptureFixture) -> None:
    before = list(logging.getLogger().handlers)
    typology.distance("fi", ["en"])
    assert logging.getLogger().handlers == before
    assert not caplog.records


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    typology._uriel.cache_clear()
    typology._places.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError) as caught:
        typology.distance("de", ["en"])
    assert "xlt-cli[typology]" in caught.value.hint
