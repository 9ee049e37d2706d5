"""What the rooms share: specs, commands, installed plugins; a tiny encoder and tiny data."""

from __future__ import annotations

import functools
import gc
import logging
import os
import random
import signal
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import typer.main
import typer.testing
from _pytest.logging import catching_logs
from typer.testing import CliRunner, Result

from xlt_cli import registry

pytest_plugins = ["model_fixtures"]

Install = Callable[..., Path]
WriteSpec = Callable[..., Path]
Cli = Callable[..., Result]

# A few examples each time; many with `pytest --hypothesis-profile thorough`.
hypothesis.settings.register_profile("few", max_examples=25, deadline=None)
hypothesis.settings.register_profile("thorough", max_examples=500, deadline=None)
hypothesis.settings.load_profile("few")
# Two cores, several processes: more threads than that only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# Started in the background, tests would ignore Ctrl-C, and so would the commands that they run.
signal.signal(signal.SIGINT, signal.default_int_handler)
# What is imported and collected stays: the collector need not look for what is no longer used.
gc.disable()
# What is set for a user's own runs is not for the tests.
for name in ("RUNS_DIR", "TRACKERS", "DISABLE_PLUGINS", "CACHE_SIZE", "STALE_AFTER"):
    os.environ.pop(f"XLT_{name}", None)
# Results are compared with those of a CPU. `make test` runs the tests marked `gpu` once more.
if os.environ.get("XLT_TEST_GPU") != "1":
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ.setdefault("TRITON_INTERPRET", "1")  # Triton asks when it is first imported

LEXICON = {
    "en": ("the", ["cat", "dog", "bird", "horse"], ["sees", "likes", "finds", "follows"]),
    "de": ("die", ["Katze", "Hündin", "Möwe", "Stute"], ["sieht", "mag", "findet", "verfolgt"]),
    "fr": ("la", ["chatte", "chienne", "mouette", "jument"], ["voit", "aime", "trouve", "suit"]),
}
ROWS = {"train": 60, "dev": 20, "test": 30}
NAMES = (
    ("Anna", "B-PER"), ("Müller", "I-PER"), ("Paris", "B-LOC"), ("Acme", "B-ORG"), ("AG", "I-ORG"),
)  # fmt: skip
SPECIAL = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}


@pytest.fixture(scope="session", autouse=True)
def _surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What all tests run in. One fixture, as each costs every test some time."""
    with pytest.MonkeyPatch.context() as patch:
        _own_cache(patch, tmp_path_factory.mktemp("cache"))
        # Files are not written through to the disk: no test turns the power off.
        patch.setattr(os, "fsync", lambda _: None)
        # Typer makes all commands anew for each one that is called.
        patch.setattr(typer.testing, "_get_command", functools.cache(typer.main.get_command))
        _read_entry_points_once(patch)
        _hear_the_root_logger(patch)
        _start_light_processes(patch)
        yield


def _own_cache(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """No test reads or writes the user's cache, nor does a process that it starts."""
    patch.setenv("XLT_CACHE_DIR", str(folder))
    patch.delenv("XLT_CACHE_SIZE", raising=False)


def _read_entry_points_once(patch: pytest.MonkeyPatch) -> None:
    """Those of the environment's packages; they are read again whenever a test installs plugins."""
    read: Any = metadata.Distribution.entry_points
    packages, kept = sysconfig.get_paths()["purelib"], dict[str, Any]()

    def entry_points(distribution: metadata.Distribution) -> Any:
        path = str(getattr(distribution, "_path", ""))
        if not path.startswith(packages):
            return read.fget(distribution)
        if path not in kept:
            kept[path] = read.fget(distribution)
        return kept[path]

    patch.setattr(metadata.Distribution, "entry_points", property(entry_points))


def _hear_the_root_logger(patch: pytest.MonkeyPatch) -> None:
    """For every part of a test, pytest 9 would look through thousands of torch's loggers for those
    that do not propagate, and listen to them as well."""
    if "attached_loggers" not in getattr(catching_logs, "__slots__", ()):
        return
    original = catching_logs.__enter__

    def enter(self: Any) -> Any:
        if self.level is not None:
            return original(self)
        logging.getLogger().addHandler(self.handler)
        self.attached_loggers.append(logging.getLogger())
        return self.handler

    patch.setattr(catching_logs, "__enter__", enter)


def _start_light_processes(patch: pytest.MonkeyPatch) -> None:
    """The suites for plugins ask new processes that need not import the contract again."""
    import light_processes

    from xlt_cli.testing import suite

    patch.setattr(suite, "subprocess", light_processes)


def pytest_collection_finish() -> None:
    """The collector need not walk through the tests again and again, nor after every few objects:
    a test makes tens of thousands of them, most without circles."""
    gc.freeze()
    gc.set_threshold(20_000)
    gc.enable()


