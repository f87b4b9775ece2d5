"""A real Orthanc: what is found by a number, what is fetched of it, and what goes back."""

from datetime import date

import numpy as np
import pytest
from pydicom import dcmread

from tests.tools.orthanc import PASSWORD, free_port, running_orthanc
from tests.tools.pipelines.importers.bodies import CtSeries, Ellipsoid
from tests.tools.pipelines.importers.dicom_objects import write_seg
from tools.domain.patient_keys import PatientKeys
from tools.intake.archive import Archive, ArchiveError, find_studies, images_of_study, store_objects
from tools.intake.intake import read_study

ALLOWED = {"Authorization": PASSWORD}
KEYS = PatientKeys(b"secret of these tests")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """An Orthanc with a CT series and its SEG; the address, and the series."""
    pytest.importorskip("dicomweb_client", reason="dicomweb-client is not installed")
    folder = tmp_path_factory.mktemp("archive")
    ct = CtSeries(folder / "ct", Ellipsoid((3, -4, 0), (15, 10, 10)), slices=5, size=96)
    write_seg(folder / "seg.dcm", ct)
    with running_orthanc(folder) as orthanc:
        for path in [*ct.folder.iterdir(), folder / "seg.dcm"]:
            orthanc.store(path)
        yield orthanc.dicom_web, ct


@pytest.mark.parametrize(("by", "value"), [("patient", " MARKED-4711 "), ("accession", "ACC99")])
def test_a_study_is_found_by_a_whole_number_and_named_by_nothing_that_identifies(served, by, value):
    address, ct = served
    [study] = find_studies(Archive(address, headers=ALLOWED), by, value)
    assert (study.made_on, set(study.modalities), study.instances) == (date(2025, 3, 1), {"CT", "SEG"}, 6)
    assert study.study_uid == ct.study_uid
    assert ct.study_uid not in repr(study)


@pytest.mark.parametrize("value", ["MARKED*", "????", "", "  ", "a\\b"])
def test_studies_are_not_browsed(served, value):
    with pytest.raises(ArchiveError, match="whole number"):
        find_studies(Archive(served[0], headers=ALLOWED), "patient", value)


def test_only_its_images_are_fetched_as_they_are_and_read_by_nobody_yet(served, tmp_path, monkeypatch):
    address, ct = served
    with monkeypatch.context() as patched:
        patched.setattr("pydicom.filereader.read_partial", None)
        patched.setattr("dicomweb_client.web.pydicom.dcmread", None)
        files = list(images_of_study(Archive(address, headers=ALLOWED), ct.study_uid))
    assert sorted(files) == sorted(path.read_bytes() for path in ct.folder.iterdir())
    for number, file in enumerate(files):
        (tmp_path / f"{number}").write_bytes(file)
    [series] = read_study(tmp_path, KEYS).series
    here = [image.pixel_array for image in ct.images]
    np.testing.assert_array_equal(series.volume_hu, np.stack(here))


def test_a_report_is_stored_and_a_refusal_is_said(served, tmp_path):
    address, ct = served
    report = dcmread(ct.folder / "000.dcm")
    report.PatientID, report.StudyInstanceUID = "ANONYMOUS", "2.25.1"
    report.SeriesInstanceUID = report.SOPInstanceUID = report.file_meta.MediaStorageSOPInstanceUID = "2.25.2"
    report.save_as(tmp_path / "report.dcm")
    assert store_objects(Archive(address, headers=ALLOWED), [tmp_path / "report.dcm"]) == 1
    assert find_studies(Archive(address, headers=ALLOWED), "patient", "ANONYMOUS")[0].study_uid == "2.25.1"
    with pytest.raises(ArchiveError, match="does not take the report: it says 401"):
        store_objects(Archive(address), [tmp_path / "report.dcm"])


def test_what_fails_is_said_without_the_address():
    pytest.importorskip("dicomweb_client", reason="dicomweb-client is not installed")
    archive = Archive(f"http://reader:secret@127.0.0.1:{free_port()}/dicom-web")
    with pytest.raises(ArchiveError, match="it cannot be reached") as failure:
        find_studies(archive, "patient", "1")
    assert "secret" not in f"{failure.value} {archive!r}"
