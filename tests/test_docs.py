"""What the documents say is so: every field is explained, every example works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from xlt_cli import registry, spec
from xlt_cli.spec.resolution import load

ROOT = Path(__file__).parents[1]


def blocks(document: str, language: str) -> list[str]:
    """The fenced blocks of a language in a document."""
    text = (ROOT / document).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    "model",
    [
        spec.ExperimentSpec,
        spec.Stage,
        spec.Evaluation,
        spec.Dev,
        spec.Smoothing,
        spec.PerturbationUse,
    ],
)
def test_every_field_of_a_spec_is_explained(model: type[BaseModel]) -> None:
    text = (ROOT / "docs/spec.md").read_text("utf-8")
    for field in model.model_fields:
        assert re.search(rf"`(?:dev\.)?{field}[`.]", text), field


SPECS = [p for p in sorted((ROOT / "experiments").rglob("*.yaml")) if p.name != "reproduction.yaml"]


@pytest.mark.parametrize("path", SPECS, ids=str)
def test_every_shipped_spec_is_valid(path: Path) -> None:
    load(path)


def test_the_readme_spec_is_valid_and_short(tmp_path: Path) -> None:
    (example, *_) = blocks("README.md", "yaml")
    path = tmp_path / "my.yaml"
    path.write_text(example, "utf-8")
    assert load(path).seeds == [1, 2, 3]
    assert len(example.splitlines()) <= 7


def test_every_verb_of_the_readme_exists() -> None:
    from xlt_cli.cli import GROUPS, VERBS

    text = (ROOT / "README.md").read_text("utf-8")
    verbs = set(re.findall(r"^xlt ([a-z][a-z-]*)", text, re.MULTILINE))
    verbs |= set(re.findall(r"`xlt ([a-z][a-z-]*)", text))
    assert verbs
    assert verbs <= {*VERBS, *GROUPS}


def test_every_installed_plugin_is_named_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    for kind in registry.KINDS:
        for name in registry.names(kind):
            assert f"`{name}`" in text, name


def test_links_between_documents_lead_somewhere() -> None:
    for document in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document}: {target}"
