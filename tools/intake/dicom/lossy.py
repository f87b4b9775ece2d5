"""Whether an image was compressed with loss, and how much. Runs in the sandboxed worker."""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from tools.intake.dicom import header
from tools.intake.dicom.codestream import is_irreversible

SYNTAXES = "1.2.840.10008.1.2.4."
LOSSY = {*map(str, range(50, 57)), "81", "112"}  # JPEG, JPEG-LS near-lossless, JPEG XL (PS3.5 annex A.4)
PERHAPS_LOSSY = {"91", "93", "203"}  # JPEG 2000: its codestream tells
MAX_RATIO = 1000.0


@dataclass(frozen=True)
class Lossy:
    """Lossy Image Compression (0028,2110) and its ratio, uncompressed to compressed; None where it is unknown."""

    is_lossy: bool
    ratio: float | None = None


def read_lossy(dataset: Dataset, encoded: bytes, encoded_size: int) -> Lossy:
    """Read whether an image was ever compressed with loss, from its header or its transfer syntax.

    `encoded` are the first bytes of its pixel data, `encoded_size` their number for one frame: where the header has no
    ratio, that of a file which is still compressed follows from them.
    """
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    number = syntax.removeprefix(SYNTAXES) if syntax.startswith(SYNTAXES) else ""
    is_lossy = (
        header.text(dataset, "LossyImageCompression") == "01"
        or number in LOSSY
        or (number in PERHAPS_LOSSY and is_irreversible(encoded))
    )
    if not is_lossy:
        return Lossy(False)
    stated = header.numbers(dataset, "LossyImageCompressionRatio")
    ratio = max(stated, default=0.0)
    if ratio <= 1 and number in LOSSY | PERHAPS_LOSSY and encoded_size > 0:
        samples = header.integer(dataset, "SamplesPerPixel", 1, 4) or 1
        ratio = int(dataset.Rows) * int(dataset.Columns) * samples * int(dataset.BitsAllocated) / 8 / encoded_size
    return Lossy(True, ratio if 1 < ratio <= MAX_RATIO else None)
