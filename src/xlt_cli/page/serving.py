"""Serving the page on this machine: it is made anew when runs have changed, and reloads itself."""

from __future__ import annotations

import hashlib
import html
import threading
import time
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from xlt_cli.errors import UserError
from xlt_cli.terminal import printable

HOST = "127.0.0.1"

REST = 10.0
"""Seconds for which a page stays before a newer one is made."""

WATCHED = (
    "run.json",
    "status.json",
    "stages/*/metrics.jsonl",
    "evaluations/*/cells.jsonl",
    "evaluations/*/results.json",
)
"""Files of a run whose change may change the page."""


def state_of(runs: Iterable[Path]) -> str:
    """A hash of the sizes and times of the files of runs that the page is made of."""
    taken = hashlib.sha256()
    for run in sorted(set(runs)):
        for pattern in WATCHED:
            for path in sorted(run.glob(pattern)):
                try:
                    about = path.stat()
                except OSError:  # replaced or removed in this moment
                    continue
                taken.update(f"{path}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return taken.hexdigest()[:16]


class Pages:
    """The newest page, made when it is asked for.

    Args:
        make: makes the page; gets the state that the page bears.
        state: of the runs, as `state_of` has it.
        rest: seconds for which a page stays before a newer one is made.
    """

    def __init__(
        self, make: Callable[[str], str], state: Callable[[], str], rest: float = REST
    ) -> None:
        self._make, self._state, self._rest = make, state, rest
        self._lock = threading.Lock()
        self._made: tuple[str, str] | None = None
        self._when = 0.0

    def state(self) -> str:
        """The state that the newest page has, or would have if it were made now."""
        if self._made is not None and time.monotonic() - self._when < self._rest:
            return self._made[0]
        return self._state()

    def page(self) -> str:
        """The page of the present state; of a user's error, a page that says it for now."""
        with self._lock:
            state = self.state()
            if self._made is None or self._made[0] != state:
                try:
                    self._made = state, self._make(state)
                except UserError as error:
                    return _page_of(error)
                self._when = time.monotonic()
            return self._made[1]


def _page_of(error: UserError) -> str:
    """A page that asks again after some seconds."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta http-equiv="refresh" content="5"><title>xlt report</title>'
        f"<h1>There is no page yet</h1><pre>{html.escape(printable(str(error)))}</pre></html>"
    )


def server(pages: Pages, port: int) -> ThreadingHTTPServer:
    """A server of the page that listens on this machine only.

    Args:
        port: 0 for any that is free.

    Raises:
        UserError: the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            # A name that somebody else has pointed at this machine is not served.
            name = (self.headers.get("Host") or "").rpartition(":")[0]
            if name not in (HOST, "localhost"):
                self.send_error(403)
            elif self.path == "/":
                self._send(pages.page(), "text/html")
            elif self.path == "/state":
                self._send(pages.state(), "text/plain")
            else:
                self.send_error(404)

        def _send(self, text: str, kind: str) -> None:
            content = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing of requests."""

    try:
        return ThreadingHTTPServer((HOST, port), Handler)
    except OSError as error:
        raise UserError(
            f"the port {port} cannot be used: {error.strerror}",
            "--port",
            "give another, or 0 for any that is free",
        ) from None
