"""Whether an image was compressed with loss, and how much. Runs in the sandboxed worker."""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from tools.intake.dicom import header
from tools.intake.dicom.codestream import is_irreversible, nearness

SYNTAXES = "1.2.840.10008.1.2.4."
LOSSY = {*map(str, range(50, 57)), "81", "112"}  # JPEG, JPEG-LS near-lossless, JPEG XL (PS3.5 annex A.4)
PERHAPS_LOSSY = {"91", "93", "203"}  # JPEG 2000: its codestream tells
JPEG_LS = {"80"}  # lossless by its name; its scan header tells by how much values may be off all the same
YES = {"01", "1", "YES", "Y", "TRUE"}
DERIVED_LOSSY = "113040"  # PS3.16 CID 7203
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
    ratio = max(header.numbers(dataset, "LossyImageCompressionRatio"), default=0.0)
    is_lossy = (
        _is_stated(dataset, ratio)
        or number in LOSSY
        or (number in PERHAPS_LOSSY and is_irreversible(encoded))
        or (number in JPEG_LS and nearness(encoded) > 0)
    )
    if not is_lossy:
        return Lossy(False)
    if ratio <= 1 and number in LOSSY | PERHAPS_LOSSY | JPEG_LS and encoded_size > 0:
        samples = header.integer(dataset, "SamplesPerPixel", 1, 4) or 1
        ratio = int(dataset.Rows) * int(dataset.Columns) * samples * int(dataset.BitsAllocated) / 8 / encoded_size
    return Lossy(True, ratio if 1 < ratio <= MAX_RATIO else None)


def _is_stated(dataset: Dataset, ratio: float) -> bool:
    """Whether the header says so, in the attribute made for it or, where that is missing, in any other."""
    stated = header.text(dataset, "LossyImageCompression").upper()
    if stated:
        return stated in YES
    codes = (header.text(item, "CodeValue") for item in header.items(dataset, "DerivationCodeSequence"))
    described = header.text(dataset, "DerivationDescription").lower()
    return (
        ratio > 1
        or bool(header.text(dataset, "LossyImageCompressionMethod"))
        or DERIVED_LOSSY in codes
        or "lossy" in described
    )
