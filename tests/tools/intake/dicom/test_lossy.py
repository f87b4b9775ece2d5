from importlib.util import find_spec

import numpy as np
import pydicom
import pytest
from pydicom.encaps import generate_frames
from pydicom.uid import JPEG2000, JPEG2000Lossless

from tools.intake.dicom.codestream import is_irreversible
from tools.intake.dicom.decode import decode_file, read_header
from tools.intake.intake import intake_limits
from tools.intake.sources import Budget
from tools.settings import Settings

NEEDS_JPEG12 = pytest.mark.skipif(find_spec("libjpeg") is None, reason="12-bit lossy JPEG needs the extra `jpeg12`")

LIMITS = intake_limits(Settings())
NOISE = np.random.default_rng(5).normal(1050, 30, (64, 64)).astype(np.uint16)


def lossy(data: bytes) -> tuple[bool, float | None]:
    """What a file says decoded; that its header alone says the same is checked on the way."""
    [(record, _)] = decode_file(data, 1, Budget(LIMITS))
    head = read_header(data, len(data), 1, Budget(LIMITS))
    if head is not None:
        assert (head.lossy, head.lossy_ratio is None) == (record.lossy, record.lossy_ratio is None)
        assert (head.lossy_ratio or 0) == pytest.approx(record.lossy_ratio or 0, rel=0.1)
    return record.lossy, record.lossy_ratio


def test_the_attribute_is_believed_also_of_pixels_that_were_unpacked_again(make_ct, to_bytes):
    assert lossy(to_bytes(make_ct())) == (False, None)
    assert lossy(to_bytes(make_ct(LossyImageCompression="00"))) == (False, None)
    assert lossy(to_bytes(make_ct(LossyImageCompression="01"))) == (True, None)
    assert lossy(to_bytes(make_ct(LossyImageCompression="01", LossyImageCompressionRatio="10"))) == (True, 10)
    assert lossy(to_bytes(make_ct(LossyImageCompression="01", LossyImageCompressionRatio=["4", "12.5"]))) == (
        True,
        12.5,
    )


def test_jpeg_2000_tells_by_its_wavelet_and_its_size(make_ct, to_bytes):
    reversible, irreversible = make_ct(NOISE), make_ct(NOISE)
    reversible.compress(JPEG2000Lossless, generate_instance_uid=False)
    reversible.file_meta.TransferSyntaxUID = JPEG2000  # which may be either
    irreversible.compress(JPEG2000, j2k_cr=[8], generate_instance_uid=False)

    assert lossy(to_bytes(reversible)) == (False, None)
    is_lossy, ratio = lossy(to_bytes(irreversible))
    assert is_lossy
    assert ratio == pytest.approx(8, rel=0.3)
    assert is_irreversible(next(generate_frames(irreversible.PixelData, number_of_frames=1)))
    assert not is_irreversible(next(generate_frames(reversible.PixelData, number_of_frames=1)))


@pytest.mark.parametrize(
    "name",
    [
        "JPEGLSNearLossless_16.dcm",
        pytest.param("JPGExtended.dcm", marks=NEEDS_JPEG12),
        "SC_rgb_jpeg_dcmtk.dcm",
    ],
)
def test_some_transfer_syntaxes_are_lossy_whatever_the_header_says(real_dicom, to_bytes, name):
    dataset = pydicom.dcmread(real_dicom(name))
    for keyword in ("LossyImageCompression", "LossyImageCompressionRatio"):
        if keyword in dataset:
            delattr(dataset, keyword)

    is_lossy, ratio = lossy(to_bytes(dataset))

    assert is_lossy
    assert ratio > 1
