import itertools
import json

import nibabel
import nrrd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoder.pack import read_pack
from tests.conftest import examples
from tests.tools.pipelines.importers.bodies import Ellipsoid, centres, check_roi, paint
from tools.domain.patient_keys import PatientKeys
from tools.intake.intake import intake_limits
from tools.pipelines.importers.annotated_lesion import ImportFailure, ImportJob
from tools.pipelines.importers.run import ImportOptions, import_annotations
from tools.pipelines.importers.volume_files import read_volume
from tools.pipelines.importers.volume_masks import lesions_of_volumes
from tools.pipelines.importers.volume_pairs import find_layout
from tools.settings import Settings

KEYS = PatientKeys(b"secret of these tests")
LIMITS = intake_limits(Settings())
LPS_TO_RAS = np.diag([-1.0, -1, 1, 1])
SPACES = {"left-posterior-superior": (1, 1, 1), "RAS": (-1, -1, 1), "LAS": (1, -1, 1)}  # of NRRD: signs from LPS
TURNS = [(order, signs) for order in itertools.permutations(range(3)) for signs in itertools.product((1, -1), repeat=3)]


def grid(spacing, size, turn, tilt=0.0):
    """A grid around 0 whose axes are turned: shape, and affine (LPS) that takes its indices to mm."""
    order, signs = turn
    axes = np.diag(spacing)
    axes[1, 2] = tilt  # slices are shifted against each other
    shape = tuple(size[i] for i in order)
    affine = np.eye(4)
    affine[:3, :3] = axes[:, list(order)] * signs
    affine[:3, 3] = -affine[:3, :3] @ (np.array(shape) - 1) / 2
    return shape, affine


def write_nifti(path, values, affine_lps):
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(values, LPS_TO_RAS @ affine_lps), path)


def write_nrrd(path, values, affine_lps, space="left-posterior-superior", **fields):
    path.parent.mkdir(parents=True, exist_ok=True)
    affine = np.diag([*SPACES[space], 1]) @ affine_lps
    where = {"space": space, "space directions": affine[:3, :3].T, "space origin": affine[:3, 3]}
    nrrd.write(str(path), values, where | fields)


def write(path, *volume, **fields):
    """A volume in the format of its file's name."""
    (write_nrrd if path.suffix == ".nrrd" else write_nifti)(path, *volume, **fields)


def write_case(
    root,
    name,
    lesion,
    image_turn=TURNS[0],
    mask_turn=None,
    spacing=(0.8, 0.8, 2.5),
    tilt=0.0,
    label=1,
    end=".nii",
    **fields,
):
    size = (120, 116, 15)
    shape, affine = grid(spacing, size, image_turn, tilt)
    write(root / "imagesTr" / f"{name}{end}", paint(centres(shape, affine), lesion), affine, **fields)
    shape, affine = grid(spacing, size, mask_turn or image_turn, tilt)
    mask = lesion.contains(centres(shape, affine)).astype(np.uint8) * label
    write(root / "labelsTr" / f"{name}{end}", mask, affine, **fields)


def read_all(root, skipped=None, **labels):
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".json")
    notes = [] if skipped is None else skipped
    job = ImportJob(KEYS, LIMITS, skip=lambda what, why: notes.append((what, why)), **labels)
    return list(lesions_of_volumes(find_layout(root, files), job))


