import random
import re
import zipfile

import numpy as np
import pytest
from highdicom import sr
from highdicom.seg import SegmentationTypeValues
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.sr.codedict import codes

from encoder.pack import read_pack
from tests.conftest import examples
from tests.tools.pipelines.importers.bodies import CtSeries, Ellipsoid, check_roi
from tests.tools.pipelines.importers.dicom_objects import (
    contours_of,
    outline_px,
    write_rtstruct,
    write_seg,
    write_sr,
    write_state,
)
from tools.domain.patient_keys import PatientKeys
from tools.intake.intake import intake_limits, read_study
from tools.pipelines.importers.annotated_lesion import ImportFailure, ImportJob, LeftOut
from tools.pipelines.importers.mask_lesions import components
from tools.pipelines.importers.placed_volume import PlacedVolume, Plane
from tools.pipelines.importers.rtstruct import fill_contours
from tools.pipelines.importers.run import ImportOptions, all_lesions, import_annotations
from tools.settings import Settings

KEYS = PatientKeys(b"secret of these tests")
LIMITS = intake_limits(Settings())
LESION = Ellipsoid((3, -4, 0), (15, 10, 10))
MARKED = ("Mustermann", "Erika", "MARKED", "4711", "19640203", "ACC99", "Doe", "Reader")


def run(source, tmp_path, *labels, **options):
    summary = import_annotations(source, tmp_path / "pack", KEYS, LIMITS, ImportOptions(labels, **options))
    return summary, read_pack(tmp_path / "pack")


def check_lesion(pack, lesion=LESION, number=0):
    row = pack.lesions[number]
    assert row.long_axis_mm == pytest.approx(2 * lesion.half[0], rel=0.02)
    assert row.short_axis_mm == pytest.approx(2 * lesion.half[1], rel=0.03)
    assert row.slice == 7
    assert (row.sex, row.age_years, row.body_part) == ("F", 61, "abdomen")
    assert row.patient_id == KEYS.patient("MARKED-4711")
    check_roi(pack.images[number], row.field_of_view_mm)
    middle = pack.context[number][22:42, 22:42].mean(axis=(0, 1))
    assert middle == pytest.approx(pack.images[number].mean(), abs=40)  # its middle third is the ROI


@pytest.fixture(scope="module")
def ct(tmp_path_factory):
    order = list(range(13))
    random.Random(1).shuffle(order)
    return CtSeries(tmp_path_factory.mktemp("case") / "ct", LESION, order=tuple(order))


@pytest.fixture
def case(ct, tmp_path):
    """A folder with the series, as links, for annotations to lie beside."""
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "ct").symlink_to(ct.folder, target_is_directory=True)
    return folder


def test_a_segmentation_a_structure_set_and_a_report_give_one_lesion(ct, case, tmp_path):
    write_seg(case / "seg.dcm", ct)
    write_rtstruct(case / "rs.dcm", ct, {"GTV": contours_of(ct), "BODY": [], "Smith 1": contours_of(ct)})
    summary, pack = run(case, tmp_path)
    check_lesion(pack)
    assert (summary.lesions, summary.by_type) == (1, {"lesion": 1})
    reasons = {item.reason for item in summary.left_out}
    assert "a DICOM SEG marks the same place" in reasons
    assert "its name does not say that it is a lesion; name it with --label to take it" in reasons


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_every_kind_of_segmentation_is_read(ct, case, tmp_path, kind):
    write_seg(case / "seg.dcm", ct, segmentation_type=SegmentationTypeValues[kind])
    _, pack = run(case, tmp_path)
    check_lesion(pack)


@pytest.mark.parametrize(
    ("label", "lesion_type"),
    [("Adrenal adenoma", "adrenal adenoma"), ("Segment_1", "lesion"), ("R1", "lesion"), ("Lesion 2", "lesion")],
)
def test_a_code_that_says_lesion_only_gives_way_to_a_label_that_says_more(ct, case, tmp_path, label, lesion_type):
    write_seg(case / "seg.dcm", ct, label=label)
    summary, _ = run(case, tmp_path)
    assert summary.by_type == {lesion_type: 1}


