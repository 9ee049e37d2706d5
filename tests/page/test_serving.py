"""Serving the page: when it is made anew, and who may ask for it."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from xlt_cli.errors import RunError, UserError
from xlt_cli.page.serving import HOST, Pages, server, state_of


class Runs:
    """Pages that are counted, of runs whose state can be set."""

    def __init__(self, rest: float = 0.0) -> None:
        self.now, self.made = "a", 0
        self.pages = Pages(self._make, lambda: self.now, rest)

    def _make(self, state: str) -> str:
        self.made += 1
        if state == "bad":
            raise RunError("there is no run '<b>'")
        return f"page {self.made} of {state}"


def test_a_page_is_made_once_for_each_state() -> None:
    runs = Runs()
    assert [runs.pages.page(), runs.pages.page()] == ["page 1 of a", "page 1 of a"]
    runs.now = "b"
    assert runs.pages.state() == "b"
    assert runs.pages.page() == "page 2 of b"


def test_a_page_rests_for_a_while() -> None:
    runs = Runs(rest=3600)
    assert runs.pages.page() == "page 1 of a"
    runs.now = "b"
    assert runs.pages.state() == "a"
    assert runs.pages.page() == "page 1 of a"


def test_an_error_of_the_user_is_a_page() -> None:
    runs = Runs()
    runs.now = "bad"
    assert "there is no run &#x27;&lt;b&gt;&#x27;" in runs.pages.page()
    runs.pages.page()
    assert runs.made == 2  # what was wrong may have been mended


def test_the_state_is_that_of_the_files_of_runs(tmp_path: Path) -> None:
    run = tmp_path / "a"
    (run / "stages" / "0").mkdir(parents=True)
    empty = state_of([run])
    (run / "status.json").write_text("{}")
    begun = state_of([run])
    (run / "stages" / "0" / "metrics.jsonl").write_text("{}\n")
    assert len({empty, begun, state_of([run])}) == 3
    (run / "stages" / "0" / "weights.bin").write_text("not watched")
    assert state_of([run, run]) == state_of([run])


@pytest.fixture
def serving() -> Iterator[ThreadingHTTPServer]:
    with server(Runs().pages, 0) as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def ask(serving: ThreadingHTTPServer, path: str, host: str = "") -> tuple[int, str]:
    connection = http.client.HTTPConnection(HOST, serving.server_port, timeout=30)
    headers = {"Host": host} if host else {}
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


def test_the_server_answers_this_machine_only(serving: ThreadingHTTPServer) -> None:
    assert serving.server_address[0] == "127.0.0.1"
    assert ask(serving, "/state") == (200, "a")
    assert ask(serving, "/") == (200, "page 1 of a")
    assert ask(serving, "/../etc/passwd")[0] == 404
    assert ask(serving, "/", f"evil.example:{serving.server_port}")[0] == 403


def test_a_taken_port_is_a_mistake_of_the_user(serving: ThreadingHTTPServer) -> None:
    with pytest.raises(UserError, match=f"the port {serving.server_port} cannot be used"):
        server(Runs().pages, serving.server_port)
