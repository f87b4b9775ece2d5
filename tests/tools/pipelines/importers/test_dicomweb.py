"""An Orthanc of Debian with its DICOMweb plug-in, started on loopback for these tests."""

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from encoder.pack import read_pack
from tests.tools.pipelines.importers.bodies import CtSeries, Ellipsoid, check_roi
from tests.tools.pipelines.importers.dicom_objects import contours_of, write_rtstruct, write_seg
from tools.domain.patient_keys import PatientKeys
from tools.intake.intake import intake_limits
from tools.pipelines.importers.annotated_lesion import ImportFailure
from tools.pipelines.importers.dicomweb import Archive, lesions_of_archive
from tools.pipelines.importers.run import ImportOptions, import_lesions
from tools.settings import Settings

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
ORTHANC = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
KEYS = PatientKeys(b"secret of these tests")
LIMITS = intake_limits(Settings())
LESION = Ellipsoid((3, -4, 0), (15, 10, 10))
PASSWORD = "Basic cmVhZGVyOnNlY3JldA=="  # reader:secret
STARTS_WITHIN_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    """The address of an archive with two patients: one has a SEG, the other an RTSTRUCT, and one more has neither."""
    pytest.importorskip("dicomweb_client", reason="dicomweb-client is not installed")
    if ORTHANC is None or not PLUGIN.exists():
        pytest.skip("Orthanc with DICOMweb is not installed: apt-get install orthanc orthanc-dicomweb")
    folder = tmp_path_factory.mktemp("orthanc")
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
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/system", server)
        for name in ("with SEG", "with RTSTRUCT", "plain"):
            ct = CtSeries(folder / name, LESION, patient_id=f"MARKED-{name[-3:]}")
            if name == "with SEG":
                write_seg(ct.folder / "seg.dcm", ct)
            elif name == "with RTSTRUCT":
                write_rtstruct(ct.folder / "rs.dcm", ct, {"GTV": contours_of(ct)})
            for path in ct.folder.iterdir():
                _ask(f"{address}/instances", path.read_bytes())
        yield f"{address}/dicom-web"
    finally:
        server.terminate()
        server.wait(30)


def _ask(address, data=None):
    request = urllib.request.Request(address, data, {"Authorization": PASSWORD})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read()


def _wait_for(address, server):
    end = time.monotonic() + STARTS_WITHIN_S
    while server.poll() is None and time.monotonic() < end:
        try:
            return _ask(address)
        except OSError:
            time.sleep(0.2)
    return pytest.fail("Orthanc did not start")


def run(archive, tmp_path):
    stages = []
    summary = import_lesions(
        lambda job: lesions_of_archive(archive, job, lambda *stage: stages.append(stage)),
        tmp_path / "pack",
        KEYS,
        LIMITS,
        ImportOptions(source="archive"),
    )
    return summary, read_pack(tmp_path / "pack"), stages


def test_annotated_studies_of_an_archive_become_lesions(orthanc, tmp_path):
    summary, pack, stages = run(Archive(orthanc, {}, {"Authorization": PASSWORD}), tmp_path)
    assert summary.by_type == {"gtv": 1, "lesion": 1}
    assert {row.patient_id for row in pack.lesions} == {KEYS.patient("MARKED-SEG"), KEYS.patient("MARKED-UCT")}
    for image, row in zip(pack.images, pack.lesions, strict=True):
        assert row.long_axis_mm == pytest.approx(30, rel=0.02)
        check_roi(image, row.field_of_view_mm)
    assert [item.reason for item in summary.left_out] == ["it has no annotations"]
    assert ("Studies of the archive", 3, 3) in stages


def test_the_query_chooses_studies_and_what_fails_is_said(orthanc, tmp_path):
    allowed = {"Authorization": PASSWORD}
    summary, *_ = run(Archive(orthanc, {"PatientID": "MARKED-SEG"}, allowed), tmp_path)
    assert summary.by_type == {"lesion": 1}
    with pytest.raises(ImportFailure, match="no study that fits the query"):
        run(Archive(orthanc, {"PatientID": "nobody"}, allowed), tmp_path / "none")
    with pytest.raises(ImportFailure, match="it says 401"):
        run(Archive(orthanc), tmp_path / "locked")


def test_an_archive_that_is_not_there_is_named_without_its_address(tmp_path):
    pytest.importorskip("dicomweb_client", reason="dicomweb-client is not installed")
    with pytest.raises(ImportFailure, match="it cannot be reached") as failure:
        run(Archive(f"http://reader:secret@127.0.0.1:{free_port()}/dicom-web"), tmp_path)
    assert "secret" not in str(failure.value)
    with pytest.raises(ImportFailure, match="begins with https"):
        run(Archive("ftp://archive"), tmp_path)
