"""Uploads to a hub on this machine: what arrives there, and what is refused in plain words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fake_hub
import pytest
from fake_hub import TOKEN, Hub
from huggingface_hub import ModelCard, constants

import xlt_cli
from xlt_cli.runs import atomic, pruned
from xlt_cli.runs.directory import Run
from xlt_cli.sharing.push import upload_of

OLD = Path(__file__).parents[1] / "version_1" / "runs"
NAME = "group/model"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the hub's client's own


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with fake_hub.running() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # a protocol of its own
        monkeypatch.setattr(constants, "ENDPOINT", served.url)
        yield served


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run of two stages, whose config names a folder of this machine."""
    path = tmp_path / "runs" / "finished-s1"
    shutil.copytree(OLD / "finished-s1-325bf04b", path)
    model = path / "stages" / "1" / "model"
    config = json.loads((model / "config.json").read_text("utf-8"))
    files = {file.name: file.read_bytes() for file in model.iterdir() if file.name[0] != "C"}
    files["config.json"] = json.dumps(config | {"_name_or_path": "/home/me/data/enc"}).encode()
    shutil.rmtree(model)
    with atomic.new_directory(model) as made:
        for name, content in files.items():
            (made / name).write_bytes(content)
    return Run(path)


def test_model_tokenizer_and_card_arrive(hub: Hub, run: Run, xlt: Any) -> None:
    arguments = ("push", "finished", NAME, "--private", "--runs-dir", run.path.parent)
    listed = xlt(*arguments, "--dry-run")
    assert listed.exit_code == 0, listed.output
    assert hub.requests == []
    result = xlt(*arguments, "-q")
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == f"{hub.url}/{NAME}/commit/{'1' * 40}"
    files = hub.repositories[NAME]["main"]
    assert hub.private == {NAME}
    expected = {"README.md", "config.json", "model.safetensors", "tokenizer.json", "xlt.json"}
    assert set(files) - {".gitattributes"} == expected | {"tokenizer_config.json"}
    names = [line.split("  ")[0] for line in listed.stdout.splitlines()]
    assert sorted(names) == sorted(set(files) - {".gitattributes"})
    model = run.path / "stages" / "1" / "model"
    for name in ("model.safetensors", "tokenizer.json"):
        assert files[name] == (model / name).read_bytes()
    assert json.loads(files["config.json"])["_name_or_path"] == ".../data/enc"
    card = files["README.md"].decode()
    assert ModelCard(card).data.to_dict()["language"] == ["de", "en", "fr"]
    assert f'from_pretrained("{NAME}")' in card
    assert not any(b"/home/me" in content for content in files.values())


def test_a_model_of_xlt_is_replaced_and_a_branch_is_made(hub: Hub, run: Run) -> None:
    opened = xlt_cli.open_run(run.path)
    opened.push(NAME)
    before = dict(hub.repositories[NAME]["main"])
    opened.push(NAME, stage=1)
    assert hub.repositories[NAME]["main"]["README.md"] != before["README.md"]
    assert b"not evaluated" in hub.repositories[NAME]["main"]["README.md"]
    hub.repositories["group/other"] = {"main": {"train.py": b""}}
    assert opened.push("group/other", revision="xlt").startswith(hub.url)
    assert "model.safetensors" in hub.repositories["group/other"]["xlt"]
    assert set(hub.repositories["group/other"]["main"]) == {"train.py"}


def test_the_files_of_something_else_stay(hub: Hub, run: Run, xlt: Any) -> None:
    hub.repositories[NAME] = {"main": {"train.py": b""}}
    result = xlt("push", run.path, NAME)
    assert result.exit_code == 2
    assert "holds something else than a model of xlt" in result.output
    assert hub.repositories[NAME] == {"main": {"train.py": b""}}


@pytest.mark.parametrize(
    ("refuse", "message"),
    [
        (401, "the hub does not accept the token"),
        (403, "the token may not write there"),
        (404, "the hub has no such place"),
        (400, "the hub refused the upload (400)"),
    ],
)
def test_what_the_hub_refuses_is_said(
    hub: Hub, run: Run, xlt: Any, refuse: int, message: str
) -> None:
    hub.refuse = refuse
    result = xlt("push", run.path, NAME, "-q")
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output


def test_a_wrong_token_and_no_network_are_said(
    hub: Hub, run: Run, xlt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    wrong = xlt("push", run.path, NAME, "-q")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    away = xlt("push", run.path, NAME, "-q")
    assert (wrong.exit_code, away.exit_code) == (2, 2)
    assert "does not accept the token" in wrong.output
    assert "hf auth login" in wrong.output
    assert "the hub cannot be reached" in away.output
    assert hub.repositories == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("model",), "no name of a repository"),
        (("a/b/c",), "no name of a repository"),
        (("group/-x-",), "no name of a repository"),
        ((NAME, "--stage", "3"), "its stages: 1 to 2"),
        ((NAME, "--stage", "0"), "its stages: 1 to 2"),
    ],
)
def test_mistakes_are_refused_before_anything_is_sent(
    hub: Hub, run: Run, xlt: Any, arguments: tuple[str, ...], message: str
) -> None:
    result = xlt("push", run.path, *arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert hub.requests == []


def test_offline_refuses_and_still_lists(
    hub: Hub, run: Run, xlt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    result = xlt("push", run.path, NAME)
    assert (result.exit_code, hub.requests) == (2, [])
    assert "an upload needs the network" in result.output
    assert "README.md" in xlt("push", run.path, NAME, "--dry-run").stdout


def test_weights_that_are_gone_or_damaged_are_not_uploaded(run: Run, tmp_path: Path) -> None:
    shutil.copytree(run.path, tmp_path / "pruned")
    gone = Run(tmp_path / "pruned")
    pruned.prune(gone)
    with pytest.raises(xlt_cli.UserError, match="pruned"):
        upload_of(gone, NAME)
    weights = run.path / "stages" / "1" / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(xlt_cli.UserError, match="damaged"):
        upload_of(run, NAME)
    unfinished = Run(OLD / "interrupted-s3-c3ec5829")
    shutil.copytree(unfinished.path, tmp_path / "unfinished")
    unfinished = Run(tmp_path / "unfinished")
    shutil.rmtree(unfinished.stage(1), ignore_errors=True)
    with pytest.raises(xlt_cli.UserError, match="no finished model"):
        upload_of(unfinished, NAME, 2)