@settings(max_examples=examples(20))
@given(
    space=st.sampled_from(["", *SPACES]),  # of NRRD; none: NIfTI
    image_turn=st.sampled_from(TURNS),
    mask_turn=st.sampled_from(TURNS),
    row=st.floats(0.5, 0.9),
    column=st.floats(0.5, 0.9),
    gap=st.floats(1.0, 4.0),
    tilt=st.sampled_from([0.0, 0.4, -0.7]),
    angle=st.floats(0, 3.14),
    x=st.floats(-4, 4),
    y=st.floats(-4, 4),
    pixels=st.floats(25, 27),
    flatness=st.floats(0.5, 0.8),
)
def test_a_lesion_lies_and_measures_the_same_in_every_order_of_axes(
    tmp_path_factory, space, image_turn, mask_turn, row, column, gap, tilt, angle, x, y, pixels, flatness
):
    root = tmp_path_factory.mktemp("volumes")
    a = pixels * max(row, column)  # a mask knows each end to half a pixel: 2 % of 50 pixels and more
    b = flatness * a
    lesion = Ellipsoid((x, y, 0.0), (a, b, 11.0), angle)
    end, fields = (".nrrd", {"space": space}) if space else (".nii", {})
    write_case(root, "case_1", lesion, image_turn, mask_turn, (column, row, gap), tilt, end=end, **fields)
    skipped = []
    [found] = read_all(root, skipped)
    assert not skipped
    image = read_volume(root / "imagesTr" / f"case_1{end}", LIMITS.max_voxels)
    box = found.box
    middle = image.affine @ [found.slice_index, (box.y0 + box.y1 - 1) / 2, (box.x0 + box.x1 - 1) / 2, 1]
    assert abs(middle[0] - x) <= column / 2 + 1e-6
    assert abs(middle[1] - y) <= row / 2 + 1e-6
    assert found.long_axis_mm == pytest.approx(lesion.long_axis_mm(middle[2]), rel=0.02)
    largest_mm = lesion.long_axis_mm(0.0)  # slices beside the middle may have as many pixels
    assert lesion.long_axis_mm(middle[2]) >= 0.98 * largest_mm or abs(middle[2]) <= gap / 2 + 1e-6
    assert found.spacing_mm == pytest.approx((row, column), rel=1e-5)


@pytest.mark.parametrize("turn", [TURNS[0], TURNS[3], TURNS[21], TURNS[46]])
def test_a_crop_shows_the_patient_from_the_feet_with_the_left_on_the_right(tmp_path, turn):
    write_case(tmp_path / "in", "case_1", Ellipsoid((3, -4, 0), (24, 16, 11)), turn)
    import_annotations(tmp_path / "in", tmp_path / "pack", KEYS, LIMITS)
    pack = read_pack(tmp_path / "pack")
    check_roi(pack.images[0], pack.lesions[0].field_of_view_mm)


def test_a_mask_of_a_part_and_of_another_spacing_lies_by_place(tmp_path):
    lesion = Ellipsoid((3, -4, 0), (16, 11, 11))
    write_case(tmp_path, "case_1", lesion)
    shape, affine = grid((0.8, 0.8, 2.5), (120, 116, 15), TURNS[0])
    affine[:3, 3] += affine[:3, :3] @ [30, 20, 2]
    part = lesion.contains(centres((60, 70, 11), affine)).astype(np.uint8)
    write_nifti(tmp_path / "labelsTr" / "case_1.nii", part, affine)
    [found] = read_all(tmp_path)
    shape, affine = grid((0.4, 1.6, 2.5), (240, 58, 15), TURNS[5])
    write_nifti(tmp_path / "labelsTr" / "case_1.nii", lesion.contains(centres(shape, affine)).astype(np.uint8), affine)
    [other] = read_all(tmp_path)
    assert other.slice_index == found.slice_index
    assert (other.box.x0, other.box.x1) == pytest.approx((found.box.x0, found.box.x1), abs=1)
    assert (other.box.y0, other.box.y1) == pytest.approx((found.box.y0, found.box.y1), abs=2)


def test_a_mask_that_lies_elsewhere_is_refused_with_numbers(tmp_path):
    write_case(tmp_path, "case_1", Ellipsoid())
    mask = nibabel.load(tmp_path / "labelsTr" / "case_1.nii", mmap=False)
    moved = mask.affine.copy()
    moved[:3, 3] += [4, -3, 0]
    nibabel.save(nibabel.Nifti1Image(np.asarray(mask.dataobj), moved), tmp_path / "labelsTr" / "case_1.nii")
    skipped = []
    assert read_all(tmp_path, skipped) == []
    assert "15 × 116 × 120 voxels" in skipped[0][1]
    assert "5.0 mm apart" in skipped[0][1]

    cut = np.asarray(mask.dataobj)[:, :-1]
    nibabel.save(nibabel.Nifti1Image(cut, moved + np.eye(4, k=3) * 90), tmp_path / "labelsTr" / "case_1.nii")
    skipped.clear()
    assert read_all(tmp_path, skipped) == []
    assert "marked voxels lie outside the image: they span" in skipped[0][1]


