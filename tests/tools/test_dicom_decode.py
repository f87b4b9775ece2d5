import struct
import zlib
from contextlib import suppress

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

from tools.dicom_decode import decode_file
from tools.dicom_files import Budget, LeftOutError
from tools.dicom_records import IntakeLimits, Note, Reason

UNDEFINED = 0xFFFFFFFF

LIMITS = IntakeLimits()


def decode(data: bytes, limits: IntakeLimits = LIMITS):
    return list(decode_file(data, 1, Budget(limits)))


def reason(data: bytes, limits: IntakeLimits = LIMITS) -> Reason:
    with pytest.raises(LeftOutError) as caught:
        decode(data, limits)
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
        "JPGExtended.dcm",  # JPEG extended, 12 bit
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
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


def test_an_enhanced_ct_takes_geometry_and_scale_from_its_functional_groups(real_dicom):
    frames = decode(real_dicom("eCT_Supplemental.dcm").read_bytes())

    assert len(frames) == 2
    records = [record for record, _ in frames]
    assert records[0].position_mm != records[1].position_mm
    assert all(record.dtype == "int16" and record.row_spacing_mm and record.row_direction for record in records)


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


# --- facts ---


def test_ages_come_from_the_age_or_the_dates_and_stop_at_90(make_ct, to_bytes):
    def age(**elements) -> int | None:
        return decode(to_bytes(make_ct(**elements)))[0][0].age_years

    assert age(PatientAge="045Y") == 45
    assert age(PatientAge="018M") == 1
    assert age(PatientAge="099Y") == 90
    assert age(PatientAge="000Y") is None
    assert age(PatientBirthDate="19600615", StudyDate="20200614") == 59
    assert age(PatientBirthDate="20300615", StudyDate="20200614") is None


def test_facts_come_from_closed_lists_only(make_ct, to_bytes):
    known = make_ct(BodyPartExamined="chest ", PatientSex="F", KVP=120, ContrastBolusAgent="Secret brand 300")
    known.add_new(0x0008001C, "CS", "YES")
    unknown = make_ct(BodyPartExamined="MR SMITHS CHEST", PatientSex="Q", KVP=9999, Modality="SECRET")

    [(record, _)] = decode(to_bytes(known))
    assert (record.body_part, record.sex, record.kvp, record.contrast, record.synthetic) == (
        "chest",
        "F",
        120,
        True,
        True,
    )
    [(record, _)] = decode(to_bytes(unknown))
    assert (record.body_part, record.sex, record.kvp, record.contrast, record.modality) == (
        None,
        None,
        None,
        None,
        "OT",
    )


@pytest.mark.parametrize("pair", [[0, 0.7], [-1, 0.7], [0.7, 4000]])
def test_spacing_that_cannot_be_true_is_not_believed(make_ct, to_bytes, pair):
    [(record, _)] = decode(to_bytes(make_ct(PixelSpacing=pair)))

    assert record.row_spacing_mm is record.column_spacing_mm is None


def test_the_first_of_several_windows_is_taken(make_ct, to_bytes):
    [(record, _)] = decode(to_bytes(make_ct(WindowCenter=[40, -600], WindowWidth=[400, 1500])))

    assert (record.window_center, record.window_width) == (40, 400)


# --- what is not usable ---


def nested(depth: int) -> bytes:
    """Sequences of undefined length within each other, in implicit VR, as an element that is never looked at."""
    start = struct.pack("<HHI", 0x0040, 0x0260, UNDEFINED) + struct.pack("<HHI", 0xFFFE, 0xE000, UNDEFINED)
    end = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    return start * depth + end * depth


def test_nesting_is_bounded(make_ct, to_bytes):
    dataset = make_ct()
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    data = to_bytes(dataset)
    pixels = data.index(struct.pack("<HH", 0x7FE0, 0x0010))
    build = lambda depth: data[:pixels] + nested(depth) + data[pixels:]  # noqa: E731

    assert len(decode(build(10))) == 1
    for depth in (40, 250, 20_000):
        assert reason(build(depth)) is Reason.NESTED