def test_each_component_of_a_segment_is_a_lesion_and_anatomy_is_none(ct, case, tmp_path):
    mask = ct.mask()
    mask[2:5, 100:110, 100:110] = True
    mask[8, 5, 5] = True
    write_seg(case / "seg.dcm", ct, mask)
    write_seg(case / "liver.dcm", ct, category=codes.SCT.Organ, kind=codes.SCT.Liver, label="nodule, says somebody")
    summary, pack = run(case, tmp_path)
    assert [row.slice for row in pack.lesions] == [4, 7]
    assert pack.lesions[0].long_axis_mm == pytest.approx(0.8 * 10 * 2**0.5, rel=0.1)
    assert {item.reason for item in summary.left_out} == {
        "it is a speck of 1 voxel",
        "its name does not say that it is a lesion; name it with --label to take it",
    }


def test_a_structure_set_whose_images_have_other_uids_goes_by_its_frame_of_reference(ct, case, tmp_path):
    write_rtstruct(case / "rs.dcm", ct, {"Struktur 7": contours_of(ct)}, {"Struktur 7": "GTV"}, references=False)
    _, pack = run(case, tmp_path)
    check_lesion(pack)


def test_annotations_without_their_images_are_left_out(ct, tmp_path):
    folder = tmp_path / "alone"
    folder.mkdir()
    write_seg(folder / "seg.dcm", ct)
    with pytest.raises(ImportFailure) as failure:
        run(folder, tmp_path)
    assert failure.value.left_out[0].reason == "the images it refers to are not here"
    assert not (tmp_path / "pack").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["alone"]


