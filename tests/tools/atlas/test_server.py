"""An atlas on a real Chroma server, also behind TLS and a token, holds and finds what an embedded one does."""

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import chromadb
import numpy as np
import pytest
from chromadb.config import Settings

from encoder.pack import RoiPack
from tests.tools.atlas.conftest import FINGERPRINT, KEYS, embed, make_pack
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack
from tools.domain.lesions import AtlasError, Filters
from tools.settings import get_settings

TOKEN = "a token of this test"
PACK = make_pack(80)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Chroma server that lets everybody in."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).parent / "chroma"), "run", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--path", str(tmp_path_factory.mktemp("server"))],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(1500):  # importing the server takes long on a busy machine
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(20)


@pytest.fixture
def server(running: str) -> str:
    """The same without an atlas."""
    host, port = running.removeprefix("http://").split(":")
    client = chromadb.HttpClient(host, int(port), settings=Settings(anonymized_telemetry=False))
    for collection in client.list_collections():
        client.delete_collection(collection.name)
    return running


class Guard(BaseHTTPRequestHandler):
    """A proxy that passes on what carries the token."""

    protocol_version = "HTTP/1.1"
    behind = ""

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, answer, kind = 401, b"who are you?", "text/plain"
        if self.headers.get("X-Chroma-Token") == TOKEN:
            inner = http.client.HTTPConnection(self.behind)
            inner.request(self.command, self.path, body, {"Content-Type": self.headers.get("Content-Type", "")})
            response = inner.getresponse()
            status, answer, kind = response.status, response.read(), response.headers.get("Content-Type", "")
            inner.close()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = _pass_on  # noqa: N815


@pytest.fixture(scope="module")
def guarded(running: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The same server behind TLS, for those who know the token: its address, and its certificate."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    files = ["-keyout", str(key), "-out", str(certificate), "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    front = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("GuardOfThis", (Guard,), {"behind": running.removeprefix("http://")})
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    front.socket = context.wrap_socket(front.socket, server_side=True)
    threading.Thread(target=front.serve_forever, daemon=True).start()
    yield f"https://localhost:{front.server_address[1]}", certificate
    front.shutdown()
    front.server_close()


@pytest.fixture
def _fresh_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    get_settings.cache_clear()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()


def same_as_embedded(there: Atlas, here: Atlas) -> None:
    """Everything that a search shows is equal."""
    assert list(there.lesions()) == list(here.lesions())
    for vector in embed(PACK.images[:3]):
        for filters in (Filters(), Filters(sex="F"), Filters(lesion_types=("lung",), min_size_mm=20)):
            ours, theirs = (atlas.search(vector, 5, filters, KEYS.patient("MRN-00000")) for atlas in (here, there))
            assert [hit.lesion for hit in theirs.hits] == [hit.lesion for hit in ours.hits]
            np.testing.assert_allclose([h.cosine for h in theirs.hits], [h.cosine for h in ours.hits], atol=1e-5)
            assert [vote.lesion_type for vote in theirs.votes] == [vote.lesion_type for vote in ours.votes]
    np.testing.assert_array_equal(there.roi("L0009"), PACK.images[9])


WRITER = """
import sys
from tests.tools.atlas.conftest import FINGERPRINT, KEYS, embed
from tests.tools.atlas.test_server import PACK, part
from tools.atlas import build
from tools.atlas.atlas import Atlas
build.BATCH_SIZE = 4
atlas = Atlas(sys.argv[1], FINGERPRINT, KEYS, create=True)
build.index_pack(atlas, part(int(sys.argv[2])), embed, lambda done, total: print(done, flush=True))
"""


def part(number: int) -> RoiPack:
    """Half of the pack: every other lesion."""
    return RoiPack(PACK.images[number::2], PACK.lesions[number::2])


def test_several_processes_fill_one_server_and_one_that_is_killed_goes_on_later(server: str, tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match="no atlas at http"):
        Atlas(server, FINGERPRINT, KEYS)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, server, str(number)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for number in (0, 1)
    ]
    assert writers[1].stdout is not None
    assert int(writers[1].stdout.readline()) < 40
    writers[1].send_signal(signal.SIGKILL)
    for writer in writers:
        writer.communicate()
    assert [writer.returncode for writer in writers] == [0, -signal.SIGKILL]
    there = Atlas(server, FINGERPRINT, KEYS)
    rest = index_pack(there, part(1), embed)
    assert 0 < rest < 40  # what was stored is not embedded again
    here = Atlas(tmp_path / "embedded", FINGERPRINT, KEYS, create=True)
    index_pack(here, PACK, embed)
    same_as_embedded(there, here)
    same_as_embedded(Atlas(server, FINGERPRINT, KEYS, max_in_memory=1), here)  # by Chroma's index
    with pytest.raises(AtlasError, match="was built with encoder"):
        Atlas(server, "e" * 64, KEYS)


@pytest.mark.usefixtures("_fresh_settings")
def test_a_server_behind_tls_and_a_token(
    guarded: tuple[str, Path], server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, certificate = guarded
    with pytest.raises(AtlasError, match=r"cannot be opened: nobody known here .*SSL_CERT_FILE"):
        Atlas(address, FINGERPRINT, KEYS, create=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(AtlasError, match=r"lets nobody in without a name\. Set LESION_SEARCH_ATLAS_HEADERS"):
        Atlas(address, FINGERPRINT, KEYS, create=True)
    other = {"localhost:1": {"X-Chroma-Token": TOKEN}}  # a token goes to its own server alone
    monkeypatch.setenv("LESION_SEARCH_ATLAS_HEADERS", json.dumps(other))
    get_settings.cache_clear()
    with pytest.raises(AtlasError, match="lets nobody in"):
        Atlas(address, FINGERPRINT, KEYS, create=True)
    mine = {address.removeprefix("https://"): {"X-Chroma-Token": TOKEN}}
    monkeypatch.setenv("LESION_SEARCH_ATLAS_HEADERS", json.dumps(mine))
    get_settings.cache_clear()
    there = Atlas(address, FINGERPRINT, KEYS, create=True)
    index_pack(there, PACK, embed)
    here = Atlas(tmp_path / "embedded", FINGERPRINT, KEYS, create=True)
    index_pack(here, PACK, embed)
    same_as_embedded(there, here)
    assert TOKEN not in repr(get_settings())
