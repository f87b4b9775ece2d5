from importlib.util import find_spec

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from pydicom.dataset import Dataset
from pydicom.pixels import apply_rescale
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from tests.conftest import examples
from tools.intake.dicom.decode import decode_file
from tools.intake.intake import intake_limits
from tools.intake.messages import Note, Reason
from tools.intake.sources import Budget, LeftOutError
from tools.settings import Settings

NEEDS_JPEG12 = pytest.mark.skipif(find_spec("libjpeg") is None, reason="12-bit lossy JPEG needs the extra `jpeg12`")

LIMITS = intake_limits(Settings())


def decode(data: bytes):
    return list(decode_file(data, 1, Budget(LIMITS)))


def reason(data: bytes) -> Reason:
    with pytest.raises(LeftOutError) as caught:
        decode(data)
    return caught.value.reason


# --- transfer syntaxes ---


@pytest.mark.parametrize(
    "name",
    [
        "MR_small_RLE.dcm",
        "MR_small_bigendian.dcm",
        "MR_small_expb.dcm",
        "MR_small_implicit.dcm",
        "MR_small_jp2klossless.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
        "MR_small_padded.dcm",
    ],
)
def test_lossless_syntaxes_give_the_same_image(real_dicom, name):
    [(plain, expected)] = decode(real_dicom("MR_small.dcm").read_bytes())
    [(record, image)] = decode(real_dicom(name).read_bytes())

    assert_array_equal(image, expected)
    assert (record.rows, record.columns, record.row_spacing_mm) == (plain.rows, plain.columns, plain.row_spacing_mm)


def test_a_jpeg_2000_ct_equals_its_uncompressed_twin(real_dicom):
    [(_, plain)] = decode(real_dicom("693_UNCR.dcm").read_bytes())
    [(_, lossless)] = decode(real_dicom("693_J2KR.dcm").read_bytes())
    [(_, lossy)] = decode(real_dicom("693_J2KI.dcm").read_bytes())

    assert_array_equal(lossless, plain)
    assert np.abs(lossy.astype(int) - plain).mean() < 60  # a thumbnail's worth of bytes
    assert np.corrcoef(lossy.ravel(), plain.ravel())[0, 1] > 0.97


def test_jpeg_2000_that_states_the_wrong_sign_is_corrected(real_dicom):
    [(_, image)] = decode(real_dicom("J2K_pixelrep_mismatch.dcm").read_bytes())

    assert image.min() == -1024
    assert 1000 < image.max() < 3000


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("JPGExtended.dcm", marks=NEEDS_JPEG12),  # JPEG extended, 12 bit
        "JPEG-LL.dcm",  # JPEG lossless
        "JPGLosslessP14SV1_1s_1f_8b.dcm",
        "JPEG2000.dcm",
        "JPEGLSNearLossless_16.dcm",
        "SC_rgb_dcmtk_+eb+cr.dcm",  # JPEG baseline
        "image_dfl.dcm",  # deflated
        "bad_sequence.dcm",
        "explicit_VR-UN.dcm",
        "vlut_04.dcm",
    ],
)
def test_other_real_files_give_an_image_with_contrast(real_dicom, name):
    [(record, image)] = decode(real_dicom(name).read_bytes())

    assert image.shape == (record.rows, record.columns)
    assert image.std() > 1


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, JPEGLSLossless])
def test_signed_ct_survives_compression(real_dicom, to_bytes, syntax):
    dataset = pydicom.dcmread(real_dicom("CT_small.dcm"))
    expected = apply_rescale(dataset.pixel_array, dataset)
    dataset.compress(syntax)

    [(record, image)] = decode(to_bytes(dataset))

    assert record.dtype == "int16"
    assert_array_equal(image, np.clip(expected, -1024, None))


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_native_syntaxes_give_the_same_hu(make_ct, to_bytes, syntax):
    stored = np.arange(-60, 60, dtype=np.int16).reshape(12, 10)
    dataset = make_ct(stored, PixelPaddingValue=-60)
    if syntax == ExplicitVRBigEndian:
        dataset.PixelData = stored.astype(">i2").tobytes()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset["PixelPaddingValue"].VR = "SS"

    [(_, image)] = decode(to_bytes(dataset))

    expected = np.maximum(stored - 1024, -1024)
    assert_array_equal(image, expected)


def test_a_file_without_preamble_is_read(make_ct, to_bytes):
    assert len(decode(to_bytes(make_ct())[132:])) == 1


# --- HU ---


