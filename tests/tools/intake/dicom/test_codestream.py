import pydicom
import pytest
from pydicom.encaps import generate_frames

from tools.intake.dicom.codestream import JP2_START, CodestreamError, stated_size


@pytest.mark.parametrize(
    "name",
    ["693_J2KI.dcm", "MR_small_jpeg_ls_lossless.dcm", "SC_rgb_jpeg_dcmtk.dcm", "JPEG-LL.dcm", "JPGExtended.dcm"],
)
def test_the_size_in_a_real_codestream_is_the_size_in_the_header(real_dicom, name):
    dataset = pydicom.dcmread(real_dicom(name))

    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))

    assert stated_size(frame) == (dataset.Rows, dataset.Columns)


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"\xff\xd8\xff", b"\xff\x4f\xff\x51\0", b"plain bytes", b"\xff\xd8" * 9]
)
def test_what_states_no_size_has_none(data):
    assert stated_size(data) is None


@pytest.mark.parametrize("boxes", [bytes(8), b"\0\0\0\7free", b"\0\0\0\x08free\0\0"])
def test_a_box_without_a_length_is_refused(boxes: bytes) -> None:
    with pytest.raises(CodestreamError):
        stated_size(JP2_START + b"\r\n\x87\n" + boxes)


def test_jpeg_of_impossible_bits_is_refused() -> None:
    with pytest.raises(CodestreamError):
        stated_size(b"\xff\xd8\xff\xc0\0\x11\xe2\0\x40\0\x40\3" + bytes(9))
