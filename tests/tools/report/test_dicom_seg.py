"""The outlines as a DICOM segmentation, read back by highdicom."""

from pathlib import Path

import highdicom as hd
import numpy as np
import pytest

from tests.tools.report.sample_report import HOSTILE, make_report
from tools.domain.study import OriginalUids
from tools.report.content import RegionReport, ReportContent, ReportError, SliceOutline
from tools.report.write import write_report

POSITION = (-179.2, -170.5, 120.25)


def segmentation(tmp_path: Path, report: ReportContent, originals: OriginalUids | None = None) -> hd.seg.Segmentation:
    return hd.seg.segread(write_report(report, "dicom-seg", tmp_path, originals))


def test_a_segment_is_the_outline_in_its_place(tmp_path: Path) -> None:
    seg = segmentation(tmp_path, make_report())
    assert seg.number_of_segments == 1  # R2 has no outline
    assert seg.get_segment_description(1).segment_label == "Region R1"
    assert seg.get_segment_description(1).segmented_property_type.meaning == "Lesion"
    frame = seg.PerFrameFunctionalGroupsSequence[0]
    assert [float(v) for v in frame.PlanePositionSequence[0].ImagePositionPatient] == list(POSITION)
    measures = seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert [float(v) for v in measures.PixelSpacing] == [0.7, 0.7]
    rows, columns = np.nonzero(seg.pixel_array.reshape(512, 512))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (10, 21, 10, 19)  # pixel i covers i..i+1
    assert len(rows) == 12 * 10


def test_a_measured_volume_is_segmented_over_its_slices(tmp_path: Path) -> None:
    first = make_report().regions[0]
    small = ((12.0, 12.0), (16.0, 12.0), (16.0, 16.0), (12.0, 16.0))
    large = ((12.0, 12.0), (17.0, 12.0), (17.0, 16.0), (12.0, 16.0))
    outlines = tuple(
        SliceOutline(slice=number, outline_px=outline, position_mm=(*POSITION[:2], 120.25 + 2.5 * (number - 12)))
        for number, outline in ((11, small), (12, first.outline_px), (13, large))
    )
    grown = first.model_copy(update={"volume_mm3": 1200.0, "volume_outlines": outlines})
    seg = segmentation(tmp_path, make_report(regions=(grown,)))
    frames = zip(seg.PerFrameFunctionalGroupsSequence, seg.pixel_array, strict=True)
    areas = {float(group.PlanePositionSequence[0].ImagePositionPatient[2]): int(mask.sum()) for group, mask in frames}
    assert areas == {117.75: 16, 120.25: 120, 122.75: 20}


def test_it_names_nobody_and_a_hostile_name_is_only_text(tmp_path: Path) -> None:
    first = make_report().regions[0].model_copy(update={"name": HOSTILE})
    seg = segmentation(tmp_path, make_report(regions=(first,)))
    assert (seg.PatientIdentityRemoved, seg.PatientID) == ("YES", "p-00112233aabb")
    assert seg.PatientName.family_name == "ANONYMOUS"
    assert seg.get_segment_description(1).segment_label.isprintable()
    assert all(seg[name].value.startswith("2.25.") for name in ("StudyInstanceUID", "FrameOfReferenceUID"))


@pytest.mark.parametrize("outline", ["box", "disc"])
def test_what_is_no_outlined_lesion_is_no_segment(tmp_path: Path, outline: str) -> None:
    with pytest.raises(ReportError, match="holds outlined lesions"):
        write_report(make_report(outline=outline), "dicom-seg", tmp_path)


@pytest.mark.parametrize("without", [{"orientation": None}, {"spacing": False}])
def test_slices_without_a_place_are_refused_with_what_helps(tmp_path: Path, without: dict[str, None]) -> None:
    with pytest.raises(ReportError, match="ask for DICOM SR or JSON"):
        write_report(make_report(**without), "dicom-seg", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_originals_are_referred_to_only_where_they_are_given(tmp_path: Path) -> None:
    images = tuple(("1.2.840.10008.5.1.4.1.1.2", f"1.2.3.4.{n}", None) for n in range(1, 41))
    originals = OriginalUids("1.2.3.1", "1.2.3.2", "1.2.3.3", images)
    seg = segmentation(tmp_path, make_report(), originals)
    assert (seg.StudyInstanceUID, seg.FrameOfReferenceUID) == ("1.2.3.1", "1.2.3.3")
    [series] = seg.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == "1.2.3.2"
    assert [item.ReferencedSOPInstanceUID for item in series.ReferencedInstanceSequence] == ["1.2.3.4.12"]
    sr = hd.sr.srread(write_report(make_report(), "dicom-sr", tmp_path, originals))
    assert sr.StudyInstanceUID == "1.2.3.1"
    [evidence] = sr.CurrentRequestedProcedureEvidenceSequence
    referred = {item.ReferencedSOPInstanceUID for item in evidence.ReferencedSeriesSequence[0].ReferencedSOPSequence}
    assert referred == {"1.2.3.4.12", "1.2.3.4.30"}
    text = write_report(make_report(), "json", tmp_path, originals).read_text()
    assert "1.2.3" not in text


def test_a_region_report_lists_its_own_outline_where_no_volume_was_measured() -> None:
    region = RegionReport(facts=make_report().regions[0].facts, outline_px=((1, 1), (5, 1), (5, 5)))
    assert [outline.slice for outline in region.outlines] == [12]
