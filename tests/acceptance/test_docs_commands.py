"""The commands of the documentation: those of the how-to guides run, all others exist.

The guides are followed in one folder, in the order of the site's navigation, as a reader would.
Their specs are cut down to a tiny encoder, a few updates and a few rows; nothing else is changed.
Blocks that begin with the name of a file are written into it; other Python blocks are executed,
those of a page one after another with the same variables.
"""

from __future__ import annotations

import functools
import itertools
import json
import random
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from question_tools import write_squad
from retrieval_tools import lareqa as write_lareqa

from xlt_cli.cli import app

ROOT = Path(__file__).parents[2]
HOW_TO = [
    ROOT / "docs" / path
    for path in re.findall(r"how-to/[\w-]+\.md", (ROOT / "mkdocs.yml").read_text("utf-8"))
]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_RUN = ("index.md", "launching.md")
"""A page without commands, and one with a test of its own."""
NEEDS = {"adapters.md": "peft", "report.md": "vl_convert", "trackers.md": "tensorboard"}
"""A page whose commands need a package that not every environment has."""
BLOCK = re.compile(r"^```(yaml|sh|python|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"# ([\w./-]+\.\w+)\n")
NLI = ("entailment", "neutral", "contradiction")
LANGUAGES = ("en", "de", "sw", "th")
TINY_STAGE = {"max_steps": 2, "batch_size": 8, "limit": 24, "dev": {"limit": 8}}


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # peft's
@pytest.mark.filterwarnings("ignore:.*was renamed from:UserWarning")
@pytest.mark.timeout(900)  # half a minute on two idle cores
def test_the_how_to_guides_can_be_followed(
    desk_of_a_reader: Path,
    xlt: Any,
    install: Any,
    tiny_encoder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XLT_TRACKERS", "")  # what --tracker sets goes with the test
    absent = [page for page, package in NEEDS.items() if find_spec(package) is None]
    for page in (page for page in HOW_TO if page.name not in (*NOT_RUN, *absent)):
        variables: dict[str, Any] = {}
        for kind, text in BLOCK.findall(page.read_text("utf-8")):
            if kind == "sh":
                for command in commands(text):
                    if command.startswith("pip install ./"):
                        install_package(desk_of_a_reader / command.split()[-1], install)
                    else:
                        run(desk_of_a_reader, xlt, page.name, command)
            elif NAMED.match(text):
                write(desk_of_a_reader, text, tiny_encoder)
            elif kind == "python":
                exec(compile(text, page.name, "exec"), variables)  # noqa: S102  (the page's code)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_and_their_options_exist(page: Path) -> None:
    texts = re.findall(r"^```(?:sh|console)\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)
    texts = [re.sub(r"^\$ ", "", text, flags=re.M) for text in texts]
    for command in (command for text in texts for command in commands(text)):
        if not command.startswith("xlt "):
            continue
        words = shlex.split(command)
        node: Any = root()
        context = node.make_context("xlt", [], resilient_parsing=True)
        rest = words[1:]
        while rest and hasattr(node, "list_commands") and rest[0] in node.list_commands(context):
            node = node.get_command(context, rest.pop(0))
        known = {name for param in node.params for name in param.opts + param.secondary_opts}
        given = {word.partition("=")[0] for word in rest if word.startswith("--")}
        assert len(rest) < len(words) - 1 or given, f"unknown verb: {command}"
        assert given <= {*known, "--help"}, command


@functools.cache
def root() -> Any:
    return typer.main.get_command(app)


def test_every_guide_is_run() -> None:
    assert {path.name for path in HOW_TO} == {
        path.name for path in (ROOT / "docs" / "how-to").glob("*.md")
    }
    for page in HOW_TO:
        kinds = {kind for kind, _ in BLOCK.findall(page.read_text("utf-8"))}
        assert page.name in NOT_RUN or kinds & {"sh", "python"}, page


def commands(text: str) -> Iterator[str]:
    """The commands of a block without comments; they may have several lines."""
    command = ""
    for line in text.replace("\\\n", " ").splitlines():
        command += re.sub(r"(^|\s)#\s.*", "", line).strip()
        if command.count("'") % 2 == 0:
            if command:
                yield command
            command = ""


def run(desk: Path, xlt: Any, page: str, command: str) -> None:
    if not command.startswith("xlt "):
        subprocess.run(["bash", "-c", command], cwd=desk, check=True, timeout=60)
        return
    words = shlex.split(command)
    target = words[words.index(">") + 1] if ">" in words else None
    arguments = words[1 : words.index(">")] if target else words[1:]
    result = xlt(*arguments)
    assert result.exit_code == 0, f"{page}: {command}\n{result.output}\n{result.exception!r}"
    if target:
        (desk / target).write_text(result.stdout, "utf-8")


def write(desk: Path, text: str, encoder: Path) -> None:
    """Writes a block that names its file in its first line; a spec is cut down."""
    named = NAMED.match(text)
    assert named is not None
    path = desk / named[1]
    path.parent.mkdir(exist_ok=True)
    content = yaml.safe_load(text) if path.suffix == ".yaml" else {}
    if "stages" in content:
        text = yaml.safe_dump(cut_down(content, encoder), sort_keys=False)
    path.write_text(text, "utf-8")


def install_package(folder: Path, install: Any) -> None:
    """Installs a folder with a pyproject.toml and modules, without pip."""
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    modules = {path.stem: path.read_text("utf-8") for path in folder.glob("*.py")}
    install(project["name"], project["entry-points"], modules, project["version"])


def cut_down(spec: dict[str, Any], encoder: Path) -> dict[str, Any]:
    given = spec["encoder"] if isinstance(spec["encoder"], dict) else {}
    spec["encoder"] = {**given, "name": "hf", "model": str(encoder)}
    for stage in spec["stages"]:
        stage.update(TINY_STAGE)
        if "evaluate_every" in stage:
            stage["evaluate_every"] = 1
    for evaluation in spec.get("evaluations", []):
        evaluation.update(limit=8, allow_overlap=True)  # the tiny files repeat themselves
    spec["seeds"] = spec.get("seeds", [1])[:1]
    return {**spec, "max_length": 48, "device": "cpu"}


@pytest.fixture
def desk_of_a_reader(
    tmp_path: Path, tiny_encoder: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A working directory with what the guides assume: data, and a checkpoint made elsewhere."""
    rng = random.Random("reader")
    numbers, two_way = map(str, range(3)), (NLI[0], "non-entailment", "non-entailment")
    for folder, labels in (
        ("data/xnli", NLI), ("my-nli", NLI), ("my-nli-numbers", tuple(numbers)),
        ("my-two-way", two_way),
    ):  # fmt: skip
        write_pairs(tmp_path / folder, labels, rng)
    write_labelled(tmp_path / "my-sentiment", ("en", "de"), ("negative", "positive"), rng)
    write_labelled(tmp_path / "my-topics", ("sw",), ("health", "politics", "sports"), rng)
    lexicons = tmp_path / "data" / "lexicons"
    lexicons.mkdir()
    (lexicons / "en-de.tsv").write_text("cat\tKatze\nsees\tsieht\n", "utf-8")
    (tmp_path / "data" / "panx").symlink_to(tiny_data / "panx")
    write_entities(tmp_path / "my-entities")
    write_choices(tmp_path / "data" / "xcopa")
    write_translations(tmp_path / "data" / "sib200")
    answers = {f"q{number}": "Anna" for number in range(24)}
    for split in ("train", "dev"):
        write_squad(tmp_path / f"data/squad_en/{split}-v1.1.json", answers)
    for language in ("en", "de", "zh"):
        write_squad(tmp_path / f"data/xquad/xquad.{language}.json", answers)
    (tmp_path / "data/lareqa").mkdir()
    write_lareqa(tmp_path / "data/lareqa")
    (tmp_path / "my-text").mkdir()
    (tmp_path / "my-pairs").mkdir()
    lines = [f"paka {number} anaona mbwa {rng.randrange(9999)}" for number in range(140)]
    (tmp_path / "my-text" / "train-sw.txt").write_text("\n".join(lines) + "\n", "utf-8")
    pairs = "".join(f"the cat sees {number}\t{line}\n" for number, line in enumerate(lines))
    (tmp_path / "my-pairs" / "en-sw.tsv").write_text(pairs, "utf-8")
    write_checkpoint(tmp_path / "my-checkpoint", tiny_encoder, [name.upper() for name in NLI[::-1]])
    two_way_names = ["entailment", "not_entailment"]
    write_checkpoint(tmp_path / "my-two-way-checkpoint", tiny_encoder, two_way_names)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("XLT_RUNS_DIR", raising=False)
    return tmp_path


def write_pairs(folder: Path, labels: tuple[str, ...], rng: random.Random) -> None:
    folder.mkdir(parents=True)
    for split in ("train", "dev", "test"):
        for language in LANGUAGES:
            rows = [
                f"the cat sees {rng.randrange(9999)}\t{language} dog {number}\t{labels[number % 3]}"
                for number in range(24)
            ]
            (folder / f"{split}-{language}.tsv").write_text("\n".join(rows) + "\n", "utf-8")


def write_labelled(
    folder: Path, languages: tuple[str, ...], labels: tuple[str, ...], rng: random.Random
) -> None:
    folder.mkdir()
    for split, language in itertools.product(("train", "dev", "test"), languages):
        rows = [
            f"the cat {rng.randrange(9999)} {split} {language}!\t{labels[number % len(labels)]}"
            for number in range(24)
        ]
        (folder / f"{split}-{language}.tsv").write_text("\n".join(rows) + "\n", "utf-8")


def write_dictionaries(folder: Path) -> None:
    folder.mkdir()
    for language, words in {"de": "Katze Hund", "sw": "paka mbwa"}.items():
        cat, dog = words.split()
        lines = f"cat\t{cat}\nkitty\t{cat}\ndog\t{dog}\nhound\t{dog}\n"
        (folder / f"en-{language}.tsv").write_text(lines, "utf-8")


def write_entities(folder: Path) -> None:
    folder.mkdir()
    for name in ("train-en", "dev-en", "test-en", "test-de"):
        rows = [f"the\tO\ncat\tO\nAnna\tB-PER\n{name}-{n}\tI-PER\n" for n in range(24)]
        (folder / f"{name}.tsv").write_text("\n".join(rows), "utf-8")


def write_choices(folder: Path) -> None:
    folder.mkdir()
    for name in ("train-en", "val-en", "test-en", "test-it", "test-sw"):
        rows = [
            {
                "premise": f"the cat sees {name} {n}",
                "choice1": f"dog {n}",
                "choice2": f"bird {n}",
                "question": "cause",
                "label": n % 2,
                "idx": n,
            }
            for n in range(24)
        ]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, "utf-8")


def write_translations(folder: Path) -> None:
    folder.mkdir()
    for split, code in itertools.product(
        ("train", "dev", "test"), ("eng_Latn", "deu_Latn", "spa_Latn", "swh_Latn", "yor_Latn")
    ):
        rows = [f"the cat {number * 7 % 24} {split} {code}\tsports\n" for number in range(24)]
        (folder / f"{split}-{code}.tsv").write_text("".join(rows), "utf-8")


def write_checkpoint(folder: Path, encoder: Path, labels: list[str]) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    names = dict(enumerate(labels))
    model = AutoModelForSequenceClassification.from_pretrained(
        encoder, id2label=names, label2id={name: number for number, name in names.items()}
    )
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(encoder).save_pretrained(folder)
