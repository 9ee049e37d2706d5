"""The hub, without a network: a cache built by hand, and a server of our own on 127.0.0.1."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import huggingface_hub.constants
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Features, Value

from xlt_cli.api import OfflineError
from xlt_tasks.pawsx import PawsX
from xlt_tasks.sources.columns import PAIR
from xlt_tasks.sources.hub import Hub, Repository
from xlt_tasks.xnli import Xnli

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ROWS = [("p", "h", 0), ("q", "i", 2)]


def save(path: Path, rows: list[tuple[Any, ...]], names: tuple[str, ...] | None = None) -> Path:
    """A parquet file as the hub has them."""
    label = ClassLabel(names=names or ["entailment", "neutral", "contradiction"])
    text = Value("string")
    schema = Features({"premise": text, "hypothesis": text, "label": label}).arrow_schema
    columns = dict(zip(schema.names, zip(*rows, strict=True), strict=True))
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns, schema=schema), path)
    return path


# ---------------------------------------------------------------------- a cache built by hand


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub's client, which is told that there is no network."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "hub"


def put(cache: Path, repository: str, file: str, rows: list[tuple[Any, ...]], **save_args: Any):
    """Puts a file into the cache as if it had been fetched."""
    folder = cache / f"datasets--{repository.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True, exist_ok=True)
    (folder / "refs" / "main").write_text(COMMIT)
    return save(folder / "snapshots" / COMMIT / file, rows, **save_args)


@pytest.mark.parametrize("revision", ["main", COMMIT])
def test_the_cache_is_read_without_network(cache: Path, task, revision: str):
    put(cache, "facebook/xnli", "en/validation-00000-of-00001.parquet", ROWS)
    xnli = task(Xnli, revision=revision)
    loaded = xnli.load("dev", "en")
    assert loaded.source == f"facebook/xnli@{COMMIT}"
    assert [(e.id, e.texts, e.label) for e in loaded.examples] == [
        ("dev-1", ("p", "h"), "entailment"),
        ("dev-2", ("q", "i"), "contradiction"),
    ]
    xnli.fetch("dev", "en")


def test_ids_go_on_over_the_parts_of_a_split(cache: Path, task):
    for part in (1, 0):
        put(cache, "facebook/xnli", f"en/train-0000{part}-of-00002.parquet", [(str(part), "h", 1)])
    examples = task(Xnli).load("train", "en").examples
    assert [(e.id, e.texts[0]) for e in examples] == [("train-1", "0"), ("train-2", "1")]


def test_class_ids_are_read_by_the_files_own_names(cache: Path, task):
    names = ("contradiction", "entailment", "neutral")
    put(cache, "facebook/xnli", "en/test-00000-of-00001.parquet", ROWS, names=names)
    labels = [e.label for e in task(Xnli).load("test", "en").examples]
    assert labels == ["contradiction", "neutral"]


def test_sentences_that_were_not_translated(cache: Path, task):
    rows = [("NS", "b", 0), ("", "b", 1), ("a", "b", 1)]
    name = PawsX.repository.name
    put(cache, name, "de/test-00000-of-00001.parquet", rows, names=("0", "1"))
    loaded = task(PawsX).load("test", "de")
    assert [e.id for e in loaded.examples] == ["test-3"]
    assert loaded.notes == ("2 rows left out: a sentence was not translated (NS or empty)",)


def offline(run: Any, *args: object) -> OfflineError:
    with pytest.raises(OfflineError) as caught:
        run(*args)
    return caught.value


@pytest.mark.parametrize("there", [[], ["de/test-00000-of-00001"], ["en/test-00001-of-00002"]])
def test_what_is_not_in_the_cache(cache: Path, task, there: list[str]):
    for name in there:
        put(cache, "facebook/xnli", f"{name}.parquet", ROWS)
    error = offline(task(Xnli).load, "test", "en")
    assert error.what == (
        "the data (revision 'main') are not in the cache, "
        "and the network is turned off (HF_HUB_OFFLINE)"
    )
    assert error.where == "facebook/xnli (en, test)"
    assert "`xlt fetch SPEC`" in error.hint
    assert "(test-en.tsv) into a folder 'xnli' and set XLT_DATA_DIR" in error.hint


def test_a_link_to_what_was_deleted_is_no_file(cache: Path, task):
    path = put(cache, "facebook/xnli", "en/test-00000-of-00001.parquet", ROWS)
    path.unlink()
    path.symlink_to("gone")
    assert offline(task(Xnli).load, "test", "en").where == "facebook/xnli (en, test)"


def test_a_language_that_the_repository_lacks(failure):
    hub = Hub(Repository("o/r", ("en", "de")), "main", "t")
    assert hub.languages("dev") == ("en", "de")
    error = failure(hub.read, "dev", "dee", PAIR)
    assert error.what == "the data set has no language 'dee'"
    assert error.where == "o/r (dee, dev)"
    assert error.hint == "did you mean 'de'? known: de, en"


# ------------------------------------------------------------------------- a hub of our own


@dataclass
class FakeHub:
    """Serves the files of a folder as one commit of facebook/xnli."""

    files: Path
    url: str = ""
    mode: str = "up"
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(path)
        if self.mode == "broken":
            return 500, {}, b"{}"
        if self.mode == "silent":
            threading.Event().wait(5)
        if not path.startswith(("/api/datasets/facebook/xnli", "/datasets/facebook/xnli")):
            return 404, {"X-Error-Code": "RepoNotFound"}, b"{}"
        if path.endswith(("/revision/main", f"/revision/{COMMIT}")):
            return 200, {}, json.dumps({"id": "facebook/xnli", "sha": COMMIT}).encode()
        if "/revision/" in path:
            return 404, {"X-Error-Code": "RevisionNotFound"}, b"{}"
        if path.endswith((f"/tree/{COMMIT}", "/tree/main")):  # the oldest client asks for main
            return 200, {}, json.dumps([self.entry(p) for p in self.files.rglob("*.*")]).encode()
        data = (self.files / path.partition(f"/resolve/{COMMIT}/")[2]).read_bytes()
        return 200, {"ETag": self.digest(data), "X-Repo-Commit": COMMIT}, data

    def entry(self, path: Path) -> dict[str, Any]:
        data = path.read_bytes()
        name = path.relative_to(self.files).as_posix()
        return {"type": "file", "path": name, "size": len(data), "oid": self.digest(data)}

    @staticmethod
    def digest(data: bytes) -> str:
        return hashlib.sha1(data).hexdigest()


@contextmanager
def serving(hub: FakeHub) -> Iterator[FakeHub]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = hub.answer(unquote(urlsplit(self.path).path))
            self.send_response(status)
            headers = {"Content-Type": "application/json"} | headers
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


DRIVER = textwrap.dedent(
    """
    import json, sys, time
    from xlt_cli.errors import UserError
    from xlt_tasks.sources import hub, hub_client
    from xlt_tasks.sources.columns import PAIR

    hub_client.TIMEOUT = 0.5
    for repository, revision, splits in json.loads(sys.argv[1]):
        source = hub.Hub(hub.Repository(repository, ("en",)), revision, "xnli")
        for split in splits:
            start = time.perf_counter()
            try:
                read, tables = source.read(split, "en", PAIR)
                outcome = [read, sum(len(table.records) for table in tables)]
            except UserError as error:
                outcome = [type(error).__name__, error.what]
            print(json.dumps([*outcome, time.perf_counter() - start]))
    """
)


def drive(url: str, home: Path, *steps: tuple[str, str, list[str]]) -> list[list[Any]]:
    """Reads from a hub in a process of its own: its client takes the settings when imported."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "TRANSFORMERS_"))}
    settings = {"HF_ENDPOINT": url, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1"}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, json.dumps(steps)],
        env=kept | settings | {"PYTHONPATH": os.pathsep.join(sys.path), "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "%|" not in done.stderr, "a progress bar was shown"
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def hub(tmp_path: Path) -> FakeHub:
    files = tmp_path / "served"
    save(files / "en" / "test-00000-of-00001.parquet", ROWS)
    save(files / "en" / "validation-00000-of-00001.parquet", ROWS[:1])
    return FakeHub(files)


def test_what_was_fetched_is_there_when_the_network_is_gone(hub: FakeHub, tmp_path: Path):
    home = tmp_path / "home"
    with serving(hub):
        main = drive(hub.url, home, ("facebook/xnli", "main", ["test", "dev", "train"]))
        source = f"facebook/xnli@{COMMIT}"
        assert [step[:2] for step in main] == [
            [source, 2],
            [source, 1],
            ["DataError", "the repository has no files en/train-*.parquet"],
        ]
        resolved = [path for path in hub.asked if path.endswith("/revision/main")]
        assert hub.asked[: len(resolved)] == resolved, "a branch is resolved once, at first"
        asked = len(hub.asked)
        pinned = drive(hub.url, home, ("facebook/xnli", COMMIT, ["test", "dev"]))
        assert [step[:2] for step in pinned] == [[source, 2], [source, 1]]
        assert len(hub.asked) == asked, "a commit that is in the cache needs no question"
    gone = drive(hub.url, home, ("facebook/xnli", "main", ["test", "train"]))
    assert gone[0][:2] == [source, 2]
    assert gone[1][0] == "OfflineError"
    assert "the download failed: ConnectError" in gone[1][1]
    assert max(step[2] for step in gone) < 30


def test_what_the_hub_does_not_have(hub: FakeHub, tmp_path: Path):
    with serving(hub):
        steps = drive(
            hub.url,
            tmp_path / "home",
            ("facebook/xnli", "v9", ["test"]),
            ("facebook/other", "main", ["test"]),
        )
    assert [step[:2] for step in steps] == [
        ["DataError", "the data set has no revision 'v9'"],
        ["DataError", "there is no such data set on the hub, or you have no access to it"],
    ]


@pytest.mark.parametrize("mode", ["broken", "silent"])
def test_a_hub_that_fails_does_not_hold_us_up(hub: FakeHub, tmp_path: Path, mode: str):
    hub.mode = mode
    with serving(hub):
        home = tmp_path / "home"
        steps = drive(hub.url, home, ("facebook/xnli", "main", ["test", "dev"]))
    assert [step[0] for step in steps] == ["OfflineError"] * 2
    assert "the download failed" in steps[0][1]
    assert max(step[2] for step in steps) < 30
    assert len(hub.asked) == 1, "a hub that failed is not asked again"
