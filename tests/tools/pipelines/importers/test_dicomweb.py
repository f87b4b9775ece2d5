"""An Orthanc of Debian with its DICOMweb plug-in, started on loopback for these tests."""

import pytest

from encoder.pack import read_pack
from tests.tools.orthanc import PASSWORD, free_port, running_orthanc
from tests.tools.pipelines.importers.bodies import CtSeries, Ellipsoid, check_roi
from tests.tools.pipelines.importers.dicom_objects import contours_of, write_rtstruct, write_seg
from tools.domain.patient_keys import PatientKeys
from tools.intake.intake import intake_limits
from tools.pipelines.importers.annotated_lesion import ImportFailure
from tools.pipelines.importers.dicomweb import Archive, lesions_of_archive
from tools.pipelines.importers.run import ImportOptions, import_lesions
from tools.settings import Settings

KEYS = PatientKeys(b"secret of these tests")
LIMITS = intake_limits(Settings())
LESION = Ellipsoid((3, -4, 0), (15, 10, 10))


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    """The address of an archive with two patients: one has a SEG, the other an RTSTRUCT, and one more has neither."""
    pytest.importorskip("dicomweb_client", reason="dicomweb-client is not installed")
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as server:
        for name in ("with SEG", "with RTSTRUCT", "plain"):
            ct = CtSeries(tmp_path_factory.mktemp("files") / name, LESION, patient_id=f"MARKED-{name[-3:]}")
            if name == "with SEG":
                write_seg(ct.folder / "seg.dcm", ct)
            elif name == "with RTSTRUCT":
                write_rtstruct(ct.folder / "rs.dcm", ct, {"GTV": contours_of(ct)})
            for path in ct.folder.iterdir():
                server.store(path)
        yield server.dicom_web


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