def test_a_cut_file_is_named_so_wherever_it_is_cut(make_ct, to_bytes):
    data = to_bytes(make_ct(np.zeros((64, 64), dtype=np.int16)))

    assert {reason(data[:at]) for at in range(140, len(data) - 1, 97)} == {Reason.CUT}


def test_cut_compressed_pixels_are_named_so(real_dicom):
    data = real_dicom("693_J2KR.dcm").read_bytes()

    assert reason(data[: len(data) // 2]) in (Reason.CUT, Reason.DAMAGED)


@pytest.mark.parametrize(("rows", "expected"), [(40_000, Reason.CUT), (13, Reason.CUT), (2, Reason.SIZE_LIES)])
def test_rows_that_do_not_fit_the_pixels(make_ct, to_bytes, rows, expected):
    dataset = make_ct(np.zeros((12, 1000), dtype=np.int16), Rows=rows)

    assert reason(to_bytes(dataset)) is expected


def test_a_compressed_image_that_states_another_size_never_reaches_a_decoder(real_dicom):
    data = real_dicom("693_J2KR.dcm").read_bytes()
    size = struct.pack(">2I", 512, 512)
    lying = data.replace(size, struct.pack(">2I", 60_000, 60_000))
    assert lying != data

    assert reason(lying) is Reason.SIZE_LIES


def test_more_pixels_than_allowed_are_refused_before_they_are_decoded(make_ct, to_bytes):
    data = to_bytes(make_ct(Rows=65_535, Columns=65_535, NumberOfFrames=2**30))

    assert reason(data) is Reason.TOO_LARGE_IMAGE


def test_a_deflated_bomb_is_stopped_early(make_ct, to_bytes):
    dataset = make_ct()
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data = to_bytes(dataset)
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    start = len(to_bytes(dataset)) - len(to_bytes(dataset).split(b"1.2.840.10008.1.2\0", 1)[1])
    header = data[: start + len("1.2.840.10008.1.2.1.99") - len("1.2.840.10008.1.2\0")]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = header + b"".join(packer.compress(bytes(1 << 20)) for _ in range(100)) + packer.flush()

    assert len(bomb) < 200_000
    assert reason(bomb) is Reason.TOO_LARGE_INFLATED


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", Reason.EMPTY),
        (b"hello, this is no image at all", Reason.NOT_DICOM),
        (b"\x08\x00" + bytes(range(200)), Reason.NOT_DICOM),
        (bytes(128) + b"DICM", Reason.CUT),
    ],
)
def test_what_is_not_dicom(data, expected):
    assert reason(data) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("liver.dcm", Reason.SEGMENTATION),
        ("rtstruct.dcm", Reason.STRUCTURES),
        ("rtplan.dcm", Reason.STRUCTURES),
        ("reportsi.dcm", Reason.REPORT),
        ("test-SR.dcm", Reason.REPORT),
        ("DICOMDIR", Reason.DIRECTORY),
        ("waveform_ecg.dcm", Reason.WAVEFORM),
        ("fall.dcm", Reason.NO_IMAGE),
        ("MR_truncated.dcm", Reason.CUT),
    ],
)
def test_objects_that_are_no_images(real_dicom, name, expected):
    assert reason(real_dicom(name).read_bytes()) is expected


def test_an_unknown_transfer_syntax_is_named_so(make_ct, to_bytes):
    dataset = make_ct()
    data = to_bytes(dataset)
    plain = b"1.2.840.10008.1.2.1\0"

    for other in (b"1.2.840.10008.1.2.9\0", b"1.9.999.99999.9.9.9\0", b"not a transfer uid  "):
        assert reason(data.replace(plain, other)) is Reason.SYNTAX


@given(st.data())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_anywhere_is_a_reason_never_another_error(make_ct, to_bytes, data):
    damaged = bytearray(to_bytes(make_ct(SOPInstanceUID="1.2.3.4")))
    for at in data.draw(st.lists(st.integers(132, len(damaged) - 1), min_size=1, max_size=8)):
        damaged[at] = data.draw(st.integers(0, 255))

    with suppress(LeftOutError):
        decode(bytes(damaged))
