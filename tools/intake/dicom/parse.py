"""One file's bytes to a data set whose stated sizes fit the bounds and the bytes that are there.

Runs in the sandboxed worker; loads pydicom. Nothing is decoded here.
"""

import io
import struct
import sys

from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import generate_frames
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_dataset
from pydicom.pixels.decoders.base import Decoder, get_decoder
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGExtended12Bit,
)

from tools.intake.dicom import header
from tools.intake.dicom.codestream import CodestreamError, stated_size
from tools.intake.messages import Reason
from tools.intake.sources import Budget, LeftOutError, inflate

PREFIX = slice(128, 132)
STACK_PER_SEQUENCE = 4  # Python calls that pydicom makes for each sequence within a sequence
STACK_RESERVE = 120  # and for a flat header, so that at most twice the allowed depth gets through
TRAILING_BYTES = 4096  # padding that real files have behind their pixels
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
VOLUMES = (b"NRRD", b"ObjectType", b"NDims", b"\x89HDF", b"\x93NUMPY")  # NRRD, MetaImage, MINC and other HDF5, NumPy
OTHERS = dict.fromkeys(PICTURES, Reason.PICTURE) | dict.fromkeys(VOLUMES, Reason.OTHER_VOLUME)  # by how they begin
PIXEL_TAG = (0x7FE0, 0x0010)
PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def open_image(data: bytes, budget: Budget, wanted: int | None = None) -> tuple[Dataset, int]:
    """Parse an image into its data set and number of frames, of which `wanted` will be kept, or all. Raises
    LeftOutError, with the reason, if unusable."""
    dataset = parse(data, budget)
    if data[PREFIX] != b"DICM" and header.value(dataset, "Rows") is None and not header.text(dataset, "SOPClassUID"):
        raise LeftOutError(Reason.NOT_DICOM)
    reason = header.non_image(dataset)
    if reason is not None:
        raise LeftOutError(reason)
    return dataset, _check_size(dataset, budget, wanted)


def open_header(head: bytes, size: int, budget: Budget) -> tuple[Dataset, int] | None:
    """Parse the header of an ordinary single image of `size` bytes from its first bytes, checked like a whole one.

    Returns it and where its pixels begin; None when the header reaches further, or for anything else: then the file
    has to be opened as a whole.
    """
    if head[PREFIX] != b"DICM":
        return None
    stream = io.BytesIO(head)
    try:
        dataset = dcmread(stream, stop_before_pixels=True, specific_tags=header.TAGS)
    except Exception:  # whatever it is, opening the whole file finds the reason
        return None
    at = stream.tell()
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    order = "<" if dataset.original_encoding[1] else ">"
    if syntax in (None, DeflatedExplicitVRLittleEndian) or head[at : at + 4] != struct.pack(f"{order}HH", *PIXEL_TAG):
        return None
    if header.non_image(dataset) or header.integer(dataset, "NumberOfFrames", 1) not in (None, 1):
        return None
    rows, columns = header.integer(dataset, "Rows", 1, 65535), header.integer(dataset, "Columns", 1, 65535)
    bits = header.integer(dataset, "BitsAllocated", 1, 64)
    if rows is None or columns is None or bits is None or header.integer(dataset, "SamplesPerPixel") not in (None, 1):
        return None
    stated, there = rows * columns * bits // 8, size - at
    if not decoder_of(dataset).is_encapsulated and not stated <= there <= stated + TRAILING_BYTES + stated // 100:
        return None
    budget.spend_voxels(rows * columns)
    budget.spend_frames(1)
    return dataset, at


def parse(data: bytes, budget: Budget) -> Dataset:
    """Parse the allowed elements of a file. Deflated data sets are inflated within bounds first."""
    if not data:
        raise LeftOutError(Reason.EMPTY)
    has_prefix = data[PREFIX] == b"DICM"
    if not has_prefix and not _looks_like_bare_dataset(data):
        raise LeftOutError(
            next((reason for start, reason in OTHERS.items() if data.startswith(start)), Reason.NOT_DICOM)
        )
    usual_limit = sys.getrecursionlimit()
    sys.setrecursionlimit(_stack_depth() + STACK_RESERVE + STACK_PER_SEQUENCE * budget.limits.max_depth)
    try:
        dataset = _parse(data, has_prefix, budget)
        _check_values(dataset, budget)
        return dataset
    except RecursionError as error:
        raise LeftOutError(Reason.NESTED) from error
    except InvalidDicomError as error:
        raise LeftOutError(Reason.NOT_DICOM) from error
    except (EOFError, OSError) as error:
        raise LeftOutError(Reason.CUT) from error
    finally:
        sys.setrecursionlimit(usual_limit)


