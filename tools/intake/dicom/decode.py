"""One file's bytes to decoded frames with their records. Runs in the sandboxed worker; loads pydicom's decoders."""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.decoders.base import Decoder
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import JPEGTransferSyntaxes, RLELossless

from tools.intake.dicom import header, pixels
from tools.intake.dicom.frame_keys import image_type, read_keys
from tools.intake.dicom.lossy import Lossy, read_lossy
from tools.intake.dicom.parse import decoder_of, open_header, open_image
from tools.intake.dicom.units import reason_against_hu
from tools.intake.messages import FrameRecord, Note, Reason
from tools.intake.sources import Budget, LeftOutError

DECODERS = ["pyjpegls", "pylibjpeg", "pydicom", "pillow", "gdcm"]  # fast ones first, and last what aborts on bad files

DecodedFrame = tuple[FrameRecord, NDArray[np.generic]]


@dataclass(frozen=True, eq=False)
class DecodedImage:
    """Pixels in HU (int16) or of no unit (float32), the window they are shown in, and what is to be said of them."""

    pixels: NDArray[np.generic]
    window: tuple[float | None, float | None]
    notes: tuple[Note, ...]

    def described(self) -> "Described":
        kind: Literal["int16", "float32"] = "int16" if self.pixels.dtype == np.int16 else "float32"
        rows, columns = self.pixels.shape
        digest = hashlib.blake2b(self.pixels.tobytes(), digest_size=16).hexdigest()
        return Described((rows, columns), kind, digest, self.window, self.notes)


@dataclass(frozen=True)
class Described:
    """What a record says of an image's pixels; the digest is empty where nobody has decoded them."""

    shape: tuple[int, int]
    dtype: Literal["int16", "float32"]
    digest: str
    window: tuple[float | None, float | None]
    notes: tuple[Note, ...]


def decode_file(
    data: bytes, file: int, budget: Budget, wanted: Collection[int] | None = None
) -> Iterator[DecodedFrame]:
    """Decode the frames of one DICOM file, or the `wanted` ones, int16 HU or float32 (see FrameRecord). Raises
    LeftOutError."""
    try:
        dataset, frames = open_image(data, budget, None if wanted is None else len(wanted))
        yield from _frames(dataset, file, frames, wanted)
    except (LeftOutError, MemoryError, GeneratorExit):
        raise
    except RecursionError as error:
        raise LeftOutError(Reason.NESTED) from error
    except Exception as error:  # pydicom and the decoders raise many kinds on damaged files
        raise LeftOutError(Reason.DAMAGED) from error


def read_header(head: bytes, size: int, file: int, budget: Budget) -> FrameRecord | None:
    """Read the record of a plain CT image in HU from the first bytes of its `size`-byte file, without its
    digest; None for all else. Raises LeftOutError for what no decoder could use."""
    opened = open_header(head, size, budget)
    if opened is None or header.modality(opened[0]) != "CT":
        return None
    dataset, at = opened
    _complete(dataset)
    if dataset.PhotometricInterpretation not in ("MONOCHROME1", "MONOCHROME2"):
        return None
    groups = header.frame_groups(dataset, 0)
    transform, kind = _transform(dataset, header.macro(dataset, groups, "PixelValueTransformationSequence"))
    if reason_against_hu(dataset, groups, transform, kind) is not None or _may_erase_tissue(dataset, transform):
        return None
    window = header.window(header.macro(dataset, groups, "FrameVOILUTSequence"))
    notes = header.notes(dataset, False, image_type(dataset, groups))
    described = Described((int(dataset.Rows), int(dataset.Columns)), "int16", "", window, tuple(notes))
    lossy = read_lossy(dataset, head[at:], size - at)
    return _record(dataset, groups, file, 0, described, _position(dataset, groups, 0.0), lossy)


