"""Reports of a real series as an archive gets them: checked by dicom3tools, stored by Orthanc, placed as the lesion."""

import json
import shutil
import subprocess
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest

from tests.tools.orthanc import running_orthanc
from tests.tools.pipelines.importers.bodies import CtSeries, Ellipsoid
from tests.tools.report.sample_report import make_report
from tools.domain.patient_keys import PatientKeys
from tools.intake.intake import read_study
from tools.report.write import report_session, write_report
from tools.settings import get_settings
from tools.workspace.session import Workspace
from tools.workspace.volumes import measure_volume

KEYS = PatientKeys(b"secret of these tests")
LESION = Ellipsoid((3, -4, 0), (14, 10, 12))


def open_and_outline(workspace: Workspace, ct: CtSeries) -> None:
    """Open a series, click the lesion in its middle, and follow it over the slices."""
    session = workspace.session
    session.open(read_study(ct.folder, KEYS))
    affine = ct.affine(ct.slices // 2)
    column, row = np.linalg.solve(affine[:2, :2], np.array(ct.lesion.centre[:2]) - affine[:2, 3])
    region = session.add_click(ct.slices // 2, float(column) + 0.5, float(row) + 0.5)
    session.rename(region.region_id, "index lesion")
    measure_volume(session, region.region_id)


def written(workspace: Workspace, format: str) -> Path:
    facts = report_session(workspace, format)  # type: ignore[arg-type]
    return workspace.session.files_folder() / facts.file_name


def errors_of(path: Path) -> list[str]:
    """What `dciodvfy` finds wrong. That a name is missing is no error: nobody is named."""
    program = shutil.which("dciodvfy")
    if program is None:
        pytest.skip("dciodvfy is not installed: apt-get install dicom3tools")
    said = subprocess.run([program, "-new", str(path)], capture_output=True, text=True, check=False, timeout=120)
    lines = (said.stdout + said.stderr).splitlines()
    assert any(line.strip() in ("Comprehensive3DSR", "Segmentation") for line in lines), lines
    return [line for line in lines if line.startswith("Error")]


@pytest.mark.parametrize("tilt_mm", [0.0, 0.4])
def test_a_segmentation_lies_where_the_lesion_is(workspace: Workspace, tmp_path: Path, tilt_mm: float) -> None:
    ct = CtSeries(tmp_path / "ct", LESION, tilt_mm=tilt_mm)
    open_and_outline(workspace, ct)
    path = written(workspace, "dicom-seg")
    assert errors_of(path) == []
    seg, truth = hd.seg.segread(path), ct.mask()
    assert seg.get_segment_description(1).segment_label == "Region R1 index lesion"
    places = {round(float(ct.affine(k)[2, 3]), 2): k for k in range(ct.slices)}
    inside = both = 0
    for group, mask in zip(seg.PerFrameFunctionalGroupsSequence, seg.pixel_array, strict=True):
        position = [float(v) for v in group.PlanePositionSequence[0].ImagePositionPatient]
        k = places[round(position[2], 2)]
        assert position == pytest.approx(ct.affine(k)[:3, 3], abs=0.01)
        inside, both = inside + int(mask.sum()), both + int((mask.astype(bool) & truth[k]).sum())
    assert 2 * both / (inside + truth.sum()) > 0.85


@pytest.mark.parametrize("changes", [{}, {"modality": "MR", "units": "arbitrary"}, {"patient_key": None}])
def test_structured_reports_have_no_error(tmp_path: Path, changes: dict[str, str]) -> None:
    assert errors_of(write_report(make_report(**changes), "dicom-sr", tmp_path)) == []


def test_an_archive_stores_what_it_gets(workspace: Workspace, tmp_path: Path) -> None:
    open_and_outline(workspace, CtSeries(tmp_path / "ct", LESION))
    paths = [written(workspace, "dicom-sr"), written(workspace, "dicom-seg")]
    with running_orthanc(tmp_path) as archive:
        for path in paths:
            stored = archive.store(path)
            assert stored["Status"] == "Success"
            kept = pydicom.dcmread(path)
            tags = json.loads(archive.ask(f"/instances/{stored['ID']}/simplified-tags"))
            assert tags["SOPInstanceUID"] == kept.SOPInstanceUID
            assert (tags["Modality"], tags["PatientName"]) == (kept.Modality, "ANONYMOUS^")


def test_where_the_operator_allows_it_an_archive_files_reports_with_their_study(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LESION_SEARCH_ORIGINAL_UIDS", "true")
    get_settings.cache_clear()
    ct = CtSeries(tmp_path / "ct", LESION)
    open_and_outline(workspace, ct)
    sr, seg = (pydicom.dcmread(written(workspace, format)) for format in ("dicom-sr", "dicom-seg"))
    middle = ct.images[ct.slices // 2].SOPInstanceUID
    assert sr.StudyInstanceUID == seg.StudyInstanceUID == ct.study_uid
    assert seg.FrameOfReferenceUID == ct.frame_uid
    assert middle in str(sr)
    assert middle in str(seg)
    for document in (sr, seg):
        assert not [name for name in ("MARKED", "Mustermann", "19640203", "ACC99") if name in str(document)]
    assert ct.series_uid not in written(workspace, "json").read_text()
    with running_orthanc(tmp_path) as archive:
        for path in (*ct.folder.iterdir(), *workspace.session.files_folder().glob("*.dcm")):
            assert archive.store(path)["Status"] == "Success"
        found = json.loads(archive.ask(f"/dicom-web/instances?StudyInstanceUID={ct.study_uid}&includefield=00080060"))
        assert sorted(item["00080060"]["Value"][0] for item in found)[-2:] == ["SEG", "SR"]


def test_without_the_setting_no_original_uid_is_kept(workspace: Workspace, tmp_path: Path) -> None:
    ct = CtSeries(tmp_path / "ct", LESION)
    open_and_outline(workspace, ct)
    assert workspace.session.series.original_uids is None
    own = {ct.study_uid, ct.series_uid, ct.frame_uid, *(image.SOPInstanceUID for image in ct.images)}
    for format in ("dicom-sr", "dicom-seg"):
        text = str(pydicom.dcmread(written(workspace, format)))
        assert not [uid for uid in own if uid in text]