def _parse(data: bytes, has_prefix: bool, budget: Budget) -> Dataset:
    stream = io.BytesIO(data)
    stream.seek(PREFIX.stop if has_prefix else 0)
    meta = read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag >> 16 != 2)
    if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        inflated = inflate(memoryview(data)[stream.tell() :], budget)
        dataset = read_dataset(io.BytesIO(inflated), False, True, specific_tags=header.TAGS)
        dataset.set_original_encoding(False, True)
        dataset.file_meta = FileMetaDataset(meta)
        return dataset
    file_dataset = dcmread(io.BytesIO(data), specific_tags=header.TAGS, force=True)
    if "TransferSyntaxUID" not in file_dataset.file_meta:
        implicit, little = file_dataset.original_encoding
        native = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        file_dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else native
    return file_dataset


def _check_values(dataset: Dataset, budget: Budget) -> None:
    """Bound what is stated in a header before it is converted: a value of a few MB can hold a million numbers."""
    raw = (element for element in dataset.values() if isinstance(element, RawDataElement))
    if (
        sum(len(element.value or b"") for element in raw if element.tag not in header.BULK)
        > budget.limits.max_value_bytes
    ):
        raise LeftOutError(Reason.TOO_LARGE_HEADER)


def _looks_like_bare_dataset(data: bytes) -> bool:
    """Some archives write files without the 128-byte preamble: they begin with a low group number."""
    return len(data) > 8 and (data[:2] in (b"\x02\x00", b"\x08\x00", b"\x00\x08")) and data[:4] != data[4:8]


def _check_size(dataset: Dataset, budget: Budget, wanted: int | None) -> int:
    """Count the frames, once rows x columns x frames fit the bounds and the bytes that are there."""
    rows, columns = header.integer(dataset, "Rows", 1, 65535), header.integer(dataset, "Columns", 1, 65535)
    data = next((data for keyword in PIXEL_KEYWORDS if (data := header.value(dataset, keyword)) is not None), None)
    if rows is None or columns is None:
        raise LeftOutError(Reason.CUT if _names_an_image(dataset) else Reason.NO_IMAGE)
    frames = header.integer(dataset, "NumberOfFrames", 1)
    if frames is None:
        if header.value(dataset, "NumberOfFrames") is not None:
            raise LeftOutError(Reason.DAMAGED)
        frames = 1
    used = frames if wanted is None else min(wanted, frames)
    budget.spend_voxels(rows * columns * used)
    budget.spend_frames(used)
    if data is None:
        raise LeftOutError(Reason.CUT if _names_an_image(dataset) else Reason.NO_IMAGE)
    decoder = decoder_of(dataset)
    bits = header.integer(dataset, "BitsAllocated", 1, 64)
    samples = header.integer(dataset, "SamplesPerPixel", 1, 3) or 1
    if bits is None:
        raise LeftOutError(Reason.DAMAGED)
    if decoder.is_encapsulated:
        _check_codestreams(data, rows, columns, frames)
    else:
        per_sample = 2 / 3 if header.text(dataset, "PhotometricInterpretation") == "YBR_FULL_422" else 1
        expected = int(rows * columns * frames * samples * per_sample * bits + 7) // 8
        if len(data) < expected:
            raise LeftOutError(Reason.CUT)
        if len(data) > expected + TRAILING_BYTES + expected // 100:
            raise LeftOutError(Reason.SIZE_LIES)
    return frames


def _check_codestreams(data: bytes, rows: int, columns: int, frames: int) -> None:
    """Each compressed frame must state the header's size, before a decoder believes it."""
    try:
        for encoded in generate_frames(data, number_of_frames=frames):
            if stated_size(encoded) not in (None, (rows, columns)):
                raise LeftOutError(Reason.SIZE_LIES)
    except CodestreamError as error:
        raise LeftOutError(Reason.DAMAGED) from error
    except (ValueError, EOFError, IndexError, struct.error) as error:
        raise LeftOutError(Reason.CUT) from error


def _names_an_image(dataset: Dataset) -> bool:
    """Tell whether the SOP class is one of images, or unknown, so that an object without pixels has lost them."""
    uid = header.sop_class(dataset)
    return not uid or any(word in UID(uid).name for word in ("Image", "Dose Storage", "Map Storage"))


def decoder_of(dataset: Dataset) -> Decoder:
    """Find pydicom's decoder for the transfer syntax. Raises LeftOutError when there is none."""
    try:
        decoder = get_decoder(UID(dataset.file_meta.TransferSyntaxUID))
    except (NotImplementedError, ValueError) as error:
        raise LeftOutError(Reason.SYNTAX) from error
    is_deep = JPEGExtended12Bit == decoder.UID and (header.integer(dataset, "BitsStored") or 0) > 8
    if not decoder.is_available or (is_deep and "pylibjpeg" not in decoder.available_plugins):
        raise LeftOutError(Reason.SYNTAX)
    return decoder


def _stack_depth() -> int:
    frame, depth = sys._getframe(), 0
    while frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    return depth
