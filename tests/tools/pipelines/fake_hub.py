"""The edge of the network: a hub on loopback that keeps what is pushed, as the Hugging Face Hub's API has it."""

import base64
import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KINDS = {"model": "models", "dataset": "datasets"}
COMMIT = "0" * 39 + "1"


@dataclass
class Hub:
    """A running hub. `files` are by kind and repository (`datasets/someone/atlas`), then by path."""

    address: str = ""
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """The variables by which huggingface_hub finds this hub."""
        return {"HF_ENDPOINT": self.address, "HF_HUB_OFFLINE": "0", "HF_TOKEN": "hf_test", "HF_HUB_DISABLE_XET": "1"}


@contextlib.contextmanager
def running_hub() -> Iterator[Hub]:
    """A hub on a free port."""
    hub = Hub()

    class Handler(_Handler):
        kept = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    kept: Hub
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.kept.requests.append(f"POST {self.path}")
        if self.path == "/api/repos/create":
            asked = json.loads(data)
            name = f"{KINDS[asked.get('type') or 'model']}/{asked.get('organization') or 'someone'}/{asked['name']}"
            self.kept.files.setdefault(name, {})
            self._json({"url": f"{self.kept.address}/{name.removeprefix('models/')}"})
        elif self.path == "/api/validate-yaml":
            self._json({"errors": [], "warnings": []})
        elif match := re.fullmatch(r"/api/(\w+/[\w./-]+)/preupload/main", self.path):
            paths = [{"path": one["path"], "uploadMode": "regular"} for one in json.loads(data)["files"]]
            self._json({"files": [{**one, "shouldIgnore": False} for one in paths]})
        elif match := re.fullmatch(r"/api/(\w+/[\w./-]+)/commit/main", self.path):
            for line in map(json.loads, data.splitlines()):
                if line["key"] == "file":
                    content = base64.b64decode(line["value"]["content"])
                    self.kept.files[match.group(1)][line["value"]["path"]] = content
            self._json(
                {
                    "commitUrl": f"{self.kept.address}/{match.group(1).removeprefix('models/')}/commit/{COMMIT}",
                    "commitOid": COMMIT,
                    "success": True,
                }
            )
        else:
            self._json({"error": "not found"}, 404)

    def do_GET(self) -> None:
        self.kept.requests.append(f"{self.command} {self.path}")
        path = self.path.split("?")[0]
        if match := re.fullmatch(r"/api/(\w+/[\w.-]+/[\w.-]+)(?:/revision/[\w.-]+)?", path):
            files = self.kept.files.get(match.group(1))
            if files is None:
                self._json({"error": "Repository not found"}, 404, {"X-Error-Code": "RepoNotFound"})
            else:
                siblings = [{"rfilename": name} for name in files]
                self._json(
                    {"id": match.group(1).split("/", 1)[1], "sha": COMMIT, "siblings": siblings, "private": False}
                )
        elif match := re.fullmatch(r"/api/(\w+/[\w.-]+/[\w.-]+)/tree/[\w.-]+(?:/.*)?", path):
            files = self.kept.files.get(match.group(1), {})
            self._json([{"type": "file", "path": n, "size": len(d), "oid": _etag(d)} for n, d in files.items()])
        elif match := re.fullmatch(r"/(datasets/)?([\w.-]+/[\w.-]+)/resolve/[\w.-]+/(.+)", path):
            repository = f"{'datasets' if match.group(1) else 'models'}/{match.group(2)}"
            self._file(self.kept.files.get(repository, {}).get(match.group(3)))
        else:
            self._json({"error": "not found"}, 404)

    do_HEAD = do_GET  # noqa: N815

    def _file(self, data: bytes | None) -> None:
        if data is None:
            self._json({"error": "Entry not found"}, 404, {"X-Error-Code": "EntryNotFound"})
            return
        self._send(data, 200, {"ETag": f'"{_etag(data)}"', "X-Repo-Commit": COMMIT})

    def _json(self, value: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._send(json.dumps(value).encode(), status, {"Content-Type": "application/json", **(headers or {})})

    def _send(self, data: bytes, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


def _etag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