@given(
    values=st.lists(st.integers(-2048, 2047), min_size=4, max_size=4),
    bits=st.integers(12, 16),
    signed=st.booleans(),
    slope=st.sampled_from([1, 2, 0.5, -1, 1.25]),
    intercept=st.sampled_from([0, -1024, 100.5]),
    junk=st.integers(0, 15),
)
@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hu_through_a_whole_file(make_ct, to_bytes, values, bits, signed, slope, intercept, junk):
    values = values if signed else [value + 2048 for value in values]
    mask = (1 << bits) - 1
    cells = np.array([(value & mask) | ((junk << bits) & 0xFFFF) for value in values], dtype=np.uint16).reshape(2, 2)
    dataset = make_ct(
        cells,
        BitsStored=bits,
        HighBit=bits - 1,
        PixelRepresentation=int(signed),
        RescaleSlope=slope,
        RescaleIntercept=intercept,
    )

    [(_, image)] = decode(to_bytes(dataset))

    expected = np.clip(np.array(values) * slope + intercept, -1024, 32767).reshape(2, 2)
    assert_allclose(image, expected, atol=0.5)


def test_monochrome1_leaves_hounsfield_units_alone_and_turns_other_images(make_ct, to_bytes):
    stored = np.array([[0, 1000], [2000, 3000]], dtype=np.uint16)
    [(_, ct)] = decode(to_bytes(make_ct(stored, PhotometricInterpretation="MONOCHROME1")))
    [(_, film)] = decode(to_bytes(make_ct(stored, PhotometricInterpretation="MONOCHROME1", Modality="CR")))

    assert_array_equal(ct, stored.astype(int) - 1024)
    assert film[0, 0] > film[1, 1]


def test_a_modality_lut_is_applied(make_ct, to_bytes):
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [3, 0, 16])
    table.ModalityLUTType = "HU"
    table.add_new("LUTData", "US", [0, 50, 900])
    dataset = make_ct(np.array([[0, 1], [2, 9]], dtype=np.uint16), RescaleSlope=None, RescaleIntercept=None)
    dataset.ModalityLUTSequence = [table]

    [(record, image)] = decode(to_bytes(dataset))

    assert record.dtype == "int16"
    assert image.tolist() == [[0, 50], [900, 900]]


@pytest.mark.parametrize(
    "elements", [{"RescaleSlope": None}, {"RescaleIntercept": None}, {"RescaleType": "Z_EFF"}, {"Modality": "MR"}]
)
def test_what_does_not_state_hounsfield_units_is_not_taken_for_them(make_ct, to_bytes, elements):
    [(record, _)] = decode(to_bytes(make_ct(**elements)))

    assert record.dtype == "float32"


@pytest.mark.parametrize(
    ("keyword", "raw"), [("RescaleSlope", b"nan "), ("RescaleIntercept", b"inf "), ("RescaleSlope", b"0 ")]
)
def test_a_scale_that_cannot_be_meant_leaves_the_file_out(make_ct, to_bytes, keyword, raw):
    data = to_bytes(make_ct(RescaleSlope="7777", RescaleIntercept="8888"))
    number = b"7777" if keyword == "RescaleSlope" else b"8888"

    assert reason(data.replace(number, raw.ljust(4))) is Reason.BAD_RESCALE


def test_colour_is_read_as_brightness_with_a_note(real_dicom):
    [(record, image)] = decode(real_dicom("SC_rgb_rle.dcm").read_bytes())

    assert image.ndim == 2
    assert Note.COLOUR in record.notes
    assert record.dtype == "float32"


# --- multi-frame ---


def test_an_enhanced_ct_takes_geometry_and_unit_from_its_functional_groups(real_dicom):
    """A real map of cerebral blood flow: its densities are no Hounsfield units."""
    frames = decode(real_dicom("eCT_Supplemental.dcm").read_bytes())

    assert len(frames) == 2
    records = [record for record, _ in frames]
    assert records[0].position_mm != records[1].position_mm
    assert all(record.row_spacing_mm and record.row_direction for record in records)
    assert all(record.dtype == "float32" and Note.COMPUTED_MAP in record.notes for record in records)


def test_each_frame_of_an_enhanced_ct_has_its_own_scale(make_ct, to_bytes):
    def group(intercept: int, z: float) -> Dataset:
        values, plane, item = Dataset(), Dataset(), Dataset()
        values.RescaleSlope, values.RescaleIntercept, values.RescaleType = 1, intercept, "HU"
        plane.ImagePositionPatient = [0, 0, z]
        item.PixelValueTransformationSequence, item.PlanePositionSequence = [values], [plane]
        return item

    dataset = make_ct(np.zeros((2, 4, 4), dtype=np.int16), RescaleSlope=None, RescaleIntercept=None)
    dataset.PerFrameFunctionalGroupsSequence = [group(-100, 5), group(300, 2)]

    (a, first), (b, second) = decode(to_bytes(dataset))

    assert (first[0, 0], second[0, 0]) == (-100, 300)
    assert (a.position_mm, b.position_mm) == ((0, 0, 5), (0, 0, 2))


def test_a_plain_multi_frame_object_is_laid_out_by_its_slice_distance(make_ct, to_bytes):
    frames = decode(to_bytes(make_ct(np.zeros((3, 4, 4), dtype=np.int16), SpacingBetweenSlices=4)))

    assert [record.position_mm[2] for record, _ in frames] == [0, 4, 8]
