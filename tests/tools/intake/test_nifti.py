import gzip
import itertools
import zipfile

import nibabel
import numpy as np
import pytest

from tests.tools.intake.uploads import ball, scan, upload
from tools.domain.patient_keys import PatientKeys
from tools.intake.explanations import LEFT_OUT, NOTES
from tools.intake.intake import IntakeError, intake_limits, open_study, read_study
from tools.intake.messages import Note, Reason
from tools.intake.nifti import decode_nifti
from tools.intake.sources import Budget
from tools.settings import Settings

KEYS = PatientKeys(b"secret of these tests")
RAS = np.diag([-1.0, -1.0, 2.0, 1.0])  # as the axes of `stored` run: to the left, to the back, upwards; 2 mm a slice


def stored(volume):
    """Give (slices, rows, columns) in the order (column, row, slice) of a NIfTI file."""
    return np.ascontiguousarray(volume.transpose(2, 1, 0))


def save(path, voxels, affine=RAS):
    nibabel.save(nibabel.Nifti1Image(voxels, affine), path)
    return path


def lopsided():
    volume = ball(noise=3.0)
    volume[:, 10:20, 40:50] = 400  # in front, on the patient's left
    volume[-3:, 30:34, 30:34] = 900  # at the top
    return volume


@pytest.mark.parametrize(
    ("order", "signs"), list(itertools.product(itertools.permutations(range(3)), [(1, 1, 1), (-1, 1, -1), (1, -1, -1)]))
)
def test_a_volume_reads_the_same_in_every_order_of_axes(tmp_path, order, signs):
    volume = lopsided()
    turned = nibabel.Nifti1Image(stored(volume), RAS).as_reoriented(np.array([order, signs]).T)
    path = save(tmp_path / "ct.nii", np.asarray(turned.dataobj), turned.affine)
    frames = list(decode_nifti(path.read_bytes(), 1, Budget(intake_limits(Settings()))))
    np.testing.assert_array_equal(np.stack([image for _, image in frames]), volume)
    first, last = frames[0][0], frames[-1][0]
    assert (first.row_direction, first.column_direction) == ((1, 0, 0), (0, 1, 0))
    assert (first.row_spacing_mm, first.column_spacing_mm) == (1, 1)
    assert last.position_mm[2] - first.position_mm[2] == pytest.approx(2 * (len(volume) - 1))
    assert first.notes == (Note.UNIT_INFERRED,)


@pytest.mark.parametrize(("unit", "times"), [("meter", 1000), ("micron", 0.001), ("meter", 1), ("micron", 1)])
def test_lengths_in_other_units_become_millimetres(tmp_path, unit, times):
    image = nibabel.Nifti1Image(stored(ball()), np.diag([1 / times, 1 / times, 1 / times, 1.0]) @ RAS)
    image.header.set_xyzt_units(unit)
    nibabel.save(image, tmp_path / "ct.nii")
    (first, _), *_ = decode_nifti((tmp_path / "ct.nii").read_bytes(), 1, Budget(intake_limits(Settings())))
    assert first.row_spacing_mm == pytest.approx(1)


def test_it_reads_as_the_dicom_series_that_it_was_made_of(tmp_path):
    volume = lopsided()
    dicom = read_study(upload(tmp_path / "dicom", scan(volume)), KEYS).series[0]
    affine = np.diag([-1.0, -1, 1, 1]) @ dicom.affine
    series = open_study(save(tmp_path / "ct.nii.gz", stored(volume), affine), KEYS).series[0]
    np.testing.assert_array_equal(series.volume_hu, dicom.volume_hu)
    np.testing.assert_allclose(series.affine, dicom.affine, atol=1e-4)
    assert series.slice_positions_mm == pytest.approx(
        dicom.slice_positions_mm - dicom.slice_positions_mm[0] + series.slice_positions_mm[0]
    )


def test_scaled_floats_in_a_zip_without_a_place_are_read_and_said(tmp_path):
    volume = ball(noise=3.0)
    path = save(tmp_path / "ct.nii.gz", stored(volume).astype(np.float32) + 0.2, None)
    with zipfile.ZipFile(tmp_path / "case.zip", "w") as archive:
        archive.write(path, "7")  # known by its contents, not by its name
    (series,) = read_study(tmp_path / "case.zip", KEYS).series
    np.testing.assert_array_equal(series.volume_hu, volume[:, ::-1])  # as scanners store it: rows to the front
    assert NOTES[Note.SIDES_UNKNOWN] in series.warnings


def test_what_has_no_air_is_not_taken_for_hounsfield_units(tmp_path):
    like_mr = np.clip(ball(noise=3.0), 0, None)
    (series,) = read_study(save(tmp_path / "mr.nii", stored(like_mr)), KEYS).series
    assert series.facts.units == "arbitrary"
    assert NOTES[Note.NO_RESCALE] in series.warnings


@pytest.mark.parametrize(
    ("voxels", "reason"),
    [
        (stored(ball() > 100).astype(np.uint8), Reason.SEGMENTATION),
        (stored(ball() > 100).astype(np.float32), Reason.SEGMENTATION),
        (np.stack([stored(ball())] * 2, axis=-1), Reason.AXES),
    ],
)
def test_what_is_no_image_is_left_out(tmp_path, voxels, reason):
    with pytest.raises(IntakeError, match=LEFT_OUT[reason].split(";")[0]):
        read_study(save(tmp_path / "other.nii.gz", voxels), KEYS)


@pytest.mark.parametrize("cut", [100, 5000])
def test_damage_and_other_gzips_are_sentences(tmp_path, cut):
    whole = save(tmp_path / "whole.nii", stored(ball(noise=3.0))).read_bytes()
    for name, data in {
        "cut.nii": whole[:cut],
        "cut.nii.gz": gzip.compress(whole)[:cut],
        "text.gz": gzip.compress(b"text" * cut),
        "bomb.nii.gz": gzip.compress(whole[:352] + bytes(300 << 20)) if cut == 100 else b"\x1f\x8b",
    }.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(IntakeError, match="left out"):
            read_study(tmp_path / name, KEYS)
