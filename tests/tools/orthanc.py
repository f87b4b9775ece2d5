"""An Orthanc of Debian with its DICOMweb plug-in, started on loopback for a test."""

import contextlib
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
ORTHANC = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
PASSWORD = "Basic cmVhZGVyOnNlY3JldA=="  # reader:secret
STARTS_WITHIN_S = 60


@dataclass(frozen=True)
class Orthanc:
    """A running archive. `dicom_web` is its address for DICOMweb."""

    address: str

    @property
    def dicom_web(self) -> str:
        return f"{self.address}/dicom-web"

    def store(self, path: Path) -> dict[str, Any]:
        """Store a file; what the archive says about it."""
        return dict(json.loads(self.ask("/instances", path.read_bytes())))

    def ask(self, path: str, data: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"{self.address}{path}", data, {"Authorization": PASSWORD})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bytes(answer.read())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_orthanc(folder: Path) -> Iterator[Orthanc]:
    """An empty archive that keeps its files in `folder`. Where there is no Orthanc the test is skipped."""
    if ORTHANC is None or not PLUGIN.exists():
        pytest.skip("Orthanc with DICOMweb is not installed: apt-get install orthanc orthanc-dicomweb")
    port = free_port()
    settings = {
        "StorageDirectory": str(folder / "db"),
        "IndexDirectory": str(folder / "db"),
        "HttpPort": port,
        "DicomServerEnabled": False,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {"reader": "secret"},
        "Plugins": [str(PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([ORTHANC, str(folder / "orthanc.json")], stdout=log, stderr=log)
    try:
        archive = Orthanc(f"http://127.0.0.1:{port}")
        end = time.monotonic() + STARTS_WITHIN_S
        while True:
            try:
                archive.ask("/system")
                break
            except OSError:
                assert server.poll() is None, "Orthanc did not start"
                assert time.monotonic() < end, "Orthanc did not start"
                time.sleep(0.2)
        yield archive
    finally:
        server.terminate()
        server.wait(30)
