"""The hub, played by a server on this machine; its cache; and no hub at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModelForMaskedLM, PreTrainedTokenizerFast

from xlt_cli.api import Head, OfflineError, UserError
from xlt_encoders.huggingface import HuggingFaceEncoder, MultilingualBert

Pretrained = Callable[[str], Path]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def encoder(model: str | Path, **params: Any) -> HuggingFaceEncoder:
    return HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(model), **params))


def save_tokenizer(folder: Path, size: int = 60) -> None:
    words = {"[PAD]": 0, "[UNK]": 1, **{f"w{i}": i for i in range(2, size)}}
    backend = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="[PAD]", unk_token="[UNK]"
    )
    tokenizer.save_pretrained(str(folder))


@pytest.fixture
def complete(pretrained: Pretrained, tmp_path: Path) -> Path:
    """A model's folder with a tokenizer."""
    folder = shutil.copytree(pretrained("bert"), tmp_path / "complete")
    save_tokenizer(folder)
    return folder


class _Hub(ThreadingHTTPServer):
    """As much of the hub's protocol as downloading a model takes."""

    def __init__(self, files: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = files
        self.requests: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Hub

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        self.server.requests.append(path)
        files = sorted(p for p in self.server.files.rglob("*") if p.is_file())
        names = [str(p.relative_to(self.server.files)) for p in files]
        if path.startswith(("/api/models/some/gated", "/some/gated")):
            self._answer(403, X_Error_Code="GatedRepo", X_Error_Message="gated")
        elif not path.startswith(("/api/models/some/model", "/some/model")):
            self._answer(404, X_Error_Code="RepoNotFound", X_Error_Message="no such repository")
        elif path.startswith("/api") and "/revision/nonesuch" in path:
            self._answer(404, X_Error_Code="RevisionNotFound", X_Error_Message="no such revision")
        elif path.startswith("/api/models/some/model/tree/"):
            tree = [
                {"type": "file", "path": n, "size": p.stat().st_size, "oid": _oid(p)}
                for n, p in zip(names, files, strict=True)
            ]
            self._answer(200, json.dumps(tree).encode(), Content_Type="application/json")
        elif path.startswith("/api/models/some/model"):
            info = {
                "id": "some/model",
                "sha": COMMIT,
                "siblings": [{"rfilename": n} for n in names],
            }
            self._answer(200, json.dumps(info).encode(), Content_Type="application/json")
        else:
            file = self.server.files / path.split(f"/resolve/{COMMIT}/")[-1]
            self._answer(200, file.read_bytes(), ETag=f'"{_oid(file)}"', X_Repo_Commit=COMMIT)

    do_HEAD = do_GET


def _oid(path: Path) -> str:
    return hashlib.sha1(path.read_bytes()).hexdigest()


@pytest.fixture
def hub(complete: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Hub]:
    """A hub with `some/model`; weights as safetensors and, for nothing, pickled, and in ONNX."""
    for name in ("pytorch_model.bin", "onnx/model.onnx", "onnx/config.json", "README.md"):
        (complete / name).parent.mkdir(exist_ok=True)
        (complete / name).write_text("not to be downloaded")
    server = _Hub(complete)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    use(monkeypatch, f"http://127.0.0.1:{server.server_port}")
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def use(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(
        constants,
        "HUGGINGFACE_CO_URL_TEMPLATE",
        endpoint + "/{repo_id}/resolve/{revision}/{filename}",
    )
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_fetched_models_need_no_network_afterwards(
    hub: _Hub, monkeypatch: pytest.MonkeyPatch, sequences: Head
) -> None:
    plugin = encoder("some/model")
    plugin.fetch()
    asked = len(hub.requests)
    assert not any("onnx" in r or ".bin" in r or "README" in r for r in hub.requests)
    # The cache is enough, even where the hub could be asked.
    assert plugin.fingerprint() == {"model": "some/model", "commit": COMMIT}
    assert plugin.load_tokenizer()("w3 w4")["input_ids"] == [3, 4]
    assert len(hub.requests) == asked
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert plugin.load_model(sequences) is not None
    assert encoder("some/model", revision=COMMIT).fingerprint()["commit"] == COMMIT
    with pytest.raises(OfflineError):
        encoder("some/model", revision="other").fingerprint()


def test_a_model_is_downloaded_when_it_is_needed(hub: _Hub, sequences: Head) -> None:
    assert encoder("some/model").load_model(sequences) is not None


def test_an_interrupted_download_is_not_taken_for_a_model(
    hub: _Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sequences: Head
) -> None:
    plugin = encoder("some/model")
    plugin.fetch()
    (snapshot,) = (tmp_path / "hub").glob("*/snapshots/*")
    (snapshot / "tokenizer_config.json").unlink()
    plugin.load_tokenizer()  # brings what is missing
    assert (snapshot / "tokenizer_config.json").exists()
    (snapshot / "model.safetensors").unlink()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(OfflineError):
        plugin.load_model(sequences)


def test_models_with_pickled_weights_only(
    hub: _Hub, sequences: Head, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = AutoModelForMaskedLM.from_pretrained(str(hub.files))
    (hub.files / "model.safetensors").unlink()
    torch.save(model.state_dict(), hub.files / "pytorch_model.bin")
    plugin = encoder("some/model")
    plugin.fetch()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert plugin.load_model(sequences) is not None


def test_what_the_hub_does_not_have(hub: _Hub) -> None:
    with pytest.raises(UserError, match="no such model on the hub"):
        encoder("some/other").load_tokenizer()
    with pytest.raises(UserError, match="gated"):
        encoder("some/gated").fetch()
    with pytest.raises(UserError, match="no revision 'nonesuch'"):
        encoder("some/model", revision="nonesuch").fetch()
    for weights in ("model.safetensors", "pytorch_model.bin"):
        (hub.files / weights).unlink()
    with pytest.raises(UserError, match="no weights for torch"):
        encoder("some/model").fetch()


@pytest.mark.parametrize("reason", ["HF_HUB_OFFLINE", "refused", "no such host"])
def test_without_a_network(reason: str, monkeypatch: pytest.MonkeyPatch, sequences: Head) -> None:
    if reason != "HF_HUB_OFFLINE":
        port = "9" if reason == "refused" else "80"
        host = "127.0.0.1" if reason == "refused" else "hub.invalid"
        use(monkeypatch, f"http://{host}:{port}")
    plugin, start = MultilingualBert(), time.monotonic()
    for action in (
        plugin.fetch,
        plugin.fingerprint,
        plugin.load_tokenizer,
        lambda: plugin.load_model(sequences),
    ):
        with pytest.raises(OfflineError) as caught:
            action()
        assert "google-bert/bert-base-multilingual-cased@main" in caught.value.where
        assert "xlt fetch" in caught.value.hint
        assert "encoder: e5-small-q4" in caught.value.hint
    assert time.monotonic() - start < 8


def test_the_environment_variable_of_the_hub(tmp_path: Path) -> None:
    """In a process of its own, where the variable is what says so."""
    code = (
        "from xlt_encoders.huggingface import XlmRobertaBase\n"
        "from xlt_cli.api import OfflineError\n"
        "try: XlmRobertaBase().load_tokenizer()\n"
        "except OfflineError as e: print('offline', e.what)"
    )
    environment = {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path),
        "PYTHONPATH": ":".join(path for path in sys.path if path),
        "PATH": "",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("offline the encoder is not on this machine")


def test_names_that_are_none(tmp_path: Path, sequences: Head) -> None:
    for name in (str(tmp_path / "nowhere"), "./nowhere", "~/no/where", "a/b/c"):
        with pytest.raises(UserError, match="no such folder"):
            encoder(name).load_model(sequences)
    for name in ("two words", "a--b/c..d"):
        with pytest.raises(UserError, match="neither a folder nor the name of a model"):
            encoder(name).fetch()
    with pytest.raises(UserError, match="contains no model"):
        encoder(tmp_path).fetch()
    with pytest.raises(UserError, match="contains no model"):
        encoder(tmp_path).fingerprint()


# ------------------------------------------------------------------------------- local folders


def test_the_fingerprint_of_a_folder_is_of_its_contents(complete: Path, tmp_path: Path) -> None:
    before = encoder(complete).fingerprint()
    assert list(before) == ["sha256"]
    moved = shutil.copytree(complete, tmp_path / "moved")
    (moved / "optimizer.pt").write_text("no part of the model")
    assert encoder(moved).fingerprint() == before
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        other = shutil.copytree(complete, tmp_path / f"other-{name}")
        with (other / name).open("ab") as stream:
            stream.write(b" ")
        assert encoder(other).fingerprint() != before


def test_fetching_a_folder_checks_it(complete: Path) -> None:
    encoder(complete).fetch()


def test_tokenizers_of_checkpoints(
    complete: Path, pretrained: Pretrained, tmp_path: Path, sequences: Head
) -> None:
    plugin = encoder(complete)
    plugin.load_model(sequences).save(tmp_path / "checkpoint")
    # One without a tokenizer of its own is read with the encoder's, if that can be.
    assert len(plugin.load_tokenizer(tmp_path / "checkpoint")) == 60
    save_tokenizer(complete, size=70)
    with pytest.raises(UserError, match="70 entries for the checkpoint's 60 word embeddings"):
        encoder(complete).load_tokenizer(tmp_path / "checkpoint")
    save_tokenizer(tmp_path / "checkpoint", size=50)
    assert len(encoder(complete).load_tokenizer(tmp_path / "checkpoint")) == 50
    (tmp_path / "checkpoint" / "tokenizer.json").write_text("{}")
    with pytest.raises(UserError, match="tokenizer cannot be opened"):
        plugin.load_tokenizer(tmp_path / "checkpoint")
    with pytest.raises(UserError, match="contains no tokenizer"):
        encoder(pretrained("bert")).load_tokenizer()
