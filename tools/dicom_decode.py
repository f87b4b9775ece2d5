"""One file's bytes to decoded frames. Runs in the guarded child; loads pydicom and its decoders."""

import hashlib
import io
import struct
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import generate_frames
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_dataset
from pydicom.pixels.decoders.base import Decoder, get_decoder
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from tools import dicom_header as header
from tools import dicom_pixels as pixels
from tools.dicom_codestream import stated_size
from tools.dicom_files import Budget, LeftOutError, inflate
from tools.dicom_records import FrameRecord, Note, Reason

PREFIX = slice(128, 132)
STACK_PER_SEQUENCE = 4  # Python calls that pydicom makes for each sequence within a sequence
STACK_RESERVE = 120
TRAILING_BYTES = 4096  # padding that real files have behind their pixels
CT_RESCALE_TYPES = ("", "HU", "US")  # US: unspecified
DECODERS = ["pyjpegls", "pylibjpeg", "pydicom", "pillow", "gdcm"]  # fastest first, as measured on 512 x 512 CT
PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")

Frame = tuple[FrameRecord, NDArray[np.generic]]


def decode_file(data: bytes, file: int, budget: Budget) -> Iterator[Frame]:
    """The frames of one DICOM file, int16 HU or float32 (see FrameRecord). Raises LeftOutError with the reason."""
    try:
        yield from _decode(data, file, budget)
    except (LeftOutError, MemoryError, GeneratorExit):
        raise
    except RecursionError as error:
        raise LeftOutError(Reason.NESTED) from error
    except Exception as error:  # pydicom and the decoders raise many kinds on damaged files
        raise LeftOutError(Reason.DAMAGED) from error


def _decode(data: bytes, file: int, budget: Budget) -> Iterator[Frame]:
    dataset = parse(data, budget)
    if data[PREFIX] != b"DICM" and header.value(dataset, "Rows") is None and not header.text(dataset, "SOPClassUID"):
        raise LeftOutError(Reason.NOT_DICOM)
    reason = header.non_image(dataset)
    if reason is not None:
        raise LeftOutError(reason)
    frames = _check_size(dataset, budget)
    yield from _frames(dataset, file, frames)


def parse(data: bytes, budget: Budget) -> Dataset:
    """The allowed elements of a file. Deflated data sets are inflated within bounds first."""
    if not data:
        raise LeftOutError(Reason.EMPTY)
    has_prefix = data[PREFIX] == b"DICM"
    if not has_prefix and not _looks_like_bare_dataset(data):
        raise LeftOutError(Reason.NOT_DICOM)
    usual_limit = sys.getrecursionlimit()
    sys.setrecursionlimit(_stack_depth() + STACK_RESERVE + STACK_PER_SEQUENCE * budget.limits.max_depth)
    try:
        return _parse(data, has_prefix, budget)
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


def _looks_like_bare_dataset(data: bytes) -> bool:
    """Some archives write files without the 128-byte preamble: they begin with a low group number."""
    return len(data) > 8 and (data[:2] in (b"\x02\x00", b"\x08\x00", b"\x00\x08")) and data[:4] != data[4:8]


def _check_size(dataset: Dataset, budget: Budget) -> int:
    """The number of frames, once rows x columns x frames fit the bounds and the bytes that are there."""
    rows, columns = header.integer(dataset, "Rows", 1, 65535), header.integer(dataset, "Columns", 1, 65535)
    data = next((data for keyword in PIXEL_KEYWORDS if (data := header.value(dataset, keyword)) is not None), None)
    if rows is None or columns is None:
        raise LeftOutError(Reason.CUT if _names_an_image(dataset) else Reason.NO_IMAGE)
    frames = header.integer(dataset, "NumberOfFrames", 1)
    if frames is None:
        if header.value(dataset, "NumberOfFrames") is not None:
            raise LeftOutError(Reason.DAMAGED)
        frames = 1
    budget.spend_voxels(rows * columns * frames)
    if data is None:
        raise LeftOutError(Reason.CUT)
    decoder = _decoder(dataset)
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
    except (ValueError, EOFError, IndexError, struct.error) as error:
        raise LeftOutError(Reason.CUT) from error


def _names_an_image(dataset: Dataset) -> bool:
    """Whether a header without rows was meant to have them."""
    uid = header.text(dataset, "SOPClassUID")
    return not uid or uid.startswith("1.2.840.10008.5.1.4.1.1.")