@pytest.mark.parametrize(
    ("kind", "points"),
    [
        (sr.GraphicTypeValues.POLYLINE, "outline"),
        (sr.GraphicTypeValues.ELLIPSE, "ellipse"),
        (sr.GraphicTypeValues.POLYLINE, "line"),
    ],
)
def test_regions_and_lines_of_a_report_are_measured_on_their_image(ct, case, tmp_path, kind, points):
    affine, k = ct.affine(6), 6
    pixels = (LESION.outline(0.0) - affine[:3, 3])[:, :2] / 0.8 + 0.5
    n = len(pixels)
    if points == "ellipse":
        pixels = pixels[[0, n // 2, n // 4, 3 * n // 4]]
    elif points == "line":
        pixels = pixels[[0, n // 2]]
    else:
        pixels = np.concatenate([pixels, pixels[:1]])
    write_sr(case / "sr.dcm", ct, [(k, kind, pixels)])
    _, pack = run(case, tmp_path)
    row = pack.lesions[0]
    assert row.slice == 7
    assert row.long_axis_mm == pytest.approx(30, rel=0.01)
    assert row.lesion_type == "lesion"
    check_roi(pack.images[0], row.field_of_view_mm)


@pytest.mark.parametrize("kind", ["ELLIPSE", "CIRCLE", "POLYLINE", "INTERPOLATED"])
def test_outlines_of_a_presentation_state_are_lesions_and_its_texts_stay_there(ct, case, tmp_path, kind):
    points = outline_px(ct, 6)
    n = len(points)
    drawn = np.concatenate([points, points[:1]])
    if kind == "ELLIPSE":
        drawn = points[[0, n // 2, n // 4, 3 * n // 4]]
    elif kind == "CIRCLE":
        drawn = np.stack([points.mean(axis=0), points[0]])
    write_state(case / "pr.dcm", ct, [(6, kind, drawn), (6, "POLYLINE", points[[0, n // 2]])])
    summary, pack = run(case, tmp_path)
    row = pack.lesions[0]
    assert (len(pack), row.slice, row.lesion_type, row.source) == (1, 7, None, "presentation state")
    assert row.long_axis_mm == pytest.approx(30, rel=0.01)
    check_roi(pack.images[0], row.field_of_view_mm)
    assert [item.reason for item in summary.left_out] == ["it is a line, a point or an arrow, and no outline"]
    assert b"Mustermann" not in (tmp_path / "pack" / "lesions.csv").read_bytes()


def test_what_is_drawn_on_a_screen_is_no_place_on_an_image(ct, case, tmp_path):
    square = np.array([[0.1, 0.1], [0.4, 0.1], [0.4, 0.4], [0.1, 0.1]])
    write_state(case / "pr.dcm", ct, [(6, "POLYLINE", square)], units="DISPLAY")
    with pytest.raises(ImportFailure) as failure:
        run(case, tmp_path)
    assert "parts of a screen" in failure.value.left_out[0].reason


@settings(max_examples=examples(4))
@given(
    spacing=st.tuples(st.floats(0.5, 1.0), st.floats(0.5, 1.0)),
    gap=st.floats(1.5, 3.5),
    tilt_mm=st.sampled_from([0.0, 0.6, -0.9]),
    signs=st.sampled_from([(1, 1), (-1, 1), (1, -1), (-1, -1)]),
    order=st.permutations(range(7)),
    x=st.floats(-4, 4),
    y=st.floats(-4, 4),
    b=st.floats(9, 13),
    angle=st.floats(0, 3.14),
)
def test_every_kind_of_annotation_lies_and_measures_right_in_any_series(
    tmp_path_factory, spacing, gap, tilt_mm, signs, order, x, y, b, angle
):
    folder = tmp_path_factory.mktemp("any")
    lesion = Ellipsoid((x, y, 0.0), (14, b, 2 * gap + 1), angle)
    ct = CtSeries(folder / "ct", lesion, spacing, gap, 7, 112, tilt_mm, signs, order=tuple(order))
    points = outline_px(ct, 3)
    n = len(points)
    ends = points[[0, n // 2, n // 4, 3 * n // 4]]
    write_seg(folder / "seg.dcm", ct)
    write_rtstruct(folder / "rs.dcm", ct, {"GTV": contours_of(ct)})
    write_sr(folder / "sr.dcm", ct, [(3, sr.GraphicTypeValues.POLYLINE, np.concatenate([points, points[:1]]))])
    write_state(folder / "pr.dcm", ct, [(3, "ELLIPSE", ends)])
    skipped = []
    job = ImportJob(KEYS, LIMITS, skip=lambda what, why: skipped.append((what, why)))
    found = list(all_lesions(folder, job, lambda *stage: None))
    assert not skipped
    assert {lesion.source for lesion in found} == {"DICOM SEG", "RTSTRUCT", "DICOM SR", "presentation state"}
    middle = points.mean(axis=0)
    for one in found:
        assert one.slice_index == 3  # on which it is largest
        assert abs((one.box.x0 + one.box.x1) / 2 - middle[0]) <= 0.5 + 1e-6
        assert abs((one.box.y0 + one.box.y1) / 2 - middle[1]) <= 0.5 + 1e-6
        assert one.long_axis_mm == pytest.approx(28, rel=0.02)


def test_nothing_identifying_is_in_the_pack(ct, case, tmp_path):
    write_seg(case / "seg.dcm", ct, label="Tumor Mustermann 19640203", kind=codes.SCT.Neoplasm)
    write_rtstruct(case / "rs.dcm", ct, {"tumor Erika": [ring + np.array([0, 20, 0]) for ring in contours_of(ct)]})
    write_sr(case / "sr.dcm", ct, [(3, sr.GraphicTypeValues.CIRCLE, np.array([[90.0, 90.0], [95.0, 90.0]]))])
    summary, pack = run(case, tmp_path)
    assert summary.lesions == 3
    assert {row.lesion_type for row in pack.lesions} == {"neoplasm", None, "lesion"}
    written = b"".join(path.read_bytes() for path in sorted((tmp_path / "pack").iterdir()))
    uids = [ct.study_uid, ct.series_uid, ct.frame_uid, *(image.SOPInstanceUID for image in ct.images)]
    for text in (*MARKED, *uids):
        assert text.lower().encode() not in written.lower()
    assert re.fullmatch(r"p-[0-9a-f]{12}", pack.lesions[0].patient_id)


def test_a_zip_is_unpacked_for_the_time_and_links_in_it_lead_nowhere(ct, case, tmp_path):
    write_seg(case / "seg.dcm", ct)
    with zipfile.ZipFile(tmp_path / "case.zip", "w") as archive:
        for path in [*ct.folder.iterdir(), case / "seg.dcm"]:
            archive.write(path, f"../../deep/{path.name}")
    _, pack = run(tmp_path / "case.zip", tmp_path)
    check_lesion(pack)
    assert not (tmp_path.parent / "deep").exists()


def test_mr_and_damaged_annotations_are_left_out_by_name(ct, case, tmp_path):
    write_seg(case / "seg.dcm", ct)
    data = (case / "seg.dcm").read_bytes()
    (case / "cut.dcm").write_bytes(data[: len(data) // 2])
    (case / "note.txt").write_text("no annotation")
    summary, _ = run(case, tmp_path)
    assert summary.lesions == 1
    assert [item.what for item in summary.left_out] == ["cut.dcm"]


# -- geometry ----------------------------------------------------------------------------------------------------------

UNIT = st.floats(-1, 1)


@st.composite
def volumes(draw):
    """A placed volume of any orientation, spacing and tilt, slices in either direction."""
    turn = np.linalg.qr(np.array([[draw(UNIT) for _ in range(3)] for _ in range(3)]) + 3 * np.eye(3))[0]
    along, down = turn[:, 0], turn[:, 1]
    spacing, gap = (draw(st.floats(0.5, 1.0)), draw(st.floats(0.5, 1.0))), draw(st.floats(1, 4))
    step = np.cross(along, down) * gap * draw(st.sampled_from([1, -1])) + down * draw(st.floats(-1, 1))
    slices, rows, columns = 12, 80, 90
    corner = -along * spacing[1] * (columns - 1) / 2 - down * spacing[0] * (rows - 1) / 2 - step * (slices - 1) / 2
    gaps = np.cumsum([0, *(draw(st.floats(0.8, 1.2)) for _ in range(slices - 1))])
    return PlacedVolume(
        np.zeros((slices, rows, columns), np.int16), corner + gaps[:, None] * step, along, down, spacing
    )


def ellipse(volume, index, u, v, a, b, angle):
    """Points (300, 3) of an ellipse around u, v mm from the middle of a slice."""
    turn = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    x = u + a * np.cos(turn) * np.cos(angle) - b * np.sin(turn) * np.sin(angle)
    y = v + a * np.cos(turn) * np.sin(angle) + b * np.sin(turn) * np.cos(angle)
    rows, columns = volume.hu.shape[1:]
    middle = (
        volume.along * volume.spacing_mm[1] * (columns - 1) / 2 + volume.down * volume.spacing_mm[0] * (rows - 1) / 2
    )
    return volume.origins_mm[index] + middle + np.outer(x, volume.along) + np.outer(y, volume.down)


@settings(max_examples=examples(20))
@given(
    volume=volumes(),
    index=st.integers(0, 11),
    u=st.floats(-3, 3),
    v=st.floats(-3, 3),
    a=st.floats(14, 16),
    b=st.floats(8, 14),
    angle=st.floats(0, 3.14),
)
def test_a_contour_lies_and_measures_right_in_any_place(volume, index, u, v, a, b, angle):
    points = ellipse(volume, index, u, v, a, b, angle)
    mask = fill_contours([points], volume)
    [mark] = components(mask, tuple(slice(0, n) for n in mask.shape), volume.spacing_mm)
    assert mark.slice_index == index
    middle = volume.pixels_of(points.mean(axis=0)[None], index)[0]
    assert abs((mark.box.x0 + mark.box.x1 - 1) / 2 - middle[0]) <= 0.5 + 1e-6
    assert abs((mark.box.y0 + mark.box.y1 - 1) / 2 - middle[1]) <= 0.5 + 1e-6
    assert mark.long_axis_mm == pytest.approx(2 * a, rel=0.02)


@settings(max_examples=examples(20))
@given(volume=volumes(), index=st.integers(0, 11), flip=st.sampled_from([1, -1]), scale=st.floats(0.8, 1.25))
def test_a_frame_of_another_grid_lies_where_its_pixels_are(volume, index, flip, scale):
    spacing = volume.spacing_mm[0] * scale, volume.spacing_mm[1] * scale
    along = volume.along * flip
    rows, columns = 50, 60
    middle = ellipse(volume, index, 0, 0, 0, 0, 0)[0]
    origin = middle - along * spacing[1] * (columns - 1) / 2 - volume.down * spacing[0] * (rows - 1) / 2
    r, c = np.mgrid[:rows, :columns]
    mask = ((r - 24) * spacing[0] / 9) ** 2 + ((c - 33) * spacing[1] / 9) ** 2 <= 1
    k, placed = volume.place_frame(mask, Plane(origin, along, volume.down, spacing))
    assert k == index
    centre = origin + 33 * spacing[1] * along + 24 * spacing[0] * volume.down
    wanted = volume.pixels_of(centre[None], index)[0]
    found = np.argwhere(placed).mean(axis=0)[::-1]
    assert np.abs(found - wanted).max() <= 0.5
    area = placed.sum() * volume.spacing_mm[0] * volume.spacing_mm[1]
    assert area == pytest.approx(np.pi * 9**2, rel=0.06)


def test_misplaced_marks_are_refused_with_numbers():
    along, down = np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
    origins = np.stack([np.zeros(5), np.zeros(5), np.arange(5) * 3.0], axis=1)
    volume = PlacedVolume(np.zeros((5, 64, 64), np.int16), origins, along, down, (1.0, 1.0))
    mask = np.ones((8, 8), bool)
    with pytest.raises(LeftOut, match=r"8\.0 mm from the nearest slice"):
        volume.place_frame(mask, Plane(np.array([4.0, 4, 20]), along, down, (1.0, 1.0)))
    with pytest.raises(LeftOut, match=r"tilted by 45\.0°"):
        volume.place_frame(mask, Plane(np.zeros(3), along, np.array([0, 0.5**0.5, 0.5**0.5]), (1.0, 1.0)))
    with pytest.raises(LeftOut, match=r"56 of 64 marked voxels lie outside the image: they span 0…7 × -8…-1"):
        volume.place_frame(mask, Plane(np.array([-8.0, 0, 0]), along, down, (1.0, 1.0)))
    ring = np.array([[1.0, 1, 0], [20, 1, 0], [20, 20, 9]])
    with pytest.raises(LeftOut, match=r"9\.0 mm apart in depth"):
        fill_contours([ring], volume)
    with pytest.raises(LeftOut, match=r"48\.0 mm from the nearest slice"):
        fill_contours([ring * [1, 1, 0] + [0, 0, 60]], volume)


def test_a_hole_stays_open_and_planes_between_slices_go_by_the_nearest():
    along, down = np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
    origins = np.stack([np.zeros(5), np.zeros(5), np.arange(5) * 3.0], axis=1)
    volume = PlacedVolume(np.zeros((5, 64, 64), np.int16), origins, along, down, (1.0, 1.0))
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])

    def ring(low, high, z):
        return np.column_stack([square * (high - low) + low, np.full(4, z)])

    mask = fill_contours([ring(9.5, 30.5, 3.0), ring(14.5, 20.5, 3.0), ring(9.5, 50.5, 4.0)], volume)
    assert mask[1].sum() == 21**2 - 6**2
    assert mask.sum() == mask[1].sum()


# -- files written by other programs -----------------------------------------------------------------------------------


@pytest.mark.shared
def test_structure_set_segmentation_and_volume_of_one_real_tumour_agree(tmp_path, shared_data):
    folder = tmp_path / "case"
    folder.mkdir()
    for name in ("ibsi_sts019_ct_rtstruct/ct", "ibsi_sts019_derived/seg.dcm", "ibsi_sts019_ct_rtstruct/RS.dcm"):
        (folder / name.split("/")[-1]).symlink_to(shared_data / "annotations" / name)
    summary, pack = run(folder, tmp_path)
    assert pack.lesions[0].long_axis_mm == pytest.approx(29.0, rel=0.03)
    assert pack.lesions[0].short_axis_mm == pytest.approx(25.6, rel=0.03)
    assert [item.reason for item in summary.left_out] == ["a DICOM SEG marks the same place"]


@pytest.mark.shared
def test_segments_of_dcmqi_lie_on_their_series(tmp_path, shared_data):
    folder = shared_data / "annotations" / "dcmqi_tiny_ct_seg" / "24x38x3"
    summary, pack = run(folder, tmp_path, "Liver=liver")
    assert summary.by_type == {"liver": summary.lesions}
    mask = dcmread(folder / "seg" / "label.seg").pixel_array
    assert pack.lesions[0].slice - 1 == int(np.argmax(mask.sum(axis=(1, 2))))


@pytest.mark.shared
def test_overlapping_segments_are_read_one_by_one(tmp_path, shared_data):
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "ct").symlink_to(shared_data / "dicom" / "liver_ct_3slice")
    (folder / "seg.dcm").symlink_to(shared_data / "annotations" / "dcmqi_seg_overlap" / "partial_overlaps.dcm")
    summary, _ = run(folder, tmp_path, "*")
    assert summary.lesions >= 4
    series = read_study(folder / "ct", KEYS, LIMITS).series[0]
    assert series.facts.slices == 3


@pytest.mark.shared
def test_a_real_structure_set_of_another_program_is_filled(tmp_path, shared_data):
    folder = shared_data / "annotations" / "rt_utils_phantom_ct_rtstruct"
    summary, _ = run(folder, tmp_path, "*=phantom")
    assert summary.lesions > 0