@pytest.fixture
def write_spec(tmp_path: Path) -> WriteSpec:
    """Writes a spec file and returns its path."""

    def write(text: str | bytes, name: str = "spec.yaml") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return path

    return write


@pytest.fixture
def xlt() -> Cli:
    """Runs `xlt ARGUMENTS` in this process, its output wide and without colours."""
    from xlt_cli.cli import app

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(a) for a in arguments], prog_name="xlt")

    return run


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a distribution of plugins for the length of a test.

    `install("dist", {"xlt.tasks": {"name": "module:Class"}}, {"module": "source"})`
    """
    before = set(sys.modules)

    def _install(
        distribution: str,
        points: Mapping[str, Mapping[str, str]],
        modules: Mapping[str, str] | None = None,
        version: str = "1.0",
    ) -> Path:
        site = tmp_path / f"site-{distribution}"
        info = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n", "utf-8"
        )
        lines = []
        for group, members in points.items():
            lines += [f"[{group}]", *(f"{name} = {target}" for name, target in members.items())]
        (info / "entry_points.txt").write_text("\n".join(lines), "utf-8")
        for module, source in (modules or {}).items():
            (site / f"{module}.py").write_text(source, "utf-8")
        monkeypatch.syspath_prepend(str(site))
        registry.clear()
        return site

    registry.clear()
    yield _install
    monkeypatch.undo()
    registry.clear()
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None)
        if file and Path(file).is_relative_to(tmp_path):
            del sys.modules[name]


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small BERT with random weights and a fast tokenizer of its own."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForMaskedLM, PreTrainedTokenizerFast

    vocabulary = {piece: number for number, piece in enumerate(_pieces())}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=SPECIAL["unk"]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")],
    )
    folder = tmp_path_factory.mktemp("encoder") / "tiny-bert"
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=128,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **{f"{role}_token": name for role, name in SPECIAL.items()},
    ).save_pretrained(str(folder))
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        BertForMaskedLM(config).save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `pawsx` (aligned) and `panx` (not) in English, German and French.

    Both can be learnt from words that the languages share: a pair is a paraphrase where its second
    sentence ends in "!" instead of "?", and each name has one tag.
    """
    root = tmp_path_factory.mktemp("data")
    for split in ROWS:
        for language in LEXICON:
            pairs = "".join("\t".join(row) + "\n" for row in _pairs(split, language))
            for task, text in (("pawsx", pairs), ("panx", _tagged(split, language))):
                path = root / task / f"{split}-{language}.tsv"
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, "utf-8")
    return root


def _pieces() -> list[str]:
    """A vocabulary for `_pairs`: words of every kind are known whole, in parts or by the letter.

    Written out rather than trained: a trained one differs from process to process.
    """
    texts = [text for language in LEXICON for row in _pairs("train", language) for text in row[:2]]
    texts += ["Die Prüfung beginnt um 8 Uhr!", "Où est-il allé ?", "猫は魚を食べる。", "Он дома."]
    letters = sorted({letter for text in texts for letter in text if not letter.isspace()})
    words = sorted(
        word for article, *others in LEXICON.values() for word in (article, *chain(*others))
    )
    return [
        *SPECIAL.values(), *letters, *(f"##{letter}" for letter in letters),
        *(word for word in words if len(word) < 6), *(word[:4] for word in words if len(word) > 5),
    ]  # fmt: skip


def _pairs(split: str, language: str) -> list[tuple[str, str, str]]:
    """Two sentences and a label: the same items in every language, both labels as often."""
    rng = random.Random(f"pairs/{split}")
    article, nouns, verbs = LEXICON[language]
    rows = []
    for number in range(ROWS[split]):
        one, other, does = (rng.randrange(4) for _ in range(3))
        first = f"{article} {nouns[one]} {verbs[does]} {article} {nouns[other]} {number}"
        second = f"{article} {nouns[other]} {verbs[does]} {article} {nouns[one]} {number}"
        rows.append((first, f"{second} {'?!'[number % 2]}", str(number % 2)))
    return rows


def _tagged(split: str, language: str) -> str:
    """A word and its tag a line, a blank line after each sentence."""
    rng = random.Random(f"sentences/{split}/{language}")
    article, nouns, verbs = LEXICON[language]
    sentences = []
    for _ in range(ROWS[split]):
        kind = rng.choice(["PER", "LOC", "ORG"])
        words = [(word, "O") for word in (article, rng.choice(nouns), rng.choice(verbs))]
        words += [(word, tag) for word, tag in NAMES if tag.endswith(kind)]
        sentences.append("".join(f"{word}\t{tag}\n" for word, tag in words))
    return "\n".join(sentences)
