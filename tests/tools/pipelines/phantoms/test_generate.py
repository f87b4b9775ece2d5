"""The teaching cases as their users meet them: DICOM folders, a ROI pack and the truth, made once for this file."""

import csv
import hashlib
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from encoder.pack import read_pack
from tests.conftest import examples
from tools.domain.lesions import DEEPLESION_TYPES
from tools.domain.patient_keys import PatientKeys
from tools.domain.region import PixelBox
from tools.intake.intake import intake_limits, read_study
from tools.pipelines.importers.run import import_annotations
from tools.pipelines.phantoms.generate import PhantomSummary, make_phantoms, measure_axes
from tools.regions.crop import crop_box_with_context
from tools.settings import Settings

PATIENTS = 8
# HU in the middle of a lesion of these densities, whatever surrounds it
HU_IN_THE_MIDDLE = {
    "cystic": (-25, 45),
    "fatty": (-140, -15),
    "sclerotic": (350, 1300),
    "ground-glass": (-800, -250),
    "cavitary": (-1024, 100),
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> PhantomSummary:
    return make_phantoms(tmp_path_factory.mktemp("phantoms"), patients=PATIENTS)


@pytest.fixture(scope="module")
def truth(cases: PhantomSummary) -> list[dict[str, str]]:
    with (cases.out / "truth.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def hu(path: Path) -> NDArray[np.int16]:
    dataset = pydicom.dcmread(path)
    return (dataset.pixel_array.astype(np.int32) * int(dataset.RescaleSlope) + int(dataset.RescaleIntercept)).astype(
        np.int16
    )


def lesion_slice(cases: PhantomSummary, row: dict[str, str]) -> NDArray[np.int16]:
    return hu(cases.out / row["dicom_folder"] / f"{int(row['slice']):03d}.dcm")


def box_of(row: dict[str, str]) -> PixelBox:
    return PixelBox(*(int(row[name]) for name in ("x0", "y0", "x1", "y1")))


def tree_digest(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    make_phantoms(tmp_path / "a", patients=1, seed=3)
    make_phantoms(tmp_path / "b", patients=1, seed=3)
    make_phantoms(tmp_path / "c", patients=1, seed=4)
    first, again, other = (tree_digest(tmp_path / name) for name in "abc")
    assert first == again
    assert len(first) == 12 + 4  # two studies of six slices; images.npy, context.npy, lesions.csv, truth.csv
    assert not set(first.values()) & set(other.values())


def test_segmentations_bring_every_lesion_back_with_its_type_slice_and_size(tmp_path: Path) -> None:
    make_phantoms(tmp_path, patients=1, segmentations=True)
    import_annotations(tmp_path, tmp_path / "imported", PatientKeys(b"of this test"), intake_limits(Settings()))
    made, found = read_pack(tmp_path / "pack"), read_pack(tmp_path / "imported")
    assert len(list((tmp_path / "segmentations").rglob("*.dcm"))) == 2
    for field in ("lesion_type", "body_part", "field_of_view_mm"):
        assert sorted(getattr(row, field) for row in found.lesions) == sorted(
            getattr(row, field) for row in made.lesions
        )
    sizes = [sorted(row.long_axis_mm or 0 for row in pack.lesions) for pack in (made, found)]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.08, abs=1.0)  # one from pixel edges, one of a smoothed outline


def test_more_patients_leave_the_earlier_ones_as_they_were(cases: PhantomSummary, tmp_path: Path) -> None:
    make_phantoms(tmp_path, patients=1)
    one = tree_digest(tmp_path / "dicom")
    assert one == {k: v for k, v in tree_digest(cases.out / "dicom").items() if k in one}


def test_sixty_patients_will_hold_six_hundred_lesions_in_four_hundred_megabytes(cases: PhantomSummary) -> None:
    size = sum(path.stat().st_size for path in cases.out.rglob("*") if path.is_file())
    assert cases.lesions * 60 / PATIENTS >= 600
    assert size * 60 / PATIENTS < 400e6


def test_all_eight_types_are_there_in_several_sizes_margins_and_densities(
    cases: PhantomSummary, truth: list[dict[str, str]]
) -> None:
    assert set(cases.by_type) == set(DEEPLESION_TYPES)
    assert sum(cases.by_type.values()) == cases.lesions == len(truth)
    assert {row["margin"] for row in truth} >= {"smooth", "lobulated", "spiculated", "ill-defined"}
    assert len({row["density"] for row in truth}) >= 8
    sizes = [float(row["long_axis_mm"]) for row in truth]
    assert min(sizes) < 10
    assert 35 < max(sizes) < 80


def test_progress_counts_the_patients(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    make_phantoms(tmp_path, patients=1, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(1, 1)]


def test_files_are_ct_images_marked_synthetic(cases: PhantomSummary) -> None:
    images = [pydicom.dcmread(path) for path in sorted(cases.out.rglob("*.dcm"))]
    assert len(images) == cases.slices
    assert len({image.SOPInstanceUID for image in images}) == len(images)
    assert len({image.StudyInstanceUID for image in images}) == cases.studies
    for image in images:
        assert image.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
        assert image.SOPClassUID == image.file_meta.MediaStorageSOPClassUID == CTImageStorage
        assert image.SOPInstanceUID == image.file_meta.MediaStorageSOPInstanceUID
        for uid in (image.SOPInstanceUID, image.SeriesInstanceUID, image.StudyInstanceUID, image.FrameOfReferenceUID):
            assert uid.is_valid
            assert uid.startswith("2.25.")
        assert image.SyntheticData == "YES"
        assert image.QualityControlSubject == "YES"
        assert list(image.ImageType) == ["DERIVED", "PRIMARY", "AXIAL"]
        assert str(image.PatientName).startswith("PHANTOM^")
        assert image.PatientID.startswith("PHANTOM-")
        assert (image.Rows, image.Columns) == image.pixel_array.shape == (512, 512)


def test_pydicom_finds_no_invalid_value_when_it_checks_strictly(cases: PhantomSummary) -> None:
    path = sorted(cases.out.rglob("*.dcm"))[0]
    pydicom.config.settings.reading_validation_mode = pydicom.config.RAISE
    try:
        for element in pydicom.dcmread(path).iterall():
            assert element.value is not None
    finally:
        pydicom.config.settings.reading_validation_mode = pydicom.config.WARN


def test_another_reader_builds_a_volume_from_a_series(cases: PhantomSummary) -> None:
    folder = sorted(path.parent for path in cases.out.rglob("001.dcm"))[0]
    files = [pydicom.dcmread(path) for path in sorted(folder.glob("*.dcm"))]
    volume = highdicom.get_volume_from_series(files)
    assert volume.spatial_shape == (6, 512, 512)
    assert volume.spacing[0] == pytest.approx(5.0)
    assert volume.spacing[1:] == pytest.approx(files[0].PixelSpacing)


def test_intake_reads_every_case_without_a_complaint(cases: PhantomSummary) -> None:
    study = read_study(cases.out / "dicom" / "PHANTOM-0001" / "S1", PatientKeys(b"test"))
    (series,) = study.series
    assert not study.skipped
    assert not series.warnings
    facts = series.facts
    assert facts.synthetic
    assert (facts.modality, facts.units, facts.slices, facts.slice_gap_mm) == ("CT", "HU", 6, 5.0)
    assert facts.body_part == "chest"
    first = hu(cases.out / "dicom" / "PHANTOM-0001" / "S1" / "001.dcm")
    np.testing.assert_array_equal(series.volume_hu[0], first)  # slice 1 is the lowest position


def test_dicom_pack_and_truth_tell_the_same(cases: PhantomSummary, truth: list[dict[str, str]]) -> None:
    pack = read_pack(cases.out / "pack")
    assert pack.images.dtype == np.int16
    assert len({lesion.lesion_id for lesion in pack.lesions}) == len(pack) == len(truth)
    for lesion, row in zip(pack.lesions, truth, strict=True):
        assert (lesion.lesion_id, lesion.patient_id, lesion.lesion_type) == (
            row["lesion_id"], row["patient_id"], row["lesion_type"],
        )  # fmt: skip
        assert lesion.patient_id not in lesion.lesion_id  # lesion ids travel further than patients' names
        header = pydicom.dcmread(cases.out / row["dicom_folder"] / "001.dcm", stop_before_pixels=True)
        assert header.PatientID == lesion.patient_id
        assert header.PatientSex == lesion.sex == row["sex"]
        assert header.PatientAge == f"{lesion.age_years:03d}Y"
        assert header.StudyInstanceUID == lesion.study_id
        assert header.PixelSpacing[0] == pytest.approx(lesion.pixel_spacing_mm)
        assert header.BodyPartExamined.lower() == lesion.body_part
        assert lesion.slice == int(row["slice"])
        assert lesion.source == "phantom"


def test_roi_is_the_crop_of_its_slice(cases: PhantomSummary, truth: list[dict[str, str]]) -> None:
    pack = read_pack(cases.out / "pack")
    for k in range(0, len(truth), 5):
        spacing = pack.lesions[k].pixel_spacing_mm
        assert spacing is not None
        inputs = crop_box_with_context(lesion_slice(cases, truth[k]), box_of(truth[k]), (spacing, spacing))
        np.testing.assert_array_equal(pack.inputs(slice(k, k + 1))[0], inputs)


def test_boxes_fit_the_axes(cases: PhantomSummary, truth: list[dict[str, str]]) -> None:
    spacing = {lesion.lesion_id: lesion.pixel_spacing_mm or 0 for lesion in read_pack(cases.out / "pack").lesions}
    for row in truth:
        box, mm = box_of(row), spacing[row["lesion_id"]]
        assert 0 <= box.x0 < box.x1 <= 512
        assert 0 <= box.y0 < box.y1 <= 512
        width, height = (box.x1 - box.x0) * mm, (box.y1 - box.y0) * mm
        long_axis, short_axis = float(row["long_axis_mm"]), float(row["short_axis_mm"])
        assert max(width, height) - mm <= long_axis <= np.hypot(width, height) + mm
        assert 0 < short_axis <= long_axis


def test_boxes_hold_what_the_truth_says(cases: PhantomSummary, truth: list[dict[str, str]]) -> None:
    checked = 0
    for row in truth:
        if row["density"] not in HU_IN_THE_MIDDLE or float(row["short_axis_mm"]) < 7:
            continue
        box, image = box_of(row), lesion_slice(cases, row)
        x, y = (box.x0 + box.x1) // 2, (box.y0 + box.y1) // 2
        low, high = HU_IN_THE_MIDDLE[row["density"]]
        assert low <= np.median(image[y - 2 : y + 3, x - 2 : x + 3]) <= high, row
        checked += 1
    assert checked >= 10


def test_solid_lung_nodules_stand_out_of_the_air(cases: PhantomSummary, truth: list[dict[str, str]]) -> None:
    rows = [row for row in truth if row["lesion_type"] == "lung" and row["density"] == "solid"]
    assert rows
    for row in rows:
        box, image = box_of(row), lesion_slice(cases, row)
        assert image[box.y0 : box.y1, box.x0 : box.x1].max() > -150
        ring = image[max(box.y0 - 8, 0) : box.y1 + 8, max(box.x0 - 8, 0) : box.x1 + 8]
        assert np.mean(ring < -600) > 0.15


def test_some_patients_come_twice_with_the_same_lesions_at_another_size(truth: list[dict[str, str]]) -> None:
    studies: dict[str, dict[str, dict[str, str]]] = {}
    for row in truth:
        if row["patient_id"] == "PHANTOM-0002":
            _, study, lesion = row["lesion_id"].split("-")
            studies.setdefault(study, {})[lesion] = row
    both = studies["S1"].keys() & studies["S2"].keys()
    assert len(both) >= 4
    for lesion in both:
        before, after = studies["S1"][lesion], studies["S2"][lesion]
        assert before["lesion_type"] == after["lesion_type"]
        assert before["density"] == after["density"]
    assert any(studies["S1"][lesion]["long_axis_mm"] != studies["S2"][lesion]["long_axis_mm"] for lesion in both)


@settings(max_examples=examples(60))
@given(long_px=st.floats(6, 50), ratio=st.floats(0.35, 1), angle=st.floats(0, np.pi), spacing_mm=st.floats(0.4, 1.2))
def test_axes_of_an_ellipse(long_px: float, ratio: float, angle: float, spacing_mm: float) -> None:
    y, x = np.mgrid[-40:41, -40:41].astype(float)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    short_px = max(long_px * ratio, 3.0)
    mask = (2 * u / long_px) ** 2 + (2 * v / short_px) ** 2 <= 1
    long_axis, short_axis = measure_axes(mask, spacing_mm)
    assert long_axis == pytest.approx(long_px * spacing_mm, abs=2 * spacing_mm)
    assert short_axis <= long_axis
    if ratio < 0.8:  # in a nearly round one the longest diameter may lie anywhere
        assert short_axis == pytest.approx(short_px * spacing_mm, abs=2.5 * spacing_mm)


def test_axes_of_a_single_pixel_are_the_pixel() -> None:
    assert measure_axes(np.ones((1, 1), bool), 0.7) == (0.7, 0.7)