def _frames(dataset: Dataset, file: int, frames: int) -> Iterator[Frame]:
    _complete(dataset)
    offsets = header.frame_positions(dataset, frames) if frames > 1 else None
    shape = int(dataset.Rows), int(dataset.Columns)
    for frame, array in enumerate(_arrays(dataset, frames)):
        if array.shape[:2] != shape:
            raise LeftOutError(Reason.SIZE_LIES)
        yield _frame(dataset, file, frame, array, offsets)


def _complete(dataset: Dataset) -> None:
    """What real files leave out though the standard asks for it."""
    dataset.PhotometricInterpretation = header.text(dataset, "PhotometricInterpretation").upper() or "MONOCHROME2"
    for keyword, usual in (("PixelRepresentation", 0), ("SamplesPerPixel", 1), ("BitsStored", dataset.BitsAllocated)):
        if header.value(dataset, keyword) is None:
            setattr(dataset, keyword, usual)


def _decoder(dataset: Dataset) -> Decoder:
    try:
        decoder = get_decoder(UID(dataset.file_meta.TransferSyntaxUID))
    except (NotImplementedError, ValueError) as error:
        raise LeftOutError(Reason.SYNTAX) from error
    if not decoder.is_available:
        raise LeftOutError(Reason.SYNTAX)
    return decoder


def _arrays(dataset: Dataset, frames: int) -> Iterator[NDArray[np.generic]]:
    """Stored values of each frame. Where one decoder fails, the next one goes on."""
    decoder = _decoder(dataset)
    options: dict[str, Any] = {"correct_unused_bits": False} if decoder.is_native else {}  # see `_stored`
    done = 0
    for plugin in sorted(decoder.available_plugins, key=DECODERS.index) or [""]:
        arrays = decoder.iter_array(
            dataset,
            indices=range(done, frames) if done or decoder.is_native else None,
            allow_excess_frames=False,
            decoding_plugin=plugin,
            **options,
        )
        try:
            while done < frames:
                yield next(arrays)[0]
                done += 1
            return
        except (MemoryError, RecursionError, GeneratorExit):
            raise
        except Exception:  # each decoder has its own
            continue
    raise LeftOutError(Reason.DAMAGED)


def _frame(dataset: Dataset, file: int, frame: int, array: NDArray[np.generic], offsets: list[float] | None) -> Frame:
    groups = header.frame_groups(dataset, frame)
    is_colour = array.ndim == 3 or dataset.PhotometricInterpretation == "PALETTE COLOR"
    found = header.notes(dataset, is_colour)
    stored, padded = _stored(dataset, array)
    values = header.macro(dataset, groups, "PixelValueTransformationSequence")
    transform, kind = _transform(dataset, values)
    modality = header.modality(dataset)
    center, width = header.window(header.macro(dataset, groups, "FrameVOILUTSequence"))
    if modality == "CT" and not is_colour:
        if transform is None:
            found.append(Note.NO_RESCALE)
        elif kind not in CT_RESCALE_TYPES:
            found.append(Note.NOT_HU)
    is_hu = modality == "CT" and not is_colour and kind in CT_RESCALE_TYPES and transform is not None
    transform = transform or pixels.Rescale()
    image: NDArray[np.generic]
    if is_hu:
        if padded is not None and pixels.padding_erases_anatomy(stored, padded, transform):
            found.append(Note.PADDING_IGNORED)
            padded = None
        image = pixels.to_hu(stored, transform, padded)
    else:
        inverted = dataset.PhotometricInterpretation == "MONOCHROME1"
        image = pixels.to_numbers(stored, transform, padded, inverted)
        center = -center if inverted and center is not None else center
        if is_colour:
            center = width = None
    measures = header.macro(dataset, groups, "PixelMeasuresSequence")
    row_spacing, column_spacing = header.spacing_mm(measures)
    axes = header.directions(header.macro(dataset, groups, "PlaneOrientationSequence"))
    position = header.vector(header.macro(dataset, groups, "PlanePositionSequence"), "ImagePositionPatient", 3)
    if position and axes and offsets and not groups:
        normal = np.cross(*axes)
        position = tuple(float(p + n * offsets[frame]) for p, n in zip(position, normal, strict=True))
    contents = np.ascontiguousarray(image)
    record = FrameRecord(
        file=file,
        frame=frame,
        rows=array.shape[0],
        columns=array.shape[1],
        dtype="int16" if is_hu else "float32",
        digest=hashlib.blake2b(contents.data, digest_size=16).hexdigest(),
        patient_id=header.text(dataset, "PatientID"),
        study_uid=header.text(dataset, "StudyInstanceUID"),
        series_uid=header.text(dataset, "SeriesInstanceUID"),
        sop_uid=header.text(dataset, "SOPInstanceUID"),
        modality=modality,
        body_part=header.body_part(dataset),
        sex=header.sex(dataset),
        age_years=header.age_years(dataset),
        kvp=header.number(header.macro(dataset, groups, "CTXRayDetailsSequence"), "KVP", 10, 500),
        contrast=header.contrast(dataset),
        synthetic=header.text(dataset, header.SYNTHETIC_DATA).upper() == "YES",
        instance_number=header.integer(dataset, "InstanceNumber"),
        acquisition_number=header.integer(dataset, "AcquisitionNumber"),
        position_mm=position,  # type: ignore[arg-type]
        row_direction=axes[0] if axes else None,
        column_direction=axes[1] if axes else None,
        slice_location_mm=header.number(dataset, "SliceLocation", -1e5, 1e5),
        row_spacing_mm=row_spacing,
        column_spacing_mm=column_spacing,
        slice_thickness_mm=header.number(measures, "SliceThickness", 0.01, 200),
        gantry_tilt_deg=header.number(
            header.macro(dataset, groups, "CTAcquisitionDetailsSequence"), "GantryDetectorTilt", -60, 60
        ),
        window_center=center,
        window_width=width,
        notes=tuple(found),
    )
    return record, contents


