"""A hub on this machine with what an upload needs: repositories, branches and commits in memory."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

TOKEN = "hf_right"


@dataclass
class Hub:
    """What is stored, and what was asked.

    Attributes:
        repositories: files by branch, by repository.
        refuse: a status that every request to make a repository gets; 0 for none.
    """

    url: str = ""
    repositories: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    large: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    refuse: int = 0


@contextmanager
def running() -> Iterator[Hub]:
    """Serves a hub until the block ends."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def answer(self, value: Any, status: int = 200) -> None:
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def handle_any(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0]
            hub.requests.append(f"{self.command} {path}")
            if path.startswith("/large/"):
                hub.large[path.removeprefix("/large/")] = content
                self.answer({})
            elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self.answer({"error": "Invalid username or password."}, 401)
            elif hub.refuse:
                self.answer({"error": "as the test asked"}, hub.refuse)
            else:
                self.answer(*_answer(hub, path, content))

        do_GET = do_POST = do_PUT = handle_any

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(hub: Hub, path: str, content: bytes) -> tuple[Any, int]:
    if path == "/api/validate-yaml":
        return {"errors": [], "warnings": []}, 200
    if path == "/api/repos/create":
        asked = json.loads(content)
        name = f"{asked['organization']}/{asked['name']}"
        if name in hub.repositories:
            return {"error": "You already created this model repo", "url": f"{hub.url}/{name}"}, 409
        hub.repositories[name] = {"main": {".gitattributes": b""}}
        hub.private |= (
            {name} if asked.get("private") or asked.get("visibility") == "private" else set()
        )
        return {"url": f"{hub.url}/{name}"}, 200
    if path.endswith("/info/lfs/objects/batch"):
        objects = [
            {**each, "actions": {"upload": {"href": f"{hub.url}/large/{each['oid']}"}}}
            for each in json.loads(content)["objects"]
        ]
        return {"transfer": "basic", "objects": objects}, 200
    parts = path.removeprefix("/api/models/").split("/")
    name, (action, branch) = "/".join(parts[:2]), (*parts[2:4], "", "")[:2]
    branches = hub.repositories[name]
    if action == "branch":
        branches[branch] = dict(branches["main"])
        return {}, 200
    if action == "preupload":
        files = json.loads(content)["files"]
        mode = {True: "lfs", False: "regular"}
        return {
            "files": [
                {
                    "path": file["path"],
                    "uploadMode": mode[file["path"].endswith(".safetensors")],
                    "shouldIgnore": False,
                }
                for file in files
            ]
        }, 200
    if action == "tree":
        return [{"type": "file", "path": x, "size": 1, "oid": "0"} for x in branches[branch]], 200
    if action == "commit":
        for line in map(json.loads, content.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                branches[branch][value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                branches[branch][value["path"]] = hub.large[value["oid"]]
        return {
            "success": True,
            "commitOid": "1" * 40,
            "commitUrl": f"{hub.url}/{name}/commit/{'1' * 40}",
            "pullRequestUrl": None,
        }, 200
    return {"id": name, "siblings": [], "sha": "0" * 40, "private": name in hub.private}, 200