def test_labels_are_lesions_by_the_names_that_the_data_set_gives(tmp_path):
    write_case(tmp_path, "liver_1", Ellipsoid(), label=2)
    write_case(tmp_path, "liver_2", Ellipsoid(), label=2, end=".nii.gz")
    (tmp_path / "imagesTr" / "liver_2.nii.gz").rename(tmp_path / "imagesTr" / "liver_2_0000.nii.gz")
    described = {"name": "Liver", "modality": {"0": "CT"}, "labels": {"0": "background", "1": "liver", "2": "cancer"}}
    (tmp_path / "dataset.json").write_text(json.dumps(described))
    assert [lesion.lesion_type for lesion in read_all(tmp_path)] == ["cancer", "cancer"]
    described["labels"] = {"background": 0, "liver": 2}
    (tmp_path / "dataset.json").write_text(json.dumps(described))
    skipped = []
    assert read_all(tmp_path, skipped) == []
    assert "name it with --label" in skipped[0][1]
    summary = import_annotations(tmp_path, tmp_path / "pack", KEYS, LIMITS, ImportOptions(("liver=hepatic tumour",)))
    assert summary.by_type == {"hepatic tumour": 2}
    assert summary.patients == 2
    described["modality"] = {"0": "MRI"}
    (tmp_path / "dataset.json").write_text(json.dumps(described))
    with pytest.raises(ImportFailure, match="this atlas is of CT"):
        read_all(tmp_path)


@pytest.mark.parametrize(
    ("image", "mask", "expected"),
    [
        ("case_00001/imaging.nii", "case_00001/segmentation.nii", "tumor"),
        ("volume-1.nii", "segmentation-1.nii", "tumor"),
        ("s0001/ct.nii", "s0001/segmentations/lung_nodule.nii", "lung nodule"),
        ("scan7.nii", "scan7_mask.nii", None),
        ("images/a.nii", "masks/a.nii", None),
    ],
)
def test_masks_find_their_images_in_the_layouts_of_collections(tmp_path, image, mask, expected):
    write_case(tmp_path / "any", "c", Ellipsoid(), label=2)
    for name, place in (("imagesTr", image), ("labelsTr", mask)):
        target = tmp_path / "data" / place
        target.parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "any" / name / "c.nii").rename(target)
    [found] = read_all(tmp_path / "data")
    assert found.lesion_type == expected


@pytest.mark.parametrize("space", SPACES)
def test_nrrd_lies_by_its_own_space(tmp_path, space):
    lesion = Ellipsoid((3, -4, 0), (16, 11, 11))
    write_case(tmp_path, "case_1", lesion)
    [found] = read_all(tmp_path)
    shape, affine = grid((0.8, 0.8, 2.5), (120, 116, 15), TURNS[17])
    named = {"Segment0_Name": "Liver lesion 1", "Segment0_LabelValue": "1"}
    (tmp_path / "labelsTr" / "case_1.nii").unlink()
    mask = lesion.contains(centres(shape, affine)).astype(np.uint8)
    path = tmp_path / "labelsTr" / "case_1.seg.nrrd"
    write_nrrd(path, mask, affine, space, **named)
    [other] = read_all(tmp_path)
    assert (other.box, other.slice_index, other.lesion_type) == (found.box, found.slice_index, "liver lesion")
    nrrd.write(str(path), mask, {"space directions": affine[:3, :3].T, **named})
    skipped = []
    assert read_all(tmp_path, skipped) == []
    assert "does not say how it lies" in skipped[0][1]


