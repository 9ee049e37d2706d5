"""Files are fetched once, checked, and whole or not there."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import huggingface_hub
import pytest

from xlt_cli.api import DataError, OfflineError
from xlt_perturbations import downloads

CONTENT = b'{"a": ["b"]}' * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Gives its content for `/file` and 404 for all else; counts what it was asked."""

    content = CONTENT
    asked = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/file"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        server.asked += 1
        self.send_response(200 if self.path == "/file" else 404)
        self.end_headers()
        self.wfile.write(server.content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    return tmp_path / "cache" / "lexicons"


def fetch(url: str) -> Path:
    return downloads.fetch(url, SHA256, "file.json", "put it there by hand")


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_a_file_is_fetched_once(server: Server, folder: Path) -> None:
    assert downloads.cached("file.json", SHA256) is None
    assert fetch(server.url) == folder / "file.json"
    assert (folder / "file.json").read_bytes() == CONTENT
    assert fetch(server.url) == downloads.cached("file.json", SHA256) == folder / "file.json"
    assert server.asked == 1
    assert files(folder) == [".file.json.written", "file.json"]


def test_a_file_of_other_content_is_fetched_again(server: Server, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "file.json").write_bytes(CONTENT[:100])
    assert fetch(server.url).read_bytes() == CONTENT


def test_a_file_with_the_wrong_hash_is_not_kept(server: Server, folder: Path) -> None:
    server.content = b"<html>Please log in</html>"
    with pytest.raises(DataError, match="the server returned a different file") as caught:
        fetch(server.url)
    assert caught.value.where == server.url
    assert files(folder) == []


def test_a_server_that_does_not_answer(server: Server, folder: Path) -> None:
    with pytest.raises(OfflineError, match="404") as caught:
        fetch(server.url + "s")
    assert "put it there by hand" in caught.value.hint
    server.shutdown()
    server.server_close()
    with pytest.raises(OfflineError, match="it cannot be downloaded"):
        fetch(server.url)
    assert files(folder) == []


def test_offline_nothing_is_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(OfflineError, match="the network is turned off") as caught:
        fetch(server.url)
    assert "put it there by hand" in caught.value.hint
    assert server.asked == 0
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    fetch(server.url)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert fetch(server.url).is_file()


def test_processes_at_the_same_time(server: Server, folder: Path) -> None:
    code = (
        "import sys; from xlt_perturbations import downloads; "
        "print(downloads.fetch(sys.argv[1], sys.argv[2], 'file.json', ''))"
    )
    command = [sys.executable, "-c", code, server.url, SHA256]
    environment = {**os.environ, "HF_HUB_OFFLINE": "0"}
    running = [subprocess.Popen(command, env=environment) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert (folder / "file.json").read_bytes() == CONTENT
    assert server.asked == 1
    assert files(folder) == [".file.json.written", "file.json"]


def test_a_cache_that_cannot_be_written(server: Server, folder: Path) -> None:
    folder.parent.write_text("a file where the folder should be")
    with pytest.raises(DataError, match="cannot write to the cache") as caught:
        fetch(server.url)
    assert "XLT_CACHE_DIR" in caught.value.hint


def test_where_the_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert downloads.cache_path("x") == tmp_path / "cache" / "lexicons" / "x"
    monkeypatch.delenv("XLT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert downloads.cache_path("x") == Path("/somewhere/xlt/lexicons/x")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert downloads.cache_path("x") == Path.home() / ".cache" / "xlt" / "lexicons" / "x"
