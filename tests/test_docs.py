"""What the documents say is so: every field is explained, every example works."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
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
        spec.PerturbationUse,
    ],
)
def test_every_field_of_a_spec_is_explained(model: type[BaseModel]) -> None:
    text = (ROOT / "docs/reference/spec.md").read_text("utf-8")
    for field in model.model_fields:
        assert re.search(rf"`(?:dev\.)?{field}[`.]", text), field


SPECS = [
    path
    for path in sorted((ROOT / "experiments").rglob("*.yaml"))
    if path.name != "reproduction.yaml"
    and not path.stem.startswith("question")
    and path.parent.name not in ("suites", "benchmarks")
]


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


def test_every_installed_plugin_is_in_the_reference() -> None:
    text = (ROOT / "docs/reference/parameters.md").read_text("utf-8")
    for kind in registry.KINDS:
        for name in registry.names(kind):
            assert f"### {name}\n" in text, name


def test_generated_pages_are_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    generator = importlib.import_module("docs_reference")
    for name, text in generator.pages().items():
        written = (ROOT / "docs/reference" / name).read_text("utf-8")
        assert written == text, f"{name} is not current: run `make docs-reference`"


PAGES = sorted((ROOT / "docs").rglob("*.md"))
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *PAGES]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    """To files that exist, to headings that exist; from the site's pages to the site's files."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = (document.parent / path).resolve() if path else document
        assert linked.exists(), target
        if document.is_relative_to(ROOT / "docs"):
            assert linked.is_file(), f"{target}: a folder has no page"
            assert linked.is_relative_to(ROOT / "docs"), f"{target}: it is not part of the site"
        if anchor and linked.suffix == ".md":
            assert anchor in anchors(linked), target


def test_every_page_is_in_the_navigation_once() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    listed = list(leaves(config["nav"]))
    assert sorted(listed) == [str(page.relative_to(ROOT / "docs")) for page in PAGES]
    assert config["strict"] is True


def prose(document: Path) -> str:
    """A document without its code."""
    text = re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(document: Path) -> set[str]:
    """The anchors that headings get, as forges and the site make them."""
    text = re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.M | re.S)
    headings = [line.strip("`") for line in re.findall(r"^#+ (.+)$", text, re.M)]
    return {re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", line).strip().lower()) for line in headings}


def leaves(nav: Any) -> Iterator[str]:
    """The pages of a navigation."""
    if isinstance(nav, str):
        yield nav
    else:
        for item in nav.values() if isinstance(nav, dict) else nav:
            yield from leaves(item)