def _frames(dataset: Dataset, file: int, frames: int, wanted: Collection[int] | None) -> Iterator[DecodedFrame]:
    _complete(dataset)
    offsets = header.frame_positions(dataset, frames) if frames > 1 else None
    shape = int(dataset.Rows), int(dataset.Columns)
    encoded = header.value(dataset, "PixelData") or b""
    lossy = read_lossy(dataset, encoded, len(encoded) // frames)
    for frame, array in enumerate(_arrays(dataset, frames)):
        if wanted is not None and frame not in wanted:
            continue
        if array.shape[:2] != shape:
            raise LeftOutError(Reason.SIZE_LIES)
        groups = header.frame_groups(dataset, frame)
        image = _image(dataset, groups, array)
        position = _position(dataset, groups, offsets[frame] if offsets else 0.0)
        yield _record(dataset, groups, file, frame, image.described(), position, lossy, frames > 1), image.pixels


def _complete(dataset: Dataset) -> None:
    """Add what real files leave out though the standard asks for it."""
    dataset.PhotometricInterpretation = header.text(dataset, "PhotometricInterpretation").upper() or "MONOCHROME2"
    for keyword, usual in (("PixelRepresentation", 0), ("SamplesPerPixel", 1), ("BitsStored", dataset.BitsAllocated)):
        if header.value(dataset, keyword) is None:
            setattr(dataset, keyword, usual)


def _arrays(dataset: Dataset, frames: int) -> Iterator[NDArray[np.generic]]:
    """Decode the stored values of each frame. Where one decoder fails, the next one goes on."""
    decoder = decoder_of(dataset)
    options: dict[str, Any] = {"correct_unused_bits": False} if _keeps_cells(decoder) else {}  # see `_stored`
    if int(dataset.BitsAllocated) == 8 and not decoder.is_native:
        options["bits_stored"] = 8  # GDCM ends the process for fewer; what is stored is not masked either way
    done = 0
    for plugin in _plugins(decoder, options.get("bits_stored") or int(dataset.BitsStored), int(dataset.BitsAllocated)):
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
        except (MemoryError, RecursionError, GeneratorExit, KeyboardInterrupt):
            raise
        except BaseException:  # each decoder has its own; a panic of one in Rust is no Exception
            continue
    raise LeftOutError(Reason.DAMAGED)


def _keeps_cells(decoder: Decoder) -> bool:
    """Whether what is decoded are whole cells, the bits beyond Bits Stored among them (RLE: PS3.5 annex G)."""
    return decoder.is_native or RLELossless == decoder.UID


def _plugins(decoder: Decoder, bits_stored: int, bits_allocated: int) -> list[str]:
    """List who may decode, fast ones first. GDCM, which ends the process at some damaged files, only where others lack
    a kind of JPEG, and for the bits that its JPEG decoders have."""
    if decoder.is_native:
        return [""]
    may_gdcm = decoder.UID in JPEGTransferSyntaxes and 8 <= bits_stored <= bits_allocated <= 16
    return sorted(
        (name for name in decoder.available_plugins if name != "gdcm" or may_gdcm),
        key=lambda name: DECODERS.index(name) if name in DECODERS else len(DECODERS),
    )


def _image(dataset: Dataset, groups: list[Dataset], array: NDArray[np.generic]) -> DecodedImage:
    photometric = dataset.PhotometricInterpretation
    is_colour = array.ndim == 3 or photometric == "PALETTE COLOR"
    notes = header.notes(dataset, is_colour, image_type(dataset, groups))
    stored, padded, surely_padded = _stored(dataset, array)
    transform, kind = _transform(dataset, header.macro(dataset, groups, "PixelValueTransformationSequence"))
    center, width = header.window(header.macro(dataset, groups, "FrameVOILUTSequence"))
    if header.modality(dataset) == "CT" and not is_colour:
        problem = reason_against_hu(dataset, groups, transform, kind)
        if problem is None:
            assert transform is not None  # else that would be the problem
            stored = pixels.with_sign(stored, transform)
            if padded is not None:
                padded = pixels.credible_padding(stored, padded, transform)
                if padded is None:
                    notes.append(Note.PADDING_IGNORED)
            hu = pixels.to_hu(stored, transform, pixels.either(padded, surely_padded))
            if _position(dataset, groups, 0.0) is not None or hu.min() < 0 or hu.max() > pixels.MAX_GREY:
                return DecodedImage(hu, (center, width), tuple(notes))
            problem = Note.GREY_LEVELS  # a page of text: no place in the patient, and nothing as light as air
        notes.append(problem)
    # MONOCHROME1 says how to show values, not what they are: it turns round what has no unit, never HU
    inverted = photometric == "MONOCHROME1"
    padded = pixels.either(padded, surely_padded)
    numbers = pixels.to_numbers(stored, transform or pixels.Rescale(), padded, inverted)
    if is_colour or center is None:
        return DecodedImage(numbers, (None, None), tuple(notes))
    return DecodedImage(numbers, (-center if inverted else center, width), tuple(notes))


def _position(dataset: Dataset, groups: list[Dataset], offset_mm: float) -> tuple[float, ...] | None:
    """Read the position of the first pixel, in patient mm. Frames without groups of their own lie `offset_mm` along
    the normal."""
    position = header.vector(header.macro(dataset, groups, "PlanePositionSequence"), "ImagePositionPatient", 3)
    axes = header.directions(dataset)
    if position is None or axes is None or groups or not offset_mm:
        return position
    return tuple(float(p + n * offset_mm) for p, n in zip(position, np.cross(*axes), strict=True))


def _record(
    dataset: Dataset,
    groups: list[Dataset],
    file: int,
    frame: int,
    image: Described,
    position: tuple[float, ...] | None,
    lossy: Lossy,
    multi_frame: bool = False,
) -> FrameRecord:
    measures = header.macro(dataset, groups, "PixelMeasuresSequence")
    acquisition = header.macro(dataset, groups, "CTAcquisitionDetailsSequence")
    content = header.macro(dataset, groups, "FrameContentSequence")
    row_spacing, column_spacing = header.spacing_mm(measures, image.shape)
    axes = header.directions(header.macro(dataset, groups, "PlaneOrientationSequence"))
    return FrameRecord(
        file=file,
        frame=frame,
        rows=image.shape[0],
        columns=image.shape[1],
        dtype=image.dtype,
        digest=image.digest,
        patient_id=header.text(dataset, "PatientID"),
        patient_id_issuer=header.text(dataset, "IssuerOfPatientID"),
        study_uid=header.text(dataset, "StudyInstanceUID"),
        series_uid=header.text(dataset, "SeriesInstanceUID"),
        sop_uid=header.text(dataset, "SOPInstanceUID"),
        modality=header.modality(dataset),
        body_part=header.body_part(dataset, header.macro(dataset, groups, "FrameAnatomySequence")),
        sex=header.sex(dataset),
        age_years=header.age_years(dataset),
        kvp=header.number(header.macro(dataset, groups, "CTXRayDetailsSequence"), "KVP", 10, 500),
        contrast=header.contrast(dataset),
        synthetic=header.text(dataset, header.SYNTHETIC_DATA).upper() == "YES",
        instance_number=header.integer(dataset, "InstanceNumber"),
        acquisition_number=header.integer(content, "FrameAcquisitionNumber")
        or header.integer(dataset, "AcquisitionNumber"),
        position_mm=position,  # type: ignore[arg-type]
        row_direction=axes[0] if axes else None,
        column_direction=axes[1] if axes else None,
        slice_location_mm=header.number(dataset, "SliceLocation", -1e5, 1e5),
        row_spacing_mm=row_spacing,
        column_spacing_mm=column_spacing,
        slice_thickness_mm=header.number(measures, "SliceThickness", 0.01, 200),
        spacing_between_slices_mm=header.number(measures, "SpacingBetweenSlices", 0.01, 200),
        gantry_tilt_deg=header.number(acquisition, "GantryDetectorTilt", -60, 60),
        window_center=image.window[0],
        window_width=image.window[1],
        notes=image.notes,
        multi_frame=multi_frame,
        concatenation_part=header.integer(dataset, "InConcatenationNumber", 1),
        frame_offset=header.integer(dataset, "ConcatenationFrameOffsetNumber", 0) or 0,
        birth_year=header.birth_year(dataset),
        lossy=lossy.is_lossy,
        lossy_ratio=lossy.ratio,
        keys=read_keys(dataset, groups),
        sop_class_uid=header.sop_class(dataset),
    )


Mask = NDArray[np.bool_] | None


def _stored(dataset: Dataset, array: NDArray[np.generic]) -> tuple[NDArray[np.generic], Mask, Mask]:
    """Read stored values (rows, columns), colour as luminance; where they equal the padding value; and where it stands
    beyond Bits Stored, so that it cannot be anything else."""
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        array = apply_color_lut(array, dataset)
    if array.ndim == 3:
        return pixels.luminance(array[..., :3]), None, None
    allocated, bits = int(dataset.BitsAllocated), int(dataset.BitsStored)
    if array.dtype.kind == "f" or allocated < 8:
        return array, None, None
    high = header.integer(dataset, "HighBit", bits - 1, allocated - 1)
    cells = array
    if _keeps_cells(decoder_of(dataset)):
        array = pixels.stored_bits(array, allocated, bits, bits - 1 if high is None else high)
    padding, limit = _padding(dataset)
    padded = pixels.padding_mask(array, padding, limit, allocated)
    beyond = pixels.padding_mask(cells, padding, limit, allocated) if array is not cells else None
    if beyond is not None and padded is not None:
        beyond &= ~padded
    return array, padded, beyond


def _padding(dataset: Dataset) -> list[int | None]:
    """Read Pixel Padding Value and Range Limit as they are written: their sign may be wrong."""
    little = bool(dataset.original_encoding[1])
    return [
        next(iter(header.raw_integers(dataset, keyword, little)), None)
        for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit")
    ]


def _may_erase_tissue(dataset: Dataset, transform: pixels.Rescale | pixels.LookupTable | None) -> bool:
    """Whether padding is stated that may be tissue, so that the pixels have to be looked at before it is believed."""
    stated = [value for value in _padding(dataset) if value is not None]
    is_signed, allocated = dataset.PixelRepresentation == 1, int(dataset.BitsAllocated)
    values = np.array([pixels.in_type(value, is_signed, allocated) for value in stated])
    within = values < (1 << int(dataset.BitsStored))
    return transform is None or bool((transform.apply(values[within]) > pixels.LOWEST_TISSUE_HU).any())


def _transform(dataset: Dataset, values: Dataset) -> tuple[pixels.Rescale | pixels.LookupTable | None, str]:
    """Read how stored values become physical ones, and their unit (HU, US: unspecified, or other; None: unsaid).

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
        return pixels.Rescale(*header.to_numbers((slope, intercept))), header.text(values, "RescaleType").upper()
    except (ValueError, TypeError, OverflowError) as error:
        raise LeftOutError(Reason.BAD_RESCALE) from error
