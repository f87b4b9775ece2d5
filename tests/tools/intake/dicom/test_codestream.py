import pydicom
import pytest
from pydicom.encaps import generate_frames

from tools.intake.dicom.codestream import stated_size


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