def test_several_labels_without_names_are_asked_for_and_specks_are_told(tmp_path):
    lesion = Ellipsoid()
    write_case(tmp_path, "case_1", lesion, label=3)
    path = tmp_path / "labelsTr" / "case_1.nii"
    mask = nibabel.load(path, mmap=False)
    values = np.asarray(mask.dataobj).copy()
    values[1, 1, 1] = 1
    nibabel.save(nibabel.Nifti1Image(values, mask.affine), path)
    skipped = []
    assert read_all(tmp_path, skipped) == []
    assert "2 labels without names (1, 3)" in skipped[0][1]
    with pytest.raises(ImportFailure) as failure:
        import_annotations(tmp_path, tmp_path / "pack", KEYS, LIMITS, ImportOptions(("1=x",)))
    assert [item.reason for item in failure.value.left_out] == [
        "it is a speck of 1 voxel",
        "it is not among the --label",
    ]
    assert import_annotations(tmp_path, tmp_path / "pack", KEYS, LIMITS, ImportOptions(("*=nodule",))).lesions == 1


@pytest.mark.parametrize(("kind", "reason"), [(np.uint8, "8 bits"), (np.int16, "not Hounsfield units")])
def test_what_is_no_ct_in_hounsfield_units_is_left_out(tmp_path, kind, reason):
    write_case(tmp_path, "case_1", Ellipsoid())
    path = tmp_path / "imagesTr" / "case_1.nii"
    image = nibabel.load(path, mmap=False)
    grey = ((np.asarray(image.dataobj).clip(-1000, 1000) + 1000) / 8).astype(kind)
    nibabel.save(nibabel.Nifti1Image(grey, image.affine), path)
    skipped = []
    assert read_all(tmp_path, skipped) == []
    assert reason in skipped[0][1]


def test_the_licence_of_a_collection_is_kept_with_each_lesion(tmp_path):
    write_case(tmp_path / "in", "case_1", Ellipsoid())
    import_annotations(tmp_path / "in", tmp_path / "pack", KEYS, LIMITS, ImportOptions(licence="CC BY-SA 4.0"))
    assert [row.licence for row in read_pack(tmp_path / "pack").lesions] == ["CC BY-SA 4.0"]
    with pytest.raises(ImportFailure, match="short name of a licence"):
        import_annotations(tmp_path / "in", tmp_path / "no", KEYS, LIMITS, ImportOptions(licence="see: our page"))


@pytest.mark.parametrize("content", [b"", b"no volume", b"\x1f\x8b broken"])
def test_a_damaged_volume_is_left_out_and_the_others_are_read(tmp_path, content):
    write_case(tmp_path, "case_1", Ellipsoid())
    write_case(tmp_path, "case_2", Ellipsoid(), end=".nii.gz")
    (tmp_path / "imagesTr" / "case_2.nii.gz").write_bytes(content)
    skipped = []
    assert len(read_all(tmp_path, skipped)) == 1
    assert skipped[0][0] == "case_2.nii.gz"


@pytest.mark.shared
def test_the_mask_of_ibsi_measures_as_its_report_does(tmp_path, shared_data):
    folder = shared_data / "annotations" / "ibsi_sts019_ct_rtstruct"
    job = ImportJob(KEYS, LIMITS)
    [found] = lesions_of_volumes(find_layout(folder, [folder / "CT_image.nii.gz", folder / "CT_mask.nii.gz"]), job)
    assert found.long_axis_mm == pytest.approx(29.0, rel=0.03)
    assert found.short_axis_mm == pytest.approx(25.6, rel=0.03)
    assert found.slice_index == 20


@pytest.mark.shared
def test_organs_of_totalsegmentator_lie_where_its_own_label_map_has_them(tmp_path, shared_data):
    folder = shared_data / "annotations" / "totalsegmentator"
    files = [folder / "example_ct.nii.gz", *sorted((folder / "example_seg").glob("*.nii.gz"))]
    skipped = []
    job = ImportJob(KEYS, LIMITS, skip=lambda what, why: skipped.append(what))
    assert list(lesions_of_volumes(find_layout(folder, files), job)) == []
    assert len(skipped) == 6  # organs are no lesions
