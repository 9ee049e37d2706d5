"""Hub ids and folders where a name is expected: in specs, and for `xlt eval --model`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from transformers import AutoConfig, AutoModelForSequenceClassification

from xlt_cli.errors import PluginError, SpecError, UserError
from xlt_cli.spec import ExperimentSpec
from xlt_cli.spec.building import build_encoder
from xlt_cli.spec.identity import identity
from xlt_cli.spec.resolution import load

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "fedcba9876543210fedcba9876543210fedcba98"
Cached = Callable[..., Path]


@pytest.fixture
def cached(tiny_encoder: Path, tmp_path: Path) -> Cached:
    """Puts a model into the hub's cache, as its client lays it out."""

    def put(name: str, *labels: str, commit: str = COMMIT, ref: str = "main") -> Path:
        root = tmp_path / "hub" / f"models--{name.replace('/', '--')}"
        folder = root / "snapshots" / commit
        shutil.copytree(tiny_encoder, folder)
        if labels:
            config = AutoConfig.from_pretrained(
                str(folder), id2label=dict(enumerate(labels)),
                label2id={label: i for i, label in enumerate(labels)},
            )  # fmt: skip
            AutoModelForSequenceClassification.from_config(config).save_pretrained(str(folder))
        (root / "refs").mkdir(exist_ok=True)
        (root / "refs" / ref.replace("/", "_")).write_text(commit)
        return folder

    return put


def spec(encoder: Any, tmp_path: Path) -> ExperimentSpec:
    path = tmp_path / "s.yaml"
    path.write_text(yaml.safe_dump({"encoder": encoder, "stages": [{"task": "xnli"}]}))
    return load(path)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("org/name", {"model": "org/name"}),
        ("org/name@v1.0", {"model": "org/name", "revision": "v1.0"}),
        ("org/name@refs/pr/4", {"model": "org/name", "revision": "refs/pr/4"}),
        ({"name": "org/name", "pooling": "mean"}, {"model": "org/name", "pooling": "mean"}),
        ({"name": "org/name", "revision": "v1"}, {"model": "org/name", "revision": "v1"}),
        ({"name": "hf", "model": "org/name@v1"}, {"model": "org/name", "revision": "v1"}),
        (
            {"name": "org/name@v1", "trust_remote_code": True},
            {"model": "org/name", "revision": "v1", "trust_remote_code": True},
        ),
    ],
)
def test_a_hub_id_is_the_encoder_that_opens_it(
    written: Any, meant: dict[str, Any], tmp_path: Path
) -> None:
    short, long = spec(written, tmp_path), spec({"name": "hf", **meant}, tmp_path)
    assert short.encoder.model_dump() == long.encoder.model_dump()
    assert short.encoder.name == "hf"
    assert {key: short.encoder.params[key] for key in meant} == meant
    assert identity(short, 1) == identity(long, 1)


def test_folders_are_opened_however_they_are_written(
    tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mine@2"
    shutil.copytree(tiny_encoder, folder)
    shutil.copytree(tiny_encoder, tmp_path / "deep" / "er" / "model")
    monkeypatch.chdir(tmp_path)
    for written in ("./mine@2", str(folder), "mine@2", "deep/er/model"):
        use = spec(written, tmp_path).encoder
        assert (use.name, use.params["model"], use.params["revision"]) == ("hf", written, "main")
        assert "sha256" in build_encoder(use).fingerprint()


def test_names_that_nothing_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    for written in ("./nowhere", "/no/where", "~/no/where", "a/b/c"):
        with pytest.raises(UserError, match="there is no such folder"):
            spec(written, tmp_path)
    for written in ("mbrt", "two words", "empty", "name@v1", "org/"):
        with pytest.raises(PluginError, match="unknown encoder"):
            spec(written, tmp_path)
    with pytest.raises(SpecError, match="means revision: v1"):
        spec({"name": "org/name@v1", "revision": "v2"}, tmp_path)
    with pytest.raises(UserError, match="has the revision 'v1'"):
        spec({"name": "hf", "model": "org/name@v1", "revision": "v2"}, tmp_path)


def test_a_plugin_by_that_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mbert").mkdir()
    (tmp_path / "mbert" / "config.json").write_text("{}")
    assert spec("mbert", tmp_path).encoder.name == "mbert"


def evaluate(xlt: Any, model: str, data: Path, tmp_path: Path, *more: str) -> Any:
    return xlt(
        "eval", "--model", model, "--task", f"{{name: pawsx, path: {data}}}", "--languages", "de",
        "--limit", "5", "--device", "cpu", "--json", "--runs-dir", tmp_path / "runs", *more,
    )  # fmt: skip


def test_a_checkpoint_of_the_hub_is_evaluated_from_the_cache(
    cached: Cached, xlt: Any, tiny_data: Path, tmp_path: Path
) -> None:
    folder = cached("org/paws", "0", "1")
    cached("org/paws", "1", "0", commit=OTHER, ref="v2")
    by_id = evaluate(xlt, "org/paws", tiny_data, tmp_path)
    assert by_id.exit_code == 0, by_id.stderr
    (run,) = (tmp_path / "runs").glob("[!.]*")
    record = json.loads((run / "run.json").read_text())
    assert (record["model"], record["commit"]) == ("org/paws", COMMIT)
    assert run.name.startswith("org--paws-")
    by_path = evaluate(xlt, str(folder), tiny_data, tmp_path)
    assert json.loads(by_path.stdout)[0]["languages"] == json.loads(by_id.stdout)[0]["languages"]
    other = evaluate(xlt, "org/paws@v2", tiny_data, tmp_path)
    assert other.exit_code == 0, other.stderr
    commits = {
        json.loads(path.read_text()).get("commit") for path in tmp_path.glob("runs/*/run.json")
    }
    assert OTHER in commits


def test_what_is_not_in_the_cache_is_named(xlt: Any, tiny_data: Path, tmp_path: Path) -> None:
    result = evaluate(xlt, "org/absent@v1", tiny_data, tmp_path)
    assert result.exit_code == 2
    assert "org/absent@v1" in result.stderr
    assert "hf download org/absent --revision v1" in result.stderr
    for model, said in (
        ("./nowhere", "no such folder"),
        ("nowhere", "a checkpoint directory,"),
    ):
        result = evaluate(xlt, model, tiny_data, tmp_path)
        assert result.exit_code == 2
        assert said in result.stderr
    assert not (tmp_path / "runs").exists()
