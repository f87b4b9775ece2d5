import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import UID, CTImageStorage, DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian, RTDoseStorage

from tests.conftest import examples
from tools.intake.dicom.decode import decode_file
from tools.intake.intake import intake_limits
from tools.intake.messages import Reason
from tools.intake.sources import Budget, LeftOutError
from tools.settings import Settings

UNDEFINED = 0xFFFFFFFF
LIMITS = intake_limits(Settings())


def decode(data: bytes):
    return list(decode_file(data, 1, Budget(LIMITS)))


def reason(data: bytes) -> Reason:
    with pytest.raises(LeftOutError) as caught:
        decode(data)
    return caught.value.reason


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
        (b"\x89PNG\r\n\x1a\n" + bytes(200), Reason.PICTURE),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(200), Reason.PICTURE),
        (b"NRRD0005\ntype: short\n" + bytes(200), Reason.OTHER_VOLUME),
        (b"ObjectType = Image\nNDims = 3\n", Reason.OTHER_VOLUME),
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
@settings(max_examples=examples(80), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_anywhere_is_a_reason_never_another_error(make_ct, to_bytes, data):
    damaged = bytearray(to_bytes(make_ct(SOPInstanceUID="1.2.3.4")))
    for at in data.draw(st.lists(st.integers(132, len(damaged) - 1), min_size=1, max_size=8)):
        damaged[at] = data.draw(st.integers(0, 255))

    with suppress(LeftOutError):
        decode(bytes(damaged))


STORAGE = "1.2.840.10008.5.1.4.1.1"
RAW_DATA, PROTOCOL, VALUE_MAPPING = f"{STORAGE}.66", f"{STORAGE}.200.2", f"{STORAGE}.67"
TREATMENT_RECORD, PRIVATE = f"{STORAGE}.481.4", "1.3.12.2.1107.5.9.1"
KEY_OBJECTS, DOSE_REPORT, PDF = f"{STORAGE}.88.59", f"{STORAGE}.88.67", f"{STORAGE}.104.1"


@pytest.mark.parametrize("keep_rows", [False, True])
@pytest.mark.parametrize(
    ("sop_class", "expected"),
    [
        *((uid, Reason.NO_IMAGE) for uid in (RAW_DATA, PROTOCOL, VALUE_MAPPING, TREATMENT_RECORD, PRIVATE)),
        *((uid, Reason.REPORT) for uid in (KEY_OBJECTS, DOSE_REPORT, PDF)),
        (str(CTImageStorage), Reason.CUT),
        (str(RTDoseStorage), Reason.CUT),
    ],
)
def test_an_object_without_pixels_is_broken_only_where_its_class_is_one_of_images(
    make_ct, to_bytes, sop_class, expected, keep_rows
):
    dataset = make_ct()
    for keyword in ("PixelData", *(() if keep_rows else ("Rows", "Columns", "BitsAllocated"))):
        del dataset[keyword]
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID(sop_class)

    assert reason(to_bytes(dataset)) is expected