def _stored(dataset: Dataset, array: NDArray[np.generic]) -> tuple[NDArray[np.generic], NDArray[np.bool_] | None]:
    """Stored values (rows, columns), colour as luminance, and where they are padding."""
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        try:
            array = apply_color_lut(array, dataset)
        except Exception as error:
            raise LeftOutError(Reason.DAMAGED) from error
    if array.ndim == 3:
        return pixels.luminance(array[..., :3]), None
    allocated, bits = int(dataset.BitsAllocated), int(dataset.BitsStored)
    if array.dtype.kind == "f" or allocated < 8:
        return array, None
    high = header.integer(dataset, "HighBit", bits - 1, allocated - 1)
    if _decoder(dataset).is_native:
        array = pixels.stored_bits(array, allocated, bits, bits - 1 if high is None else high)
    little = bool(dataset.original_encoding[1])
    padding, limit = (
        next(iter(header.raw_integers(dataset, keyword, little)), None)
        for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit")
    )
    return array, pixels.padding_mask(array, padding, limit, allocated)


def _transform(dataset: Dataset, values: Dataset) -> tuple[pixels.Rescale | pixels.LookupTable | None, str]:
    """How stored values become physical ones, and what they are then (HU, US: unspecified, or other); None: unsaid.

    Raises LeftOutError when what the file says cannot be meant.
    """
    table = header.first(header.value(dataset, "ModalityLUTSequence"))
    if isinstance(table, Dataset):
        little = bool(dataset.original_encoding[1])
        descriptor = header.raw_integers(table, "LUTDescriptor", little)
        entries = header.raw_integers(table, "LUTData", little)
        if len(descriptor) != 3 or not entries:
            raise LeftOutError(Reason.BAD_RESCALE)
        first = descriptor[1] - 65536 if dataset.PixelRepresentation == 1 and descriptor[1] > 32767 else descriptor[1]
        count = descriptor[0] or 65536
        entries_read = np.asarray(entries[:count], dtype=np.float32)
        return pixels.LookupTable(first, entries_read), header.text(table, "ModalityLUTType").upper()
    slope, intercept = (header.first(header.value(values, k)) for k in ("RescaleSlope", "RescaleIntercept"))
    if slope is None or intercept is None:
        return None, ""
    try:
        return pixels.Rescale(float(slope), float(intercept)), header.text(values, "RescaleType").upper()
    except (ValueError, TypeError, OverflowError) as error:
        raise LeftOutError(Reason.BAD_RESCALE) from error


def _stack_depth() -> int:
    frame, depth = sys._getframe(), 0
    while frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    return depth
